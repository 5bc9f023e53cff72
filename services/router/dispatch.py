"""Dispatch: a registered ticket whistles its units, or waits for a person who dispatches it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.router.domain import calling, ending
from services.router.domain.alarm import alarm
from services.router.domain.assignment import GONE
from services.router.domain.book import Book
from services.router.domain.calling import SYSTEM, Call
from services.router.domain.joint.place_key import place_key
from services.router.domain.jurisdiction import breach
from services.router.domain.matter import Content, Ticket, TicketState
from services.router.domain.outcome import Outcome
from services.router.domain.routing.answer import Found, Summons, Unclear
from services.router.domain.routing.provisional import provisionally
from services.router.domain.routing.question import question_of
from services.router.domain.routing.trace import line
from services.router.domain.whistle import Whistle
from shared.catalogue.model import UnitKind
from shared.contracts import tickets
from shared.contracts.ids import new_id
from shared.contracts.parts import WhistleState
from shared.contracts.values import Relation, Urgency, WhistleKind


def registered(
    book: Book, fact: tickets.Registered, *, at: datetime, traceparent: str | None
) -> None:
    """A new ticket: whistle its units, or hold it."""
    if fact.ticket_id in book.tickets:
        return
    ticket = Ticket(
        ticket_id=fact.ticket_id,
        state=TicketState.OPEN,
        round=fact.round,
        registered_at=at,
        registered=fact,
    )
    if fact.settled:  # ended or merged as it was registered
        book.put_ticket(replace(ticket, state=TicketState.ENDED))
        return
    book.put_ticket(ticket)
    _dispatch(book, ticket, _resolved(book, ticket), traceparent)


def appealed(book: Book, fact: tickets.Appealed, *, at: datetime, traceparent: str | None) -> None:
    """The rejection was appealed: the ticket is to be dispatched after all."""
    ticket = book.tickets.get(fact.ticket_id)
    if ticket is not None and ticket.state is TicketState.ENDED:
        dispatch_now(book, ticket, traceparent)


def dispatch_now(book: Book, ticket: Ticket, traceparent: str | None) -> None:
    """Open again; whistled unless its whistle still runs, or has done its part in this round."""
    ticket = ticket.in_round(ticket.round)
    book.put_ticket(ticket)
    last = last_demand(book, ticket.ticket_id)
    if last is None or last.state is WhistleState.WITHDRAWN:
        _dispatch(book, ticket, _resolved(book, ticket), traceparent)


def again(
    book: Book,
    fact: tickets.ReworkRequested | tickets.Reopened,
    *,
    at: datetime,
    traceparent: str | None,
) -> None:
    """Not solved: the round ends, and a new one whistles the units that had it last."""
    ticket = book.tickets.get(fact.ticket_id)
    if ticket is None or fact.round <= ticket.round:
        return
    last = last_demand(book, fact.ticket_id)
    if last is not None and not last.ended:
        _end_round(book, last, fact, at, traceparent)
    ticket = ticket.in_round(fact.round)
    book.put_ticket(ticket)
    same = _same_units(book, last, fact.round) if last is not None else None
    _dispatch(book, ticket, same or _resolved(book, ticket), traceparent)


def last_demand(book: Book, ticket_id: UUID) -> Whistle | None:
    """The newest whistle that was dispatched for this ticket."""
    demands = [w for w in book.of_ticket(ticket_id) if w.demand_ticket == ticket_id]
    return demands[-1] if demands else None


def _end_round(
    book: Book,
    last: Whistle,
    fact: tickets.ReworkRequested | tickets.Reopened,
    at: datetime,
    traceparent: str | None,
) -> None:
    policy = book.city.version
    if last.state is WhistleState.HELD:
        outcome = ending.withdraw(
            last, at=at, policy=policy, actor=fact.actor, reason="工单已进入新一轮"
        )
    else:
        rework = isinstance(fact, tickets.ReworkRequested)
        outcome = ending.close(
            last,
            at=at,
            policy=policy,
            actor=fact.actor,
            result=fact.result if rework else None,  # type: ignore[union-attr]
            satisfaction=fact.satisfaction if rework else None,  # type: ignore[union-attr]
        )
    book.put(outcome, traceparent)


def _same_units(book: Book, last: Whistle, round: int) -> Found | None:
    """Those who had it last, by ruling or not; None where they cannot have it again.

    Nobody leads, a unit is gone, or the lead only looked first where the person had chosen it.
    """
    parts = [a for a in last.assignments if a.state not in GONE]
    lead = next((a for a in parts if a.relation is Relation.LEAD), None)
    if lead is None or any(a.unit not in book.city.catalogue.units for a in parts):
        return None
    if breach(book.city, last.category, lead.unit) is not None:
        return None
    summonses = tuple(
        Summons(unit=a.unit, relation=a.relation, task=a.task, clause=a.clause) for a in parts
    )
    return Found(summonses=summonses, trace=(line("round", n=round, number=last.number),))


def _resolved(book: Book, ticket: Ticket) -> Found | Unclear:
    if ticket.registered.canary:
        return _probe(book)
    question = question_of(book.city, ticket.registered, round=ticket.round)
    return book.responsibilities.of(question)


def _probe(book: Book) -> Found | Unclear:
    """The canary has a unit of its own, so that no other is ever called for it."""
    units = book.city.catalogue.units.values()
    unit = next((each.code for each in units if each.kind is UnitKind.PROBE), None)
    if unit is None:
        return Unclear(why=(line("no_probe"),))
    summons = Summons(unit=unit, relation=Relation.LEAD)
    return Found(summonses=(summons,), trace=(line("canary", unit=unit),))


def _dispatch(book: Book, ticket: Ticket, found: Found | Unclear, traceparent: str | None) -> None:
    if found.urgency is not None:  # danger, or the season
        ticket = ticket.in_urgency(found.urgency)
        book.put_ticket(ticket)
    whistle = calling.new_whistle(
        new_id(book.now),
        number=book.number(),
        kind=WhistleKind.CITIZEN_DEMAND,
        matter=ticket.matter,
        round=ticket.round,
        ticket_ids=(ticket.ticket_id,),
        demand_ticket=ticket.ticket_id,
        place_key=place_key(ticket.matter, book.city.catalogue),
        canary=ticket.registered.canary,
    )
    if isinstance(found, Unclear):
        rule_by = calling.convened_by(whistle, found, book.promises)
        content = Content(why=found.why, candidates=found.candidates, rule_by=rule_by)
        outcome = calling.hold(whistle, found, promises=book.promises)
    else:
        call = Call(actor=SYSTEM, blown_by=book.by_city, trace=found.trace)
        content = calling.content_of(None, call)
        outcome = calling.blow(
            whistle, ticket.matter, found.summonses, call, promises=book.promises
        )
    book.contents[whistle.whistle_id] = content
    book.put(outcome, traceparent)


def overdue(book: Book, whistle: Whistle, content: Content, ticket: Ticket) -> None:
    """Held past its dispatch limit: urgent matters never wait (DOMAIN §6).

    They go to the best lawful candidate, marked provisional. Normal ones go to the shift lead,
    with an alarm, and wait there.
    """
    matter = ticket.matter
    if matter.urgency is Urgency.NORMAL:
        book.put(alarm(whistle, at=book.now, policy=book.city.version), None)
        return
    found = provisionally(book.city, matter, content.candidates, why=content.why, now=book.now)
    if found is not None:
        call = Call(actor=SYSTEM, blown_by=book.by_city, trace=found.trace, provisional=True)
        opened(book, whistle, ticket, found.summonses, call, content, None)


def opened(
    book: Book,
    whistle: Whistle,
    ticket: Ticket,
    summonses: Sequence[Summons],
    call: Call,
    content: Content,
    traceparent: str | None,
) -> Outcome:
    """The held whistle summons these units: what was found out about it stays with it."""
    outcome = calling.blow(whistle, ticket.matter, summonses, call, promises=book.promises)
    book.contents[whistle.whistle_id] = Content(
        blown_by=call.blown_by,
        dispatched_by=call.actor,
        trace=call.trace,
        why=content.why,
        candidates=content.candidates,
        rule_by=content.rule_by,
    )
    book.put(outcome, traceparent)
    return outcome
