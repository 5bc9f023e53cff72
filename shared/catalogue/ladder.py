"""When the warnings and rungs of a promise fire."""

from datetime import datetime, timedelta

from shared.calendar import WorkCalendar, counts_working_time
from shared.catalogue.limits import Rung, moment_of
from shared.contracts.values import Due


def rung_at(rung: Rung, due: Due, calendar: WorkCalendar) -> datetime:
    """The instant a rung fires for a promise; a warning never before the promise was made."""
    if rung.after is not None:
        return moment_of(rung.after, due.by, calendar).at
    if rung.before is not None:
        return max(due.started_at, due.by - timedelta(seconds=rung.before.amount))
    return _elapsed(rung.elapsed or 0.0, due, calendar)


def _elapsed(share: float, due: Due, calendar: WorkCalendar) -> datetime:
    if counts_working_time(due.rule):
        seconds = calendar.working_seconds_between(due.started_at, due.by)
        return calendar.add_working_seconds(due.started_at, seconds * share).at
    return due.started_at + (due.by - due.started_at) * share
