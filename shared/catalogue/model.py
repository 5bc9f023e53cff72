"""The catalogue: which categories there are, which units, and who serves a function in a region."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from shared.catalogue.duties import Duty, DutyIndex
from shared.catalogue.place_words import PlaceWords
from shared.catalogue.regions import (
    Region,
    RegionLevel,
    city_of,
    community_of,
    district_of,
    level_of,
    parent_of,
    street_of,
)
from shared.contracts.values import TicketType, Urgency
from shared.records import record

T = TypeVar("T")

STREET_FUNCTION = "JD"  # 街道
COMMUNITY_FUNCTION = "SQ"  # 社区
PROPERTY_FUNCTION = "WY"  # 物业


class UnitLevel(StrEnum):
    CITY = "city"  # 市
    DISTRICT = "district"  # 区、旗
    STREET = "street"  # 街道、镇、苏木
    COMMUNITY = "community"  # 社区、嘎查


class UnitKind(StrEnum):
    GOVERNMENT = "government"  # 政府
    BUREAU = "bureau"  # 委办局
    UTILITY = "utility"  # 公用事业单位
    STREET = "street"  # 街道办
    COMMUNITY = "community"  # 居委会
    PROPERTY = "property"  # 物业公司
    PROBE = "probe"  # 全程探测: the canary's own unit, nobody's


# Who may lead what belongs to the street, the community or the property company. Nobody else's
# category is ever led by these kinds of unit: the hard guard of DOMAIN decision 5.
LOCAL_LEADS: Mapping[str, frozenset[UnitKind]] = {
    STREET_FUNCTION: frozenset({UnitKind.STREET}),
    COMMUNITY_FUNCTION: frozenset({UnitKind.COMMUNITY, UnitKind.STREET}),
    PROPERTY_FUNCTION: frozenset({UnitKind.PROPERTY, UnitKind.STREET}),
}
LOCAL_KINDS = frozenset({UnitKind.STREET, UnitKind.COMMUNITY, UnitKind.PROPERTY})


class UnknownCodeError(LookupError):
    """A category, unit, region or compound that the catalogue does not have."""


@record
class Category:
    """A minor category; functions are codes such as CGJ that a region resolves to a unit."""

    code: str
    name: str
    major_code: str
    major_name: str
    lead_function: str
    co_functions: tuple[str, ...]
    default_urgency: Urgency
    default_type: TicketType


@record
class Unit:
    """A unit that can be whistled; `region_code` is what it serves."""

    code: str
    name: str
    parent: str | None
    level: UnitLevel
    kind: UnitKind
    function_codes: tuple[str, ...]
    region_code: str | None
    can_whistle: bool
    duty_24h: bool
    population: int | None


@record
class Compound:
    """A residential compound; without a property company its street takes the company's part."""

    name: str
    aliases: tuple[str, ...]
    region_code: str
    property_unit: str | None
    lat: float
    lon: float


class WayIn(StrEnum):
    """How a former hotline's calls come to 12345."""

    MERGED = "merged"  # 整体并入：原号码不再对外
    BOTH_NUMBERS = "both_numbers"  # 双号并行：两个号码都通
    BRANCH = "branch"  # 设分中心：专席在原单位
    EMERGENCY = "emergency"  # 紧急热线：转接，不并入


@record
class Hotline:
    """A hotline besides 12345; `unit` is who stands behind it, and where a branch centre sits."""

    number: str
    name: str
    way_in: WayIn
    unit: str | None


@record
class Road:
    """A road and the communities it runs through."""

    name: str
    aliases: tuple[str, ...]
    region_codes: tuple[str, ...]


@record
class Catalogue:
    """Everything of the city that is data, under one version."""

    version: str
    categories: Mapping[str, Category]
    units: Mapping[str, Unit]
    compounds: Mapping[str, Compound]
    roads: Mapping[str, Road]
    duties: tuple[Duty, ...]
    regions: Mapping[str, Region]
    hotlines: Mapping[str, Hotline]
    _serving: Mapping[tuple[str, str], tuple[Unit, ...]] = field(init=False, repr=False)
    _in_districts: frozenset[str] = field(init=False, repr=False)
    _duties: DutyIndex = field(init=False, repr=False)
    _city: str = field(init=False, repr=False)
    place_words: PlaceWords = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        serving: defaultdict[tuple[str, str], list[Unit]] = defaultdict(list)
        for unit in self.units.values():
            for function in unit.function_codes:
                if unit.region_code is not None:
                    serving[function, unit.region_code].append(unit)
        local = frozenset(f for f, region in serving if district_of(region) is not None)
        city = next(code for code, region in self.regions.items() if region.parent is None)
        object.__setattr__(self, "_serving", {key: tuple(them) for key, them in serving.items()})
        object.__setattr__(self, "_duties", DutyIndex(self.duties))
        object.__setattr__(self, "_in_districts", local)
        object.__setattr__(self, "_city", city)
        compounds = self.compounds.values()
        words = PlaceWords(
            (name for each in compounds for name in (each.name, *each.aliases)),
            (r.name for r in self.regions.values() if r.level is RegionLevel.COMMUNITY),
        )
        object.__setattr__(self, "place_words", words)

    def callable_units(self) -> list[Unit]:
        """Whom people may call, in the order of their codes: all but the canary's own unit."""
        units = (each for each in self.units.values() if each.kind is not UnitKind.PROBE)
        return sorted(units, key=lambda unit: unit.code)

    @property
    def city(self) -> str:
        """The region code of the city."""
        return self._city

    def category(self, code: str) -> Category:
        """Raises UnknownCodeError."""
        return _find(self.categories, code, "category")

    def unit(self, code: str) -> Unit:
        """Raises UnknownCodeError."""
        return _find(self.units, code, "unit")

    def compound(self, name: str) -> Compound:
        """Raises UnknownCodeError."""
        return _find(self.compounds, name, "compound")

    def region(self, code: str) -> Region:
        """A city, district, street or community; raises UnknownCodeError."""
        return _find(self.regions, code, "region")

    def knows_region(self, code: str) -> bool:
        """Whether there is such a region; a grid (15 digits) counts with its community."""
        return (code[:12] if len(code) == 15 else code) in self.regions

    def region_name(self, code: str) -> str:
        """District, street and community in one name: 滨河区河湾街道河湾社区."""
        names: list[str] = []
        at: str | None = code
        while at is not None:
            if at in self.regions and (parent_of(at) is not None or not names):
                names.insert(0, self.regions[at].name)
            at = parent_of(at)
        return "".join(names)

    def units_for(
        self, function: str, region_code: str | None, compound: str | None = None
    ) -> tuple[Unit, ...]:
        """The units of a function at a place: one, several with equal right, or none known.

        The district's unit comes before the city's. Streets, communities and property companies
        (JD, SQ, WY) go by the address: none is known where it is not fine enough.
        """
        if function == PROPERTY_FUNCTION:
            return self._property_of(compound)
        if function in LOCAL_LEADS:
            of = street_of if function == STREET_FUNCTION else community_of
            place = of(region_code) if region_code is not None else None
            return self._serving.get((function, place), ()) if place is not None else ()
        if region_code is None:
            # Nowhere in particular: clear only where the whole city has one unit for it.
            return () if function in self._in_districts else self._city_units(function, self._city)
        district = district_of(region_code)
        own = self._serving.get((function, district), ()) if district is not None else ()
        return own or self._city_units(function, city_of(region_code))

    def duty_for(self, category: str, region: str | None, at: datetime) -> Duty | None:
        """The row of the duty list that names a unit for this category, place and time."""
        if region is None:
            return None
        subjects = (category, self.category(category).lead_function)
        return self._duties.find(subjects, region, at)

    def may_lead(self, category: str, unit: str) -> bool:
        """The hard guard: what is a bureau's never goes to a street, community or property."""
        kind = self.unit(unit).kind
        allowed = LOCAL_LEADS.get(self.category(category).lead_function)
        return kind not in LOCAL_KINDS or (allowed is not None and kind in allowed)

    def street_unit(self, region_code: str | None) -> Unit | None:
        """The street that a place belongs to, to be informed."""
        return next(iter(self.units_for(STREET_FUNCTION, region_code)), None)

    def _city_units(self, function: str, city: str) -> tuple[Unit, ...]:
        return self._serving.get((function, city), ())

    def _property_of(self, compound: str | None) -> tuple[Unit, ...]:
        if compound is None:
            return ()
        found = self.compound(compound)
        company = self.units.get(found.property_unit or "")  # it may have been removed
        if company is not None:
            return (company,)
        return self.units_for(STREET_FUNCTION, found.region_code)


def regions_of(units: Iterable[Unit]) -> dict[str, Region]:
    """The regions that governments, streets and communities stand for, named after them."""
    regions: dict[str, Region] = {}
    for unit in units:
        if unit.region_code is not None and unit.kind in _OFFICES:
            code, name = unit.region_code, unit.name
            for office in _OFFICES[unit.kind]:
                name = name.removesuffix(office)
            regions[code] = Region(
                code=code, name=name, level=level_of(code), parent=parent_of(code)
            )
    return regions


_OFFICES: Mapping[UnitKind, tuple[str, ...]] = {
    UnitKind.GOVERNMENT: ("人民政府",),
    UnitKind.STREET: ("办事处", "人民政府"),
    UnitKind.COMMUNITY: ("居民委员会", "委员会"),
}


def _find(table: Mapping[str, T], code: str, what: str) -> T:
    try:
        return table[code]
    except KeyError:
        raise UnknownCodeError(f"there is no {what} {code!r}") from None
