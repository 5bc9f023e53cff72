"""Which whistles have due times that may have to move."""

from pathlib import Path
from uuid import UUID

from shared.dues.moved import Moving
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "moved_dues.sql")


async def next_whistles(
    connection: Connection, moving: Moving, after: UUID, limit: int
) -> list[UUID]:
    """Those that it may concern, from above `after`, in the order of their ids."""
    if moving.outage is None:
        rows = await connection.fetch(SQL.provisional_whistles, after, limit)
    else:
        span = (moving.outage.from_at, moving.outage.to_at)
        rows = await connection.fetch(SQL.whistles_due_within, after, *span, limit)
    return [row["whistle_id"] for row in rows]
