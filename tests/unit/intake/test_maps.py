"""The map drawn from the gazetteer, and places found by points, names and pinyin."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random

import pytest

from services.intake.domain.areas import Area, Point, areas_of
from services.intake.domain.base_map import base_map
from services.intake.maps import Maps
from shared.catalogue.gazetteer import Gazetteer
from shared.catalogue.grids import GridMap
from shared.catalogue.load import load_catalogue
from shared.catalogue.load_grids import load_grids
from shared.catalogue.model import Catalogue


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture(scope="module")
def maps(catalogue: Catalogue) -> Maps:
    return Maps(catalogue, Gazetteer(catalogue))


@pytest.fixture(scope="module")
def grids(catalogue: Catalogue) -> GridMap:
    return load_grids(catalogue)


def holds(ring: Sequence[Point], point: Point) -> bool:
    """Whether a ring holds a point, by the number of its edges to the east."""
    x, y = point
    crossings = [
        (x1 + (y - y1) / (y2 - y1) * (x2 - x1)) > x
        for (x1, y1), (x2, y2) in pairwise(ring)
        if (y1 > y) != (y2 > y)
    ]
    return sum(crossings) % 2 == 1


def regions_at(areas: Sequence[Area], lat: float, lon: float) -> list[str]:
    return [area.region for area in areas for ring in area.cells if holds(ring, (lon, lat))]


def test_an_area_is_the_land_of_its_grids(catalogue: Catalogue, grids: GridMap) -> None:
    areas = areas_of(grids)
    assert [area.region for area in areas] == sorted({code[:12] for code in grids.by_code})
    dice = Random(1)
    compounds = sorted(catalogue.compounds.values(), key=lambda each: each.name)
    for _ in range(400):
        site = dice.choice(compounds)
        lat, lon = site.lat + dice.uniform(-0.012, 0.012), site.lon + dice.uniform(-0.016, 0.016)
        around = {
            found.code[:12] if (found := grids.at(lat + up, lon + aside)) is not None else None
            for up in (-2e-5, 0, 2e-5)
            for aside in (-2e-5, 0, 2e-5)
        }
        if len(around) == 1:  # not on a border
            (region,) = around
            assert regions_at(areas, lat, lon) == ([region] if region is not None else [])


def test_borders_part_communities_and_are_drawn_from_both_sides(grids: GridMap) -> None:
    areas = {area.region: area for area in areas_of(grids)}
    shared = 0
    for area in areas.values():
        for border in area.borders:
            assert border.beyond != area.region
            if border.beyond is not None:
                shared += 1
                back = areas[border.beyond].borders
                assert any(each.beyond == area.region for each in back)
    assert shared > len(areas)


def test_the_base_map_is_geojson_with_every_name(catalogue: Catalogue, grids: GridMap) -> None:
    drawn = base_map(catalogue, grids)
    assert drawn["type"] == "FeatureCollection"
    names = {
        kind: {
            f["properties"]["name"] for f in drawn["features"] if f["properties"]["kind"] == kind
        }
        for kind in ("community", "road", "compound", "label")
    }
    assert names["compound"] == set(catalogue.compounds)
    assert names["road"] == set(catalogue.roads)
    assert {"河湾社区", "锦绣社区"} <= names["community"]
    assert {"滨河区", "河湾街道"} <= names["label"]
    west, south, east, north = drawn["bbox"]
    for feature in drawn["features"]:
        if feature["properties"]["kind"] == "community":
            for ((*ring,),) in feature["geometry"]["coordinates"]:
                assert ring[0] == ring[-1]
                assert all(west <= lon <= east and south <= lat <= north for lon, lat in ring)
    home = drawn["home"]
    assert west <= home[0] < home[2] <= east
    assert home[2] - home[0] < east - west
    levels = {f["properties"].get("level") for f in drawn["features"]}
    assert {"community", "street", "edge"} <= levels


def test_an_empty_city_has_an_empty_map() -> None:
    assert areas_of(GridMap(())) == []


@pytest.mark.parametrize(
    ("point", "zh", "region", "compound"),
    [
        ((41.604608, 108.312169), "河湾锦苑，河湾社区", "159902001001", "河湾锦苑"),
        ((41.606108, 108.312169), "河湾锦苑附近，河湾社区", "159902001001", "河湾锦苑"),
        ((41.607408, 108.314500), "河湾社区，距", "159902001001", None),
        ((41.700000, 108.400000), "请核对位置", None, None),
    ],
)
def test_what_lies_at_a_point(
    maps: Maps, point: tuple[float, float], zh: str, region: str | None, compound: str | None
) -> None:
    found = maps.at(*point)
    assert zh in found.zh
    assert (found.region, found.compound) == (region, compound)
    assert (found.lat, found.lon) == point
    assert (found.property_unit == "P-01") == (compound is not None)
    assert (found.confidence >= 0.85) == (compound is not None)


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("河湾锦苑", ["河湾锦苑"]),
        ("hwjy", ["河湾家园", "河湾锦苑"]),
        ("HeWanJinYuan", ["河湾锦苑"]),
        ("锦苑小区", ["河湾锦苑"]),
        ("河湾锦苑3号楼2单元501", ["河湾锦苑"]),
        ("zdcx", ["长堤春晓"]),  # 长 is read both ways
        ("cdcx", ["长堤春晓"]),
        ("hwsq", ["河湾社区"]),
        ("滨河大道", ["滨河大道"]),
        ("长堤路和滨河大道的路口", ["滨河大道", "长堤路"]),
        ("没有这个地方", []),
        ("h", []),
        ("", []),
    ],
)
def test_places_are_found_as_people_type(maps: Maps, typed: str, names: list[str]) -> None:
    found = maps.search(typed, limit=len(names) or 8)
    assert [each.name for each in found] == names


def test_a_compound_tells_region_company_and_point(maps: Maps) -> None:
    (found,) = maps.search("锦苑一期", limit=1)
    assert (found.region, found.community, found.compound) == (
        "159902001001",
        "河湾社区",
        "河湾锦苑",
    )
    assert (found.property_unit, found.lat, found.lon) == ("P-01", 41.604608, 108.312169)
    assert found.property_name
    assert "河湾街" in found.roads
    assert found.confidence >= 0.95


def test_a_road_is_a_region_only_where_it_is_in_one(maps: Maps) -> None:
    (one,) = maps.search("河湾街", limit=1)
    assert (one.kind, one.road, one.region) == ("road", "河湾街", "159902001001")
    (many,) = maps.search("滨河大道", limit=1)
    assert (many.region, many.road) == ("159902001", "滨河大道")
    (told,) = maps.search("东堤社区滨河大道", limit=1)
    assert told.region == "159902001002"
