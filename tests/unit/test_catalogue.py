"""The city's catalogue: every category finds its units everywhere, and what a bureau owns stays."""

from datetime import datetime

import pytest

from shared.calendar import SHANGHAI
from shared.catalogue.duties import parse_condition
from shared.catalogue.labels import LABELS_ZH, from_label_zh, label_zh
from shared.catalogue.load import load_catalogue
from shared.catalogue.model import LOCAL_KINDS, UnitKind, UnknownCodeError
from shared.catalogue.regions import (
    RegionLevel,
    city_of,
    community_of,
    contains,
    district_of,
    is_banner,
    is_region_code,
    level_of,
    parent_of,
    street_of,
)
from shared.contracts.values import TicketType, Urgency

CATALOGUE = load_catalogue()

DISTRICTS = sorted(r.code for r in CATALOGUE.regions.values() if r.level is RegionLevel.DISTRICT)
COMMUNITIES = sorted(r.code for r in CATALOGUE.regions.values() if r.level is RegionLevel.COMMUNITY)

# Held on purpose: these need an address as fine as their unit (DOMAIN §6) …
NEEDS_ADDRESS = {"JD", "SQ", "WY"}
# … and of the telecoms nobody but the caller knows which is meant.
SEVERAL_OWNERS = {"TXY"}


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_the_tables_are_all_there() -> None:
    categories = CATALOGUE.categories.values()
    assert len(categories) == 266
    assert len({category.major_code for category in categories}) == 27
    assert len(CATALOGUE.units) == 181 + 1  # the canary's own
    assert (len(DISTRICTS), len(COMMUNITIES)) == (3, 31)
    assert len(CATALOGUE.compounds) >= 90
    assert len(CATALOGUE.roads) >= 40
    assert len(CATALOGUE.duties) >= 10
    assert {each.region_code for each in CATALOGUE.compounds.values()} == set(COMMUNITIES)


def test_the_version_follows_the_content() -> None:
    assert CATALOGUE.version.startswith("cat-")
    assert load_catalogue().version == CATALOGUE.version


def test_a_category_and_a_unit_read_as_written() -> None:
    category = CATALOGUE.category("0202")
    assert (category.name, category.major_name) == ("道路塌陷", "市政设施")
    assert category.lead_function == "SZZ"
    assert category.co_functions == ("PS", "GS", "YJJ", "JGZD")
    assert category.default_urgency is Urgency.CRITICAL
    assert category.default_type is TicketType.HELP
    unit = CATALOGUE.unit("BH-NMJ")
    assert unit.function_codes == ("NMJ", "SWJ")
    assert (unit.parent, unit.kind, unit.population) == ("BH-GOV", UnitKind.BUREAU, None)
    assert not unit.duty_24h
    assert CATALOGUE.unit("S-159902001").population == 82000


@pytest.mark.parametrize("what", ["category", "unit", "compound", "region"])
def test_an_unknown_code_is_told(what: str) -> None:
    with pytest.raises(UnknownCodeError, match=f"there is no {what} '9999'"):
        getattr(CATALOGUE, what)("9999")


@pytest.mark.parametrize("district", DISTRICTS)
@pytest.mark.parametrize("code", sorted(CATALOGUE.categories))
def test_every_category_has_a_lead_in_every_district_or_is_held(code: str, district: str) -> None:
    lead = CATALOGUE.category(code).lead_function
    units = CATALOGUE.units_for(lead, district)
    if lead in NEEDS_ADDRESS:
        assert units == ()
    elif lead in SEVERAL_OWNERS:
        assert len(units) == 3
    else:
        assert len(units) == 1
        assert CATALOGUE.may_lead(code, units[0].code)
        assert units[0].region_code is not None
        assert contains(units[0].region_code, district)


@pytest.mark.parametrize("name", sorted(CATALOGUE.compounds))
def test_every_compound_has_its_street_community_and_property_or_street(name: str) -> None:
    compound = CATALOGUE.compound(name)
    street = CATALOGUE.units_for("JD", compound.region_code)
    community = CATALOGUE.units_for("SQ", compound.region_code)
    assert [unit.kind for unit in (*street, *community)] == [UnitKind.STREET, UnitKind.COMMUNITY]
    assert contains(street[0].region_code or "", community[0].region_code or "")
    care = CATALOGUE.units_for("WY", compound.region_code, name)
    if compound.property_unit is None:
        assert care == street
    else:
        assert [unit.code for unit in care] == [compound.property_unit]


def test_assisting_functions_resolve_everywhere() -> None:
    functions = {f for category in CATALOGUE.categories.values() for f in category.co_functions}
    unresolved = {
        (function, community)
        for function in functions - {"WY"}
        for community in COMMUNITIES
        if not CATALOGUE.units_for(function, community)
    }
    assert unresolved == set()


@pytest.mark.parametrize(
    ("function", "region", "codes"),
    [
        ("CGJ", "159902001001", ["BH-CGJ"]),  # the district's before the city's
        ("CGJ", "159900", ["C-CGJ"]),
        ("SWJ", "159903", ["XS-NMJ"]),
        ("GJJ", "159921101", ["C-GJJ"]),  # only the city has one
        ("GJJ", None, ["C-GJJ"]),
        ("CGJ", None, []),  # nowhere in particular, and every district has its own
        ("GR", "159903", ["U-GR2"]),
        ("GR", "159900", []),
        ("GS", "159902", ["U-GS1"]),
        ("GS", "159921", ["U-GS2"]),
        ("SZZ", "159921201200", ["CG-SZZ"]),
        ("TXY", "159902", ["U-TX1", "U-TX2", "U-TX3"]),
        ("JD", "159902001001007", ["S-159902001"]),
        ("JD", "159902", []),
        ("JD", None, []),
        ("SQ", "159902001", []),
        ("SQ", "159902001001007", ["Q-159902001001"]),
        ("WY", "159902001001", []),
        ("XYZ", "159902", []),
    ],
)
def test_who_serves_a_function(function: str, region: str | None, codes: list[str]) -> None:
    assert [unit.code for unit in CATALOGUE.units_for(function, region)] == codes


def test_what_is_a_bureaus_never_goes_down() -> None:
    guarded = 0
    for code, category in CATALOGUE.categories.items():
        for unit in CATALOGUE.units.values():
            if unit.kind in LOCAL_KINDS and category.lead_function not in NEEDS_ADDRESS:
                assert not CATALOGUE.may_lead(code, unit.code)
                guarded += 1
    assert guarded > 10_000
    assert CATALOGUE.may_lead("0101", "BH-CGJ")
    assert CATALOGUE.may_lead("0513", "S-159902001")  # 无物业小区管理 is the street's own
    assert not CATALOGUE.may_lead("0513", "Q-159902001001")
    assert CATALOGUE.may_lead("2112", "Q-159902001001")  # 邻里纠纷调解, the community's
    assert CATALOGUE.may_lead("0504", "P-01")
    assert CATALOGUE.may_lead("0504", "S-159902001")  # where there is no company
    assert not CATALOGUE.may_lead("0504", "Q-159902001001")


@pytest.mark.parametrize(
    ("category", "region", "at", "unit"),
    [
        ("0701", "159902003003", "2026-01-10 09:00", "U-GR2"),  # heated from across the railway
        ("0704", "159902003003", "2026-01-10 09:00", "U-GR2"),
        ("0701", "159902003001", "2026-01-10 09:00", None),
        ("0701", "159902005003", "2025-10-14 23:59", "U-GR2"),  # the last day of the old zone
        ("0701", "159902005003", "2025-10-15 00:00", None),
        ("0701", "159902003003", "2025-10-14 23:59", None),  # not yet
        ("0901", "159903003001", "2026-01-10 09:00", "U-RQ2"),
        ("0905", "159903003001", "2026-01-10 09:00", None),  # bottled gas is the bureau's
        ("0801", "159921201200", "2026-01-10 09:00", "CG-NMJ"),
        ("0801", "159921101001", "2026-01-10 09:00", None),
        ("1402", "159902001001", "2026-01-10 22:00", "C-STJ"),
        ("1402", "159902001001", "2026-01-10 05:59", "C-STJ"),
        ("1402", "159902001001", "2026-01-10 06:00", None),
        ("1404", "159902001001", "2026-07-10 19:00", "BH-CGJ"),
        ("1404", "159902001001", "2026-12-10 19:00", None),  # out of season
        ("0701", None, "2026-01-10 09:00", None),
    ],
)
def test_the_duty_list(category: str, region: str | None, at: str, unit: str | None) -> None:
    duty = CATALOGUE.duty_for(category, region, local(at))
    assert (duty.unit if duty is not None else None) == unit


def test_duties_name_units_that_are_there_and_allowed() -> None:
    for duty in CATALOGUE.duties:
        assert duty.clause
        covered = [
            code
            for code, category in CATALOGUE.categories.items()
            if duty.subject in (code, category.lead_function)
        ]
        assert covered
        assert all(CATALOGUE.may_lead(code, duty.unit) for code in covered)


@pytest.mark.parametrize("text", ["night", "hours=25:00-06:00", "season=02-30..03-01", "hours=1-2"])
def test_a_condition_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"hours|hour|day"):
        parse_condition(text)


@pytest.mark.parametrize(
    ("condition", "at", "holds"),
    [
        ("hours=22:00-06:00", "2026-01-10 22:00", True),
        ("hours=22:00-06:00", "2026-01-10 06:00", False),
        ("hours=08:00-12:00", "2026-01-10 11:59", True),
        ("hours=08:00-12:00", "2026-01-10 12:00", False),
        ("season=10-15..04-15", "2026-04-15 23:59", True),
        ("season=10-15..04-15", "2026-10-15 00:00", True),
        ("season=10-15..04-15", "2026-04-16 00:00", False),
        ("season=05-01..09-30", "2026-09-30 12:00", True),
        ("hours=22:00-06:00;season=05-01..09-30", "2026-07-01 12:00", False),
        ("hours=22:00-06:00;season=05-01..09-30", "2026-07-01 23:00", True),
    ],
)
def test_when_a_condition_holds(condition: str, at: str, holds: bool) -> None:
    parsed = parse_condition(condition)
    assert parsed is not None
    assert parsed.holds(local(at)) is holds


def test_region_codes_contain_each_other() -> None:
    grid = "159902001001007"
    assert [level_of(grid[:n]) for n in (6, 9, 12, 15)] == [
        RegionLevel.DISTRICT,
        RegionLevel.STREET,
        RegionLevel.COMMUNITY,
        RegionLevel.GRID,
    ]
    assert level_of("159900") is RegionLevel.CITY
    assert (street_of(grid), district_of(grid)) == ("159902001", "159902")
    assert (community_of(grid), city_of(grid)) == ("159902001001", "159900")
    assert (street_of("159902"), community_of("159902001"), district_of("159900")) == (None,) * 3
    assert [parent_of(code) for code in (grid, "159902", "159900")] == [grid[:12], "159900", None]
    assert contains("159900", grid)
    assert contains("159902", grid)
    assert not contains("159903", grid)
    assert not contains(grid, "159902")
    assert [is_banner(code) for code in (grid, "159921101", "159900")] == [False, True, False]
    assert [is_region_code(code) for code in ("15990", "1599021", "159902", grid + "1")] == [
        False,
        False,
        True,
        False,
    ]


def test_regions_have_names() -> None:
    assert CATALOGUE.region_name("159900") == "云川市"
    assert CATALOGUE.region_name("159902001001") == "滨河区河湾街道河湾社区"
    assert CATALOGUE.region_name("159902001001007") == "滨河区河湾街道河湾社区"
    assert CATALOGUE.region_name("159921101200") == "查干旗查干镇高勒嘎查"
    assert CATALOGUE.knows_region("159902001001007")
    assert not CATALOGUE.knows_region("159902001009007")
    assert not CATALOGUE.knows_region("150102")


def test_every_choice_has_a_chinese_name() -> None:
    for kind, labels in LABELS_ZH.items():
        assert set(labels) == set(kind)
        assert len(set(labels.values())) == len(labels)
        for member in kind:
            assert from_label_zh(kind, label_zh(member)) is member
    with pytest.raises(ValueError, match="'加急' is none of 特急、紧急、一般"):
        from_label_zh(Urgency, "加急")
