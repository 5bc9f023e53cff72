"""Takes a community's whistle over for its street, or a whistle back."""

from datetime import datetime
from uuid import UUID

from services.router.convene import whole, written
from services.router.domain import calling, taking_over
from services.router.domain.book import Book
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.matter import Content, Ticket, TicketState
from services.router.domain.routing.answer import Unclear
from services.router.domain.taking_over import Because
from services.router.domain.whistle import Whistle
from services.router.store import whistles as store
from shared.contracts.ids import new_id
from shared.contracts.parts import Actor
from shared.contracts.values import WhistleKind
from shared.runtime.database import Connection


async def take_over(
    connection: Connection,
    whistle_id: UUID,
    because: Because,
    *,
    actor: Actor,
    city: City,
    now: datetime,
    traceparent: str | None,
) -> Whistle:
    """The street convenes from now on; raises the ShaodaoError that says why it may not."""
    book, whistle = await whole(connection, whistle_id, city, now)
    outcome = taking_over.take_over(whistle, because, actor=actor, promises=book.promises)
    return await written(connection, book, outcome, traceparent)


async def withdraw(
    connection: Connection,
    whistle_id: UUID,
    because: Because,
    *,
    actor: Actor,
    city: City,
    now: datetime,
    traceparent: str | None,
) -> Whistle:
    """The whistle ends; a ticket that it was blown for waits for a dispatcher again."""
    book, whistle = await _with_ticket(connection, whistle_id, city, now)
    outcome = taking_over.withdraw(whistle, because, actor=actor, promises=book.promises)
    after = await written(connection, book, outcome, traceparent)
    ticket = book.tickets.get(whistle.demand_ticket) if whistle.demand_ticket else None
    if ticket is not None and ticket.state is TicketState.OPEN:
        await _held_again(connection, ticket, after, because, city, now, traceparent)
    return after


async def _with_ticket(
    connection: Connection, whistle_id: UUID, city: City, now: datetime
) -> tuple[Book, Whistle]:
    """The whistle, locked after the ticket it was blown for; raises NotFoundError."""
    found = await store.read_whistles(connection, [whistle_id])
    ticket_id = found[0].demand_ticket if found else None
    if ticket_id is not None:
        book = await store.of_tickets(connection, [ticket_id], Promises(city, now), new_whistles=0)
        if (whistle := book.whistles.get(whistle_id)) is not None:
            return book, whistle
    return await whole(connection, whistle_id, city, now)


async def _held_again(
    connection: Connection,
    ticket: Ticket,
    withdrawn: Whistle,
    because: Because,
    city: City,
    now: datetime,
    traceparent: str | None,
) -> None:
    """A new whistle of the same round, held: the citizen waits for an answer all the same."""
    book = Book(Promises(city, now))
    await store.take_numbers(connection, book, 1)
    whistle = calling.new_whistle(
        new_id(now),
        number=book.number(),
        kind=WhistleKind.CITIZEN_DEMAND,
        matter=ticket.matter,
        round=ticket.round,
        ticket_ids=(ticket.ticket_id,),
        demand_ticket=ticket.ticket_id,
        place_key=withdrawn.place_key,
    )
    unclear = Unclear(why=(f"withdrawn {withdrawn.number}: {because.reason}",))
    book.contents[whistle.whistle_id] = Content(why=unclear.why)
    await written(
        connection, book, calling.hold(whistle, unclear, promises=book.promises), traceparent
    )
