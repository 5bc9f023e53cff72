"""Follows intake: each fact about a ticket leads to dispatch, an ending or more words."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.router import close, dispatch, merge, metrics
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
    tickets.DueChanged: close.due_changed,
    tickets.Answered: close.ended_at_desk,
    tickets.Transferred: close.ended_at_desk,
    tickets.Rejected: close.ended_at_desk,
    tickets.Voided: close.ended_at_desk,
    tickets.Merged: merge.merged,
    tickets.MergeUndone: merge.undone,
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
        _tickets_of(heard),
        Promises(city, now),
        new_whistles=sum(map(_may_whistle, heard)),
    )
    for event in heard:
        _follow(book, event)
    await store.save(connection, book)
    metrics.count(book)


def _may_whistle(event: Incoming) -> int:
    """How many whistles a fact may lead to: a merge that is undone may send both out again."""
    if isinstance(event.data, tickets.MergeUndone):
        return 2
    return int(isinstance(event.data, DISPATCHING))


def _tickets_of(heard: Sequence[Incoming]) -> list[UUID]:
    """The tickets the facts are about, and those that they were merged into or parted from."""
    found = [event.data.ticket_id for event in heard]
    merges = (tickets.Merged, tickets.MergeUndone)
    return found + [event.data.into for event in heard if isinstance(event.data, merges)]


def _follow(book: Book, event: Incoming) -> None:
    fact: Any = event.data
    FOLLOWED[type(fact)](book, fact, at=event.time, traceparent=event.traceparent)
