"""Beats of the watch, and the times when there were none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from services.notifier.domain.telling.gap import Beat, Gap, GapWhy
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "gaps.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenGap:
    """A gap that was not released, with the end of its history."""

    gap: Gap
    seq: int
    history_hash: bytes


async def lock_beat(connection: Connection, first: Beat) -> Beat | None:
    """The last beat of any copy, locked; None when `first` is the first one ever."""
    row = await connection.fetchrow(SQL.lock_beat)
    if row is None:
        await connection.execute(SQL.first_beat, first.at, first.wall)
        return None
    return Beat(at=row["at"], wall=row["wall"])


async def beat(connection: Connection, now: Beat) -> None:
    await connection.execute(SQL.beat, now.at, now.wall)


async def last_beat(connection: Connection) -> Beat | None:
    row = await connection.fetchrow(SQL.last_beat)
    return Beat(at=row["at"], wall=row["wall"]) if row else None


async def add(connection: Connection, gap: Gap, *, history_hash: bytes) -> None:
    """Write a gap down."""
    await connection.execute(
        SQL.add_watch_gap,
        *(gap.gap_id, gap.from_at, gap.to_at, gap.found_wall, gap.why, history_hash),
    )


async def unreleased(connection: Connection) -> list[Gap]:
    """The gaps that nobody released, in the order in which they were found."""
    return [_gap(row) for row in await connection.fetch(SQL.open_gaps)]


async def lock_unreleased(connection: Connection) -> list[OpenGap]:
    """The gaps that nobody released, locked, with the ends of their histories."""
    return [
        OpenGap(gap=_gap(row), seq=row["seq"], history_hash=row["history_hash"])
        for row in await connection.fetch(SQL.lock_open_gaps)
    ]


async def release(
    connection: Connection, hashes: Sequence[tuple[UUID, bytes]], *, at: datetime, by: str
) -> None:
    """Close gaps: what falls into them from now on is told as any other."""
    ids, ends = [each for each, _ in hashes], [end for _, end in hashes]
    await connection.execute(SQL.release_gaps, ids, at, by, ends)


def _gap(row: Any) -> Gap:
    return Gap(
        gap_id=row["gap_id"],
        from_at=row["from_at"],
        to_at=row["to_at"],
        found_wall=row["found_wall"],
        why=GapWhy(row["why"]),
    )
