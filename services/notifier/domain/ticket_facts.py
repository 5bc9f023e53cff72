"""What the facts of `tickets` mean for the promises to the citizen."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.notifier.domain.deadline import Command, Owner
from services.notifier.domain.effects import Effect, Heard, Marking, Opening, order_of, orders_to
from services.notifier.domain.known import Known, TicketKnown
from shared.contracts import tickets
from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Urgency

CALLBACKS = (DeadlineKind.CALLBACK, DeadlineKind.CALLBACK_START)


def registered(heard: Heard, known: Known) -> Iterable[Effect]:
    fact: tickets.Registered = heard.data
    ticket = replace(known.ticket(fact.ticket_id), number=fact.number)
    known.learn_ticket(ticket)
    owner = _ticket_owner(heard, ticket, round_=1, urgency=fact.urgency)
    order = order_of(heard, Command.CHANGE)
    for kind, due in (
        (DeadlineKind.DISPATCH, fact.dispatch_by),
        (DeadlineKind.CITIZEN, fact.citizen_by),
    ):
        yield Opening(owner=owner, kind=kind, order=order, due=due)
    if ticket.dispatched_at is not None:
        yield from dispatched(heard, fact.ticket_id, ticket.dispatched_at)


def dispatched(heard: Heard, ticket_id: UUID, at: datetime) -> Iterable[Effect]:
    return orders_to(ticket_id, 1, (DeadlineKind.DISPATCH,), order_of(heard, Command.MEET, at=at))


def _ticket_owner(heard: Heard, ticket: TicketKnown, *, round_: int, urgency: Urgency) -> Owner:
    return Owner(
        owner_id=ticket.ticket_id,
        round=round_,
        number=ticket.number or str(ticket.ticket_id),
        urgency=urgency,
        ticket_ids=(ticket.ticket_id,),
        group_matter=ticket.group_matter,
        canary=heard.data.canary,
        traceparent=heard.traceparent,
    )


def callback_opened(heard: Heard, known: Known) -> Iterable[Effect]:
    fact: tickets.CallbackOpened = heard.data
    ticket = known.ticket(fact.ticket_id)
    owner = _ticket_owner(heard, ticket, round_=fact.round, urgency=Urgency.NORMAL)
    order = order_of(heard, Command.CHANGE)
    for kind, due in (
        (DeadlineKind.CALLBACK, fact.callback_by),
        (DeadlineKind.CALLBACK_START, fact.start_by),
    ):
        if due is not None:
            yield Opening(owner=owner, kind=kind, order=order, due=due)


def called_back(heard: Heard, _known: Known) -> Iterable[Effect]:
    fact: tickets.CalledBack = heard.data
    order = order_of(heard, Command.MEET)
    kinds = CALLBACKS if fact.final else (DeadlineKind.CALLBACK_START,)
    return orders_to(fact.ticket_id, fact.round, kinds, order)


def rework_requested(heard: Heard, _known: Known) -> Iterable[Effect]:
    """The round before has ended; the citizen's clock never moves."""
    fact: tickets.ReworkRequested = heard.data
    order = order_of(heard, Command.MEET)
    return orders_to(fact.ticket_id, fact.round - 1, CALLBACKS, order)


def ticket_closed(heard: Heard, _known: Known) -> Iterable[Effect]:
    fact: tickets.Closed = heard.data
    order = order_of(heard, Command.MEET)
    yield from orders_to(fact.ticket_id, fact.round, CALLBACKS, order)
    yield from orders_to(fact.ticket_id, 1, (DeadlineKind.CITIZEN,), order)


def ticket_ended(heard: Heard, _known: Known) -> Iterable[Effect]:
    yield from _ticket_orders(heard, Command.CANCEL)


def _ticket_orders(heard: Heard, command: Command) -> Iterable[Effect]:
    fact: tickets.TicketFact = heard.data
    order = order_of(heard, command)
    yield from orders_to(fact.ticket_id, fact.round, CALLBACKS, order)
    yield from orders_to(fact.ticket_id, 1, (DeadlineKind.DISPATCH, DeadlineKind.CITIZEN), order)


def ticket_withdrawn(heard: Heard, _known: Known) -> Iterable[Effect]:
    return () if heard.data.ex_officio else _ticket_orders(heard, Command.CANCEL)


def merge_undone(heard: Heard, _known: Known) -> Iterable[Effect]:
    return _ticket_orders(heard, Command.RESTORE)


def info_requested(heard: Heard, _known: Known) -> Iterable[Effect]:
    """The dispatch limit stands still while the person is asked, where intake says so."""
    fact: tickets.InfoRequested = heard.data
    if not fact.dispatch_waits:
        return ()
    order = order_of(heard, Command.PAUSE)
    return orders_to(fact.ticket_id, 1, (DeadlineKind.DISPATCH,), order)


def supplemented(heard: Heard, _known: Known) -> Iterable[Effect]:
    """What was missing is told: the dispatch limit runs on."""
    fact: tickets.Supplemented = heard.data
    if fact.dispatch_by is None:
        return ()
    order = replace(order_of(heard, Command.RESUME), due=fact.dispatch_by)
    return orders_to(fact.ticket_id, 1, (DeadlineKind.DISPATCH,), order)


def appealed(heard: Heard, _known: Known) -> Iterable[Effect]:
    """Registered again: a new dispatch limit; the citizen's clock as if never stopped."""
    fact: tickets.Appealed = heard.data
    yield from orders_to(
        fact.ticket_id, 1, (DeadlineKind.CITIZEN,), order_of(heard, Command.RESTORE)
    )
    order = replace(order_of(heard, Command.CHANGE), due=fact.dispatch_by)
    yield from orders_to(fact.ticket_id, 1, (DeadlineKind.DISPATCH,), order)


def urged(heard: Heard, known: Known) -> Iterable[Effect]:
    fact: tickets.Urged = heard.data
    known.learn_ticket(
        replace(
            known.ticket(fact.ticket_id),
            urged_at=heard.at,
            urged_count=fact.count,
            urged_seq=fact.seq,
        )
    )
    return ()


def group_flagged(heard: Heard, known: Known) -> Iterable[Effect]:
    fact: tickets.GroupFlagged = heard.data
    known.learn_ticket(replace(known.ticket(fact.ticket_id), group_matter=True))
    for whistle in known.whistles_of(fact.ticket_id):
        known.learn_whistle(replace(whistle, group_matter=True))
        yield Marking(whistle_id=whistle.whistle_id, heard=heard)


def due_moved(heard: Heard, _known: Known) -> Iterable[Effect]:
    """A provisional year became known, or an outage moved what fell due in it."""
    fact: tickets.DueChanged = heard.data
    outage = fact.outage_id is not None
    for change in fact.changes:
        order = replace(order_of(heard, Command.CHANGE), due=change.due, outage=outage)
        yield from orders_to(fact.ticket_id, change.round, (change.kind,), order)
