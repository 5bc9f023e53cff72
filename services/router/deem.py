"""The moves that a missed promise asks of the router.

A unit that stays silent is deemed to have acknowledged; an urgent ticket that nobody dispatched in
time is dispatched provisionally, a normal one goes to the shift lead.
"""

from collections.abc import Sequence
from datetime import datetime

from services.router import dispatch, metrics
from services.router.domain.city import City
from services.router.domain.deeming import deem
from services.router.domain.dues import Promises
from services.router.store import whistles as store
from shared.contracts.deadlines import Missed
from shared.contracts.parts import DeadlineKind, WhistleState
from shared.runtime.database import Connection
from shared.runtime.incoming import Incoming


async def heed_deadlines(
    connection: Connection, events: Sequence[Incoming], *, city: City, now: datetime
) -> None:
    """Make the moves that a missed promise asks of the router."""
    missed = [event for event in events if isinstance(event.data, Missed)]
    deemed = [event for event in missed if event.data.kind is DeadlineKind.DEEMED]
    overdue = [event for event in missed if event.data.kind is DeadlineKind.DISPATCH]
    promises = Promises(city, now)
    if deemed:
        await _deem(connection, deemed, promises)
    if overdue:
        await _dispatch_overdue(connection, overdue, promises)


async def _deem(connection: Connection, events: Sequence[Incoming], promises: Promises) -> None:
    ids = {event.data.whistle_id for event in events if event.data.whistle_id is not None}
    book = await store.of_whistles(connection, ids, promises)
    for event in events:
        missed: Missed = event.data
        whistle = book.whistles.get(missed.whistle_id) if missed.whistle_id else None
        if whistle is None or missed.assignment_id is None:
            continue
        outcome = deem(whistle, missed.assignment_id, at=event.time, policy=promises.city.version)
        if outcome is not None:
            book.put(outcome, event.traceparent)
    await store.save(connection, book)
    metrics.count(book)


async def _dispatch_overdue(
    connection: Connection, events: Sequence[Incoming], promises: Promises
) -> None:
    ids = [event.data.ticket_id for event in events if event.data.ticket_id is not None]
    book = await store.of_tickets(connection, ids, promises, new_whistles=0)
    contents = await store.contents(connection, list(book.whistles))
    waiting = [
        whistle
        for ticket_id in ids
        for whistle in book.of_ticket(ticket_id)
        if whistle.state is WhistleState.HELD and whistle.demand_ticket == ticket_id
    ]
    for whistle in waiting:
        ticket = book.tickets[whistle.demand_ticket or whistle.ticket_ids[0]]
        dispatch.overdue(book, whistle, contents[whistle.whistle_id][0], ticket)
        metrics.overdue(ticket.matter.urgency)
    await store.save(connection, book)
    metrics.count(book)
