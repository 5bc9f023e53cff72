"""Reads the catalogue's tables once, checks them against each other, and builds the `Catalogue`."""

import hashlib
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeVar

from shared.catalogue.checks import (
    check_categories,
    check_duties,
    check_hotlines,
    check_places,
    check_units,
)
from shared.catalogue.duties import Duty, parse_condition
from shared.catalogue.labels import from_label_zh
from shared.catalogue.model import (
    Catalogue,
    Category,
    Compound,
    Hotline,
    Road,
    Unit,
    UnitKind,
    UnitLevel,
    WayIn,
    regions_of,
)
from shared.catalogue.regions import is_region_code
from shared.catalogue.tables import Problems, Read, Row, check_unique, rows_of
from shared.contracts.values import TicketType, Urgency

DATA = Path(__file__).parent / "data"
T = TypeVar("T")

COLUMNS = {
    "categories.csv": (
        "major_code,major_name,minor_code,minor_name,lead_bureau,co_bureaus,"
        "default_urgency,default_type"
    ),
    "bureaus.csv": (
        "code,name,parent,level,kind,function_codes,region_code,can_whistle,duty_24h,population"
    ),
    "compounds.csv": "name,aliases,region_code,property_unit,lat,lon",
    "roads.csv": "name,aliases,region_codes",
    "duties.csv": "subject,region,condition,unit,clause,valid_from,valid_to",
    "lines.csv": "number,name,way_in,unit",
}


def load_catalogue(folder: Path | None = None) -> Catalogue:
    """The catalogue of a folder, the project's own by default.

    Raises CatalogueError with the file, line and column of every wrong cell, OSError when a file
    cannot be read.
    """
    folder = folder or DATA
    tables = {file: (folder / file).read_bytes() for file in COLUMNS}
    return build_catalogue(tables)


def build_catalogue(tables: dict[str, bytes]) -> Catalogue:
    """The catalogue of the tables' contents by file name; raises CatalogueError."""
    problems = Problems()
    categories = _table("categories.csv", tables, _category, "minor_code", problems)
    units = _table("bureaus.csv", tables, _unit, "code", problems)
    compounds = _table("compounds.csv", tables, _compound, "name", problems)
    roads = _table("roads.csv", tables, _road, "name", problems)
    duties = _table("duties.csv", tables, _duty, None, problems)
    hotlines = _table("lines.csv", tables, _hotline, "number", problems)
    problems.raise_if_any()  # what does not read cannot be checked
    found = {unit.it.code: unit.it for unit in units}
    regions = regions_of(found.values())
    check_units(units, found, regions)
    problems.raise_if_any()
    check_categories(categories, {f for unit in found.values() for f in unit.function_codes})
    check_places(compounds, roads, found, regions)
    check_duties(duties, {each.it.code: each.it for each in categories}, found, regions)
    check_hotlines(hotlines, found)
    problems.raise_if_any()
    return Catalogue(
        version=_version(tables),
        categories={each.it.code: each.it for each in categories},
        units=found,
        compounds={each.it.name: each.it for each in compounds},
        roads={each.it.name: each.it for each in roads},
        duties=tuple(each.it for each in duties),
        regions=regions,
        hotlines={each.it.number: each.it for each in hotlines},
    )


def _table(
    file: str,
    tables: dict[str, bytes],
    read_row: Callable[[Row], T],
    key: str | None,
    problems: Problems,
) -> list[Read[T]]:
    rows = rows_of(file, tables[file], COLUMNS[file].split(","), problems)
    reads = [Read(row=row, it=read_row(row)) for row in rows]
    if key is not None:
        check_unique([each.row for each in reads], key)
    return reads


def _category(row: Row) -> Category:
    major = row.matching("major_code", r"\d\d", "two digits")
    code = row.matching(
        "minor_code", rf"{re.escape(major)}\d\d", f"four digits that begin with {major}"
    )
    return Category(
        code=code,
        name=row.text("minor_name"),
        major_code=major,
        major_name=row.text("major_name"),
        lead_function=row.text("lead_bureau"),
        co_functions=row.many("co_bureaus"),
        default_urgency=row.read(
            "default_urgency", lambda text: from_label_zh(Urgency, text), Urgency.NORMAL
        ),
        default_type=row.read(
            "default_type", lambda text: from_label_zh(TicketType, text), TicketType.COMPLAIN
        ),
    )


def _unit(row: Row) -> Unit:
    return Unit(
        # The code stands in topic names and access rights, so its letters are limited.
        code=row.matching("code", r"[A-Z][A-Z0-9-]{0,39}", "a code of A–Z, 0–9 and -"),
        name=row.text("name"),
        parent=row.optional("parent"),
        level=row.read("level", UnitLevel, UnitLevel.CITY),
        kind=row.read("kind", UnitKind, UnitKind.BUREAU),
        function_codes=row.many("function_codes"),
        region_code=row.read("region_code", _optional(_region_code), None),
        can_whistle=row.flag("can_whistle"),
        duty_24h=row.flag("duty_24h"),
        population=row.read("population", _optional(_count), None),
    )


def _compound(row: Row) -> Compound:
    return Compound(
        name=row.text("name"),
        aliases=row.many("aliases"),
        region_code=row.read("region_code", _region_code, ""),
        property_unit=row.optional("property_unit"),
        lat=row.read("lat", lambda text: _degrees(text, 90), 0.0),
        lon=row.read("lon", lambda text: _degrees(text, 180), 0.0),
    )


def _road(row: Row) -> Road:
    row.text("region_codes")
    codes = row.many("region_codes")
    return Road(name=row.text("name"), aliases=row.many("aliases"), region_codes=codes)


def _duty(row: Row) -> Duty:
    first = row.read("valid_from", date.fromisoformat, date.min)
    last = row.read("valid_to", _optional(date.fromisoformat), None)
    if last is not None and last < first:
        row.wrong("valid_to", f"{last} is before {first}")
    return Duty(
        subject=row.text("subject"),
        region=row.read("region", _region_code, ""),
        condition=row.read("condition", parse_condition, None),
        unit=row.text("unit"),
        clause=row.text("clause"),
        valid_from=first,
        valid_to=last,
    )


def _hotline(row: Row) -> Hotline:
    return Hotline(
        number=row.matching("number", r"\d{3}|\d{5}", "three or five digits"),
        name=row.text("name"),
        way_in=row.read("way_in", WayIn, WayIn.MERGED),
        unit=row.optional("unit"),
    )


def _optional(reader: Callable[[str], T]) -> Callable[[str], T | None]:
    return lambda text: reader(text) if text else None


def _region_code(text: str) -> str:
    if not is_region_code(text):
        raise ValueError(f"{text!r} is not a region code of 6, 9, 12 or 15 digits")
    return text


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{text!r} is not a whole number")
    return int(text)


def _degrees(text: str, limit: float) -> float:
    degrees = float(text)
    if not -limit <= degrees <= limit:
        raise ValueError(f"{text} is not between -{limit} and {limit}")
    return degrees


def _version(tables: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for file in sorted(tables):
        digest.update(f"{file}\0{len(tables[file])}\0".encode())
        digest.update(tables[file])
    return f"cat-{digest.hexdigest()[:12]}"
