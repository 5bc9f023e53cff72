"""The leaders' morning page: what is counted for it, and the pages as they were made."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from services.notifier.domain.figures.brief import Brief, DayCounts, Late, Rising, Standing
from services.notifier.domain.figures.brief import StreetWhistles as Street
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "briefs.sql")
_BRIEF: Final = TypeAdapter(Brief)
WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What stands in the read model for one local day."""

    day: DayCounts
    standing: Standing
    late: tuple[Late, ...]
    rising: tuple[Rising, ...]
    whistles: Street
    rulings: Mapping[str, int]


async def counted(
    connection: Connection, start: datetime, end: datetime, now: datetime, *, most: int
) -> Counted:
    """Count a local day from `start` to before `end`, and what stands open `now`."""
    day = await connection.fetchrow(SQL.day_of_tickets, start, end)
    standing = await connection.fetchrow(SQL.standing_marks)
    late = await connection.fetch(SQL.most_overdue, now, most)
    rising = await connection.fetch(SQL.rising_categories, start - WEEK, start, end, most)
    whistles = await connection.fetchrow(SQL.street_whistles, start, end)
    rulings = await connection.fetch(SQL.rulings_in_force)
    return Counted(
        day=DayCounts(**day),
        standing=Standing(**standing),
        late=tuple(Late(**row) for row in late),
        rising=tuple(Rising(**row) for row in rising),
        whistles=Street(**whistles),
        rulings={row["reason"]: row["tickets"] for row in rulings},
    )


async def first_uncounted(connection: Connection) -> datetime | None:
    """When the first fact was heard that the figures have not counted; None where there is none."""
    heard_at: datetime | None = await connection.fetchval(SQL.first_uncounted)
    return heard_at


async def find(connection: Connection, day: date) -> Brief | None:
    """The page of a day as it was made."""
    row: Any = await connection.fetchrow(SQL.brief_of, day)
    return None if row is None else _BRIEF.validate_json(row["content"])


async def keep(connection: Connection, brief: Brief) -> bool:
    """Keep a page; False where another copy kept it before."""
    content = _BRIEF.dump_json(brief).decode()
    told: str = await connection.execute(SQL.keep_brief, brief.day, brief.made_at, content)
    return told == "INSERT 0 1"


async def days(connection: Connection, *, before: date | None, limit: int) -> list[date]:
    """The days that have a page, the newest first."""
    return [row["day"] for row in await connection.fetch(SQL.brief_days, before, limit)]
