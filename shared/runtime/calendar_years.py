"""Years whose days off became known while the service runs: kept, and learnt by every copy.

The package of holidays knows the years that were announced when it was made. `shaodao calendar
load` gives a later one to each service; whatever was promised across it was provisional and is
worked out again by its owner (DOMAIN §2.7).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from shared.calendar import WorkCalendar, YearDays
from shared.runtime.database import Connection, is_transient, queries
from shared.runtime.logging import logger
from shared.runtime.service import Runtime

SQL = queries(Path(__file__).parent / "sql" / "calendar_years.sql")
LOOK_SECONDS: Final = 2.0

log = logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedYear:
    """A year with where it came from and who loaded it."""

    days: YearDays
    source: str
    loaded_at: datetime
    loaded_by: str


async def loaded_years(connection: Connection) -> tuple[LoadedYear, ...]:
    """All years loaded, in order."""
    return tuple(
        LoadedYear(
            days=YearDays(
                year=row["year"],
                holidays=tuple(row["holidays"]),
                workdays=tuple(row["workdays"]),
            ),
            source=row["source"],
            loaded_at=row["loaded_at"],
            loaded_by=row["loaded_by"],
        )
        for row in await connection.fetch(SQL.calendar_years)
    )


async def put_year(connection: Connection, loaded: LoadedYear) -> bool:
    """Keep a year; False when the same days are known already."""
    days = loaded.days
    changed = await connection.fetchval(
        SQL.put_calendar_year,
        days.year,
        sorted(days.holidays),
        sorted(days.workdays),
        loaded.source,
        loaded.loaded_at,
        loaded.loaded_by,
    )
    return bool(changed)


async def known_calendar(connection: Connection) -> WorkCalendar:
    """The calendar with all years loaded."""
    years = await loaded_years(connection)
    return WorkCalendar(announced=tuple(each.days for each in years))


async def learn_years_for_ever(runtime: Runtime, learn: Callable[[WorkCalendar], None]) -> None:
    """Give `learn` the calendar whenever a year was loaded, by whichever copy."""
    known: tuple[YearDays, ...] = ()
    while True:
        try:
            async with runtime.pool.acquire() as connection:
                found = tuple(each.days for each in await loaded_years(connection))
            if found != known:
                known = found
                learn(WorkCalendar(announced=found))
                log.info("calendar_changed", years=[each.year for each in found])
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("learn_years", error=repr(error))
        await asyncio.sleep(LOOK_SECONDS)
