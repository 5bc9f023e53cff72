"""Finding a place from what people say and tap."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.catalogue.gazetteer import Gazetteer, Located, LocatedBy, metres_between
from shared.catalogue.load import load_catalogue
from shared.catalogue.load_grids import heads_by_compound, load_building_heads, load_grids
from shared.catalogue.neighbours import neighbours_of
from shared.catalogue.regions import RegionLevel, contains

CATALOGUE = load_catalogue()
GAZETTEER = Gazetteer(CATALOGUE)
GRIDS = load_grids(CATALOGUE)
WITH_GRIDS = Gazetteer(CATALOGUE, GRIDS)
COMPOUNDS = sorted(CATALOGUE.compounds)


@pytest.mark.parametrize("name", COMPOUNDS)
def test_a_compound_is_found_by_every_name_and_by_its_point(name: str) -> None:
    compound = CATALOGUE.compound(name)
    for text in (compound.name, *compound.aliases):
        found = GAZETTEER.locate(f"{text}3号楼2单元")
        assert (found.compound, found.region_code) == (name, compound.region_code)
        assert (found.property_unit, found.how) == (compound.property_unit, LocatedBy.COMPOUND)
        assert (found.lat, found.lon) == (compound.lat, compound.lon)
    by_point = GAZETTEER.locate(None, None, compound.lat, compound.lon)
    assert (by_point.compound, by_point.how) == (name, LocatedBy.POINT)


def test_communities_are_found_by_their_full_and_bare_names() -> None:
    communities = [r for r in CATALOGUE.regions.values() if r.level is RegionLevel.COMMUNITY]
    for region in communities:
        full = GAZETTEER.locate(f"{region.name}门口")
        bare = GAZETTEER.locate(region.name.removesuffix("社区").removesuffix("嘎查"))
        assert full.region_code == bare.region_code == region.code
        assert full.how is bare.how is LocatedBy.COMMUNITY
        assert bare.confidence < 0.85 <= full.confidence


@pytest.mark.parametrize("name", sorted(CATALOGUE.roads))
def test_a_road_leads_to_what_holds_all_of_it(name: str) -> None:
    road = CATALOGUE.roads[name]
    for text in (road.name, *road.aliases):
        found = GAZETTEER.locate(f"{text}12号")
        assert found.road == name
        if found.region_code is not None:
            assert all(contains(found.region_code, code) for code in road.region_codes)


@pytest.mark.parametrize(
    ("address", "region", "expected", "how", "road"),
    [
        ("和平路12号", None, "159903002003", LocatedBy.ROAD, "和平路"),  # not the community 和平
        ("世纪大道与学府路交叉口", None, "159902002002", LocatedBy.ROAD, "世纪大道"),  # both there
        ("环城路", None, None, LocatedBy.UNKNOWN, "环城公路"),  # through three districts
        ("环城路", "159903", "159903001003", LocatedBy.ROAD, "环城公路"),
        ("西山区西山大街", None, "159903001", LocatedBy.ROAD, "西山大街"),
        ("河湾街道办事处门前", None, "159902001", LocatedBy.STREET, None),
        ("滨河区", None, "159902", LocatedBy.DISTRICT, None),
        ("云川市滨河区河湾街道东堤社区", None, "159902001002", LocatedBy.COMMUNITY, None),
        ("东堤", "159902001", "159902001002", LocatedBy.COMMUNITY, None),
        ("东堤", "159903", "159903", LocatedBy.REGION, None),  # a bare name proves nothing
        ("某处", "159902001001005", "159902001001005", LocatedBy.REGION, None),
        ("河湾锦苑", "159902001001005", "159902001001005", LocatedBy.COMPOUND, None),
        ("河湾锦苑", "159902", "159902001001", LocatedBy.COMPOUND, None),
        ("河湾锦苑", "159903", "159903", LocatedBy.CONFLICT, None),
        ("西山区云岭街道", "159902001", "159902001", LocatedBy.CONFLICT, None),
        ("锦绣山水对面的锦绣家园", None, "159903003003", LocatedBy.COMPOUND, None),
        ("楼道灯坏了", None, None, LocatedBy.UNKNOWN, None),
        ("", None, None, LocatedBy.UNKNOWN, None),
        (None, None, None, LocatedBy.UNKNOWN, None),
    ],
)
def test_an_address(
    address: str | None, region: str | None, expected: str | None, how: LocatedBy, road: str | None
) -> None:
    found = GAZETTEER.locate(address, region)
    assert (found.region_code, found.how, found.road) == (expected, how, road)


def test_of_two_compounds_neither_is_chosen() -> None:
    found = GAZETTEER.locate("锦绣山水对面的锦绣家园")
    assert (found.compound, found.property_unit) == (None, None)
    far = GAZETTEER.locate("从河湾锦苑到青松园")
    assert (far.region_code, far.compound) == (None, None)


def test_contradicting_words_lower_the_confidence() -> None:
    assert GAZETTEER.locate("河湾锦苑").confidence >= 0.85
    assert GAZETTEER.locate("河湾锦苑", "159903").confidence < 0.85
    assert GAZETTEER.locate("滨河区青松社区").confidence < 0.85
    assert GAZETTEER.locate("滨河区与西山区之间").confidence < 0.85


def test_without_a_property_company_there_is_none() -> None:
    found = GAZETTEER.locate("老粮库家属院")
    assert (found.compound, found.property_unit) == ("老粮库家属院", None)
    units = CATALOGUE.units_for("WY", found.region_code, found.compound)
    assert [unit.code for unit in units] == ["S-159902001"]


def moved(lat: float, lon: float, metres: float, degrees: float) -> tuple[float, float]:
    up = metres * math.cos(math.radians(degrees)) / 111_194.9
    across = metres * math.sin(math.radians(degrees)) / (111_194.9 * math.cos(math.radians(lat)))
    return lat + up, lon + across


@given(st.sampled_from(COMPOUNDS), st.floats(0, 270), st.floats(0, 360))
def test_a_point_near_a_compound_finds_it(name: str, metres: float, degrees: float) -> None:
    compound = CATALOGUE.compound(name)
    lat, lon = moved(compound.lat, compound.lon, metres, degrees)
    distances = {
        each.name: metres_between(lat, lon, each.lat, each.lon)
        for each in CATALOGUE.compounds.values()
    }
    found = GAZETTEER.locate(None, None, lat, lon)
    assert found.compound == min(distances, key=lambda each: distances[each])
    assert (found.lat, found.lon) == (lat, lon)


@given(st.floats(0, 360))
def test_a_point_beyond_300_metres_finds_nothing(degrees: float) -> None:
    compound = CATALOGUE.compound("乌兰二队")
    near, far = (moved(compound.lat, compound.lon, metres, degrees) for metres in (298, 302))
    assert GAZETTEER.nearest(*near) == compound
    assert GAZETTEER.nearest(*far) is None
    assert GAZETTEER.locate(None, None, *far) == Located(
        region_code=None, how=LocatedBy.UNKNOWN, confidence=0.0, lat=far[0], lon=far[1]
    )


def test_a_point_fills_in_what_the_words_leave_open() -> None:
    compound = CATALOGUE.compound("河湾锦苑")
    found = GAZETTEER.locate("滨河区", None, compound.lat, compound.lon)
    assert (found.compound, found.how) == ("河湾锦苑", LocatedBy.POINT)
    elsewhere = GAZETTEER.locate(None, "159903", compound.lat, compound.lon)
    assert (elsewhere.region_code, elsewhere.compound) == ("159903", None)
    assert (elsewhere.how, elsewhere.confidence) == (LocatedBy.CONFLICT, 0.5)
    # Near the border of two communities of one district the chosen one simply stands.
    next_door = GAZETTEER.locate(None, "159902001002", compound.lat, compound.lon)
    assert (next_door.region_code, next_door.how) == ("159902001002", LocatedBy.REGION)


@given(st.text(max_size=60), st.sampled_from([None, *sorted(CATALOGUE.regions)]))
def test_any_text_is_borne_and_a_chosen_region_stands(text: str, region: str | None) -> None:
    found = GAZETTEER.locate(text, region)
    assert 0 <= found.confidence <= 1
    if region is not None:
        assert found.region_code is not None
        assert contains(region, found.region_code)


# With the map of the grids.


@pytest.mark.parametrize("name", COMPOUNDS)
def test_a_compound_lies_in_the_grid_of_its_point(name: str) -> None:
    compound = CATALOGUE.compound(name)
    found = WITH_GRIDS.locate(f"{name}3号楼")
    grid = GRIDS.at(compound.lat, compound.lon)
    assert grid is not None
    assert (found.region_code, found.compound) == (grid.code, name)
    assert found.how is LocatedBy.COMPOUND


@given(st.sampled_from(sorted(GRIDS.by_code)))
def test_a_point_is_found_by_the_polygon_that_holds_it(code: str) -> None:
    point = GRIDS.by_code[code].area.representative_point()
    found = WITH_GRIDS.locate(None, None, point.y, point.x)
    assert (found.region_code, found.how) == (code, LocatedBy.GRID)
    assert found.confidence >= 0.85
    assert (found.lat, found.lon) == (point.y, point.x)
    if found.compound is not None:
        assert CATALOGUE.compound(found.compound).region_code == code[:12]
    within = WITH_GRIDS.locate(None, code[:9], point.y, point.x)
    assert within.region_code == code


def test_a_chosen_grid_stands_and_another_district_is_a_conflict() -> None:
    code = "159902001001003"
    point = GRIDS.by_code["159902001001005"].area.representative_point()
    assert WITH_GRIDS.locate(None, code, point.y, point.x).region_code == code
    elsewhere = WITH_GRIDS.locate(None, "159903", point.y, point.x)
    assert (elsewhere.region_code, elsewhere.how) == ("159903", LocatedBy.CONFLICT)
    # Words and point of two communities: the words stand, and the point makes them no grid.
    far = WITH_GRIDS.locate("东堤社区", None, point.y, point.x)
    assert far.region_code == "159902001002"


def test_the_region_of_a_person_goes_before_a_point_outside_of_it() -> None:
    point = GRIDS.by_code["159902001001005"].area.representative_point()
    next_door = WITH_GRIDS.locate(None, "159902001002", point.y, point.x)
    assert next_door.region_code == "159902001002"


def test_who_looks_after_a_place() -> None:
    heads = heads_by_compound(load_building_heads(CATALOGUE))
    found = neighbours_of(
        GRIDS, heads, region="159902001001003", compound="河湾锦苑", address="河湾锦苑3号楼"
    )
    assert found is not None
    assert (found.worker, found.substitute) == ("华秀丽", "郑志强")
    assert [(head.building, head.head) for head in found.heads] == [("3号楼", "沈梅志")]
    whole = neighbours_of(GRIDS, heads, region=None, compound="河湾锦苑")
    assert whole is not None
    assert whole.worker is None
    assert len(whole.heads) == 8
    assert neighbours_of(GRIDS, heads, region="159902001", compound=None) is None
