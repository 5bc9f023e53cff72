"""What the facts of joint matters mean for promises: take-over, own effort, evaluation, more work.

The first three are a whistle's own, not an assignment's: the street's window to take it over, the
community's note of what it did itself, and what each evaluator owes once the work is accepted.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from uuid import UUID, uuid5

from services.notifier.domain.deadline import Command, Owner
from services.notifier.domain.effects import Effect, Heard, Opening, order_of, orders_to
from services.notifier.domain.known import Known, WhistleKnown
from shared.contracts import joint, whistles
from shared.contracts.parts import DeadlineKind

OwnerOf = Callable[[UUID, str], Owner]  # (assignment_id, unit)


def own(heard: Heard, owner_id: UUID, unit: str | None, whistle: WhistleKnown) -> Owner:
    """A promise of the whistle itself, owed by a unit or by nobody."""
    return Owner(
        owner_id=owner_id,
        round=heard.data.round,
        number=whistle.number,
        urgency=whistle.urgency,
        ticket_ids=whistle.ticket_ids,
        whistle_id=whistle.whistle_id,
        unit=unit,
        group_matter=whistle.group_matter,
        canary=heard.data.canary,
        traceparent=heard.traceparent,
    )


def blown_besides(heard: Heard, whistle: WhistleKnown) -> Iterable[Effect]:
    """A community's whistle: the street's window, and the note that may follow."""
    fact: whistles.Blown = heard.data
    order = order_of(heard, Command.CHANGE)
    if fact.takeover_by is not None:
        owner = own(heard, fact.whistle_id, None, whistle)
        kind = DeadlineKind.TAKEOVER
        yield Opening(owner=owner, kind=kind, order=order, due=fact.takeover_by)
    if fact.own_effort_by is not None:
        owner = own(heard, fact.whistle_id, fact.blown_by.unit, whistle)
        kind = DeadlineKind.OWN_EFFORT
        yield Opening(owner=owner, kind=kind, order=order, due=fact.own_effort_by)


def taken_over(heard: Heard, _known: Known) -> Iterable[Effect]:
    fact: joint.TakenOver = heard.data
    order = order_of(heard, Command.MEET)
    return orders_to(fact.whistle_id, fact.round, (DeadlineKind.TAKEOVER,), order)


def effort_noted(heard: Heard, _known: Known) -> Iterable[Effect]:
    fact: joint.EffortNoted = heard.data
    order = order_of(heard, Command.MEET)
    return orders_to(fact.whistle_id, fact.round, (DeadlineKind.OWN_EFFORT,), order)


def evaluator_id(whistle_id: UUID, unit: str) -> UUID:
    """The owner of one evaluator's promise."""
    return uuid5(whistle_id, unit)


def accepted(heard: Heard, whistle: WhistleKnown) -> Iterable[Effect]:
    """Each evaluator owes its evaluation; nobody's full mark comes by itself."""
    fact: joint.Accepted = heard.data
    if fact.evaluate_by is None:
        return
    order = order_of(heard, Command.CHANGE)
    for unit in fact.evaluators:
        owner = own(heard, evaluator_id(fact.whistle_id, unit), unit, whistle)
        yield Opening(owner=owner, kind=DeadlineKind.EVALUATION, order=order, due=fact.evaluate_by)


def evaluated(heard: Heard, _known: Known) -> Iterable[Effect]:
    fact: joint.Evaluated = heard.data
    if not fact.complete or fact.by_unit is None:
        return ()
    owner_id = evaluator_id(fact.whistle_id, fact.by_unit)
    order = order_of(heard, Command.MEET)
    return orders_to(owner_id, fact.round, (DeadlineKind.EVALUATION,), order)


def work_again(heard: Heard, owner_of: OwnerOf) -> Iterable[Effect]:
    """What was met is owed again with a new due time; a part that promised none does so now."""
    fact: joint.AcceptanceFailed = heard.data
    for change in fact.changes:
        order = replace(order_of(heard, Command.REOPEN), due=change.due)
        yield from orders_to(change.assignment_id, fact.round, (change.kind,), order)
        if change.due is not None:
            owner = owner_of(change.assignment_id, change.unit)
            yield Opening(owner=owner, kind=change.kind, order=order, due=change.due, again=True)
