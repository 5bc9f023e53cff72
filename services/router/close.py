"""What ends or changes at intake: its whistles close, are withdrawn, or learn the further words.

A fact about a ticket that is not known, or about a whistle that has ended, changes nothing.
"""

from dataclasses import replace
from datetime import datetime

from services.router.domain import ending
from services.router.domain.book import Book
from services.router.domain.matter import Ticket, TicketState
from services.router.domain.whistle import WHISTLE, Whistle, WhistleCommand
from shared.contracts import tickets
from shared.contracts.parts import Actor, AssignmentState
from shared.contracts.values import Relation


def closed(book: Book, fact: tickets.Closed, *, at: datetime, traceparent: str | None) -> None:
    """The citizen's word closes the ticket's whistle."""
    ticket = book.tickets.get(fact.ticket_id)
    if ticket is None:
        return
    book.put_ticket(replace(ticket, state=TicketState.CLOSED))
    for whistle in _demands(book, ticket):
        if not WHISTLE.allows(whistle.state, WhistleCommand.CLOSE):
            _withdraw(book, whistle, fact.actor, "工单已结束", at, traceparent)
            continue
        outcome = ending.close(
            whistle,
            at=at,
            policy=book.city.version,
            actor=fact.actor,
            result=fact.result,
            satisfaction=fact.satisfaction,
        )
        book.put(outcome, traceparent)


def withdrawn(
    book: Book, fact: tickets.Withdrawn, *, at: datetime, traceparent: str | None
) -> None:
    """The person took it back; a report or a danger goes on ex officio."""
    ticket = book.tickets.get(fact.ticket_id)
    if ticket is None or fact.ex_officio:
        return
    book.put_ticket(replace(ticket, state=TicketState.WITHDRAWN))
    for whistle in _demands(book, ticket):
        _withdraw(book, whistle, fact.actor, "群众撤回诉求", at, traceparent)


def ended_at_desk(
    book: Book,
    fact: tickets.Answered | tickets.Transferred | tickets.Rejected | tickets.Voided,
    *,
    at: datetime,
    traceparent: str | None,
) -> None:
    """Answered, transferred, rejected or voided: nobody needs to dispatch it any more."""
    ticket = book.tickets.get(fact.ticket_id)
    if ticket is None:
        return
    book.put_ticket(replace(ticket, state=TicketState.ENDED))
    for whistle in _demands(book, ticket):
        _withdraw(book, whistle, fact.actor, "工单已在受理环节了结", at, traceparent)


def merged(book: Book, fact: tickets.Merged, *, at: datetime, traceparent: str | None) -> None:
    """The ticket follows another (CONTRACTS §4d).

    A whistle that nobody has acknowledged is withdrawn; one whose lead has finished is a conflict,
    and the merge is undone; with one that a unit works on, the unit goes on.
    """
    ticket = book.tickets.get(fact.ticket_id)
    if ticket is None:
        return
    demands = _demands(book, ticket)
    done = [w for w in demands if (lead := w.lead()) and lead.state is AssignmentState.DONE]
    if done:
        outcome = ending.refuse_merge(done[-1], fact, at=at, policy=book.city.version)
        book.put(outcome, traceparent)
        return
    book.put_ticket(replace(ticket, state=TicketState.MERGED, merged_into=fact.into))
    for whistle in demands:
        if not _taken(whistle):
            _withdraw(book, whistle, fact.actor, "工单已并单", at, traceparent)


def _taken(whistle: Whistle) -> bool:
    """Whether a unit has acknowledged its part, in person or by silence."""
    return any(
        part.acknowledged_at is not None or part.deemed
        for part in whistle.running()
        if part.relation is not Relation.INFORMED
    )


def group_flagged(
    book: Book, fact: tickets.GroupFlagged, *, at: datetime, traceparent: str | None
) -> None:
    """A group matter is more urgent: for units that are called from now on."""
    ticket = book.tickets.get(fact.ticket_id)
    if ticket is not None:
        registered = replace(ticket.registered, urgency=fact.urgency)
        book.put_ticket(replace(ticket, registered=registered))


def supplemented(
    book: Book, fact: tickets.Supplemented, *, at: datetime, traceparent: str | None
) -> None:
    """Further words or photos: for the units at work, and those that are called later."""
    ticket = book.tickets.get(fact.ticket_id)
    if ticket is None:
        return
    book.put_ticket(ticket.supplemented(fact.text, fact.attachments))
    for whistle in book.of_ticket(fact.ticket_id):
        if WHISTLE.allows(whistle.state, WhistleCommand.SUPPLEMENT):
            outcome = ending.supplement(
                whistle,
                at=at,
                actor=fact.actor,
                text=fact.text,
                attachments=fact.attachments,
            )
            book.put(outcome, traceparent)


def _demands(book: Book, ticket: Ticket) -> list[Whistle]:
    """The running whistles that were dispatched for this ticket; a street's own go on."""
    return [
        whistle
        for whistle in book.of_ticket(ticket.ticket_id)
        if whistle.demand_ticket == ticket.ticket_id and not whistle.ended
    ]


def _withdraw(
    book: Book,
    whistle: Whistle,
    actor: Actor,
    reason: str,
    at: datetime,
    traceparent: str | None,
) -> None:
    if WHISTLE.allows(whistle.state, WhistleCommand.WITHDRAW):
        outcome = ending.withdraw(
            whistle, at=at, policy=book.city.version, actor=actor, reason=reason
        )
        book.put(outcome, traceparent)
