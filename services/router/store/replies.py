"""What units told citizens when they resolved, so that a template is found."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from services.router.domain.book import Book
from services.router.domain.city import City
from services.router.domain.reports.replies import Reply
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "replies.sql")


async def load(connection: Connection, book: Book, units: Iterable[str]) -> None:
    """The units' last replies into the book."""
    for reply in await recent(connection, units, city=book.city, now=book.now):
        book.replies.setdefault(reply.unit, []).append(reply)


async def recent(
    connection: Connection, units: Iterable[str], *, city: City, now: datetime
) -> list[Reply]:
    """The units' last replies, those that a new one is held against."""
    judging = city.policy.judging
    found = await connection.fetch(
        SQL.recent_replies, sorted(set(units)), now - judging.alike_within, judging.alike_compared
    )
    return [
        Reply(
            whistle_id=row["whistle_id"],
            ticket_id=row["ticket_id"],
            unit=row["unit"],
            number=row["number"],
            text=row["text"],
            at=row["at"],
        )
        for row in found
    ]


async def save(connection: Connection, book: Book) -> None:
    """Keep the batch's replies; those that are too old to matter go."""
    new = {reply.whistle_id: reply for reply in book.new_replies}.values()
    if not new:
        return
    await connection.execute(
        SQL.reply_add,
        [reply.whistle_id for reply in new],
        [reply.ticket_id for reply in new],
        [reply.unit for reply in new],
        [reply.number for reply in new],
        [reply.text for reply in new],
        [reply.at for reply in new],
    )
    units = sorted({reply.unit for reply in new})
    since = book.now - book.city.policy.judging.alike_within
    await connection.execute(SQL.replies_forget, units, since)
