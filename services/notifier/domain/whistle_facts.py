"""What the facts of `whistles` mean for the promises of the units that were called."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from services.notifier.domain import asking_facts, joint_facts
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
from shared.contracts.parts import Asked, Assignment, DeadlineKind, DueChange, OwedChange
from shared.contracts.values import Due, Urgency, WhistleKind

PARTS = (
    DeadlineKind.ACKNOWLEDGE,
    DeadlineKind.DEEMED,
    DeadlineKind.CONTACT,
    DeadlineKind.ARRIVE,
    DeadlineKind.RESOLVE,
)
TAKING = (DeadlineKind.ACKNOWLEDGE, DeadlineKind.DEEMED)
OWED = (*PARTS, DeadlineKind.PROGRESS)  # all that a part may owe


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
    yield from orders_to(fact.whistle_id, fact.round, (DeadlineKind.RULING,), owned, ended=False)
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


def unit_called(heard: Heard, known: Known) -> Iterable[Effect]:
    return _called(heard, heard.data.assignment, known.whistle_of(heard.data, heard.at))


def received(*met: DeadlineKind) -> Meaning:
    """The unit reported: what it did is met; a unit that reports is no longer silent."""

    def meaning(heard: Heard, _known: Known) -> Iterable[Effect]:
        fact: whistles.UnitFact = heard.data
        owner = (fact.assignment_id, fact.round)
        yield from orders_to(*owner, met, order_of(heard, Command.MEET, at=fact.received_at))
        silence = [kind for kind in TAKING if kind not in met]
        yield from orders_to(*owner, silence, order_of(heard, Command.CANCEL, at=fact.received_at))

    return meaning


def working(*met: DeadlineKind) -> Meaning:
    """The unit is at it: it owes the next report on its progress, where the router says so."""
    taken = received(*met)

    def meaning(heard: Heard, known: Known) -> Iterable[Effect]:
        fact: whistles.Acknowledged | whistles.Arrived | whistles.Progressed = heard.data
        yield from taken(heard, known)
        order = order_of(heard, Command.MEET, at=fact.received_at)
        owner, kinds = (fact.assignment_id, fact.round), (DeadlineKind.PROGRESS,)
        yield from orders_to(*owner, kinds, order, ended=False)
        yield from _progress(heard, known, fact.progress_by)

    return meaning


def _progress(heard: Heard, known: Known, by: Due | None) -> Iterable[Effect]:
    if by is None:
        return
    fact: whistles.UnitFact = heard.data
    owner = _part_owner(heard, fact.assignment_id, fact.unit, known.whistle_of(fact, heard.at))
    order = order_of(heard, Command.RENEW)
    yield Opening(owner=owner, kind=DeadlineKind.PROGRESS, order=order, due=by, again=True)


def part_ordered(command: Command, *kinds: DeadlineKind) -> Meaning:
    def meaning(heard: Heard, _known: Known) -> Iterable[Effect]:
        fact: whistles.UnitFact = heard.data
        return orders_to(fact.assignment_id, fact.round, kinds, order_of(heard, command))

    return meaning


def let_go(*met: Asked) -> Meaning:
    """The unit has no part any more; `met` is what it was let go by."""
    cancelled = part_ordered(Command.CANCEL, *OWED)

    def meaning(heard: Heard, known: Known) -> Iterable[Effect]:
        yield from cancelled(heard, known)
        yield from asking_facts.overtaken(heard, met=met)

    return meaning


def resolved(heard: Heard, known: Known) -> Iterable[Effect]:
    """Done; whether somebody looks at the work first is the router's word."""
    yield from received(DeadlineKind.RESOLVE)(heard, known)
    yield from part_ordered(Command.CANCEL, DeadlineKind.PROGRESS)(heard, known)
    yield from asking_facts.resolution_asked(heard, known)


def review_rejected(heard: Heard, known: Known) -> Iterable[Effect]:
    """Owed as if never stopped, and reported on again."""
    fact: rulings.ReviewRejected = heard.data
    yield from asking_facts.decided(Asked.RESOLUTION)(heard, known)
    yield from part_ordered(Command.REOPEN, DeadlineKind.RESOLVE)(heard, known)
    yield from _progress(heard, known, fact.progress_by)


def suspended(heard: Heard, known: Known) -> Iterable[Effect]:
    yield from part_ordered(Command.PAUSE, *OWED)(heard, known)
    yield from asking_facts.paused(heard, known)


def whistle_ended(heard: Heard, _known: Known) -> Iterable[Effect]:
    order = order_of(heard, Command.CANCEL)
    yield WhistleOrdering(whistle_id=heard.data.whistle_id, order=order)


def resumed(heard: Heard, known: Known) -> Iterable[Effect]:
    fact: rulings.Resumed = heard.data
    yield from asking_facts.decided(Asked.PAUSE)(heard, known)
    yield from part_ordered(Command.CANCEL, DeadlineKind.PROGRESS)(heard, known)
    yield from _progress(heard, known, fact.progress_by)
    dues = {(change.assignment_id, change.kind): change.due for change in fact.changes}
    parts = dict.fromkeys([*((fact.assignment_id, kind) for kind in PARTS), *dues])
    for assignment_id, kind in parts:
        order = replace(order_of(heard, Command.RESUME), due=dues.get((assignment_id, kind)))
        yield from orders_to(assignment_id, fact.round, (kind,), order)


def due_changed(heard: Heard, known: Known) -> Iterable[Effect]:
    fact: rulings.DueChanged | joint.Consulted = heard.data
    for change in fact.changes:
        yield _changed(heard, change, known)
    if isinstance(fact, rulings.DueChanged):
        yield from asking_facts.granted(heard)
        yield from _owed_changed(heard)


def _owed_changed(heard: Heard) -> Iterable[Effect]:
    """What others than the called units owe moved without anybody's word."""
    fact: rulings.DueChanged = heard.data
    outage = fact.outage_id is not None
    for change in fact.owed:
        order = replace(order_of(heard, Command.CHANGE), due=change.due, outage=outage)
        yield from orders_to(_owner_of(fact, change), fact.round, (change.kind,), order)


def _owner_of(fact: rulings.DueChanged, change: OwedChange) -> UUID:
    if change.asked is not None:
        return asking_facts.asking_id(change.assignment_id or fact.whistle_id, change.asked)
    if change.kind is DeadlineKind.EVALUATION and change.unit is not None:
        return joint_facts.evaluator_id(fact.whistle_id, change.unit)
    return fact.whistle_id


def _changed(heard: Heard, change: DueChange, known: Known) -> Effect:
    """Work that goes on for longer is reported on anew; all else is the same promise."""
    granted = getattr(heard.data, "granted", False)
    anew = granted and change.kind is DeadlineKind.PROGRESS and change.due is not None
    order = order_of(heard, Command.RENEW if anew else Command.CHANGE)
    outage = getattr(heard.data, "outage_id", None) is not None
    order = replace(order, due=change.due, outage=outage)
    whistle = known.whistle_of(heard.data, heard.at)
    owner = _part_owner(heard, change.assignment_id, change.unit, whistle)
    if change.due is None:
        id_ = deadline_id(change.assignment_id, change.kind, owner.round)
        return Ordering(deadline_id=id_, order=order)
    return Opening(owner=owner, kind=change.kind, order=order, due=change.due, again=True)


def acceptance_failed(heard: Heard, known: Known) -> Iterable[Effect]:
    whistle = known.whistle_of(heard.data, heard.at)

    def owner_of(assignment_id: UUID, unit: str) -> Owner:
        return _part_owner(heard, assignment_id, unit, whistle)

    yield from asking_facts.work_not_accepted(heard)
    yield from joint_facts.work_again(heard, owner_of)


def accepted(heard: Heard, known: Known) -> Iterable[Effect]:
    return joint_facts.accepted(heard, known.whistle_of(heard.data, heard.at))
