"""The gazetteer: from an address in words, a region and a point to the finest region known.

It reads the names in an address from left to right, the longest name first, so that 和平路 is a
road and never the community 和平. What is known for certain narrows what is not: a region chosen
by a person stands, and names that contradict it lower the confidence. With the map of the grids a
point lies in the grid whose polygon holds it, and a compound in the grid of its own point.
"""

import math
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum

from shared.catalogue.grids import GridMap
from shared.catalogue.model import Catalogue, Compound, Road
from shared.catalogue.regions import Region, RegionLevel, contains
from shared.records import record

NEAR_METRES = 300.0
COMMUNITY_DIGITS = 12
_EARTH_RADIUS_METRES = 6_371_008.8
_METRES_PER_DEGREE = math.radians(_EARTH_RADIUS_METRES)


class LocatedBy(StrEnum):
    COMPOUND = "compound"  # 小区名
    GRID = "grid"  # 网格边界
    POINT = "point"  # 坐标
    COMMUNITY = "community"  # 社区名
    ROAD = "road"  # 道路名
    STREET = "street"  # 街道名
    DISTRICT = "district"  # 区旗名
    REGION = "region"  # 所选区划
    CONFLICT = "conflict"  # 地址与所选区划不符
    UNKNOWN = "unknown"  # 无法定位


# How far each way of locating is trusted; below 0.85 a person should look (DOMAIN §6).
CONFIDENCE = {
    LocatedBy.COMPOUND: 0.95,
    LocatedBy.GRID: 0.95,
    LocatedBy.POINT: 0.85,
    LocatedBy.COMMUNITY: 0.9,
    LocatedBy.ROAD: 0.7,
    LocatedBy.STREET: 0.9,
    LocatedBy.DISTRICT: 0.9,
    LocatedBy.REGION: 1.0,
    LocatedBy.CONFLICT: 0.5,
    LocatedBy.UNKNOWN: 0.0,
}
BARE_NAME = 0.6  # 河湾 alone may be the community, or something else of that name
AMBIGUOUS = 0.6  # regions named that do not lie in each other
CONFIRMED = 0.9  # a road or bare name that lies in the region chosen or named in full


@record
class Located:
    """Where a matter is, as finely as is known, and how that was found."""

    region_code: str | None
    compound: str | None = None
    property_unit: str | None = None
    road: str | None = None
    how: LocatedBy
    confidence: float
    lat: float | None = None
    lon: float | None = None


@record
class _Name:
    """What an alias stands for; a bare name (河湾 for 河湾社区) is a weaker hint."""

    text: str
    place: Compound | Road | Region
    bare: bool = False


@record
class _Frame:
    """The region that a person chose and the address names in full, taken together."""

    region_code: str | None
    how: LocatedBy
    confidence: float


class Gazetteer:
    """Finds places by the names, points and grids of a city; built once, it never changes."""

    def __init__(self, catalogue: Catalogue, grids: GridMap | None = None) -> None:
        self._grids = grids
        self._names = _all_names(catalogue)
        # Without any name the pattern would match the empty text everywhere.
        by_length = sorted(self._names, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, by_length)) or r"(?!)")
        self._from_south = sorted(catalogue.compounds.values(), key=lambda each: each.lat)

    def locate(
        self,
        address: str | None = None,
        region: str | None = None,
        lat: float | None = None,
        lon: float | None = None,
    ) -> Located:
        """The finest place that address, region and point tell together."""
        names = [
            name for text in self._pattern.findall(address or "") for name in self._names[text]
        ]
        frame = _frame(names, region)
        found = None
        if frame.how is not LocatedBy.CONFLICT:
            found = (
                _by_compound_name(names, frame)
                or self._by_point(frame, lat, lon)
                or _by_bare_name(names, frame)
                or _by_road(names, frame)
            )
        if found is None:
            found = Located(
                region_code=frame.region_code, how=frame.how, confidence=frame.confidence
            )
        road = next((name.place.name for name in names if isinstance(name.place, Road)), None)
        if lat is not None and lon is not None:
            found = replace(found, lat=lat, lon=lon)
        return replace(self._in_grid(found), road=road)

    def nearest(self, lat: float, lon: float, region: str | None = None) -> Compound | None:
        """The compound nearest to a point within 300 m, of those that lie in the region."""
        reach = NEAR_METRES / _METRES_PER_DEGREE
        first = bisect_left(self._from_south, lat - reach, key=lambda each: each.lat)
        last = bisect_right(self._from_south, lat + reach, key=lambda each: each.lat)
        near = (
            (metres_between(lat, lon, each.lat, each.lon), each.name, each)
            for each in self._from_south[first:last]
            if _agree(each.region_code, region)
        )
        distance, _, compound = min(near, default=(math.inf, "", None))
        return compound if distance <= NEAR_METRES else None

    def _by_point(self, frame: _Frame, lat: float | None, lon: float | None) -> Located | None:
        """By its grid, else by the nearest compound; one in another district is a conflict."""
        if lat is None or lon is None:
            return None
        within, grid = frame.region_code, self._grid_at(lat, lon)
        if grid is not None and _agree(grid, within):
            compound = self.nearest(lat, lon, grid[:COMMUNITY_DIGITS])
            if compound is not None:
                sure = min(CONFIDENCE[LocatedBy.GRID], _doubt(frame))
                found = _at(compound, frame, LocatedBy.POINT)
                return replace(found, how=LocatedBy.GRID, confidence=sure)
            return Located(
                region_code=within if within is not None and contains(grid, within) else grid,
                how=LocatedBy.GRID,
                confidence=min(CONFIDENCE[LocatedBy.GRID], _doubt(frame)),
            )
        compound = self.nearest(lat, lon, within)
        if compound is not None:
            return _at(compound, frame, LocatedBy.POINT)
        elsewhere = grid or _region_of(self.nearest(lat, lon))
        if elsewhere is None or within is None or _agree(elsewhere, within[:6]):
            return None
        doubt = CONFIDENCE[LocatedBy.CONFLICT]
        return Located(region_code=within, how=LocatedBy.CONFLICT, confidence=doubt)

    def _grid_at(self, lat: float, lon: float) -> str | None:
        grid = self._grids.at(lat, lon) if self._grids is not None else None
        return grid.code if grid is not None else None

    def _in_grid(self, found: Located) -> Located:
        """The grid of the point, its own or the compound's, that lies in the community found."""
        region = found.region_code
        if region is None or len(region) != COMMUNITY_DIGITS or found.how is LocatedBy.CONFLICT:
            return found
        if found.lat is None or found.lon is None:
            return found
        grid = self._grid_at(found.lat, found.lon)
        if grid is None or not contains(region, grid):
            return found
        return replace(found, region_code=grid)


def _region_of(compound: Compound | None) -> str | None:
    return compound.region_code if compound is not None else None


def metres_between(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """The great-circle distance of two WGS84 points (haversine)."""
    up, across = math.radians(other_lat - lat) / 2, math.radians(other_lon - lon) / 2
    cosines = math.cos(math.radians(lat)) * math.cos(math.radians(other_lat))
    square = math.sin(up) ** 2 + cosines * math.sin(across) ** 2
    return 2 * _EARTH_RADIUS_METRES * math.asin(math.sqrt(square))


def _frame(names: list[_Name], region: str | None) -> _Frame:
    """Narrows the chosen region by the districts, streets and communities named in full."""
    if region is not None and _contradict(names, region):
        doubt = CONFIDENCE[LocatedBy.CONFLICT]
        return _Frame(region_code=region, how=LocatedBy.CONFLICT, confidence=doubt)
    within, how = region, LocatedBy.REGION if region is not None else LocatedBy.UNKNOWN
    confidence = CONFIDENCE[how]
    for name in names:
        if name.bare or not isinstance(name.place, Region):
            continue
        code = name.place.code
        if within is None or (within != code and contains(within, code)):
            within, how = code, _NAMED[name.place.level]
            confidence = CONFIDENCE[how]
        elif not _agree(code, within):
            within, confidence = _common([within, code]) or within, AMBIGUOUS
    return _Frame(region_code=within, how=how, confidence=confidence)


def _contradict(names: list[_Name], region: str) -> bool:
    """Whether the address names compounds or regions, and some only elsewhere than chosen."""
    places: dict[str, bool] = {}
    for name in names:
        code = _code(name)
        if code is not None and not name.bare:
            places[name.text] = places.get(name.text, False) or _agree(code, region)
    return not all(places.values())


def _by_compound_name(names: list[_Name], frame: _Frame) -> Located | None:
    """The one compound named; of several only what they have in common."""
    compounds = {
        name.place.name: name.place
        for name in names
        if isinstance(name.place, Compound) and _agree(name.place.region_code, frame.region_code)
    }
    if len(compounds) == 1:
        return _at(next(iter(compounds.values())), frame, LocatedBy.COMPOUND)
    codes = [compound.region_code for compound in compounds.values()]
    return _in_common(codes, frame, LocatedBy.COMPOUND, CONFIRMED)


def _by_bare_name(names: list[_Name], frame: _Frame) -> Located | None:
    codes = [code for name in names if name.bare and (code := _code(name)) is not None]
    confidence = BARE_NAME if frame.region_code is None else CONFIRMED
    return _in_common(codes, frame, LocatedBy.COMMUNITY, confidence)


def _by_road(names: list[_Name], frame: _Frame) -> Located | None:
    """What holds all of the road within the frame; of two that cross, what they share."""
    through: frozenset[str] = frozenset()
    for name in names:
        if isinstance(name.place, Road):
            codes = frozenset(name.place.region_codes)
            through = (through & codes) or through or codes
    confidence = CONFIDENCE[LocatedBy.ROAD] if frame.region_code is None else CONFIRMED
    return _in_common(sorted(through), frame, LocatedBy.ROAD, confidence)


def _at(compound: Compound, frame: _Frame, how: LocatedBy) -> Located:
    code, within = compound.region_code, frame.region_code
    return Located(
        region_code=within if within is not None and contains(code, within) else code,
        compound=compound.name,
        property_unit=compound.property_unit,
        how=how,
        confidence=CONFIDENCE[how],
        lat=compound.lat,
        lon=compound.lon,
    )


def _in_common(
    codes: Iterable[str], frame: _Frame, how: LocatedBy, confidence: float
) -> Located | None:
    """The region that the codes within the frame share, if that is finer than the frame."""
    common = _common([code for code in codes if _agree(code, frame.region_code)])
    within = frame.region_code
    if common is None or (within is not None and contains(common, within)):
        return None
    return Located(region_code=common, how=how, confidence=min(confidence, _doubt(frame)))


def _doubt(frame: _Frame) -> float:
    """What a finer find inherits from an ambiguous frame."""
    return 1.0 if frame.region_code is None else frame.confidence


def _common(codes: list[str]) -> str | None:
    """The finest region that holds all; None where they share no district."""
    for size in (15, 12, 9, 6):
        if codes and all(len(code) >= size and code[:size] == codes[0][:size] for code in codes):
            return codes[0][:size]
    return None


def _agree(code: str, other: str | None) -> bool:
    return other is None or contains(other, code) or contains(code, other)


def _code(name: _Name) -> str | None:
    if isinstance(name.place, Region):
        return name.place.code
    return name.place.region_code if isinstance(name.place, Compound) else None


_NAMED = {
    RegionLevel.CITY: LocatedBy.DISTRICT,
    RegionLevel.DISTRICT: LocatedBy.DISTRICT,
    RegionLevel.STREET: LocatedBy.STREET,
    RegionLevel.COMMUNITY: LocatedBy.COMMUNITY,
}


def _all_names(catalogue: Catalogue) -> dict[str, tuple[_Name, ...]]:
    """Every name and alias; a community's bare name yields to whatever else is called so."""
    names: defaultdict[str, list[_Name]] = defaultdict(list)
    communities: list[Region] = []
    for region in catalogue.regions.values():
        if region.level is not RegionLevel.CITY:
            names[region.name].append(_Name(text=region.name, place=region))
        if region.level is RegionLevel.COMMUNITY:
            communities.append(region)
    places: tuple[Road | Compound, ...] = (*catalogue.roads.values(), *catalogue.compounds.values())
    for place in places:
        for text in (place.name, *place.aliases):
            names[text].append(_Name(text=text, place=place))
    bare_names: defaultdict[str, list[_Name]] = defaultdict(list)
    for region in communities:
        text = region.name.removesuffix("社区").removesuffix("嘎查")
        if text not in names:
            bare_names[text].append(_Name(text=text, place=region, bare=True))
    return {text: tuple(meant) for text, meant in (names | bare_names).items()}
