"""Keeps saved views and the ledger of lists that were taken out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from shared.contracts.parts import Actor
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "views.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """A list under a name; `query` as an address carries it."""

    view_id: UUID
    account: str
    owner_name: str
    name: str
    query: str
    shared: bool
    at: datetime


async def save_view(connection: Connection, view: SavedView) -> SavedView:
    """Keep it, in the place of one of the same owner and name."""
    row = await connection.fetchrow(
        SQL.view_save,
        view.view_id,
        view.account,
        view.owner_name,
        view.name,
        view.query,
        view.shared,
        view.at,
    )
    return _view(row)


async def views_of(connection: Connection, account: str, *, limit: int) -> list[SavedView]:
    """One's own and those that others share."""
    return [_view(row) for row in await connection.fetch(SQL.views_of, account, limit)]


async def count_of(connection: Connection, account: str) -> int:
    return int(await connection.fetchval(SQL.view_count, account))


async def share_view(
    connection: Connection, view_id: UUID, *, account: str, shared: bool
) -> SavedView | None:
    row = await connection.fetchrow(SQL.view_share, view_id, account, shared)
    return _view(row) if row is not None else None


async def forget_view(connection: Connection, view_id: UUID, *, account: str) -> bool:
    return await connection.fetchval(SQL.view_forget, view_id, account) is not None


def _view(row: Mapping[str, Any]) -> SavedView:
    return SavedView(**dict(row))


async def begin_export(
    connection: Connection,
    export_id: UUID,
    *,
    at: datetime,
    actor: Actor,
    account: str | None,
    query: str,
) -> None:
    """Somebody takes a list out, from now on on record."""
    await connection.execute(
        SQL.export_begin, export_id, at, actor.role, actor.unit, actor.name, account, query
    )


async def end_export(connection: Connection, export_id: UUID, *, rows: int) -> None:
    await connection.execute(SQL.export_end, export_id, rows)
