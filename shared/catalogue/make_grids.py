"""Makes the table of grids from the compounds: areas of communities, cut into grids of like size.

There is no surveyed map of this city, so a community is the land nearer to its compounds than to
any other's, at most 800 m from one. Its grids are numbered from west to east and from north to
south (DOMAIN §11). Grid workers and building heads are invented. Run it again after changing the
compounds: `python -m shared.catalogue.make_grids`.
"""

import csv
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from shapely import (
    MultiPoint,
    Point,
    box,
    from_wkt,
    get_parts,
    make_valid,
    to_wkt,
    transform,
    union_all,
    voronoi_polygons,
)
from shapely.geometry.base import BaseGeometry

from shared.catalogue.load import DATA, load_catalogue
from shared.catalogue.model import Catalogue, Compound

REACH_METRES = 800.0
GRIDS = 360
BUILDINGS = (4, 12)  # of a compound, from and to
SURNAMES = "赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜"
GIVEN = "建国秀兰志强桂英海燕永胜春梅文斌丽娟立新晓红玉珍树林雪梅向东月娥"
SLIVER = 1e-9  # square degrees, about 10 m²
MIDDLE_LAT, MIDDLE_LON = 41.6, 108.4
METRES_PER_DEGREE = math.radians(6_371_008.8)
METRES_ACROSS = METRES_PER_DEGREE * math.cos(math.radians(MIDDLE_LAT))


def main() -> None:
    """Write grids.csv and building_heads.csv beside the other tables."""
    catalogue, rng = load_catalogue(), Random("grids")  # nosec B311: a table of samples
    _write(DATA / "grids.csv", "code,worker,substitute,polygon", _grids(catalogue, rng))
    _write(DATA / "building_heads.csv", "compound,building,head", _heads(catalogue, rng))


def _grids(catalogue: Catalogue, rng: Random) -> Iterator[tuple[str, ...]]:
    areas = _areas(list(catalogue.compounds.values()))
    for code, area, count in _shares(areas):
        names = [_name(rng) for _ in range(count)]
        for index, part in enumerate(_numbered(_cut(area, count))):
            substitute = names[(index + 1) % count]  # the neighbour stands in
            yield f"{code}{index + 1:03d}", names[index], substitute, _in_degrees(part)


def _heads(catalogue: Catalogue, rng: Random) -> Iterator[tuple[str, ...]]:
    for compound in catalogue.compounds.values():
        for building in range(1, rng.randint(*BUILDINGS) + 1):
            yield compound.name, f"{building}号楼", _name(rng)


def _areas(compounds: Sequence[Compound]) -> dict[str, BaseGeometry]:
    """Each community's area, in metres on the plane."""
    points = [Point(_to_plane(each.lat, each.lon)) for each in compounds]
    everywhere = MultiPoint(points).buffer(2 * REACH_METRES).envelope
    cells = voronoi_polygons(MultiPoint(points), extend_to=everywhere)
    parts: defaultdict[str, list[BaseGeometry]] = defaultdict(list)
    for cell in cells.geoms:
        for point, compound in zip(points, compounds, strict=True):
            if cell.covers(point):
                parts[compound.region_code].append(cell.intersection(point.buffer(REACH_METRES)))
    return {code: union_all(of) for code, of in sorted(parts.items())}


def _shares(areas: dict[str, BaseGeometry]) -> Iterator[tuple[str, BaseGeometry, int]]:
    """How many grids each community gets, by its area."""
    whole = sum(area.area for area in areas.values())
    for code, area in areas.items():
        yield code, area, max(6, round(GRIDS * area.area / whole))


def _cut(area: BaseGeometry, count: int) -> list[BaseGeometry]:
    """Parts of like size, each cut across its longer side."""
    if count == 1:
        return [area]
    first = count // 2
    near, far = _halve(area, first / count)
    return _cut(near, first) + _cut(far, count - first)


def _halve(area: BaseGeometry, share: float) -> tuple[BaseGeometry, BaseGeometry]:
    """Two parts by a straight line; the first has that share of the whole."""
    west, south, east, north = area.bounds
    upright = east - west >= north - south
    low, high = (west, east) if upright else (south, north)
    near = area
    for _ in range(40):
        at = (low + high) / 2
        near = area.intersection(box(west, south, *((at, north) if upright else (east, at))))
        low, high = (at, high) if near.area < share * area.area else (low, at)
    return near, area.difference(near)


def _numbered(parts: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    """From west to east, and within a strip of 300 m from north to south."""
    return sorted(parts, key=lambda each: (round(each.centroid.x / 300), -each.centroid.y))


def _name(rng: Random) -> str:
    return rng.choice(SURNAMES) + "".join(rng.sample(GIVEN, 2))


def _to_plane(lat: float, lon: float) -> tuple[float, float]:
    """Metres around the middle of the city, flat enough for it."""
    return (lon - MIDDLE_LON) * METRES_ACROSS, (lat - MIDDLE_LAT) * METRES_PER_DEGREE


def _in_degrees(part: BaseGeometry) -> str:
    """Well-known text with (lon, lat), to a tenth of a metre."""

    def to_degrees(points: Any) -> Any:
        return points / (METRES_ACROSS, METRES_PER_DEGREE) + (MIDDLE_LON, MIDDLE_LAT)

    land = transform(part, to_degrees)
    while not (written := from_wkt(to_wkt(land, rounding_precision=6))).is_valid:
        land = _only_land(make_valid(written, method="structure", keep_collapsed=False))
    return str(to_wkt(_only_land(written), rounding_precision=6))


def _only_land(found: BaseGeometry) -> BaseGeometry:
    """Without the lines and slivers that rounding may leave."""
    parts = [each for each in get_parts(found) if each.area > SLIVER]
    return parts[0] if len(parts) == 1 else union_all(parts)


def _write(path: Path, header: str, rows: Iterator[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)


if __name__ == "__main__":
    main()
