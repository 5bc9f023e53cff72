"""Absences of grid workers: told by their community, over by themselves or ended early."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

from services.router.domain.units.absence import Absence
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "absences.sql")


async def add(connection: Connection, absence: Absence, *, now: datetime) -> None:
    """Write a new absence."""
    await connection.execute(
        SQL.absence_add,
        absence.absence_id,
        absence.grid,
        absence.absent_from,
        absence.absent_until,
        absence.reason,
        absence.told_by,
        now,
    )


async def end(
    connection: Connection, absence_id: UUID, *, grid: str, by: str, now: datetime
) -> bool:
    """End one of this grid that is not over; whether there was one."""
    found = await connection.fetchval(SQL.absence_end, absence_id, grid, now, by)
    return found is not None


async def known(connection: Connection) -> tuple[Absence, ...]:
    """The last thousand to end."""
    return tuple(
        Absence(
            absence_id=row["absence_id"],
            grid=row["grid"],
            absent_from=row["absent_from"],
            absent_until=row["absent_until"],
            reason=row["reason"],
            told_by=row["told_by"],
        )
        for row in await connection.fetch(SQL.absences)
    )
