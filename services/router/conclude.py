"""Concludes what was decided on one whistle: saved, told and counted."""

from services.router import metrics
from services.router.domain.book import Book
from services.router.domain.outcome import Outcome
from services.router.domain.whistle import Whistle
from services.router.store import whistles as store
from shared.runtime.database import Connection


async def conclude(
    connection: Connection, book: Book, outcome: Outcome, traceparent: str | None
) -> Whistle:
    """The whistle after it; what is to be said of it is in the outbox."""
    book.put(outcome, traceparent)
    await store.save(connection, book)
    metrics.count(book)
    return outcome.whistle
