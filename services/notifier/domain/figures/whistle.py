"""What a whistle's facts count for: each unit's part and its clocks, acceptance, marks given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.notifier.domain.figures.counted_place import counted_place
from shared.contracts import joint, rulings, whistles
from shared.contracts.parts import Assignment, DeadlineKind, DueChange
from shared.contracts.values import Due, WhistleKind

CLOCKS: Mapping[DeadlineKind, str] = {
    DeadlineKind.ACKNOWLEDGE: "acknowledge_by",
    DeadlineKind.CONTACT: "contact_by",
    DeadlineKind.ARRIVE: "arrive_by",
    DeadlineKind.RESOLVE: "resolve_by",
}
RETURNED, REFUSED = "returned", "refused"
CLOSED, WITHDRAWN = "closed", "withdrawn"


@dataclass(slots=True, kw_only=True)
class Part:
    """One unit's part; what stands below `paused_at` is derived."""

    assignment_id: UUID
    whistle_id: UUID
    place_no: int
    unit: str
    relation: str
    offered_at: datetime
    acknowledge_by: datetime | None = None
    contact_by: datetime | None = None
    arrive_by: datetime | None = None
    resolve_by: datetime | None = None
    acknowledged_at: datetime | None = None
    deemed_at: datetime | None = None
    contacted_at: datetime | None = None
    arrived_at: datetime | None = None
    resolved_at: datetime | None = None
    result: str | None = None
    sent_back: int = 0
    return_asked_at: datetime | None = None
    return_ruled: str | None = None
    returned_at: datetime | None = None
    released_at: datetime | None = None
    paused_at: datetime | None = None
    ticket_id: UUID | None = None
    kind: str | None = None
    round: int = 1
    provisional: bool = False
    category: str | None = None
    region: str | None = None
    street: str | None = None
    compound: str | None = None
    day: date | None = None
    counted: bool = False
    ended_at: datetime | None = None
    acknowledge_kept: bool | None = None
    acknowledge_fails: datetime | None = None
    respond_kept: bool | None = None
    respond_fails: datetime | None = None
    arrive_kept: bool | None = None
    arrive_fails: datetime | None = None
    resolve_kept: bool | None = None
    resolve_fails: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Mark:
    """What one class of evaluators gave one unit; `weight` in tenths."""

    whistle_id: UUID
    unit: str
    evaluator_class: str
    timely: int
    present: int
    effect: int
    cooperation: int
    weight: int
    at: datetime
    category: str | None = None
    region: str | None = None
    street: str | None = None
    day: date | None = None
    counted: bool = False


@dataclass(slots=True, kw_only=True)
class Whistle:
    """One whistle; what stands below `first_accepted` is derived."""

    whistle_id: UUID
    seq: int = 0
    ticket_id: UUID | None = None
    number: str | None = None
    kind: str | None = None
    round: int = 1
    urgency: str | None = None
    category: str | None = None
    type: str | None = None
    region: str | None = None
    compound: str | None = None
    property_unit: str | None = None
    blower: str | None = None
    level: str | None = None
    dispatched_by: str | None = None
    provisional: bool = False
    canary: bool = False
    blown_at: datetime | None = None
    ended_at: datetime | None = None
    ended_how: str | None = None
    taken_over_at: datetime | None = None
    accepted_at: datetime | None = None
    first_accepted: bool | None = None
    street: str | None = None
    day: date | None = None
    counted: bool = False
    parts: dict[UUID, Part] = field(default_factory=dict)
    marks: dict[tuple[str, str], Mark] = field(default_factory=dict)

    @property
    def leads(self) -> list[Part]:
        """The parts that led, in the order in which they were called."""
        found = [part for part in self.parts.values() if part.relation == "lead"]
        return sorted(found, key=lambda part: part.place_no)


def fold_whistle(whistle: Whistle, fact: Any, at: datetime) -> None:
    """Take one fact in; facts come in the order of their `seq`, each once."""
    whistle.seq = fact.seq
    whistle.canary = whistle.canary or fact.canary
    _TAKES[type(fact)](whistle, fact, at)


def ticket_of(fact: whistles.Blown) -> UUID | None:
    """The ticket whose dispatch this whistle is; a joint matter is nobody's dispatch."""
    demand = fact.kind is WhistleKind.CITIZEN_DEMAND
    return fact.ticket_ids[0] if demand and fact.ticket_ids else None


def _blown(whistle: Whistle, fact: whistles.Blown, at: datetime) -> None:
    whistle.ticket_id, whistle.number = ticket_of(fact), fact.number
    whistle.kind, whistle.round, whistle.urgency = fact.kind, fact.round, fact.urgency
    whistle.category, whistle.type = fact.category, fact.type
    place = counted_place(fact.place, confidential=fact.confidential)
    whistle.region, whistle.compound = place.region, place.compound
    whistle.property_unit = place.property_unit
    whistle.blower, whistle.level = fact.blown_by.unit, fact.blown_by.level
    whistle.dispatched_by, whistle.provisional = fact.dispatched_by.role, fact.provisional
    whistle.blown_at = at
    for part in fact.assignments:
        _call(whistle, part, at)


def _called(whistle: Whistle, fact: Any, at: datetime) -> None:
    _call(whistle, fact.assignment, at)


def _call(whistle: Whistle, said: Assignment, at: datetime) -> None:
    part = _part(whistle, said.assignment_id, said.unit, said.relation, at)
    part.relation = said.relation
    part.acknowledge_by = _instant(said.acknowledge)
    part.contact_by = _instant(said.contact)
    part.arrive_by = _instant(said.arrive)
    part.resolve_by = _instant(said.resolve)


def _instant(due: Due | None) -> datetime | None:
    return due.by if due is not None else None


def _part(whistle: Whistle, assignment_id: UUID, unit: str, relation: str, at: datetime) -> Part:
    part = whistle.parts.get(assignment_id)
    if part is None:
        part = whistle.parts[assignment_id] = Part(
            assignment_id=assignment_id,
            whistle_id=whistle.whistle_id,
            place_no=len(whistle.parts),
            unit=unit,
            relation=relation,
            offered_at=at,
        )
    return part


def _part_of(whistle: Whistle, fact: whistles.UnitFact, at: datetime) -> Part:
    return _part(whistle, fact.assignment_id, fact.unit, fact.relation, at)


def _reported(name: str) -> Callable[[Whistle, Any, datetime], None]:
    """In time is judged by when the report was received; the first one counts."""

    def take(whistle: Whistle, fact: whistles.UnitFact, at: datetime) -> None:
        part = _part_of(whistle, fact, at)
        if getattr(part, name) is None:
            setattr(part, name, fact.received_at)

    return take


def _resolved(whistle: Whistle, fact: whistles.Resolved, at: datetime) -> None:
    part = _part_of(whistle, fact, at)
    part.resolved_at, part.result = fact.received_at, fact.result


def _review_rejected(whistle: Whistle, fact: rulings.ReviewRejected, at: datetime) -> None:
    part = _part_of(whistle, fact, at)
    part.resolved_at, part.sent_back = None, part.sent_back + 1


def _return_requested(whistle: Whistle, fact: whistles.ReturnRequested, at: datetime) -> None:
    part = _part_of(whistle, fact, at)
    part.return_asked_at, part.return_ruled = fact.received_at, None


def _unit_returned(whistle: Whistle, fact: rulings.UnitReturned, at: datetime) -> None:
    part = _part_of(whistle, fact, at)
    part.return_ruled, part.returned_at = RETURNED, at


def _return_refused(whistle: Whistle, fact: rulings.ReturnRefused, at: datetime) -> None:
    _part_of(whistle, fact, at).return_ruled = REFUSED


def _adjudicated(whistle: Whistle, fact: rulings.Adjudicated, at: datetime) -> None:
    part = _part_of(whistle, fact, at)
    part.return_ruled = RETURNED if fact.decision == RETURNED else REFUSED
    part.returned_at = at if fact.decision == RETURNED else None


def _released(whistle: Whistle, fact: joint.Released, at: datetime) -> None:
    _part_of(whistle, fact, at).released_at = at


def _suspended(whistle: Whistle, fact: rulings.Suspended, at: datetime) -> None:
    _part_of(whistle, fact, at).paused_at = at


def _resumed(whistle: Whistle, fact: rulings.Resumed, at: datetime) -> None:
    _part_of(whistle, fact, at).paused_at = None
    _move(whistle, fact.changes)


def _due_changed(whistle: Whistle, fact: Any, _at: datetime) -> None:
    _move(whistle, fact.changes)


def _move(whistle: Whistle, changes: tuple[DueChange, ...]) -> None:
    for change in changes:
        name, part = CLOCKS.get(change.kind), whistle.parts.get(change.assignment_id)
        if name is not None and part is not None:
            setattr(part, name, _instant(change.due))


def _accepted(whistle: Whistle, _fact: joint.Accepted, at: datetime) -> None:
    whistle.accepted_at = at
    if whistle.first_accepted is None:
        whistle.first_accepted = True


def _acceptance_failed(whistle: Whistle, fact: joint.AcceptanceFailed, _at: datetime) -> None:
    """The named units owe their work again, by the new due times."""
    whistle.accepted_at = None
    if whistle.first_accepted is None:
        whistle.first_accepted = False
    for change in fact.changes:
        part = whistle.parts.get(change.assignment_id)
        if part is not None and change.kind is DeadlineKind.RESOLVE:
            part.resolved_at, part.sent_back = None, part.sent_back + 1
    _move(whistle, fact.changes)


def _evaluated(whistle: Whistle, fact: joint.Evaluated, at: datetime) -> None:
    whistle.marks[fact.unit, fact.evaluator_class] = Mark(
        whistle_id=whistle.whistle_id,
        unit=fact.unit,
        evaluator_class=fact.evaluator_class,
        timely=fact.timely,
        present=fact.present,
        effect=fact.effect,
        cooperation=fact.cooperation,
        weight=round(fact.weight * 10),
        at=at,
    )


def _taken_over(whistle: Whistle, _fact: joint.TakenOver, at: datetime) -> None:
    whistle.taken_over_at = at


def _ended(how: str) -> Callable[[Whistle, Any, datetime], None]:
    def take(whistle: Whistle, _fact: Any, at: datetime) -> None:
        whistle.ended_at, whistle.ended_how = at, how

    return take


_TAKES: Mapping[type, Callable[[Whistle, Any, datetime], None]] = {
    whistles.Blown: _blown,
    rulings.UnitOffered: _called,
    rulings.AssistingAdded: _called,
    whistles.Acknowledged: _reported("acknowledged_at"),
    whistles.DeemedAcknowledged: _reported("deemed_at"),
    whistles.Contacted: _reported("contacted_at"),
    whistles.Arrived: _reported("arrived_at"),
    whistles.Resolved: _resolved,
    rulings.ReviewRejected: _review_rejected,
    whistles.ReturnRequested: _return_requested,
    rulings.UnitReturned: _unit_returned,
    rulings.ReturnRefused: _return_refused,
    rulings.Adjudicated: _adjudicated,
    joint.Released: _released,
    rulings.Suspended: _suspended,
    rulings.Resumed: _resumed,
    rulings.DueChanged: _due_changed,
    joint.Consulted: _due_changed,
    joint.Accepted: _accepted,
    joint.AcceptanceFailed: _acceptance_failed,
    joint.Evaluated: _evaluated,
    joint.TakenOver: _taken_over,
    whistles.Withdrawn: _ended(WITHDRAWN),
    whistles.Closed: _ended(CLOSED),
}
WHISTLE_FACTS: frozenset[Any] = frozenset(_TAKES)
