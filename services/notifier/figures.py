"""Reads the figures as far as somebody may see them, with the names of what they are grouped by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from services.notifier.domain.figures.figure import Counts, Figure, Measure, measures
from services.notifier.store import figures as store
from services.notifier.store.figures import By, Scope
from shared.catalogue.model import Catalogue, UnitKind
from shared.catalogue.regions import RegionLevel, level_of
from shared.catalogue.rights import Scope as Far
from shared.errors import FieldError, ForbiddenError, InvalidError
from shared.runtime.database import Connection
from shared.web.identity import Caller

LONGEST_DAYS: Final = 400
NOT_OF_IT: Final = ForbiddenError(
    "只能查看本单位、本辖区的数据和全市合计",
    "only your own unit's or region's figures, and the city's totals, are shown",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The figures of one key."""

    key: str | None
    name: str | None
    counts: Counts
    measures: Mapping[Figure, Measure]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for, before it is known who asks."""

    first: date
    last: date
    unit: str | None = None
    region: str | None = None
    category: str | None = None


def scope_of(
    caller: Caller, wanted: Wanted, catalogue: Catalogue, *, totals: bool = False
) -> Scope:
    """What the caller may see of it: a unit's people their unit, a street or community its region.

    `totals`: of the whole city everybody may see the sums. Raises ForbiddenError, InvalidError.
    """
    _check(wanted)
    unit, region = wanted.unit, wanted.region
    if totals and unit is None and region is None:
        return _scope(wanted, None, None)
    if caller.scope is Far.REGION:
        own = catalogue.units.get(caller.unit or "")
        if own is None or own.region_code is None:
            raise NOT_OF_IT
        if region is not None and not region.startswith(own.region_code):
            raise NOT_OF_IT
        region = region or own.region_code
    elif caller.scope is not Far.CITY:
        if caller.unit is None or unit not in (None, caller.unit):
            raise NOT_OF_IT
        unit = caller.unit
    return _scope(wanted, unit, region)


def _check(wanted: Wanted) -> None:
    if not 0 <= (wanted.last - wanted.first).days <= LONGEST_DAYS:
        raise InvalidError(
            FieldError(
                field="from",
                zh=f"起止日期不对：最长 {LONGEST_DAYS} 天",
                en=f"from, to: in this order and {LONGEST_DAYS} days at most",
            )
        )


def _scope(wanted: Wanted, unit: str | None, region: str | None) -> Scope:
    city = region is not None and len(region) == 6 and level_of(region) is RegionLevel.CITY
    return Scope(
        first=wanted.first,
        last=wanted.last,
        unit=unit,
        region=region[:4] if region and city else region,
        category=wanted.category,
    )


async def lines(
    connection: Connection, scope: Scope, by: By, now: datetime, *, catalogue: Catalogue
) -> list[Line]:
    """The figures by key, in the order of the keys; call it in a transaction."""
    found = await store.counted(connection, scope, by, now)
    names = await store.unit_names(connection) if by is By.UNIT else {}
    whole = scope.unit is None and scope.category is None
    return [
        Line(
            key=key,
            name=name_of(catalogue, by, key, names),
            counts=counts,
            measures=measures(
                counts, population=population(catalogue, by, key, scope) if whole else None
            ),
        )
        for key, counts in sorted(found.items(), key=lambda item: (item[0] is None, item[0] or ""))
    ]


def name_of(catalogue: Catalogue, by: By, key: str | None, units: Mapping[str, str]) -> str | None:
    """What the key stands for, in Chinese."""
    if key is None:
        return None
    match by:
        case By.UNIT:
            known = catalogue.units.get(key)
            return units.get(key) or (known.name if known else key)
        case By.STREET | By.DISTRICT | By.COMMUNITY:
            return catalogue.region_name(key) or key
        case By.CATEGORY:
            return catalogue.categories[key].name if key in catalogue.categories else key
        case By.MAJOR:
            names = (c.major_name for c in catalogue.categories.values() if c.major_code == key)
            return next(names, key)
        case By.CITY:
            return "全市"
    return key


def population(catalogue: Catalogue, by: By, key: str | None, scope: Scope) -> int | None:
    """How many people live there; None for what is no region, or only a part of one."""
    whole_city = by in (By.CITY, By.DAY, By.QUARTER) and scope.region is None
    if not whole_city and by not in (By.STREET, By.DISTRICT, By.COMMUNITY):
        return None
    for unit in catalogue.units.values():
        if unit.kind not in (UnitKind.GOVERNMENT, UnitKind.STREET, UnitKind.COMMUNITY):
            continue
        if whole_city and unit.parent is None and unit.kind is UnitKind.GOVERNMENT:
            return unit.population
        if not whole_city and unit.region_code == key:
            return unit.population
    return None
