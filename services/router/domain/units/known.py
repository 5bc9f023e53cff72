"""A unit as the router's table has it: made known, reachable once its topics exist, removed.

A unit is whistled only while it is active and reachable (CONTRACTS §4h). What it is (its level and
kind) never changes: a bureau that becomes another is a new unit, and the hard guard stands on it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID, uuid5

from annotated_types import Ge, Le, Len, MaxLen

from shared.catalogue.model import (
    COMMUNITY_FUNCTION,
    LOCAL_KINDS,
    PROPERTY_FUNCTION,
    STREET_FUNCTION,
    Unit,
    UnitKind,
    UnitLevel,
)
from shared.catalogue.regions import Region, RegionLevel, is_region_code, level_of, parent_of
from shared.contracts.units import UnitDeclared
from shared.errors import ConflictError, FieldError, InvalidError
from shared.records import record

UNITS: Final = UUID("5f9f0f2e-4f0c-5c0e-9d38-6a3f5b1f0c11")
"""The namespace of units' ids in the history: a unit is known by its code."""

_CODE: Final = re.compile(r"[A-Z][A-Z0-9-]{0,39}")
_FUNCTION: Final = re.compile(r"[A-Z][A-Z0-9]{0,15}")
_OFFICES: Final[Mapping[UnitKind, RegionLevel]] = {
    UnitKind.STREET: RegionLevel.STREET,
    UnitKind.COMMUNITY: RegionLevel.COMMUNITY,
}
_LEVELS: Final = {UnitKind.STREET: UnitLevel.STREET, UnitKind.COMMUNITY: UnitLevel.COMMUNITY}
_OWN: Final = {
    UnitKind.STREET: STREET_FUNCTION,
    UnitKind.COMMUNITY: COMMUNITY_FUNCTION,
    UnitKind.PROPERTY: PROPERTY_FUNCTION,
}
"""The function by which an address leads to a unit of the kind."""

Name = Annotated[str, Len(2, 60)]
Functions = Annotated[tuple[Annotated[str, Len(1, 16)], ...], MaxLen(20)]
Population = Annotated[int, Ge(0), Le(100_000_000)]


@record
class KnownUnit:
    """A row of the table; `seq` counts its history."""

    unit: Unit
    active: bool
    reachable: bool
    seq: int
    history_hash: bytes
    removed_at: datetime | None = None
    removed_why: str | None = None

    @property
    def aggregate_id(self) -> UUID:
        """What its history is kept under."""
        return uuid5(UNITS, self.unit.code)

    @property
    def may_be_whistled(self) -> bool:
        return self.active and self.reachable

    def declared(self) -> UnitDeclared:
        """What the other services are told of it."""
        unit = self.unit
        return UnitDeclared(
            code=unit.code,
            name=unit.name,
            parent=unit.parent,
            level=unit.level,
            kind=unit.kind,
            function_codes=unit.function_codes,
            region=unit.region_code or "",
            can_whistle=unit.can_whistle,
            duty_24h=unit.duty_24h,
            active=self.active,
            reachable=self.reachable,
        )


@record
class NewUnit:
    """A unit as somebody adds it."""

    code: Annotated[str, Len(1, 40)]
    name: Name
    level: UnitLevel
    kind: UnitKind
    parent: Annotated[str, Len(1, 40)]
    function_codes: Functions = ()
    region: Annotated[str, Len(6, 12)] | None = None
    can_whistle: bool = False
    duty_24h: bool = False
    population: Population | None = None

    def unit(self) -> Unit:
        """The unit it describes."""
        return Unit(
            code=self.code,
            name=self.name,
            parent=self.parent,
            level=self.level,
            kind=self.kind,
            function_codes=tuple(self.function_codes),
            region_code=self.region,
            can_whistle=self.can_whistle,
            duty_24h=self.duty_24h,
            population=self.population,
        )


@record
class UnitChange:
    """What is to be different; what is not said stays. `seq`: as the caller last saw it."""

    name: Name | None = None
    parent: Annotated[str, Len(1, 40)] | None = None
    function_codes: Functions | None = None
    region: Annotated[str, Len(6, 12)] | None = None
    can_whistle: bool | None = None
    duty_24h: bool | None = None
    population: Population | None = None
    seq: int | None = None


@record
class Removal:
    """Why a unit is taken out."""

    reason: Annotated[str, Len(2, 500)]


Units = Mapping[str, KnownUnit]


def added(new: NewUnit, units: Units, regions: Mapping[str, Region]) -> Unit:
    """The unit; raises ConflictError when its code is taken, InvalidError naming wrong fields."""
    if new.code in units:
        raise ConflictError(
            f"单位代码 {new.code} 已存在",
            f"there is a unit {new.code} already",
            code="exists",
            version=units[new.code].seq,
        )
    unit = new.unit()
    errors = list(_faults(unit, units, regions))
    if _CODE.fullmatch(new.code) is None:
        zh = "只能用大写字母、数字和 -，以字母开头"
        errors.insert(0, _wrong("code", zh, "is not a code of A–Z, 0–9 and -"))
    if errors:
        raise InvalidError(*errors)
    return unit


def changed(
    known: KnownUnit, change: UnitChange, units: Units, regions: Mapping[str, Region]
) -> Unit:
    """The unit after a change; raises ConflictError, or InvalidError naming wrong fields."""
    _must_be_active(known)
    if change.seq is not None and change.seq != known.seq:
        raise ConflictError(
            "该单位已被他人修改，请先刷新",
            "somebody else has changed the unit since",
            code="stale",
            version=known.seq,
        )
    told = {f.name: getattr(change, f.name) for f in fields(change) if f.name != "seq"}
    given = {_column(name): value for name, value in told.items() if value is not None}
    if not given:
        raise InvalidError(_wrong("name", "没有要修改的内容", "there is nothing to change"))
    unit = replace(known.unit, **given)
    if errors := list(_faults(unit, units, regions)):
        raise InvalidError(*errors)
    return unit


def _column(name: str) -> str:
    return "region_code" if name == "region" else name


def removed(known: KnownUnit, units: Units, removal: Removal, now: datetime) -> KnownUnit:
    """The unit taken out; raises ConflictError while others stand below it."""
    _must_be_active(known)
    below = [u.unit.code for u in units.values() if u.active and u.unit.parent == known.unit.code]
    if below:
        first = "、".join(below[:3])
        raise ConflictError(
            f"还有 {len(below)} 个下属单位（{first}），请先调整其上级",
            f"{len(below)} units stand below it ({', '.join(below[:3])}): give them another parent",
            code="has_children",
            version=known.seq,
        )
    if known.unit.parent is None:
        raise ConflictError("城市的最上级单位不能撤销", "the city's own unit cannot be removed")
    return replace(known, active=False, removed_at=now, removed_why=removal.reason)


def _must_be_active(known: KnownUnit) -> None:
    if not known.active:
        raise ConflictError(
            f"单位 {known.unit.code} 已撤销",
            f"unit {known.unit.code} was removed",
            code="removed",
            version=known.seq,
        )


def _faults(unit: Unit, units: Units, regions: Mapping[str, Region]) -> Iterator[FieldError]:
    if unit.parent is not None:
        chain = _above(unit.parent, units)
        if not chain or not units[unit.parent].active:
            zh = f"没有上级单位 {unit.parent}"
            yield _wrong("parent", zh, f"there is no unit {unit.parent}")
        elif unit.code in chain:
            yield _wrong("parent", "上级不能是自己或自己的下属", "would stand below itself")
    for place, function in enumerate(unit.function_codes):
        if _FUNCTION.fullmatch(function) is None or function in unit.function_codes[:place]:
            zh = f"{function} 不是职能代码，或重复"
            yield _wrong(f"function_codes.{place}", zh, "is no function's code, or repeated")
    own = _OWN.get(unit.kind)
    if own is not None and own not in unit.function_codes:
        zh = f"须含职能 {own}，否则按地址找不到该单位"
        yield _wrong("function_codes", zh, f"must have {own}, or no address leads to the unit")
    if unit.kind in _LEVELS and unit.level is not _LEVELS[unit.kind]:
        zh, en = "层级与类型不符", f"a {unit.kind.value} is of its own level"
        yield _wrong("level", zh, en)
    yield from _region_faults(unit, regions)


def _region_faults(unit: Unit, regions: Mapping[str, Region]) -> Iterator[FieldError]:
    code = unit.region_code
    if code is None:
        if unit.kind in LOCAL_KINDS:
            yield _wrong("region", "街道、社区、物业须有所辖区划", "a local unit needs its region")
    elif not is_region_code(code):
        yield _wrong("region", "应为 6、9 或 12 位区划代码", "is no region code of 6, 9, 12 digits")
    elif (own := _OFFICES.get(unit.kind)) is not None:
        # it may stand for a region that is new, in one that is known
        if level_of(code) is not own or (parent_of(code) or "") not in regions:
            zh = f"{code} 不是本级区划，或不在已有区划之内"
            yield _wrong("region", zh, f"{code} is not a {own.value}, or in no known region")
    elif code not in regions:
        yield _wrong("region", f"没有区划 {code}", f"there is no region {code}")


def _above(code: str, units: Units) -> tuple[str, ...]:
    """A unit and those above it, to the top; empty when it is not known."""
    chain: list[str] = []
    at: str | None = code
    while at is not None and at in units and at not in chain:
        chain.append(at)
        at = units[at].unit.parent
    return tuple(chain)


def above(code: str, units: Units) -> Sequence[KnownUnit]:
    """Those above a unit, its parent first."""
    return [units[each] for each in _above(code, units)[1:]]


def _wrong(field: str, zh: str, en: str) -> FieldError:
    return FieldError(field=field, zh=zh, en=en)
