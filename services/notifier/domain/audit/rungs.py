"""When the rungs of one promise fall due, worked out anew from the limits and the calendar."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.calendar import WorkCalendar
from shared.catalogue.limits import LimitError, Rung, TimeLimits, moment_of, parse_rule
from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Due, Urgency
from shared.records import record

DUE: Final = "due"
UNWARNED: Final = frozenset({DeadlineKind.DEEMED, DeadlineKind.TAKEOVER})


@dataclass(frozen=True, slots=True)
class Mark:
    """One rung: before the due time it warns, at it the promise is missed, after it rises."""

    rung: str
    at: datetime


@record
class Terms:
    """All that the times of a promise's rungs depend on."""

    kind: DeadlineKind
    round: int
    urgency: Urgency
    group: bool
    due: Due
    counted_from: datetime  # where its time is counted from, moved on by pauses


@dataclass(frozen=True, slots=True)
class Book:
    """The limits and the calendar by which promises are judged."""

    limits: TimeLimits
    calendar: WorkCalendar

    def warnings(self, terms: Terms) -> Iterator[Mark]:
        """Before the due time, at the latest at it."""
        if terms.kind in UNWARNED:
            return
        rule = _rule(terms.due.rule)
        for rung in self.limits.warnings(rule):
            at = self._warning_at(rung, terms, working=parse_rule(rule).working)
            yield Mark(rung.name, min(at, terms.due.by))

    def _warning_at(self, rung: Rung, terms: Terms, *, working: bool) -> datetime:
        start, by = terms.counted_from, terms.due.by
        if rung.before is not None:
            return max(start, by - timedelta(seconds=rung.before.amount))
        share = rung.elapsed or 0.0
        if working:
            whole = self.calendar.working_seconds_between(start, by)
            return self.calendar.add_working_seconds(start, whole * share).at
        return start + (by - start) * share

    def climbs(self, terms: Terms) -> Iterator[Mark]:
        """After the due time, upwards; what the round or a group matter reaches, at once."""
        if terms.kind not in self.limits.climbing:
            return
        steps = [r for r in self.limits.ladder(terms.urgency) if r.after and r.after.amount > 0]
        reached = max((i for i, rung in enumerate(steps) if _at_once(rung, terms)), default=-1)
        for place, rung in enumerate(steps):
            by = terms.due.by
            at = by if place <= reached or rung.after is None else self._after(rung, by)
            yield Mark(rung.name, at)

    def _after(self, rung: Rung, by: datetime) -> datetime:
        assert rung.after is not None
        return moment_of(rung.after, by, self.calendar).at

    def moved(self, terms: Terms, due: Due) -> datetime:
        """Where the time counts from once a pause has moved the due time to `due`."""
        old = terms.due.by
        if parse_rule(_rule(terms.due.rule)).working:
            pause = max(0, self.calendar.working_seconds_between(old, due.by))
            return self.calendar.add_working_seconds(terms.counted_from, pause).at
        return terms.counted_from + max(timedelta(), due.by - old)


def _rule(text: str) -> str:
    """A due time set by hand may have no readable rule: it counts as natural time."""
    try:
        parse_rule(text)
    except LimitError:
        return "0m"
    return text


def _at_once(rung: Rung, terms: Terms) -> bool:
    by_round = rung.from_round is not None and terms.round >= rung.from_round
    return by_round or (rung.group_matter and terms.group)
