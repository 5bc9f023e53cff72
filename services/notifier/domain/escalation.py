"""When a promise warns, is missed and climbs: the rungs of one deadline (DOMAIN §5).

Warnings before the due time, the miss at it, then the ladder by urgency for the kinds that climb.
The first step of the ladder, at the due time itself, is the miss: it goes to the unit's leader as a
written urge. A later round or a group matter reaches a step at once, and with it all below.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache

from services.notifier.domain.deadline import Deadline, DeadlineState
from shared.calendar import WorkCalendar
from shared.catalogue import limits as catalogue
from shared.catalogue.ladder import rung_at
from shared.catalogue.limits import LimitError, TimeLimits, parse_rule
from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Due, Urgency
from shared.records import record

DUE = "due"
PLAIN_AUDIENCE = ("handler", "liaison")  # of a miss that does not climb
# Timers between services: the unit was warned of the promise they watch; nobody must take over.
SILENT = frozenset({DeadlineKind.DEEMED, DeadlineKind.TAKEOVER})
NATURAL = "0m"  # stands in for a due time that was set by hand and has no readable rule


@record
class Rung:
    """One step of one promise; level 0 warns or marks, 1–5 are the levels of supervision."""

    name: str
    fire_at: datetime
    level: int
    audience: tuple[str, ...]


REMEMBERED = 10_000  # rungs that came next, of promises that fall due together


@dataclass(frozen=True, slots=True)
class Escalation:
    """The limits and the calendar that rungs are made of.

    Thousands fall due at one closing time with the same limits: what comes next is remembered.
    """

    limits: TimeLimits
    calendar: WorkCalendar
    _next: dict[tuple[object, ...], Rung | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        rungs = [*self.limits.short_warnings, *self.limits.long_warnings]
        rungs += [rung for urgency in Urgency for rung in self.limits.ladder(urgency)]
        if wrong := [rung.name for rung in rungs if not rung.name.isidentifier()]:
            raise ValueError(f"a rung's name is one plain word: {', '.join(wrong)}")

    def learn_calendar(self, calendar: WorkCalendar) -> None:
        """Take in years whose days off became known; what is armed stays until it changes."""
        object.__setattr__(self, "calendar", calendar)
        self._next.clear()

    def rungs_of(self, deadline: Deadline) -> tuple[Rung, ...]:
        """Every rung of a promise in the order of firing: warnings, the miss, the ladder."""
        ladder = (*self._warnings(deadline), self.due_of(deadline), *self._climbs(deadline))
        return tuple(ladder)

    def next_rung(self, deadline: Deadline) -> Rung | None:
        """The first rung that has not fired; None when nothing can fire."""
        return self.following(deadline, deadline.state, deadline.fired)

    def following(
        self, deadline: Deadline, state: DeadlineState, fired: tuple[str, ...]
    ) -> Rung | None:
        """The next rung once the promise is in this state and these rungs have fired."""
        if not deadline.climbing:
            return None
        due = deadline.due
        key = (
            *(state, fired, deadline.kind, deadline.urgency, deadline.round),
            *(deadline.group_matter, due.by, due.rule, due.started_at, deadline.counted_from),
            *(deadline.unit is None, self.calendar.version),
        )
        try:
            return self._next[key]
        except KeyError:
            if len(self._next) >= REMEMBERED:
                self._next.clear()
        found = self._next[key] = self._following(deadline, state, fired)
        return found

    def _following(
        self, deadline: Deadline, state: DeadlineState, fired: Container[str]
    ) -> Rung | None:
        if state is DeadlineState.MISSED:
            return next(self._climbs(deadline, fired), None)
        if state is not DeadlineState.RUNNING:
            return None
        return next(self._warnings(deadline, fired), None) or self.due_of(deadline)

    def due_of(self, deadline: Deadline) -> Rung:
        """The miss itself."""
        first = next(iter(self._ladder(deadline)), None)
        if first is None or not _at_due(first):
            audience = self._audience(deadline, DUE, PLAIN_AUDIENCE)
            return Rung(name=DUE, fire_at=deadline.due.by, level=0, audience=audience)
        return Rung(name=DUE, fire_at=deadline.due.by, level=first.level, audience=first.audience)

    def _warnings(self, deadline: Deadline, without: Container[str] = ()) -> Iterator[Rung]:
        """The warnings, each before or at the due time."""
        if deadline.kind in SILENT:
            return
        rule = readable(deadline.due.rule)
        for rung in self.limits.warnings(rule):
            if rung.name not in without:
                due = replace(deadline.due, started_at=deadline.counted_from, rule=rule)
                fire_at = min(due.by, rung_at(rung, due, self.calendar))
                audience = self._audience(deadline, rung.name, rung.audience)
                yield Rung(name=rung.name, fire_at=fire_at, level=rung.level, audience=audience)

    def _audience(self, deadline: Deadline, rung: str, usual: tuple[str, ...]) -> tuple[str, ...]:
        """Of what the city itself owes, those whose desk it is on."""
        of_kind = self.limits.audiences.get(deadline.kind)
        return usual if of_kind is None or deadline.unit is not None else of_kind[rung]

    def _climbs(self, deadline: Deadline, without: Container[str] = ()) -> Iterator[Rung]:
        """The steps of the ladder after the miss; one above that is reached at once takes along."""
        steps = [step for step in self._ladder(deadline) if not _at_due(step)]
        for place, step in enumerate(steps):
            if step.name not in without:
                at_once = any(_reached(above, deadline) for above in steps[place:])
                by = deadline.due.by
                yield _fixed(step, by if at_once else rung_at(step, deadline.due, self.calendar))

    def _ladder(self, deadline: Deadline) -> tuple[catalogue.Rung, ...]:
        if deadline.kind not in self.limits.climbing:
            return ()
        return self.limits.ladder(deadline.urgency)

    def shifted(self, deadline: Deadline, due: Due) -> datetime:
        """Where a limit counts from after a pause that moved its due time to `due`."""
        old, rule = deadline.due.by, readable(deadline.due.rule)
        if parse_rule(rule).working:
            paused = max(0, self.calendar.working_seconds_between(old, due.by))
            return self.calendar.add_working_seconds(deadline.counted_from, paused).at
        return deadline.counted_from + max(timedelta(), due.by - old)


@lru_cache(maxsize=1024)
def readable(rule: str) -> str:
    """The rule, or a stand-in in natural time for one that is not written as a limit."""
    try:
        parse_rule(rule)
    except LimitError:
        return NATURAL
    return rule


def _fixed(rung: catalogue.Rung, fire_at: datetime) -> Rung:
    return Rung(name=rung.name, fire_at=fire_at, level=rung.level, audience=rung.audience)


def _reached(step: catalogue.Rung, deadline: Deadline) -> bool:
    """Whether the round or the group matter alone reaches the step."""
    by_round = step.from_round is not None and deadline.round >= step.from_round
    return by_round or (step.group_matter and deadline.group_matter)


def _at_due(rung: catalogue.Rung) -> bool:
    return rung.after is not None and rung.after.amount == 0
