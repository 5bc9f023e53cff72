"""How the last rebuild of the figures stands, kept for every copy of the service."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "rebuilds.sql")
COMPARE_SECONDS: Final = 900.0


class RebuildState(StrEnum):
    RUNNING = "running"  # 重建中
    DONE = "done"  # 已完成
    FAILED = "failed"  # 失败


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One table of the rebuilt set, its `n` rows; those that only the set before, or it, has."""

    name: str
    n: int
    only_before: int
    only_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildStatus:
    """The last rebuild; `left` facts at least, `place` once it is done.

    `equal`: both sets had the same rows at that place, `tables` says where not; None where the set
    before could not come as far.
    """

    state: RebuildState
    began_at: datetime
    left: int
    place: int | None = None
    equal: bool | None = None
    tables: tuple[Compared, ...] = ()
    error: str | None = None


_TABLES: Final = TypeAdapter(tuple[Compared, ...])


async def keep(connection: Connection, status: RebuildStatus) -> None:
    """The rebuild stands so now."""
    tables = None if status.equal is None else _TABLES.dump_json(status.tables).decode()
    await connection.execute(
        SQL.keep_rebuild,
        *(status.state, status.began_at, status.left, status.place, tables, status.error),
    )


async def last(connection: Connection) -> RebuildStatus | None:
    """The last rebuild that any copy began; one whose copy ended has failed."""
    row = await connection.fetchrow(SQL.last_rebuild)
    if row is None:
        return None
    state, error = RebuildState(row["state"]), row["error"]
    if state is RebuildState.RUNNING and not await connection.fetchval(SQL.rebuild_runs):
        state, error = RebuildState.FAILED, "the copy that ran it has ended"
    tables = () if row["differs"] is None else _TABLES.validate_json(row["differs"])
    return RebuildStatus(
        state=state,
        began_at=row["began_at"],
        left=row["facts_left"],
        place=row["place"],
        equal=None if row["differs"] is None else is_equal(tables),
        tables=tables,
        error=error,
    )


def is_equal(tables: tuple[Compared, ...]) -> bool:
    """Whether each table has the same rows in both sets."""
    return not any(each.only_before or each.only_after for each in tables)


async def compare(connection: Connection) -> tuple[Compared, ...]:
    """The set that is being built beside the one that is read; both at the same place."""
    rows = await connection.fetch(SQL.compare_shadow, timeout=COMPARE_SECONDS)
    return tuple(Compared(**dict(row)) for row in rows)
