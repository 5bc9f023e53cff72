"""Reads the tables of grids and building heads and checks them against the catalogue."""

from pathlib import Path

from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from shared.catalogue.grids import BuildingHead, Grid, GridMap, Heads, read_area
from shared.catalogue.load import DATA
from shared.catalogue.model import Catalogue
from shared.catalogue.tables import Problems, Row, check_unique, rows_of

GRIDS = ("code", "worker", "substitute", "polygon")
HEADS = ("compound", "building", "head")
NOWHERE: BaseGeometry = Polygon()


def load_grids(catalogue: Catalogue, folder: Path | None = None) -> GridMap:
    """The grids of a folder, the project's own by default; raises CatalogueError."""
    problems = Problems()
    file = "grids.csv"
    rows = list(rows_of(file, ((folder or DATA) / file).read_bytes(), GRIDS, problems))
    check_unique(rows, "code")
    grids = [_grid(row, catalogue) for row in rows]
    problems.raise_if_any()
    return GridMap(grids)


def load_building_heads(
    catalogue: Catalogue, folder: Path | None = None
) -> tuple[BuildingHead, ...]:
    """The building heads, compound by compound; raises CatalogueError."""
    problems, file = Problems(), "building_heads.csv"
    rows = rows_of(file, ((folder or DATA) / file).read_bytes(), HEADS, problems)
    heads = [_head(row, catalogue) for row in rows]
    problems.raise_if_any()
    return tuple(heads)


def heads_by_compound(heads: tuple[BuildingHead, ...]) -> Heads:
    """The heads of each compound, in the order of the file."""
    found: dict[str, list[BuildingHead]] = {}
    for head in heads:
        found.setdefault(head.compound, []).append(head)
    return found


def _grid(row: Row, catalogue: Catalogue) -> Grid:
    code = row.matching("code", r"\d{15}", "15 digits")
    if code and code[:12] not in catalogue.regions:
        row.wrong("code", f"there is no community {code[:12]}")
    return Grid(
        code=code,
        worker=row.text("worker"),
        substitute=row.text("substitute"),
        area=row.read("polygon", read_area, NOWHERE),
    )


def _head(row: Row, catalogue: Catalogue) -> BuildingHead:
    compound = row.text("compound")
    if compound and compound not in catalogue.compounds:
        row.wrong("compound", f"there is no compound {compound}")
    return BuildingHead(compound=compound, building=row.text("building"), head=row.text("head"))
