"""What the facts of `whistles` mean for the promises of the units that were called."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from services.notifier.domain import joint_facts
from services.notifier.domain.deadline import Command, Owner
from services.notifier.domain.effects import (
    Effect,
    Heard,
    Meaning,
    Opening,
    Ordering,
    WhistleOrdering,
    order_of,
    orders_to,
)
from services.notifier.domain.known import Known, WhistleKnown
from services.notifier.domain.ticket_facts import dispatched
from shared.contracts import joint, rulings, whistles
from shared.contracts.ids import deadline_id
from shared.contracts.parts import Assignment, DeadlineKind, DueChange
from shared.contracts.values import Urgency, WhistleKind

PARTS = (
    DeadlineKind.ACKNOWLEDGE,
    DeadlineKind.DEEMED,
    DeadlineKind.CONTACT,
    DeadlineKind.ARRIVE,
    DeadlineKind.RESOLVE,
)
TAKING = (DeadlineKind.ACKNOWLEDGE, DeadlineKind.DEEMED)


def blown(heard: Heard, known: Known) -> Iterable[Effect]:
    fact: whistles.Blown = heard.data
    whistle = WhistleKnown(
        whistle_id=fact.whistle_id,
        number=fact.number,
        urgency=fact.urgency,
        group_matter=known.group_matter(fact.ticket_ids),
        ticket_ids=fact.ticket_ids,
        blown_at=heard.at,
    )
    known.learn_whistle(whistle)
    for assignment in fact.assignments:
        yield from _called(heard, assignment, whistle)
    owned = order_of(heard, Command.MEET)  # where nobody had owned the matter
    yield from orders_to(fact.whistle_id, fact.round, (DeadlineKind.RULING,), owned)
    yield from joint_facts.blown_besides(heard, whistle)
    if fact.kind is WhistleKind.CITIZEN_DEMAND and fact.round == 1:
        for ticket_id in fact.ticket_ids:
            known.learn_ticket(replace(known.ticket(ticket_id), dispatched_at=heard.at))
            yield from dispatched(heard, ticket_id, heard.at)


def held(heard: Heard, known: Known) -> Iterable[Effect]:
    """Nobody owns the matter: the supervisor says who takes it by then."""
    fact: whistles.Held = heard.data
    if fact.rule_by is None or not fact.ticket_ids:
        return
    ticket = known.ticket(fact.ticket_ids[0])
    owner = Owner(
        owner_id=fact.whistle_id,
        round=fact.round,
        number=ticket.number or str(fact.ticket_ids[0]),
        urgency=Urgency.NORMAL,
        ticket_ids=fact.ticket_ids,
        whistle_id=fact.whistle_id,
        group_matter=known.group_matter(fact.ticket_ids),
        canary=fact.canary,
        traceparent=heard.traceparent,
    )
    order = order_of(heard, Command.CHANGE)
    yield Opening(owner=owner, kind=DeadlineKind.RULING, order=order, due=fact.rule_by)


def _called(heard: Heard, part: Assignment, whistle: WhistleKnown) -> Iterable[Effect]:
    """The promises of one unit's part: those that have a due time."""
    owner = _part_owner(heard, part.assignment_id, part.unit, whistle)
    dues = zip(
        PARTS, (part.acknowledge, part.deemed, part.contact, part.arrive, part.resolve), strict=True
    )
    order = order_of(heard, Command.CHANGE)
    for kind, due in dues:
        if due is not None:
            yield Opening(owner=owner, kind=kind, order=order, due=due)


def _part_owner(heard: Heard, assignment_id: UUID, unit: str, whistle: WhistleKnown) -> Owner:
    return Owner(
        owner_id=assignment_id,
        round=heard.data.round,
        number=whistle.number,
        urgency=whistle.urgency,
        ticket_ids=whistle.ticket_ids,
        whistle_id=whistle.whistle_id,
        assignment_id=assignment_id,
        unit=unit,
        group_matter=whistle.group_matter,
        canary=heard.data.canary,
        traceparent=heard.traceparent,
    )


def _whistle_of(heard: Heard, known: Known) -> WhistleKnown:
    """The whistle of the fact; one whose blowing was lost counts as normal."""
    fact: whistles.WhistleFact = heard.data
    return known.whistle(fact.whistle_id) or WhistleKnown(
        whistle_id=fact.whistle_id,
        number=str(fact.whistle_id),
        urgency=Urgency.NORMAL,
        group_matter=known.group_matter(fact.ticket_ids),
        ticket_ids=fact.ticket_ids,
        blown_at=heard.at,
    )


def unit_called(heard: Heard, known: Known) -> Iterable[Effect]:
    return _called(heard, heard.data.assignment, _whistle_of(heard, known))


def received(*met: DeadlineKind) -> Meaning:
    """The unit reported: what it did is met; a unit that reports is no longer silent."""

    def meaning(heard: Heard, _known: Known) -> Iterable[Effect]:
        fact: whistles.UnitFact = heard.data
        owner = (fact.assignment_id, fact.round)
        yield from orders_to(*owner, met, order_of(heard, Command.MEET, at=fact.received_at))
        silence = [kind for kind in TAKING if kind not in met]
        yield from orders_to(*owner, silence, order_of(heard, Command.CANCEL, at=fact.received_at))

    return meaning


def part_ordered(command: Command, *kinds: DeadlineKind) -> Meaning:
    def meaning(heard: Heard, _known: Known) -> Iterable[Effect]:
        fact: whistles.UnitFact = heard.data
        return orders_to(fact.assignment_id, fact.round, kinds, order_of(heard, command))

    return meaning


def whistle_ended(heard: Heard, _known: Known) -> Iterable[Effect]:
    order = order_of(heard, Command.CANCEL)
    yield WhistleOrdering(whistle_id=heard.data.whistle_id, order=order)


def resumed(heard: Heard, _known: Known) -> Iterable[Effect]:
    fact: rulings.Resumed = heard.data
    dues = {(change.assignment_id, change.kind): change.due for change in fact.changes}
    parts = dict.fromkeys([*((fact.assignment_id, kind) for kind in PARTS), *dues])
    for assignment_id, kind in parts:
        order = replace(order_of(heard, Command.RESUME), due=dues.get((assignment_id, kind)))
        yield from orders_to(assignment_id, fact.round, (kind,), order)


def due_changed(heard: Heard, known: Known) -> Iterable[Effect]:
    fact: rulings.DueChanged | joint.Consulted = heard.data
    for change in fact.changes:
        yield _changed(heard, change, known)


def _changed(heard: Heard, change: DueChange, known: Known) -> Effect:
    order = replace(order_of(heard, Command.CHANGE), due=change.due)
    owner = _part_owner(heard, change.assignment_id, change.unit, _whistle_of(heard, known))
    if change.due is None:
        id_ = deadline_id(change.assignment_id, change.kind, owner.round)
        return Ordering(deadline_id=id_, order=order)
    return Opening(owner=owner, kind=change.kind, order=order, due=change.due)


def acceptance_failed(heard: Heard, known: Known) -> Iterable[Effect]:
    whistle = _whistle_of(heard, known)

    def owner_of(assignment_id: UUID, unit: str) -> Owner:
        return _part_owner(heard, assignment_id, unit, whistle)

    return joint_facts.work_again(heard, owner_of)


def accepted(heard: Heard, known: Known) -> Iterable[Effect]:
    return joint_facts.accepted(heard, _whistle_of(heard, known))
