"""Follows intake: each fact about a ticket leads to dispatch, an ending or more words."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from services.router import close, dispatch, metrics
from services.router.domain.book import Book
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.store import whistles as store
from shared.contracts import tickets
from shared.runtime.database import Connection
from shared.runtime.incoming import Incoming

Follow = Callable[..., None]  # (book, fact, *, at, traceparent); one for each kind of fact

FOLLOWED: Final[Mapping[type[tickets.TicketFact], Follow]] = {
    tickets.Registered: dispatch.registered,
    tickets.ReworkRequested: dispatch.again,
    tickets.Reopened: dispatch.again,
    tickets.Appealed: dispatch.appealed,
    tickets.Closed: close.closed,
    tickets.Withdrawn: close.withdrawn,
    tickets.Supplemented: close.supplemented,
    tickets.Answered: close.ended_at_desk,
    tickets.Transferred: close.ended_at_desk,
    tickets.Rejected: close.ended_at_desk,
    tickets.Voided: close.ended_at_desk,
    tickets.Merged: close.merged,
    tickets.MergeUndone: dispatch.merge_undone,
    tickets.GroupFlagged: close.group_flagged,
}
"""What each fact leads to; the others (urged, callbacks, linked …) are not the router's."""

DISPATCHING: Final = (
    tickets.Registered,
    tickets.ReworkRequested,
    tickets.Reopened,
    tickets.Appealed,
    tickets.MergeUndone,
)


async def follow_tickets(
    connection: Connection, events: Sequence[Incoming], *, city: City, now: datetime
) -> None:
    """Act on intake's facts, in order."""
    heard = [event for event in events if type(event.data) in FOLLOWED]
    if not heard:
        return
    book = await store.of_tickets(
        connection,
        [event.data.ticket_id for event in heard],
        Promises(city, now),
        new_whistles=sum(isinstance(event.data, DISPATCHING) for event in heard),
    )
    for event in heard:
        _follow(book, event)
    await store.save(connection, book)
    metrics.count(book)


def _follow(book: Book, event: Incoming) -> None:
    fact: Any = event.data
    FOLLOWED[type(fact)](book, fact, at=event.time, traceparent=event.traceparent)
