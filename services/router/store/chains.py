"""Which rows of the router have a hashed history: whistles, units, versions of the duty list."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from services.router.domain.duty.version import DUTIES
from services.router.domain.units.known import UNITS
from shared.runtime.chains import Head, Tail
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "chains.sql")


async def heads(connection: Connection, ids: Sequence[UUID]) -> list[Head]:
    """The whistles of these ids, and the units and versions among them."""
    wanted = set(ids)
    found = [_head(row, "whistle") for row in await connection.fetch(SQL.heads, ids)]
    return found + [each for each in await _named(connection) if each.aggregate_id in wanted]


async def without_history(connection: Connection, *, limit: int) -> list[Head]:
    """Whistles, units and versions of which no history is there."""
    found = [_head(row, "whistle") for row in await connection.fetch(SQL.without_history, limit)]
    named = await _named(connection)
    ids = [each.aggregate_id for each in named]
    known = {row["aggregate_id"] for row in await connection.fetch(SQL.known_aggregates, ids)}
    return found + [each for each in named if each.aggregate_id not in known]


async def let_go(_connection: Connection, _tails: Sequence[Tail]) -> set[UUID]:
    """Nothing that has a history is ever removed here."""
    return set()


async def _named(connection: Connection) -> list[Head]:
    """What is known by a code or a number; some hundreds."""
    units = await connection.fetch(SQL.unit_heads)
    versions = await connection.fetch(SQL.version_heads)
    return [
        *(_head((uuid5(UNITS, row[0]), row[1], row[2]), "unit") for row in units),
        *(_head((uuid5(DUTIES, str(row[0])), row[1], row[2]), "duty_version") for row in versions),
    ]


def _head(row: Any, what: str) -> Head:
    aggregate_id, seq, digest = row
    return Head(aggregate_id=aggregate_id, what=what, seq=seq, hash=digest)
