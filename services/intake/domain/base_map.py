"""The base map as GeoJSON, drawn from grids and gazetteer: communities, borders, roads, compounds.

It is a sketch: areas are those of `areas`, a road is a line through the middles of its communities
beside the other roads there. Where a map of tiles is set, it lies below.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from services.intake.domain.areas import Area, Border, Point, areas_of, middle_of
from shared.catalogue.gazetteer import metres_between
from shared.catalogue.grids import GridMap
from shared.catalogue.model import Catalogue, Compound, Road
from shared.catalogue.regions import RegionLevel, district_of, street_of

Feature = dict[str, Any]
BESIDE: Final = 90.0  # metres between two roads through the same middle
GAP: Final = 3000.0  # metres between two communities over which no road is drawn
SHORT: Final = 450.0  # half the length of a road in one community
_METRES_PER_DEGREE: Final = math.radians(6_371_008.8)
_DIGITS: Final = 6  # of a degree: a tenth of a metre


class Plane:
    """Degrees as metres around a middle, flat enough for a city."""

    def __init__(self, lat: float, lon: float) -> None:
        self._lat, self._lon = lat, lon
        self._across = _METRES_PER_DEGREE * math.cos(math.radians(lat))

    def to_metres(self, lat: float, lon: float) -> Point:
        return (lon - self._lon) * self._across, (lat - self._lat) * _METRES_PER_DEGREE

    def to_degrees(self, point: Point) -> Point:
        """(lon, lat), as GeoJSON wants it."""
        x, y = point
        lon, lat = self._lon + x / self._across, self._lat + y / _METRES_PER_DEGREE
        return round(lon, _DIGITS), round(lat, _DIGITS)


def base_map(catalogue: Catalogue, grids: GridMap) -> dict[str, Any]:
    """A FeatureCollection; `kind` says what a feature is, the first one lies lowest."""
    compounds = catalogue.compounds.values()
    areas = areas_of(grids)
    middles = _middles(areas, compounds)
    names = {code: region.name for code, region in catalogue.regions.items()}
    features = [
        *(_area(area, names) for area in areas),
        *_borders(areas),
        *_roads(catalogue.roads.values(), middles),
        *_labels(catalogue, middles),
        *(_compound(each.name, each.lat, each.lon) for each in compounds),
    ]
    home = Counter(area.region[:6] for area in areas).most_common(1)
    return {
        "type": "FeatureCollection",
        "bbox": _box(areas),
        # where a map without a pin begins: the district with the most communities
        "home": _box(area for area in areas if area.region.startswith(home[0][0])),
        "features": features,
    }


def _middles(areas: Iterable[Area], compounds: Iterable[Compound]) -> dict[str, Point]:
    """Where people live: the mean of a community's compounds, else a point of its land."""
    homes: defaultdict[str, list[Point]] = defaultdict(list)
    for each in compounds:
        homes[each.region_code].append((each.lon, each.lat))
    found = {area.region: area.middle for area in areas}
    for region, points in homes.items():
        lon, lat = middle_of(points)
        found[region] = (round(lon, _DIGITS), round(lat, _DIGITS))
    return found


def _feature(kind: str, geometry: str, coordinates: Any, **properties: Any) -> Feature:
    return {
        "type": "Feature",
        "properties": {"kind": kind, **properties},
        "geometry": {"type": geometry, "coordinates": coordinates},
    }


def _area(area: Area, names: Mapping[str, str]) -> Feature:
    return _feature(
        "community",
        "MultiPolygon",
        [[ring] for ring in area.cells],
        region=area.region,
        name=names.get(area.region, area.region),
    )


def _borders(areas: Iterable[Area]) -> Iterator[Feature]:
    """The borders of communities, streets and districts, each once."""
    lines: defaultdict[str, list[tuple[Point, ...]]] = defaultdict(list)
    for area in areas:
        for border in area.borders:
            if border.beyond is None or border.region < border.beyond:
                lines[_level(border)].append(border.line)
    for level, drawn in sorted(lines.items()):
        yield _feature("border", "MultiLineString", drawn, level=level)


def _level(border: Border) -> str:
    """The highest kind of region that the border parts; `edge` is where the map ends."""
    if border.beyond is None:
        return "edge"
    if district_of(border.region) != district_of(border.beyond):
        return RegionLevel.DISTRICT.value
    if street_of(border.region) != street_of(border.beyond):
        return RegionLevel.STREET.value
    return RegionLevel.COMMUNITY.value


def _roads(roads: Iterable[Road], middles: Mapping[str, Point]) -> Iterator[Feature]:
    """Through the middles of their communities, each beside those drawn there before."""
    there: Counter[str] = Counter()
    for road in roads:
        codes = [code for code in road.region_codes if code in middles]
        if not codes:
            continue
        nth = max(there[code] for code in codes)
        there.update(codes)
        for part in _parts([middles[code] for code in codes]):
            yield _feature("road", "LineString", _line(part, nth), name=road.name)


def _parts(middles: list[Point]) -> Iterator[list[Point]]:
    """The points of a road, apart where there is open land between two communities."""
    part = middles[:1]
    for before, after in pairwise(middles):
        if metres_between(before[1], before[0], after[1], after[0]) > GAP:
            yield part
            part = []
        part.append(after)
    yield part


def _line(middles: list[Point], nth: int) -> list[Point]:
    """A line through these points, moved aside by its number: 0, 1, -1, 2, -2 …"""
    lon, lat = middles[0]
    plane = Plane(lat, lon)
    points = [plane.to_metres(each[1], each[0]) for each in middles]
    if len(points) == 1:  # the first of a community runs west to east, the next south to north
        along = (SHORT, 0.0) if nth % 2 == 0 else (0.0, SHORT)
        points = [(-along[0], -along[1]), along]
        nth //= 2
    (x0, y0), (x1, y1) = points[0], points[-1]
    length = math.hypot(x1 - x0, y1 - y0) or 1.0
    aside = BESIDE * ((nth + 1) // 2) * (1 if nth % 2 else -1)
    off = (-(y1 - y0) / length * aside, (x1 - x0) / length * aside)
    return [plane.to_degrees((x + off[0], y + off[1])) for x, y in points]


def _labels(catalogue: Catalogue, middles: Mapping[str, Point]) -> Iterator[Feature]:
    """The names of districts and streets in the middle of their communities."""
    for code, region in sorted(catalogue.regions.items()):
        if region.level not in (RegionLevel.DISTRICT, RegionLevel.STREET):
            continue
        own = [middle for community, middle in middles.items() if community.startswith(code)]
        if own:
            xs, ys = zip(*own, strict=True)
            middle = (round(sum(xs) / len(xs), 6), round(sum(ys) / len(ys), 6))
            yield _feature(
                "label", "Point", middle, level=region.level.value, region=code, name=region.name
            )


def _compound(name: str, lat: float, lon: float) -> Feature:
    return _feature("compound", "Point", [lon, lat], name=name)


def _box(areas: Iterable[Area]) -> list[float]:
    """West, south, east, north of everything drawn."""
    corners = [corner for area in areas for ring in area.cells for corner in ring]
    if not corners:
        return []
    lons, lats = zip(*corners, strict=True)
    return [min(lons), min(lats), max(lons), max(lats)]
