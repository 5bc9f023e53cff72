"""Which rows of the notifier have a hashed history: promises, rulings, rota, lists and more."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from shared.runtime.chains import Head, Tail
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "chains.sql")


async def heads(connection: Connection, ids: Sequence[UUID]) -> list[Head]:
    """The aggregates of these ids, whatever they are."""
    return [_head(row) for row in await connection.fetch(SQL.heads, ids)]


async def without_history(connection: Connection, *, limit: int) -> list[Head]:
    """Aggregates of which no history is there."""
    return [_head(row) for row in await connection.fetch(SQL.without_history, limit)]


async def let_go(connection: Connection, tails: Sequence[Tail]) -> set[UUID]:
    """Promises whose month was dropped when its term was over."""
    dropped = await connection.fetchval(SQL.months_dropped)
    return {tail.aggregate_id for tail in tails if dropped is not None and tail.at < dropped}


def _head(row: Any) -> Head:
    return Head(
        aggregate_id=row["aggregate_id"], what=row["what"], seq=row["seq"], hash=row["hash"]
    )
