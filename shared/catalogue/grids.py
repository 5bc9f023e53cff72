"""Grids: the smallest areas of the city, who walks them, and in which of them a point lies."""

from collections.abc import Iterable, Mapping, Sequence

from shapely import Point, STRtree, from_wkt
from shapely.geometry.base import BaseGeometry

from shared.records import record


@record
class Grid:
    """A grid of 15 digits with its worker and who stands in; `area` is in (lon, lat), WGS84."""

    code: str
    worker: str
    substitute: str
    area: BaseGeometry


@record
class BuildingHead:
    """Who looks after a building of a compound for the community."""

    compound: str
    building: str
    head: str


Heads = Mapping[str, Sequence[BuildingHead]]
"""The building heads of each compound, by its name."""


class GridMap:
    """Finds the grid of a point; built once, it never changes."""

    def __init__(self, grids: Iterable[Grid]) -> None:
        ordered = sorted(grids, key=lambda each: each.code)
        self._grids = ordered
        self.by_code: Mapping[str, Grid] = {each.code: each for each in ordered}
        self._tree = STRtree([each.area for each in ordered])

    def at(self, lat: float, lon: float) -> Grid | None:
        """The grid at a point; on a border the first by its code; None outside of all."""
        found = self._tree.query(Point(lon, lat), predicate="intersects")
        return self._grids[int(found.min())] if len(found) else None

    def of_community(self, region: str) -> tuple[Grid, ...]:
        """The grids of a community, by their code."""
        return tuple(each for each in self._grids if each.code.startswith(region))


def read_area(text: str) -> BaseGeometry:
    """A polygon, or several, of well-known text; ValueError for anything else."""
    area = from_wkt(text, on_invalid="ignore")
    if area is None or area.geom_type not in {"Polygon", "MultiPolygon"} or not area.is_valid:
        raise ValueError(f"{text[:40]!r} is not a valid polygon")
    return area
