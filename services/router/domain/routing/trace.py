"""The lines of a trace: written for events and the record, told again in words to people.

A line is text such as `9:duty GR@159902003003→U-GR2`: the step of DOMAIN §6, then what was looked
at and found. What an older router wrote in other forms is shown as it stands.
"""

import re
from functools import lru_cache
from typing import Final

from services.router.domain.routing.kinds import KINDS, Kind
from shared.catalogue.labels import LABELS_ZH
from shared.catalogue.model import Catalogue
from shared.contracts.values import Urgency
from shared.records import record


@record
class Words:
    """One line in both languages."""

    zh: str
    en: str


def line(kind: str, **words: object) -> str:
    """A line as it is written."""
    return KINDS[kind].text.format(**words)


NO_PLACE: Final = "no place"
"""What a line has for `where` when nothing is known of the place."""

_FORMS: Final = {
    "category": r"\d{4}",
    "function": r"[A-Z]+",
    "n": r"\d+",
    "number": r"\w+",
    "role": r"[a-z_]+",
    "confidence": r"[\d.]+",
    "unit": r"[A-Z][A-Z0-9-]*",
    "lead": r"[A-Z][A-Z0-9-]*",
    "grid": r"\d{15}",
    "region": r"\d{6,15}",
    "subject": r"[A-Z0-9]+",
    "urgency": "critical|urgent|normal",
    "version": r"\d+",
    "name": r"[^ ]+",
    "worker": r"[^ ]+",
}


def _pattern(text: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", text)
    read = [
        f"(?P<{part}>{_FORMS.get(part, '.+?')})" if at % 2 else re.escape(part)
        for at, part in enumerate(parts)
    ]
    return re.compile("".join(read))


_PATTERNS: Final = tuple((_pattern(kind.text), kind) for kind in KINDS.values())


def explain(text: str, catalogue: Catalogue) -> Words:
    """A line of a trace in words; one that no kind fits stands as it is."""
    found = _read(text)
    if found is None:
        return Words(zh=text, en=text)
    kind, words = found
    zh = {name: _in_words(name, value, catalogue, "zh") for name, value in words.items()}
    en = {name: _in_words(name, value, catalogue, "en") for name, value in words.items()}
    return Words(zh=kind.zh.format(**zh), en=kind.en.format(**en))


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[Kind, dict[str, str]] | None:
    for pattern, kind in _PATTERNS:
        if (found := pattern.fullmatch(text)) is not None:
            return kind, found.groupdict()
    return None


_ROLES: Final = {
    "dispatcher": "派单员",
    "shift_lead": "班长",
    "supervisor": "督办员",
    "reviewer": "审核员",
    "operator": "话务员",
    "system": "系统",
}
_FUNCTIONS: Final = {  # where no one unit of the city has the name
    "JD": "街道",
    "SQ": "社区",
    "WY": "物业",
    "GR": "供热单位",
    "GS": "供水单位",
    "PS": "排水单位",
    "RQ": "燃气单位",
    "GD": "供电单位",
    "TXY": "通信运营商",
    "GJ": "公交公司",
}
_HOW: Final = {
    "grid": ("网格坐标", "the grid of the point"),
    "compound": ("小区名", "the compound's name"),
    "point": ("坐标", "the point"),
    "community": ("社区名", "the community's name"),
    "road": ("道路名", "the road"),
    "street": ("街道名", "the street's name"),
    "district": ("区旗名", "the district's name"),
    "region": ("所选区划", "the region chosen"),
    "conflict": ("有矛盾的地址", "an address that contradicts"),
    "unknown": ("无法定位", "nothing"),
}


def _in_words(name: str, value: str, catalogue: Catalogue, language: str) -> str:
    zh = language == "zh"
    if name in ("unit", "lead"):
        unit = catalogue.units.get(value)
        return unit.name if unit is not None and zh else value
    if name == "units":
        codes = value.split(",")
        return ("、" if zh else ", ").join(_in_words("unit", c, catalogue, language) for c in codes)
    if name == "category" or (name == "subject" and value.isdigit()):
        known = catalogue.categories.get(value)
        return known.name if known is not None and zh else value
    if name in ("function", "subject"):
        return _function(value, catalogue) if zh else value
    if name == "region" or (name == "where" and value.isdigit()):
        return _region(value, catalogue) if zh else value
    if name == "where" and value == NO_PLACE:
        return "未写明" if zh else "not given"
    if name == "grid":
        return f"第{int(value[-3:])}" if zh else value[-3:]
    if name == "role":
        return _ROLES.get(value, value) if zh else value.replace("_", " ")
    if name == "urgency":
        return LABELS_ZH[Urgency][Urgency(value)] if zh else value
    if name == "how":
        return _HOW.get(value, (value, value))[0 if zh else 1]
    return value


def _region(code: str, catalogue: Catalogue) -> str:
    name = catalogue.region_name(code) or code
    return f"{name}第{int(code[-3:])}网格" if len(code) == 15 else name


def _function(function: str, catalogue: Catalogue) -> str:
    """What the city calls who has the function: its city-wide unit without the city's name."""
    if function in _FUNCTIONS:
        return _FUNCTIONS[function]
    city = next(code for code, region in catalogue.regions.items() if region.parent is None)
    units = catalogue.units_for(function, city)
    if not units:
        return function
    return units[0].name.removeprefix(catalogue.regions[city].name)
