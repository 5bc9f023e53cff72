"""Due times that move without anybody's word: a year became known, or an outage was declared.

DOMAIN §2.7: what was promised across a year not announced yet is provisional, and worked out again
once it is. An outage that a supervisor declares moves the due times inside it by its length: by the
working time in it for limits in working time.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.calendar import WorkCalendar
from shared.catalogue.limits import LimitError, due, limit_of_seconds, parse_rule
from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Due
from shared.records import record

YEAR_KNOWN = "放假安排已公布，时限按正式日历重新核定"
Move = Callable[[DeadlineKind, Due], Due | None]  # None: it stays


class Owner(StrEnum):
    """Who computes a due time, and says so when it changes (DOMAIN §2.10)."""

    INTAKE = "intake"  # 受理台
    ROUTER = "router"  # 派单台
    NOTIFIER = "notifier"  # 督办看板


@record
class Moves:
    """Who owns a kind of promise, and what moves it without anybody's word."""

    owner: Owner
    outage: bool = True
    known_year: bool = True


_K: Final = DeadlineKind

MOVES: Final[Mapping[DeadlineKind, Moves]] = {
    _K.DISPATCH: Moves(owner=Owner.INTAKE),
    _K.CALLBACK: Moves(owner=Owner.INTAKE),
    _K.CALLBACK_START: Moves(owner=Owner.INTAKE),
    _K.CITIZEN: Moves(owner=Owner.INTAKE, outage=False),
    _K.ACKNOWLEDGE: Moves(owner=Owner.ROUTER),
    _K.DEEMED: Moves(owner=Owner.ROUTER),
    _K.CONTACT: Moves(owner=Owner.ROUTER),
    _K.ARRIVE: Moves(owner=Owner.ROUTER),
    _K.RESOLVE: Moves(owner=Owner.ROUTER),
    _K.PROGRESS: Moves(owner=Owner.ROUTER),
    _K.RULING: Moves(owner=Owner.ROUTER),
    _K.REVIEW: Moves(owner=Owner.ROUTER),
    _K.EXTENSION: Moves(owner=Owner.ROUTER),
    _K.SUSPENSION: Moves(owner=Owner.ROUTER),
    _K.TAKEOVER: Moves(owner=Owner.ROUTER, outage=False, known_year=False),
    _K.OWN_EFFORT: Moves(owner=Owner.ROUTER),
    _K.EVALUATION: Moves(owner=Owner.ROUTER),
    _K.SUPERVISION: Moves(owner=Owner.NOTIFIER),
}
"""Every kind of promise. All that somebody owes moves, but two:

`citizen`: the person's own clock never waits for the authorities' machines (DOMAIN §2.2). It does
move when a year becomes known, as it was promised by a guess.

`takeover`: nobody owes it and nobody is late by it. It is the half hour in which a street may take
a community's whistle over or withdraw it, by the clock on the wall; the units have been at work
since, and a window that opened again would let the street withdraw what they have done. It is in
natural time, which no calendar changes.
"""


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


def move_to_known_year(calendar: WorkCalendar) -> Move:
    """How a year that became known moves each kind."""

    def move(kind: DeadlineKind, due: Due) -> Due | None:
        return of_known_year(due, calendar) if MOVES[kind].known_year else None

    return move


def move_past(outage: Outage, calendar: WorkCalendar) -> Move:
    """How an outage moves each kind."""

    def move(kind: DeadlineKind, due: Due) -> Due | None:
        return after_outage(due, outage, calendar) if MOVES[kind].outage else None

    return move
