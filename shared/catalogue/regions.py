"""Region codes: how a place's code contains those of its community, street, district and city.

GB/T 2260 gives 6 digits to a district, then 3 each for street, community and grid: 9, 12, 15.
A region contains all whose code begins with its own; the city's code ends in 00.
"""

import re
from enum import StrEnum

from shared.records import record

_CODE = re.compile(r"\d{6}(\d{3}){0,3}")


class RegionLevel(StrEnum):
    CITY = "city"  # 市
    DISTRICT = "district"  # 区、旗
    STREET = "street"  # 街道、镇、苏木
    COMMUNITY = "community"  # 社区、嘎查
    GRID = "grid"  # 网格


@record
class Region:
    """A named region; its parent is None for the city alone."""

    code: str
    name: str
    level: RegionLevel
    parent: str | None


def is_region_code(text: str) -> bool:
    """Whether it is written as a region code, not whether there is such a region."""
    return _CODE.fullmatch(text) is not None


def level_of(region: str) -> RegionLevel:
    if len(region) == 6:
        return RegionLevel.CITY if region.endswith("00") else RegionLevel.DISTRICT
    return {9: RegionLevel.STREET, 12: RegionLevel.COMMUNITY, 15: RegionLevel.GRID}[len(region)]


def city_of(region: str) -> str:
    return f"{region[:4]}00"


def district_of(region: str) -> str | None:
    """The district's 6 digits, or None for the city itself."""
    return None if region[:6] == city_of(region) else region[:6]


def street_of(region: str) -> str | None:
    return region[:9] if len(region) >= 9 else None


def community_of(region: str) -> str | None:
    return region[:12] if len(region) >= 12 else None


def parent_of(region: str) -> str | None:
    """The code one level up, or None for the city."""
    if len(region) > 6:
        return region[:-3]
    return None if region == city_of(region) else city_of(region)


def contains(outer: str, inner: str) -> bool:
    """Whether `inner` lies in `outer` or is the same."""
    return inner.startswith(outer[:4] if level_of(outer) is RegionLevel.CITY else outer)


def is_banner(region: str) -> bool:
    """Whether it lies in a banner or county (GB/T 2260 numbers 21–80), where ways are long."""
    return 21 <= int(region[4:6]) <= 80
