"""The rota as it stands at one version: who is on duty at a post, and whom a matter reaches."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.notifier.domain.telling.posts import OF_A_UNIT, Post, Seat, seats
from shared.records import record


@record
class Substitute:
    """Somebody who stands in for the person of a shift for a while."""

    substitute_id: UUID
    person_id: UUID
    starts_at: datetime
    ends_at: datetime

    def covers(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at


@record
class Shift:
    """A person's time at a seat; without an end until somebody ends it."""

    shift_id: UUID
    seat: Seat
    person_id: UUID
    starts_at: datetime
    ends_at: datetime | None = None
    substitutes: tuple[Substitute, ...] = ()

    def covers(self, at: datetime) -> bool:
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)

    def person_at(self, at: datetime) -> UUID | None:
        """Who is there at that time: the substitute, else the person; None outside the shift."""
        if not self.covers(at):
            return None
        standing_in = (each.person_id for each in self.substitutes if each.covers(at))
        return next(standing_in, self.person_id)


@dataclass(frozen=True, slots=True)
class Reached:
    """One person a matter reaches: the post that was to hear, and the seat that heard."""

    person_id: UUID
    post: Post
    seat: Seat
    fell: bool  # nobody was on duty at the post itself


@dataclass(slots=True, kw_only=True)
class Roster:
    """Every shift that has not ended; replaced as a whole when the rota changes."""

    version: int
    city: str
    regions: Mapping[str, str]  # of units
    shifts: Mapping[Seat, Sequence[Shift]]
    units: Collection[str] = ()  # those that may be called

    @staticmethod
    def of(
        shifts: Iterable[Shift],
        *,
        regions: Mapping[str, str],
        city: str,
        units: Collection[str] = (),
        version: int = 0,
    ) -> "Roster":
        by_seat: defaultdict[Seat, list[Shift]] = defaultdict(list)
        for shift in shifts:
            by_seat[shift.seat].append(shift)
        return Roster(
            version=version, city=city, regions=regions, shifts=dict(by_seat), units=units
        )

    def on_duty(self, seat: Seat, at: datetime) -> tuple[UUID, ...]:
        """The persons at the seat then, each once."""
        found = (shift.person_at(at) for shift in self.shifts.get(seat, ()))
        return tuple(dict.fromkeys(each for each in found if each is not None))

    def region_of(self, unit: str | None) -> str:
        """The unit's region; the city for no unit, or one that nobody declared."""
        return self.city if unit is None else self.regions.get(unit, self.city)

    def vacant(self, at: datetime) -> list[Seat]:
        """The posts of units at which nobody is on duty: what is for them falls to the next."""
        wanted = (Seat(post, unit) for unit in self.units for post in sorted(OF_A_UNIT))
        return [seat for seat in wanted if not self.on_duty(seat, at)]

    def at(self, now: datetime) -> "OnDuty":
        """The rota at one instant, for a whole batch."""
        return OnDuty(self, now)


@dataclass(slots=True)
class OnDuty:
    """Whom a matter reaches at one instant; each question is answered once."""

    roster: Roster
    now: datetime
    unreached: int = 0  # how many times nobody at all was on duty
    _known: dict[tuple[tuple[str, ...], str | None], tuple[Reached, ...]] = field(
        default_factory=dict
    )

    def reached(self, audience: tuple[str, ...], unit: str | None) -> tuple[Reached, ...]:
        """The persons an audience means, each once; a post without anybody falls to the next."""
        key = (audience, unit)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = tuple(self._reached(audience, unit))
        if not found and _wanted(audience, unit):
            self.unreached += 1
        return found

    def _reached(self, audience: Iterable[str], unit: str | None) -> Iterable[Reached]:
        persons: dict[UUID, Reached] = {}
        for post in _wanted(audience, unit):
            for reached in self.at_post(post, unit):
                persons.setdefault(reached.person_id, reached)
        return persons.values()

    def at_post(self, post: Post, unit: str | None) -> list[Reached]:
        """Who is on duty at the post, or at the next higher one where somebody is."""
        region = self.roster.region_of(unit)
        for place, seat in enumerate(seats(post, unit=unit, region=region)):
            if persons := self.roster.on_duty(seat, self.now):
                return [Reached(each, post, seat, fell=place > 0) for each in persons]
        return []


def _wanted(audience: Iterable[str], unit: str | None) -> list[Post]:
    """The posts an audience names; of a matter of no unit, a unit's posts are nobody's.

    A word that is no post, as another policy may have, means the supervisor.
    """
    posts = (_POSTS.get(name, Post.SUPERVISOR) for name in audience)
    return [post for post in posts if unit is not None or post not in OF_A_UNIT]


_POSTS: Mapping[str, Post] = {post.value: post for post in Post}
