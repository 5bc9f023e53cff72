"""Areas of communities as unions of their grids, with the borders between them.

The grids are surveyed, or made by the script that is kept beside them: what the map shows is what
the gazetteer answers. Neighbours' edges may differ by what was rounded away; a border is where two
areas come within a metre of each other.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from shapely import Polygon, STRtree, get_coordinates, get_parts, line_merge, union_all
from shapely.geometry.base import BaseGeometry

from shared.catalogue.grids import GridMap

COMMUNITY_DIGITS: Final = 12
_METRE: Final = 1e-5  # in degrees
_DIGITS: Final = 6  # of a degree: a tenth of a metre

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Border:
    """A line along an area; `beyond` is the community across it, None where the map ends."""

    region: str
    beyond: str | None
    line: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A community: its parts as closed rings of (lon, lat), its middle, its borders."""

    region: str
    cells: tuple[tuple[Point, ...], ...]
    middle: Point
    borders: tuple[Border, ...]


def areas_of(grids: GridMap) -> list[Area]:
    """The areas of all communities that have grids, in the order of their codes."""
    parts: defaultdict[str, list[BaseGeometry]] = defaultdict(list)
    for grid in grids.by_code.values():
        parts[grid.code[:COMMUNITY_DIGITS]].append(grid.area)
    whole = {region: _land(union_all(own)) for region, own in sorted(parts.items())}
    return [
        Area(
            region=region,
            cells=tuple(_line(part.exterior) for part in get_parts(land)),
            middle=_point(land.representative_point()),
            borders=tuple(_borders(region, whole)),
        )
        for region, land in whole.items()
    ]


def _land(union: BaseGeometry) -> BaseGeometry:
    """Without the slivers that rounding leaves between grids, and without the holes of others."""
    healed = union.buffer(_METRE / 2, join_style="mitre").buffer(-_METRE / 2, join_style="mitre")
    return union_all([Polygon(part.exterior) for part in get_parts(healed)])


def _borders(region: str, whole: Mapping[str, BaseGeometry]) -> Iterator[Border]:
    """With each neighbour, and along the edge of the map."""
    land, codes = whole[region], list(whole)
    near = STRtree(list(whole.values())).query(land, predicate="dwithin", distance=_METRE)
    left = land.boundary
    for beyond in sorted(codes[at] for at in near if codes[at] != region):
        close = whole[beyond].buffer(_METRE)
        yield from _lines(region, beyond, left.intersection(close))
        left = left.difference(close)
    yield from _lines(region, None, left)


def _lines(region: str, beyond: str | None, drawn: BaseGeometry) -> Iterator[Border]:
    strings = [part for part in get_parts(drawn) if part.geom_type == "LineString"]
    for part in get_parts(line_merge(union_all(strings))) if strings else ():
        if part.length > _METRE:
            yield Border(region=region, beyond=beyond, line=_line(part))


def _line(part: BaseGeometry) -> tuple[Point, ...]:
    return tuple(_round(x, y) for x, y in get_coordinates(part))


def _point(point: BaseGeometry) -> Point:
    ((x, y),) = get_coordinates(point)
    return _round(x, y)


def _round(x: float, y: float) -> Point:
    return round(float(x), _DIGITS), round(float(y), _DIGITS)


def middle_of(points: Iterable[Point]) -> Point:
    """The mean of some points."""
    xs, ys = zip(*points, strict=True)
    return sum(xs) / len(xs), sum(ys) / len(ys)
