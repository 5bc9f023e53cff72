"""Checks the catalogue's tables against each other: what a row names must be there and fit."""

from shared.catalogue.duties import Duty
from shared.catalogue.model import (
    LOCAL_KINDS,
    LOCAL_LEADS,
    Category,
    Compound,
    Hotline,
    Road,
    Unit,
    UnitKind,
    WayIn,
)
from shared.catalogue.regions import Region, RegionLevel, contains, level_of
from shared.catalogue.tables import Read, Row

TWELVE_345 = "12345"
EMERGENCY_DIGITS = 3
_OWN_LEVEL = {UnitKind.STREET: RegionLevel.STREET, UnitKind.COMMUNITY: RegionLevel.COMMUNITY}


def check_units(
    units: list[Read[Unit]], found: dict[str, Unit], regions: dict[str, Region]
) -> None:
    for each in units:
        row, unit = each.row, each.it
        if unit.parent is not None and unit.parent not in found:
            row.wrong("parent", f"there is no unit {unit.parent!r}")
        if unit.region_code is not None and unit.region_code not in regions:
            row.wrong("region_code", f"no government, street or community is {unit.region_code}")
        if unit.kind in _OWN_LEVEL and unit.region_code is not None:
            if level_of(unit.region_code) is not _OWN_LEVEL[unit.kind]:
                row.wrong("region_code", f"{unit.region_code} is not the region of a {unit.kind}")
            elif (up := regions[unit.region_code].parent) is not None and up not in regions:
                row.wrong("region_code", f"lies in {up}, which has no unit")
    cities = [code for code, region in regions.items() if region.parent is None]
    if units and len(cities) != 1:
        units[0].row.wrong("region_code", f"there must be one city, not {cities}")


def check_categories(categories: list[Read[Category]], functions: set[str]) -> None:
    majors: dict[str, str] = {}
    for each in categories:
        row, category = each.row, each.it
        if category.lead_function not in functions:
            row.wrong("lead_bureau", f"no unit has the function {category.lead_function!r}")
        for function in category.co_functions:
            if function not in functions:
                row.wrong("co_bureaus", f"no unit has the function {function!r}")
        if category.lead_function in category.co_functions:
            row.wrong("co_bureaus", f"{category.lead_function} leads and cannot assist too")
        if majors.setdefault(category.major_code, category.major_name) != category.major_name:
            row.wrong("major_name", f"{category.major_code} is {majors[category.major_code]} above")


def check_places(
    compounds: list[Read[Compound]],
    roads: list[Read[Road]],
    units: dict[str, Unit],
    regions: dict[str, Region],
) -> None:
    """Names may repeat in another community, as they do in a city, but not in the same one."""
    taken: dict[tuple[str, str], str] = {}
    for each in compounds:
        _check_names(each.row, each.it, each.it.region_code, taken)
        _check_community(each.row, "region_code", each.it.region_code, regions)
        _check_property(each.row, each.it, units)
    for road in roads:
        _check_names(road.row, road.it, "road", taken)
        for code in road.it.region_codes:
            _check_community(road.row, "region_codes", code, regions)


def _check_names(
    row: Row, place: Compound | Road, scope: str, taken: dict[tuple[str, str], str]
) -> None:
    for column, texts in (("name", (place.name,)), ("aliases", place.aliases)):
        for text in texts:
            if (text, scope) in taken:
                row.wrong(column, f"{text!r} already names {taken[text, scope]}")
            taken[text, scope] = place.name


def _check_community(row: Row, column: str, code: str, regions: dict[str, Region]) -> None:
    if code not in regions or regions[code].level is not RegionLevel.COMMUNITY:
        row.wrong(column, f"there is no community {code!r}")


def _check_property(row: Row, compound: Compound, units: dict[str, Unit]) -> None:
    if compound.property_unit is None:
        return
    unit = units.get(compound.property_unit)
    if unit is None or unit.kind is not UnitKind.PROPERTY:
        row.wrong("property_unit", f"there is no property company {compound.property_unit!r}")
    elif unit.region_code is None or not contains(unit.region_code, compound.region_code):
        row.wrong("property_unit", f"{unit.code} does not serve {compound.region_code}")


def check_duties(
    duties: list[Read[Duty]],
    categories: dict[str, Category],
    units: dict[str, Unit],
    regions: dict[str, Region],
) -> None:
    leads = {category.lead_function for category in categories.values()}
    for each in duties:
        row, duty = each.row, each.it
        if duty.subject not in categories and duty.subject not in leads:
            row.wrong("subject", f"{duty.subject!r} is no category and leads none")
            continue
        if duty.region not in regions:
            row.wrong("region", f"there is no region {duty.region!r}")
        if duty.unit not in units:
            row.wrong("unit", f"there is no unit {duty.unit!r}")
            continue
        category = categories.get(duty.subject)
        lead = category.lead_function if category is not None else duty.subject
        if units[duty.unit].kind in LOCAL_KINDS - LOCAL_LEADS.get(lead, frozenset()):
            row.wrong("unit", f"what {lead} leads must not go down to {duty.unit}")


def check_hotlines(hotlines: list[Read[Hotline]], units: dict[str, Unit]) -> None:
    for each in hotlines:
        row, hotline = each.row, each.it
        if hotline.unit is not None and hotline.unit not in units:
            row.wrong("unit", f"there is no unit {hotline.unit!r}")
        if hotline.unit is None and hotline.way_in is WayIn.BRANCH:
            row.wrong("unit", "a branch centre sits somewhere")
        if hotline.number == TWELVE_345:
            row.wrong("number", "12345 is where the others come in")
        if (len(hotline.number) == EMERGENCY_DIGITS) != (hotline.way_in is WayIn.EMERGENCY):
            row.wrong("way_in", "three digits and emergency go together")
