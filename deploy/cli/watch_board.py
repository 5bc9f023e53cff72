"""The state of what `shaodao watch` shows: each ticket's life as far as it was heard, and totals.

Pure: facts go in, matters and totals are read. A fact about a ticket that was registered before
watching began still makes a line, with what the fact itself says.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.contracts import deadlines, joint, rulings, tickets, whistles
from shared.contracts.parts import Assignment, DeadlineKind, Place
from shared.contracts.values import Due, Relation, Urgency

MOST_MATTERS = 2_000
TOTAL_KEYS = ("registered", "whistled", "acknowledged", "resolved", "overdue", "closed")


class Stage(StrEnum):
    """How far a matter has come, as the terminal says it."""

    REGISTERED = "已登记"
    HELD = "待派单"
    WHISTLED = "已吹哨"
    ACKNOWLEDGED = "已签收"
    CONTACTED = "已联系"
    ARRIVED = "已报到"
    WORKING = "办理中"
    RETURNING = "申请退单"
    RESOLVED = "已办结"
    CALLBACK = "待回访"
    REWORK = "重新办理"
    CLOSED = "已结束"
    WITHDRAWN = "已撤回"


ENDED = frozenset({Stage.CLOSED, Stage.WITHDRAWN})
PromiseKey = tuple[UUID, DeadlineKind]


@dataclass(slots=True, kw_only=True)
class Matter:
    """One line of the board: a ticket, or a street's whistle without one."""

    key: UUID
    number: str = ""
    title: str = ""
    category: str | None = None
    place: Place | None = None
    urgency: Urgency = Urgency.NORMAL
    stage: Stage = Stage.REGISTERED
    lead: str | None = None
    round: int = 1
    late: set[DeadlineKind] = field(default_factory=set)
    promises: dict[PromiseKey, Due] = field(default_factory=dict)
    changed: int = 0

    @property
    def next_promise(self) -> tuple[DeadlineKind, Due] | None:
        """The promise that ends first of those not kept yet."""
        if not self.promises:
            return None
        (_, kind), due = min(self.promises.items(), key=lambda item: item[1].by)
        return kind, due


class Board:
    """All matters heard of, newest change last."""

    def __init__(self) -> None:
        self.matters: dict[UUID, Matter] = {}
        self.totals: dict[str, int] = dict.fromkeys(TOTAL_KEYS, 0)
        self._changes = 0

    def hear(self, fact: Any) -> list[Matter]:
        """Take in a fact; returns the matters it is about."""
        matters = [self._matter(key) for key in _keys(fact, self.matters)]
        change = _CHANGES.get(type(fact))
        self._count(fact)
        for matter in matters:
            self._changes += 1
            matter.changed = self._changes
            if change is not None:
                change(matter, fact)
        return matters

    def latest(self, most: int) -> list[Matter]:
        """The matters that changed last, newest first; those still open before the ended."""
        ordered = sorted(self.matters.values(), key=lambda m: -m.changed)
        living = [m for m in ordered if m.stage not in ENDED]
        return (living + [m for m in ordered if m.stage in ENDED])[:most]

    def _matter(self, key: UUID) -> Matter:
        if key not in self.matters:
            if len(self.matters) >= MOST_MATTERS:
                self._forget()
            self.matters[key] = Matter(key=key)
        return self.matters[key]

    def _forget(self) -> None:
        """Drop a tenth: the ended first, then the longest unchanged."""
        order = sorted(self.matters.values(), key=lambda m: (m.stage not in ENDED, m.changed))
        for matter in order[: MOST_MATTERS // 10]:
            del self.matters[matter.key]

    def _count(self, fact: Any) -> None:
        if isinstance(fact, whistles.Resolved) and not fact.final:
            return
        counted = _COUNTED.get(type(fact))
        if counted is not None:
            self.totals[counted] += 1
        if isinstance(fact, deadlines.Corrected):
            self.totals["overdue"] -= 1


def _keys(fact: Any, known: Mapping[UUID, Matter]) -> tuple[UUID, ...]:
    """The lines a fact belongs to: its tickets, else its whistle."""
    if isinstance(fact, whistles.WhistleFact):
        return fact.ticket_ids or (fact.whistle_id,)
    if isinstance(fact, deadlines.DeadlineFact):
        key = fact.ticket_id or fact.whistle_id
        return (key,) if key is not None and key in known else ()
    return (fact.ticket_id,)


def overdue(due: Due, now: datetime) -> bool:
    """Whether the promise has passed."""
    return now > due.by


def _registered(matter: Matter, fact: tickets.Registered) -> None:
    matter.number, matter.title = fact.number, fact.title
    matter.category, matter.place, matter.urgency = fact.category, fact.place, fact.urgency
    if matter.stage is Stage.REGISTERED:
        matter.promises[fact.ticket_id, DeadlineKind.DISPATCH] = fact.dispatch_by


def _blown(matter: Matter, fact: whistles.Blown) -> None:
    if not fact.ticket_ids or not matter.number:
        matter.number, matter.title = fact.number, fact.title
    matter.category = matter.category or fact.category
    matter.place = matter.place or fact.place
    matter.urgency, matter.round, matter.stage = fact.urgency, fact.round, Stage.WHISTLED
    matter.promises.clear()
    for assignment in fact.assignments:
        _offered(matter, assignment)


def _offered(matter: Matter, assignment: Assignment) -> None:
    if assignment.relation is Relation.LEAD:
        matter.lead = assignment.unit
    for kind, due in (
        (DeadlineKind.ACKNOWLEDGE, assignment.acknowledge),
        (DeadlineKind.CONTACT, assignment.contact),
        (DeadlineKind.ARRIVE, assignment.arrive),
        (DeadlineKind.RESOLVE, assignment.resolve),
    ):
        if due is not None:
            matter.promises[assignment.assignment_id, kind] = due


def _kept(stage: Stage, *kinds: DeadlineKind) -> Callable[[Matter, Any], None]:
    """A report keeps promises of its assignment; the lead's moves the matter on."""

    def change(matter: Matter, fact: whistles.UnitFact) -> None:
        for kind in kinds:
            matter.promises.pop((fact.assignment_id, kind), None)
        if fact.relation is Relation.LEAD:
            matter.stage = stage

    return change


def _left(matter: Matter, fact: whistles.UnitFact) -> None:
    """The unit has no part any more: nor has it promises."""
    for key in [key for key in matter.promises if key[0] == fact.assignment_id]:
        del matter.promises[key]


def _resolved(matter: Matter, fact: whistles.Resolved) -> None:
    if fact.final:
        matter.promises.clear()
        matter.stage = Stage.RESOLVED
    else:
        _left(matter, fact)


def _unit_offered(matter: Matter, fact: rulings.UnitOffered) -> None:
    _offered(matter, fact.assignment)
    if fact.assignment.relation is Relation.LEAD:
        matter.stage = Stage.WHISTLED


def _due_changed(matter: Matter, fact: rulings.DueChanged) -> None:
    for moved in fact.changes:
        key = (moved.assignment_id, moved.kind)
        matter.promises.pop(key, None)
        if moved.due is not None and moved.kind is not DeadlineKind.DEEMED:
            matter.promises[key] = moved.due


def _callback_opened(matter: Matter, fact: tickets.CallbackOpened) -> None:
    matter.stage = Stage.CALLBACK
    matter.promises[fact.ticket_id, DeadlineKind.CALLBACK] = fact.callback_by


def _ends(stage: Stage) -> Callable[[Matter, Any], None]:
    def change(matter: Matter, fact: Any) -> None:
        matter.promises.clear()
        matter.stage = stage

    return change


def _stage(stage: Stage) -> Callable[[Matter, Any], None]:
    def change(matter: Matter, fact: Any) -> None:
        matter.stage = stage

    return change


def _missed(matter: Matter, fact: deadlines.Missed) -> None:
    if fact.kind is not DeadlineKind.DEEMED:
        matter.late.add(fact.kind)


def _corrected(matter: Matter, fact: deadlines.Corrected) -> None:
    matter.late.discard(fact.kind)


_CHANGES: Mapping[type, Callable[[Matter, Any], None]] = {
    tickets.Registered: _registered,
    tickets.CallbackOpened: _callback_opened,
    tickets.Closed: _ends(Stage.CLOSED),
    tickets.Withdrawn: _ends(Stage.WITHDRAWN),
    tickets.ReworkRequested: _ends(Stage.REWORK),
    whistles.Held: _stage(Stage.HELD),
    whistles.Blown: _blown,
    whistles.Acknowledged: _kept(Stage.ACKNOWLEDGED, DeadlineKind.ACKNOWLEDGE),
    whistles.DeemedAcknowledged: _kept(Stage.ACKNOWLEDGED, DeadlineKind.ACKNOWLEDGE),
    whistles.Contacted: _kept(Stage.CONTACTED, DeadlineKind.CONTACT),
    whistles.Arrived: _kept(Stage.ARRIVED, DeadlineKind.ARRIVE),
    whistles.Progressed: _kept(Stage.WORKING),
    whistles.ReturnRequested: _kept(Stage.RETURNING),
    rulings.ReturnRefused: _kept(Stage.WHISTLED),
    rulings.UnitReturned: _left,
    joint.Released: _left,
    rulings.UnitOffered: _unit_offered,
    rulings.DueChanged: _due_changed,
    whistles.Resolved: _resolved,
    whistles.Withdrawn: _ends(Stage.WITHDRAWN),
    deadlines.Missed: _missed,
    deadlines.Corrected: _corrected,
}
_COUNTED: Mapping[type, str] = {
    tickets.Registered: "registered",
    tickets.Closed: "closed",
    whistles.Blown: "whistled",
    whistles.Acknowledged: "acknowledged",
    whistles.Resolved: "resolved",
    deadlines.Missed: "overdue",
}
