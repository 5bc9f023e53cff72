"""The place of a street's or community's whistle, and units of another district.

A street and a community blow for their own region. Units of another district are called only with
the flag `cross_district`; then that district's 12345 centre is informed (DOMAIN §4).
"""

from collections.abc import Iterable, Iterator

from services.router.domain.city import City
from services.router.domain.routing.answer import Summons
from shared.catalogue.model import Unit, UnitKind
from shared.catalogue.regions import contains, district_of
from shared.contracts.parts import Place
from shared.contracts.values import Relation
from shared.errors import FieldError

LONGEST_ADDRESS = 300


def wrong_place(city: City, place: Place, unit: Unit, *, abroad: bool) -> Iterator[FieldError]:
    """What is wrong with the place; `abroad`: it may lie outside of the unit's region."""
    region = place.region
    if region is not None and not city.catalogue.knows_region(region):
        yield _wrong("place.region", f"没有区划 {region}", f"there is no region {region}")
    elif region is not None and not abroad and not _own(unit, region):
        name = city.catalogue.region_name(region)
        yield _wrong(
            "place.region",
            f"{name}不在{unit.name}辖区；跨区吹哨须注明",
            f"{region} is not in the region of {unit.code}: set cross_district",
        )
    if region is None and not place.address and place.lat is None:
        yield _wrong("place", "须写明地点", "needs a region, an address or a point")
    if len(place.address or "") > LONGEST_ADDRESS:
        yield _wrong("place.address", f"最多 {LONGEST_ADDRESS} 字", "too long")
    if place.compound is not None and place.compound not in city.catalogue.compounds:
        yield _wrong("place.compound", f"没有小区 {place.compound}", "there is no such compound")
    if not _is_point(place):
        yield _wrong("place.lat", "经纬度须成对且在范围内", "needs lat and lon, within range")


def _own(unit: Unit, region: str) -> bool:
    """A coarser region that the unit's own lies in will do: nobody knew better."""
    if unit.kind not in (UnitKind.STREET, UnitKind.COMMUNITY) or unit.region_code is None:
        return True
    return contains(unit.region_code, region) or contains(region, unit.region_code)


def _is_point(place: Place) -> bool:
    if place.lat is None or place.lon is None:
        return place.lat is None and place.lon is None
    return -90 <= place.lat <= 90 and -180 <= place.lon <= 180


def foreign(city: City, unit: Unit, code: str) -> str | None:
    """The district of a unit where it is another one than that of the blower."""
    own = district_of(unit.region_code) if unit.region_code else None
    called = city.catalogue.units.get(code)
    theirs = district_of(called.region_code) if called and called.region_code else None
    return theirs if own is not None and theirs is not None and theirs != own else None


def wrong_districts(
    city: City, unit: Unit, codes: Iterable[str], *, flagged: bool
) -> Iterator[FieldError]:
    """Each unit of another district, where the whistle does not say that it crosses."""
    if flagged:
        return
    for index, code in enumerate(codes):
        district = foreign(city, unit, code)
        if district is not None:
            name, where = city.catalogue.unit(code).name, city.catalogue.region_name(district)
            yield _wrong(
                f"units.{index}.unit",
                f"{name}（{code}）属于{where}，跨区吹哨须注明",
                f"{code} is a unit of {district}: set cross_district to call it",
            )


def centres_informed(city: City, unit: Unit, summonses: Iterable[Summons]) -> tuple[Summons, ...]:
    """The 12345 centres of the other districts whose units are called."""
    codes = [summons.unit for summons in summonses]
    found: dict[str, Summons] = {}
    for code in codes:
        district = foreign(city, unit, code)
        centre = city.hotline_centre(district) if district is not None else None
        if centre is not None and centre.code not in codes:
            found[centre.code] = Summons(unit=centre.code, relation=Relation.INFORMED)
    return tuple(found.values())


def _wrong(field: str, zh: str, en: str) -> FieldError:
    return FieldError(field=field, zh=zh, en=en)
