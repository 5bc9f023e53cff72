"""Outages that were declared, with how many due times moved for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "outages.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredOutage:
    """One outage; `moved` counts the due times that their owners moved so far."""

    outage_id: UUID
    from_at: datetime
    to_at: datetime
    reason: str
    declared_at: datetime
    declared_by: str
    moved: int = 0


async def put(connection: Connection, outage: DeclaredOutage) -> None:
    """Keep a new one."""
    o = outage
    values = (o.outage_id, o.from_at, o.to_at, o.reason, o.declared_at, o.declared_by)
    await connection.execute(SQL.put_outage, *values)


async def overlapping(
    connection: Connection, from_at: datetime, to_at: datetime
) -> DeclaredOutage | None:
    """One that was declared before for a part of this time; nobody else declares until the end."""
    await connection.execute(SQL.lock_declarations)
    row = await connection.fetchrow(SQL.overlapping, from_at, to_at)
    return None if row is None else DeclaredOutage(**row)


async def listed(connection: Connection, limit: int) -> list[DeclaredOutage]:
    """The latest first."""
    return [DeclaredOutage(**row) for row in await connection.fetch(SQL.outages, limit)]


async def count_moved(connection: Connection, moved: Sequence[tuple[UUID, int]]) -> None:
    """Add what their owners moved."""
    await connection.execute(SQL.count_moved, *zip(*moved, strict=True))
