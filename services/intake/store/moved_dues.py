"""Which tickets have due times that may have to move, and the callbacks that move with them."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from shared.dues.moved import Moving
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "moved_dues.sql")


async def next_tickets(
    connection: Connection, moving: Moving, after: UUID, limit: int
) -> list[UUID]:
    """Those that it may concern, from above `after`, in the order of their ids."""
    if moving.outage is None:
        rows = await connection.fetch(SQL.provisional_tickets, after, limit)
    else:
        span = (moving.outage.from_at, moving.outage.to_at)
        rows = await connection.fetch(SQL.tickets_due_within, after, *span, limit)
    return [row["ticket_id"] for row in rows]


async def move_callbacks(
    connection: Connection, callbacks: Sequence[tuple[UUID, int, datetime]]
) -> None:
    """Give open callbacks (ticket, round) their new due times."""
    if callbacks:
        await connection.execute(SQL.move_callbacks, *zip(*callbacks, strict=True))
