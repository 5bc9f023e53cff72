"""The duty rota: put people on shifts, let somebody stand in, end a shift; who is on duty."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from annotated_types import Len

from services.notifier.domain.telling.posts import Post, Seat, may_be_of
from services.notifier.domain.telling.roster import Roster, Substitute
from services.notifier.persons import Draft, Who, entry_of, person_of, require_own
from services.notifier.store import rota as store
from services.notifier.store.rota import ShiftOnFile
from shared.contracts.ids import new_id
from shared.contracts.parts import Actor
from shared.contracts.values import Instant
from shared.errors import ConflictError, FieldError, InvalidError, NotFoundError
from shared.runtime import history
from shared.runtime.database import Connection
from shared.sealing import Seals

LONGEST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewShift:
    """Somebody at a post of a unit or of a region; from now on, and until it is ended."""

    post: Post
    who: Who
    unit: str | None = None
    region: str | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None

    @property
    def place(self) -> str:
        return self.unit or self.region or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubstitute:
    """Somebody who stands in for the person of a shift, and why."""

    who: Who
    starts_at: Instant
    ends_at: Instant
    reason: Annotated[str, Len(1, 200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What was put on the rota; signing secrets that were made are told this once."""

    shift_ids: tuple[UUID, ...]
    secrets: dict[UUID, str] = field(default_factory=dict)  # by person


async def add(
    connection: Connection,
    wanted: Sequence[NewShift],
    *,
    actor: Actor,
    now: datetime,
    seals: Seals,
    roster: Roster,
) -> Added:
    """Put shifts on the rota, all or none; raises InvalidError, ForbiddenError or ConflictError."""
    await store.lock(connection)
    places = {each.place for each in wanted}
    found = await store.persons_of(connection, places)
    draft = Draft(actor, now, {each.person_id: each for each in found})
    shifts = []
    for place, each in enumerate(wanted):
        require_own(actor, each.unit)
        where = f"shifts.{place}" if len(wanted) > 1 else "shift"
        if shift := _shift(draft, each, where, roster):
            shifts.append(shift)
    if draft.errors:
        raise InvalidError(*draft.errors[:50])
    _refuse_twice(shifts, await store.at_seats(connection, places))
    shifts = [_entered(draft, each) for each in shifts]
    await store.add_persons(connection, draft.new, seals=seals)
    await store.add_shifts(connection, shifts)
    await history.add(connection, draft.entries)
    await store.changed(connection)
    return Added(shift_ids=tuple(each.shift_id for each in shifts), secrets=draft.secrets)


def _shift(draft: Draft, wanted: NewShift, where: str, roster: Roster) -> ShiftOnFile | None:
    """The shift as it will be; what is wrong with it goes into the draft."""
    before = len(draft.errors)
    if wanted.unit is not None and wanted.unit not in roster.regions:
        draft.refuse(f"{where}.unit", "没有这个单位", "there is no such unit")
    if not may_be_of(wanted.post, unit=wanted.unit, region=wanted.region):
        zh = "unit 与 region：该岗位属于单位、区或市之一，请给出其中一个"
        draft.refuse(f"{where}.post", zh, "the post is of a unit, a district or the city: name one")
    starts_at = wanted.starts_at or draft.now
    if wanted.ends_at is not None and not starts_at < wanted.ends_at:
        draft.refuse(f"{where}.ends_at", "须晚于开始时间", "must be after the beginning")
    if wanted.ends_at is not None and wanted.ends_at <= draft.now:
        draft.refuse(f"{where}.ends_at", "须在将来", "must be ahead")
    person = None
    if len(draft.errors) == before:
        person = person_of(draft, wanted.who, f"{where}.who", wanted.unit, wanted.region)
    if person is None:
        return None
    return ShiftOnFile(
        shift_id=new_id(draft.now),
        post=wanted.post,
        unit=wanted.unit,
        region=wanted.region,
        person=person,
        starts_at=starts_at,
        ends_at=wanted.ends_at,
    )


def _refuse_twice(
    made: Sequence[ShiftOnFile],
    known: Iterable[tuple[Seat, UUID, datetime, datetime | None]],
) -> None:
    """ConflictError where a person would sit twice at one seat at one time."""
    taken = [*known]
    for each in made:
        seat, person_id = Seat(each.post, each.place), each.person.person_id
        for other_seat, other_id, starts_at, ends_at in taken:
            same = (other_seat, other_id) == (seat, person_id)
            if same and _overlap(each.starts_at, each.ends_at, starts_at, ends_at):
                raise ConflictError(
                    f"{each.person.name} 此时段已在该岗位值班",
                    "the person is on duty at this post then already",
                    code="on_duty_already",
                )
        taken.append((seat, person_id, each.starts_at, each.ends_at))


def _overlap(
    starts_at: datetime, ends_at: datetime | None, from_: datetime, to: datetime | None
) -> bool:
    return (to is None or starts_at < to) and (ends_at is None or from_ < ends_at)


def _entered(draft: Draft, shift: ShiftOnFile) -> ShiftOnFile:
    """The shift with the first entry of its history."""
    after = {
        "post": shift.post,
        "place": shift.place,
        "person_id": shift.person.person_id,
        "starts_at": shift.starts_at,
        "ends_at": shift.ends_at,
    }
    entry = entry_of(shift.shift_id, draft, what="shift_added", after=after)
    draft.entries.append(entry)
    return replace(shift, history_hash=entry.hash)


async def stand_in(
    connection: Connection,
    shift_id: UUID,
    wanted: NewSubstitute,
    *,
    actor: Actor,
    now: datetime,
    seals: Seals,
) -> UUID:
    """Let somebody stand in for the person of a shift; the substitute_id."""
    await store.lock(connection)
    shift = await _locked(connection, shift_id, actor)
    found = await store.persons_of(connection, [shift.place])
    draft = Draft(actor, now, {each.person_id: each for each in found})
    if not now < wanted.ends_at or not wanted.starts_at < wanted.ends_at:
        draft.refuse("ends_at", "须晚于开始时间且在将来", "must be ahead and after the beginning")
    elif wanted.ends_at - wanted.starts_at > LONGEST:
        draft.refuse("ends_at", "最长一年", "a year at most")
    if not _overlap(wanted.starts_at, wanted.ends_at, shift.starts_at, shift.ends_at):
        draft.refuse("starts_at", "不在该班次之内", "is outside the shift")
    person = person_of(draft, wanted.who, "who", shift.unit, shift.region)
    if draft.errors or person is None:
        raise InvalidError(*draft.errors)
    if person.person_id == shift.person.person_id:
        raise ConflictError("不能由本人替班", "nobody stands in for themselves", code="same_person")
    _refuse_second(await store.listed_substitutes(connection, shift_id, now), wanted)
    substitute = Substitute(
        substitute_id=new_id(now),
        person_id=person.person_id,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
    )
    after = {
        "substitute_id": substitute.substitute_id,
        "person_id": substitute.person_id,
        "starts_at": substitute.starts_at,
        "ends_at": substitute.ends_at,
        "reason": wanted.reason,
    }
    shift = _changed(draft, shift, what="substituted", after=after)
    await store.add_persons(connection, draft.new, seals=seals)
    await store.add_substitute(connection, shift, substitute, reason=wanted.reason)
    await history.add(connection, draft.entries)
    await store.changed(connection)
    return substitute.substitute_id


def _refuse_second(known: Iterable[store.StandIn], wanted: NewSubstitute) -> None:
    for each in known:
        if _overlap(wanted.starts_at, wanted.ends_at, each.starts_at, each.ends_at):
            raise ConflictError(
                f"该时段已由 {each.person.name} 替班",
                "somebody stands in then already",
                code="substituted_already",
            )


async def end(
    connection: Connection,
    shift_id: UUID,
    *,
    words: str,
    at: datetime | None,
    actor: Actor,
    now: datetime,
) -> ShiftOnFile:
    """End a shift, now or at a later time; one that has not begun is called off."""
    await store.lock(connection)
    shift = await _locked(connection, shift_id, actor)
    ends_at = at or now
    if ends_at < now:
        raise InvalidError(FieldError(field="at", zh="须在将来", en="must be ahead"))
    if shift.ends_at is not None and shift.ends_at <= now:
        raise ConflictError("该班次已经结束", "the shift has ended already", code="ended")
    draft = Draft(actor, now, {})
    shift = replace(shift, ends_at=max(ends_at, shift.starts_at))
    shift = _changed(draft, shift, what="ended", after={"ends_at": shift.ends_at, "words": words})
    await store.end_shift(connection, shift, why=words)
    await history.add(connection, draft.entries)
    await store.changed(connection)
    return shift


async def _locked(connection: Connection, shift_id: UUID, actor: Actor) -> ShiftOnFile:
    shift = await store.lock_shift(connection, shift_id)
    if shift is None:
        raise NotFoundError("没有这个班次", "there is no such shift")
    require_own(actor, shift.unit)
    return shift


def _changed(
    draft: Draft, shift: ShiftOnFile, *, what: str, after: dict[str, object]
) -> ShiftOnFile:
    """The shift with one more entry of its history."""
    entry = entry_of(
        shift.shift_id,
        draft,
        what=what,
        after=after,
        seq=shift.seq + 1,
        previous_hash=shift.history_hash,
    )
    draft.entries.append(entry)
    return replace(shift, seq=shift.seq + 1, history_hash=entry.hash)
