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
from shared.contracts.parts import Actor, DeadlineKind


def closed(book: Book, fact: tickets.Closed, *, at: datetime, traceparent: str | None) -> None:
    """The citizen's word closes the ticket's whistle."""
    ticket = book.tickets.get(fact.ticket_id)
    if ticket is None:
        return
    book.put_ticket(ticket.over(TicketState.CLOSED))
    for whistle in demands(book, ticket):
        if not WHISTLE.allows(whistle.state, WhistleCommand.CLOSE):
            withdraw(book, whistle, fact.actor, "工单已结束", at, traceparent)
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
    book.put_ticket(ticket.over(TicketState.WITHDRAWN))
    for whistle in demands(book, ticket):
        withdraw(book, whistle, fact.actor, "群众撤回诉求", at, traceparent)


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
    book.put_ticket(ticket.over(TicketState.ENDED))
    for whistle in demands(book, ticket):
        withdraw(book, whistle, fact.actor, "工单已在受理环节了结", at, traceparent)


def group_flagged(
    book: Book, fact: tickets.GroupFlagged, *, at: datetime, traceparent: str | None
) -> None:
    """A group matter is more urgent: for units that are called from now on."""
    ticket = book.tickets.get(fact.ticket_id)
    if ticket is not None:
        registered = replace(ticket.registered, urgency=fact.urgency)
        book.put_ticket(replace(ticket, registered=registered, group=True))


def due_changed(
    book: Book, fact: tickets.DueChanged, *, at: datetime, traceparent: str | None
) -> None:
    """A year became known, or an outage was declared: what is held is due by another time."""
    ticket = book.tickets.get(fact.ticket_id)
    if ticket is None:
        return
    for change in fact.changes:
        if change.kind is DeadlineKind.DISPATCH:
            registered = replace(ticket.registered, dispatch_by=change.due)
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
                told=ticket.matter.words_for_units(fact.text, book.city.catalogue.place_words),
                attachments=fact.attachments,
            )
            book.put(outcome, traceparent)


def demands(book: Book, ticket: Ticket) -> list[Whistle]:
    """The running whistles that were dispatched for this ticket; a street's own go on."""
    return [
        whistle
        for whistle in book.of_ticket(ticket.ticket_id)
        if whistle.demand_ticket == ticket.ticket_id and not whistle.ended
    ]


def withdraw(
    book: Book,
    whistle: Whistle,
    actor: Actor,
    reason: str,
    at: datetime,
    traceparent: str | None,
) -> None:
    """Withdraw it where it may still be."""
    if WHISTLE.allows(whistle.state, WhistleCommand.WITHDRAW):
        outcome = ending.withdraw(
            whistle, at=at, policy=book.city.version, actor=actor, reason=reason
        )
        book.put(outcome, traceparent)
