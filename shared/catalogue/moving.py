"""Due times that move without anybody's word: a year became known, or an outage was declared.

DOMAIN §2.7: what was promised across a year not announced yet is provisional, and worked out again
once it is. An outage that a supervisor declares moves the due times inside it by its length: by the
working time in it for limits in working time.
"""

from datetime import datetime
from uuid import UUID

from shared.calendar import WorkCalendar
from shared.catalogue.limits import LimitError, due, limit_of_seconds, parse_rule
from shared.contracts.values import Due
from shared.records import record

YEAR_KNOWN = "放假安排已公布，时限按正式日历重新核定"


@record
class Outage:
    """A time in which nobody could work with the system; both ends are inside."""

    outage_id: UUID
    from_at: datetime
    to_at: datetime
    reason: str

    @property
    def words(self) -> str:
        """Why a due time moved."""
        return f"系统停运顺延：{self.reason}"


def of_known_year(promise: Due, calendar: WorkCalendar) -> Due | None:
    """What rested on a year that is known by now, worked out again; None where it stays."""
    if not promise.provisional:
        return None
    try:
        found = due(promise.rule, promise.started_at, calendar, policy=promise.policy)
    except LimitError:  # an instant that a person set
        return None
    return None if found.provisional else found


def after_outage(promise: Due, outage: Outage, calendar: WorkCalendar) -> Due | None:
    """What fell due in the outage, later by its length; None where it stays."""
    if not outage.from_at <= promise.by <= outage.to_at:
        return None
    try:
        rule = parse_rule(promise.rule)
    except LimitError:
        return None
    seconds = round((outage.to_at - outage.from_at).total_seconds())
    if rule.working:
        seconds = calendar.working_seconds_between(outage.from_at, outage.to_at)
    if seconds <= 0:
        return None
    longer = rule.then(limit_of_seconds(seconds, working=rule.working))
    return due(longer, promise.started_at, calendar, policy=promise.policy)
