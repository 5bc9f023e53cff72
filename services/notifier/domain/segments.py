"""How long a promise has run: the stretches between its pauses, told again from its history alone.

A pause ends a stretch, a resumption begins one; what keeps the promise ends the last. What is owed
again as if never stopped has gone on meanwhile; what is renewed begins with its new due time. The
seconds are working seconds where the limit is in working time, so that a judgement of the past can
be made again with the calendar it was made with.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from services.notifier.domain.deadline import DeadlineState
from services.notifier.domain.escalation import readable
from services.notifier.domain.promises import What
from shared.calendar import WorkCalendar
from shared.catalogue.limits import parse_rule
from shared.records import record


class Line(Protocol):
    """A line of a promise's history; `after` is what was written of the promise then."""

    @property
    def at(self) -> datetime: ...
    @property
    def what(self) -> str: ...
    @property
    def after(self) -> Mapping[str, Any]: ...


@record
class Segment:
    """A stretch of running time; `to` is None while it runs."""

    since: datetime
    to: datetime | None


BEGINS = frozenset({What.OPENED, What.RENEWED})
RUNS_ON = frozenset({What.REOPENED, What.CORRECTED})
STOPS = frozenset({What.PAUSED, What.MET, What.MET_LATE, What.CANCELLED, What.LADDER_ENDED})


def segments(history: Iterable[Line]) -> tuple[Segment, ...]:
    """The stretches of the last term, in order."""
    found: list[Segment] = []
    due: object = None
    for line in history:
        before, due = due, line.after.get("due")
        anew = line.what == What.REOPENED and due != before
        if line.what in BEGINS or anew:
            found = [Segment(since=_started(line), to=None)]
        elif line.what in STOPS and found and found[-1].to is None:
            found[-1] = replace(found[-1], to=max(line.at, found[-1].since))
        elif line.what == What.RESUMED:
            found.append(Segment(since=line.at, to=None))
        elif line.what in RUNS_ON and found and line.after.get("state") != DeadlineState.MET:
            found[-1] = replace(found[-1], to=None)  # as if never stopped
    return tuple(found)


def _started(line: Line) -> datetime:
    """The clock of a limit starts with the limit, which may be before the fact."""
    text = line.after.get("started_at")
    return datetime.fromisoformat(text) if text else line.at


def seconds_run(
    stretches: Iterable[Segment], *, rule: str, now: datetime, calendar: WorkCalendar
) -> int:
    """The time that ran, in working seconds for a limit in working time."""
    working = parse_rule(readable(rule)).working
    total = 0
    for each in stretches:
        to = now if each.to is None else each.to
        if working:
            total += max(0, calendar.working_seconds_between(each.since, to))
        else:
            total += max(timedelta(), to - each.since) // timedelta(seconds=1)
    return total
