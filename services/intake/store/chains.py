"""Which rows of intake have a hashed history: tickets. Read when the chains are verified."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from shared.runtime.chains import FORGOTTEN, Head, Tail
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "chains.sql")


async def heads(connection: Connection, ids: Sequence[UUID]) -> list[Head]:
    """The tickets of these ids."""
    return [_head(row) for row in await connection.fetch(SQL.heads, ids)]


async def without_history(connection: Connection, *, limit: int) -> list[Head]:
    """Tickets of which no history is there."""
    return [_head(row) for row in await connection.fetch(SQL.without_history, limit)]


async def let_go(_connection: Connection, tails: Sequence[Tail]) -> set[UUID]:
    """Those removed at the end of their term, which their last row says."""
    return {tail.aggregate_id for tail in tails if tail.what == FORGOTTEN}


def _head(row: Any) -> Head:
    return Head(
        aggregate_id=row["ticket_id"], what="ticket", seq=row["seq"], hash=row["history_hash"]
    )
