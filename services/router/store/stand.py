"""How much is open, for the metrics."""

from datetime import datetime
from pathlib import Path

from shared.runtime.database import Connection, queries
from shared.runtime.instruments import district_of_place

SQL = queries(Path(__file__).parents[1] / "sql" / "stand.sql")


async def open_whistles(connection: Connection) -> dict[tuple[str, str, str], int]:
    """By kind, state and district."""
    rows = await connection.fetch(SQL.open_whistles)
    return {
        (row["kind"], row["state"], district_of_place(row["district"])): row["n"] for row in rows
    }


async def open_assignments(connection: Connection) -> dict[tuple[str, str], int]:
    """By unit and state, in whistles that run."""
    rows = await connection.fetch(SQL.open_assignments)
    return {(row["unit"], row["state"]): row["n"] for row in rows}


async def oldest_held(connection: Connection) -> datetime | None:
    """When the ticket was registered that has been held for longest."""
    at: datetime | None = await connection.fetchval(SQL.oldest_held)
    return at
