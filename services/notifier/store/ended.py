"""What has ended: months of partitions, rows put away into them and brought back."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from uuid import UUID

from services.notifier.domain.deadline import Deadline
from services.notifier.store.deadlines import deadline_of
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "ended.sql")


async def ensure_month(connection: Connection, starts: datetime, ends: datetime) -> None:
    """The month's partition, made unless it is there."""
    await connection.execute(SQL.ensure_ended_month, starts, ends)


async def drop_months(connection: Connection, before: datetime) -> int:
    """Drop the months that were over before; returns how many."""
    dropped: int = await connection.fetchval(SQL.drop_ended_months, before)
    return dropped


async def first_ended(connection: Connection, before: datetime) -> datetime | None:
    """When the first one ended of those that ended before."""
    at: datetime | None = await connection.fetchval(SQL.first_ended, before)
    return at


async def put_away(connection: Connection, before: datetime, *, limit: int) -> int:
    """Move up to so many that ended before, all in months that are there; returns how many."""
    done = await connection.execute(SQL.put_away, before, limit)
    return int(done.split()[-1])


async def bring_back(
    connection: Connection, deadline_ids: Iterable[UUID], *, since: datetime | None = None
) -> dict[UUID, Deadline]:
    """Those that were put away, back among the running; `since`: only what ended from then."""
    ids = sorted(set(deadline_ids))
    if not ids:
        return {}
    if since is None:
        rows = await connection.fetch(SQL.bring_back, ids)
    else:
        rows = await connection.fetch(SQL.bring_back_since, ids, since)
    return {row["deadline_id"]: deadline_of(row) for row in rows}
