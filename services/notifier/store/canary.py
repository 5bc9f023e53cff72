"""The rounds of the canary as they were heard."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from services.notifier.domain.canary import NAMES, Round, Sign, Times
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "canary.sql")


async def note(connection: Connection, signs: Sequence[Sign], *, heard_at: datetime) -> list[Round]:
    """Write what was heard; returns the rounds that this completes."""
    rounds: dict[UUID, Round] = {}
    for sign in signs:
        before = rounds.get(sign.ticket_id) or Round(
            ticket_id=sign.ticket_id,
            whistle_id=sign.whistle_id,
            times=Times(),
            heard_at=heard_at,
            completed_at=None,
        )
        times = replace(before.times, **{sign.name: sign.at})
        whistle_id = before.whistle_id or sign.whistle_id
        rounds[sign.ticket_id] = replace(before, times=times, whistle_id=whistle_id)
    found = list(rounds.values())
    columns = [[getattr(each.times, name) for each in found] for name in NAMES]
    ids = [each.ticket_id for each in found]
    await connection.execute(SQL.noted, ids, [e.whistle_id for e in found], *columns, heard_at)
    return [_round(row) for row in await connection.fetch(SQL.completed, ids, heard_at)]


async def last_ok(connection: Connection) -> datetime | None:
    """When a whole round was last heard to its end (wall time)."""
    at: datetime | None = await connection.fetchval(SQL.last_ok)
    return at


async def latest(connection: Connection, *, limit: int) -> list[Round]:
    return [_round(row) for row in await connection.fetch(SQL.latest, limit)]


async def unfinished(connection: Connection, before: datetime, *, limit: int) -> list[Round]:
    """Rounds that nothing was heard of since then, and that nobody took back."""
    return [_round(row) for row in await connection.fetch(SQL.unfinished, before, limit)]


async def forget(connection: Connection, before: datetime) -> None:
    await connection.execute(SQL.forget_rounds, before)


def _round(row: Any) -> Round:
    return Round(
        ticket_id=row["ticket_id"],
        whistle_id=row["whistle_id"],
        times=Times(**{name: row[name] for name in NAMES}),
        heard_at=row["heard_at"],
        completed_at=row["completed_at"],
    )
