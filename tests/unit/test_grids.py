"""The grids: every community cut whole, every compound in a grid of its own community."""

import pytest
from shapely import union_all

from shared.catalogue.grids import read_area
from shared.catalogue.load import load_catalogue
from shared.catalogue.load_grids import load_building_heads, load_grids
from shared.catalogue.regions import RegionLevel
from shared.catalogue.tables import CatalogueError

CATALOGUE = load_catalogue()
GRIDS = load_grids(CATALOGUE)
COMMUNITIES = [
    code for code, region in CATALOGUE.regions.items() if region.level is RegionLevel.COMMUNITY
]


def test_every_community_has_its_grids_numbered_from_one():
    assert len(COMMUNITIES) == 31
    for code in COMMUNITIES:
        own = [grid.code for grid in GRIDS.of_community(code)]
        assert own == [f"{code}{number:03d}" for number in range(1, len(own) + 1)]
        assert len(own) >= 6
    assert 340 <= len(GRIDS.by_code) <= 380


def test_grids_do_not_overlap():
    areas = [grid.area for grid in GRIDS.by_code.values()]
    whole = union_all(areas).area
    assert sum(area.area for area in areas) == pytest.approx(whole, rel=1e-4)


def test_every_compound_lies_in_a_grid_of_its_community():
    for compound in CATALOGUE.compounds.values():
        grid = GRIDS.at(compound.lat, compound.lon)
        assert grid is not None, compound.name
        assert grid.code[:12] == compound.region_code[:12], compound.name


def test_a_point_on_a_border_has_the_first_grid_and_one_outside_has_none():
    first, second = list(GRIDS.by_code.values())[:2]
    shared_border = first.area.intersection(second.area)
    assert not shared_border.is_empty
    point = shared_border.representative_point()
    assert GRIDS.at(point.y, point.x) in (first, second)
    assert GRIDS.at(0.0, 0.0) is None


def test_a_substitute_is_another_worker_of_the_community():
    for code in COMMUNITIES:
        own = GRIDS.of_community(code)
        workers = {grid.worker for grid in own}
        assert all(grid.substitute in workers for grid in own)


def test_every_compound_has_building_heads():
    heads = load_building_heads(CATALOGUE)
    assert {head.compound for head in heads} == set(CATALOGUE.compounds)
    assert len({(head.compound, head.building) for head in heads}) == len(heads)


@pytest.mark.parametrize("text", ["", "POINT (1 2)", "POLYGON ((0 0, 1 1, 0 1, 1 0, 0 0))", "x"])
def test_what_is_no_area_is_refused(text):
    with pytest.raises(ValueError, match="polygon"):
        read_area(text)


def test_wrong_rows_are_named(tmp_path):
    (tmp_path / "grids.csv").write_text(
        'code,worker,substitute,polygon\n999902001001001,王,李,"POLYGON ((0 0, 1 0, 1 1, 0 0))"\n'
        "12,王,,POINT (1 1)\n"
    )
    with pytest.raises(CatalogueError) as raised:
        load_grids(CATALOGUE, tmp_path)
    told = {(cell.line, cell.column) for cell in raised.value.cells}
    assert told == {(2, "code"), (3, "code"), (3, "substitute"), (3, "polygon")}
