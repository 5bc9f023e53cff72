"""What was counted in the read model, by a key, and the rows behind a figure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.notifier.domain.figures.figure import (
    OF_MARKS,
    OF_PARTS,
    OF_ROUNDS,
    OF_WHISTLES,
    Counts,
    Figure,
)
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "figures.sql")


class By(StrEnum):
    """What the figures are grouped by."""

    CITY = "city"  # 全市
    UNIT = "unit"  # 单位
    STREET = "street"  # 街道
    DISTRICT = "district"  # 区旗
    COMMUNITY = "community"  # 社区
    CATEGORY = "category"  # 小类
    MAJOR = "major"  # 大类
    COMPOUND = "compound"  # 小区
    DAY = "day"  # 日
    QUARTER = "quarter"  # 季度


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which rows count: by the local day of dispatch, unit, a region's and a category's prefix."""

    first: date
    last: date
    unit: str | None = None
    region: str | None = None
    category: str | None = None

    @property
    def filters(self) -> tuple[object, ...]:
        return self.first, self.last, self.unit, self.region, self.category


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """One ticket or whistle behind a figure; `kept`: whether it is in the numerator."""

    ticket_id: UUID | None
    number: str | None
    whistle_id: UUID | None
    round: int
    unit: str | None
    day: date
    kept: bool
    row_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """The place of the last row of the page before."""

    day: date
    row_id: UUID
    round: Annotated[int, Field(ge=0, lt=2**31)]


async def counted(
    connection: Connection, scope: Scope, by: By, now: datetime
) -> dict[str | None, Counts]:
    """What was counted under each key; call it in a transaction."""
    await connection.execute(SQL.plan_anew)
    given = (by.value, *scope.filters)
    found: defaultdict[str | None, Counts] = defaultdict(Counts)
    for statement, arguments in (
        (SQL.of_parts, (*given, now)),
        (SQL.of_rounds, given),
        (SQL.of_tickets, given),
        (SQL.of_whistles, given),
        (SQL.of_marks, given),
    ):
        for row in await connection.fetch(statement, *arguments):
            counts = found[row["key"]]
            for name, value in row.items():
                if name != "key":
                    setattr(counts, name, value or 0)
    for row in await connection.fetch(SQL.left_out, *given):
        found[row["key"]].excluded[row["reason"]] = row["tickets"]
    for row in await connection.fetch(SQL.of_overdue, *given, now):
        found[row["key"]].overdue[row["bucket"]] = row["tickets"]
    return dict(found)


async def behind(
    connection: Connection,
    figure: Figure | None,
    scope: Scope,
    now: datetime,
    *,
    kept: bool | None,
    after: After | None,
    limit: int,
) -> list[Behind]:
    """The rows behind a figure, newest first; None: the tickets that were left out of the base."""
    await connection.execute(SQL.plan_anew)
    name = "left_out" if figure is None else figure.value
    place = (after.day, after.row_id) if after else (None, None)
    if figure in OF_PARTS:
        arguments: Sequence[object] = (now, name, kept, *place, limit)
        rows = await connection.fetch(SQL.behind_parts, *scope.filters, *arguments)
    elif figure in OF_ROUNDS:
        arguments = (name, kept, *place, after.round if after else None, limit)
        rows = await connection.fetch(SQL.behind_rounds, *scope.filters, *arguments)
    elif figure in OF_WHISTLES:
        arguments = (name, kept, *place, limit)
        rows = await connection.fetch(SQL.behind_whistles, *scope.filters, *arguments)
    elif figure in OF_MARKS:
        arguments = (kept, *place, limit)
        rows = await connection.fetch(SQL.behind_marks, *scope.filters, *arguments)
    else:
        arguments = (name, kept, *place, limit)
        rows = await connection.fetch(SQL.behind_tickets, *scope.filters, *arguments)
    return [Behind(**row) for row in rows]


async def unit_names(connection: Connection) -> dict[str, str]:
    """The names of all units that were ever declared."""
    return {row["code"]: row["name"] for row in await connection.fetch(SQL.units)}


async def unit_kinds(connection: Connection) -> dict[str, str]:
    """The kinds of all units that were ever declared."""
    return {row["code"]: row["kind"] for row in await connection.fetch(SQL.units)}
