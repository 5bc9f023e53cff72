"""Reads the city as its tables have it now: units, duty list, absent grid workers, calendar."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.router.domain.city import City
from services.router.domain.duty.version import VersionState
from services.router.seed import with_units
from services.router.store import absences
from services.router.store import duties as duty_store
from services.router.store import units as unit_store
from shared.runtime.calendar_years import known_calendar
from shared.runtime.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """The city at one version, with the names of all units there ever were."""

    city: City
    version: int
    names: Mapping[str, str]


async def current(connection: Connection, before: City) -> Current:
    """The city now: `before` with the tables' units, duty list, absences and calendar.

    The version is read first, so that what is read later is never older than it says.
    """
    version = await duty_store.city_version(connection)
    units = await unit_store.known(connection)
    catalogue = with_units(before.catalogue, units.values())
    city = replace(before, catalogue=catalogue)
    published = await duty_store.in_state(connection, VersionState.PUBLISHED)
    if published is not None:
        rows = await duty_store.rows_of(connection, published.version)
        catalogue = replace(catalogue, duties=tuple(row.duty for row in rows))
        city = replace(city, catalogue=catalogue, duty_version=published.version)
    city = replace(
        city,
        absences=await absences.known(connection),
        calendar=await known_calendar(connection),
    )
    names = {code: each.unit.name for code, each in units.items()}
    return Current(city=city, version=version, names=names)
