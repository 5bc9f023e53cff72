"""Keeps boards under names."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "views.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardView:
    """A board as its owner set it; `query` as an address carries it."""

    view_id: UUID
    account: str
    name: str
    query: str
    at: datetime


async def save(connection: Connection, view: BoardView) -> BoardView:
    """Keep it, in the place of one of the same owner and name."""
    row = await connection.fetchrow(
        SQL.view_save, view.view_id, view.account, view.name, view.query, view.at
    )
    return BoardView(**dict(row))


async def of_account(connection: Connection, account: str) -> list[BoardView]:
    """Those of one person, by name."""
    return [BoardView(**dict(row)) for row in await connection.fetch(SQL.views_of, account)]


async def forget(connection: Connection, view_id: UUID, *, account: str) -> bool:
    """Whether there was one of this owner, which is gone now."""
    return await connection.fetchval(SQL.view_forget, view_id, account) is not None
