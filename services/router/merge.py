"""A merge at intake, and what it does to the whistles (CONTRACTS §4d)."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.router import close, dispatch
from services.router.domain import ending, joining
from services.router.domain.book import Book
from services.router.domain.joining import Settled
from services.router.domain.matter import Ticket, TicketState
from services.router.domain.whistle import WHISTLE, Whistle, WhistleCommand
from shared.contracts import tickets
from shared.contracts.parts import Actor, AssignmentState
from shared.contracts.values import Relation


def merged(book: Book, fact: tickets.Merged, *, at: datetime, traceparent: str | None) -> None:
    """The ticket follows another.

    A whistle that nobody has acknowledged is withdrawn; one whose lead has finished is a conflict,
    and the merge is undone; one that the parent's lead has taken joins the parent's; where another
    unit has taken it, a dispatcher decides, and both go on until then.
    """
    ticket = book.tickets.get(fact.ticket_id)
    if ticket is None:
        return
    running = close.demands(book, ticket)
    done = [w for w in running if (lead := w.lead()) and lead.state is AssignmentState.DONE]
    if done:
        outcome = ending.refuse_merge(done[-1], fact, at=at, policy=book.city.version)
        book.put(outcome, traceparent)
        return
    book.put_ticket(replace(ticket, state=TicketState.MERGED, merged_into=fact.into))
    for whistle in running:
        if not _taken(whistle):
            close.withdraw(book, whistle, fact.actor, "工单已并单", at, traceparent)
            _follow(book, whistle, fact, at, traceparent)
        else:
            _meet(book, whistle, fact, at, traceparent)


def _taken(whistle: Whistle) -> bool:
    """Whether a unit has acknowledged its part, in person or by silence."""
    return any(
        part.acknowledged_at is not None or part.deemed
        for part in whistle.running()
        if part.relation is not Relation.INFORMED
    )


def _parents(book: Book, fact: tickets.Merged) -> Whistle | None:
    """The running whistle that the parent goes by: its own, else the one it was linked to."""
    running = [
        w
        for w in book.of_ticket(fact.into)
        if not w.ended and (w.demand_ticket is not None) and fact.ticket_id != w.demand_ticket
    ]
    own = [w for w in running if w.demand_ticket == fact.into]
    found = own or running
    return found[-1] if found else None


def _meet(
    book: Book, own: Whistle, fact: tickets.Merged, at: datetime, traceparent: str | None
) -> None:
    """A unit works on the merged ticket: with the parent's lead it joins, else a person decides."""
    parent = _parents(book, fact)
    if parent is None or not WHISTLE.allows(parent.state, WhistleCommand.LINK_TICKET):
        return
    if joining.same_lead(own, parent):
        carry_over(
            book, own, parent, into=fact.into, actor=fact.actor, at=at, traceparent=traceparent
        )
        return
    outcome, question = joining.ask(
        own,
        parent,
        ticket_id=fact.ticket_id,
        into=fact.into,
        promises=book.promises,
        at=at,
    )
    book.put(outcome, traceparent)
    book.questions.append(question)


def _follow(
    book: Book, gone: Whistle, fact: tickets.Merged, at: datetime, traceparent: str | None
) -> None:
    """Tickets that had been linked to a whistle which is withdrawn go on with the parent's."""
    others = [t for t in _tickets(book, gone) if t.ticket_id != fact.ticket_id]
    parent = _parents(book, fact)
    if parent is None or not others:
        return
    if WHISTLE.allows(parent.state, WhistleCommand.LINK_TICKET):
        outcome = joining.link(
            gone,
            parent,
            others,
            into=fact.into,
            actor=fact.actor,
            city=book.city,
            at=at,
        )
        book.put(outcome, traceparent)


def _tickets(book: Book, whistle: Whistle) -> list[Ticket]:
    return [book.tickets[t] for t in whistle.ticket_ids if t in book.tickets]


def carry_over(
    book: Book,
    own: Whistle,
    parent: Whistle,
    *,
    into: UUID,
    actor: Actor,
    at: datetime,
    traceparent: str | None,
) -> Whistle:
    """`own` is withdrawn and its tickets go over to `parent`'s whistle; the parent's after it."""
    gone, joined = joining.join(
        own,
        parent,
        _tickets(book, own),
        into=into,
        actor=actor,
        promises=book.promises,
        at=at,
    )
    book.put(gone, traceparent)
    book.put(joined, traceparent)
    return joined.whistle


def undone(book: Book, fact: tickets.MergeUndone, *, at: datetime, traceparent: str | None) -> None:
    """The merge was taken back: each ticket goes by its own whistle again.

    A ticket whose own whistle was withdrawn leaves the other's and is dispatched anew; so does a
    parent that had gone over to the child's.
    """
    ticket = book.tickets.get(fact.ticket_id)
    if ticket is None or ticket.state is not TicketState.MERGED:
        return
    book.questions.append(
        Settled(ticket_id=fact.ticket_id, decision="undone", at=at, actor=fact.actor)
    )
    for whistle in book.of_ticket(fact.ticket_id):
        if whistle.ended or whistle.demand_ticket is None:
            continue
        left = fact.into if whistle.demand_ticket == fact.ticket_id else fact.ticket_id
        if left in whistle.ticket_ids:
            outcome = joining.unlink(
                whistle, left, actor=fact.actor, policy=book.city.version, at=at
            )
            book.put(outcome, traceparent)
            parent = book.tickets.get(left)
            if left == fact.into and parent is not None and parent.state is TicketState.OPEN:
                dispatch.dispatch_now(book, parent, traceparent)
    dispatch.dispatch_now(book, ticket, traceparent)
