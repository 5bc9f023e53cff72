"""Areas of communities from the points of their compounds, as long as there are no surveyed ones.

Each compound gets the land nearer to it than to any other, at most `REACH` metres away; a community
is the cells of its compounds. So what the map shows is what the gazetteer answers: the community of
the nearest compound. An edge between two cells of one community is no border and is left out.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

REACH: Final = 800.0  # metres around a compound
CORNERS: Final = 24  # of the circle where no neighbour is
_METRES_PER_DEGREE: Final = math.radians(6_371_008.8)
_DIGITS: Final = 6  # of a degree: a tenth of a metre

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A compound as a point (WGS84) of its community."""

    region: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Border:
    """An edge of an area; `beyond` is the community on its other side, None where the map ends."""

    region: str
    beyond: str | None
    line: tuple[Point, Point]


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A community: its cells as closed rings of (lon, lat), its middle, its outer borders."""

    region: str
    cells: tuple[tuple[Point, ...], ...]
    middle: Point
    borders: tuple[Border, ...]


@dataclass(frozen=True, slots=True)
class _Edge:
    """From `start` to the next edge's start; `beyond` is the site on the other side."""

    start: Point
    beyond: int | None


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


def areas_of(sites: Sequence[Site]) -> list[Area]:
    """The areas of all communities that have a compound, in the order of their codes."""
    if not sites:
        return []
    plane = Plane(
        sum(site.lat for site in sites) / len(sites), sum(site.lon for site in sites) / len(sites)
    )
    points = [plane.to_metres(site.lat, site.lon) for site in sites]
    cells: defaultdict[str, list[int]] = defaultdict(list)
    for index, site in enumerate(sites):
        cells[site.region].append(index)
    drawn = [_cell(index, points) for index in range(len(points))]
    return [
        _area(region, [drawn[i] for i in own], [points[i] for i in own], sites, plane)
        for region, own in sorted(cells.items())
    ]


def _cell(own: int, points: Sequence[Point]) -> list[_Edge]:
    """A circle, cut by the middle line to each neighbour."""
    x, y = points[own]
    cell = [
        _Edge((x + REACH * math.cos(turn), y + REACH * math.sin(turn)), None)
        for turn in (math.tau * k / CORNERS for k in range(CORNERS))
    ]
    for other, (ox, oy) in enumerate(points):
        if other == own or (ox, oy) == (x, y) or math.dist((x, y), (ox, oy)) >= 2 * REACH:
            continue
        # inside is where dx·px + dy·py <= limit
        dx, dy = ox - x, oy - y
        limit = (dx * (ox + x) + dy * (oy + y)) / 2
        cell = _cut(cell, dx, dy, limit, beyond=other)
    return cell


def _cut(cell: list[_Edge], dx: float, dy: float, limit: float, *, beyond: int) -> list[_Edge]:
    """The part of a convex cell on the near side of a line."""
    kept: list[_Edge] = []
    for at, edge in enumerate(cell):
        following = cell[(at + 1) % len(cell)].start
        here = dx * edge.start[0] + dy * edge.start[1] - limit
        there = dx * following[0] + dy * following[1] - limit
        if here <= 0:
            kept.append(edge)
        if (here <= 0) != (there <= 0):
            part = here / (here - there)
            crossing = (
                edge.start[0] + part * (following[0] - edge.start[0]),
                edge.start[1] + part * (following[1] - edge.start[1]),
            )
            # leaving, the new edge runs along the line; coming back, along the old edge
            kept.append(_Edge(crossing, beyond if here <= 0 else edge.beyond))
    return kept


def _area(
    region: str,
    cells: Sequence[list[_Edge]],
    points: Sequence[Point],
    sites: Sequence[Site],
    plane: Plane,
) -> Area:
    rings, borders = [], []
    for cell in cells:
        corners = [plane.to_degrees(edge.start) for edge in cell]
        rings.append((*corners, corners[0]))
        for at, edge in enumerate(cell):
            beyond = sites[edge.beyond].region if edge.beyond is not None else None
            if beyond != region:
                line = (corners[at], corners[(at + 1) % len(corners)])
                borders.append(Border(region=region, beyond=beyond, line=line))
    middle = plane.to_degrees(middle_of(points))
    return Area(region=region, cells=tuple(rings), middle=middle, borders=tuple(borders))


def middle_of(points: Iterable[Point]) -> Point:
    """The mean of some points."""
    xs, ys = zip(*points, strict=True)
    return sum(xs) / len(xs), sum(ys) / len(ys)
