"""The form of POST requests: read, checked against the service's attributes, made a request.

E-mail, device and account are not kept: nothing of ours needs them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.intake.domain.open311 import (
    Attribute,
    Coordinates,
    DataType,
    Definitions,
    GeoReportError,
    service_of,
)
from services.intake.domain.person import normal_phone
from services.intake.domain.request import AskedPlace, Reporter, Request
from shared.catalogue.model import Catalogue
from shared.contracts.tickets import Source
from shared.contracts.values import Channel
from shared.gcj02 import to_wgs84

MOST_CHARACTERS: Final = 4000
MOST_OF_A_FIELD: Final = 500
_ATTRIBUTE: Final = re.compile(r"attribute\[(\w{1,50})\](\[\d*\])?")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_URL: Final = re.compile(r"https?://[\x21-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The fields that were filled in; an empty one counts as none, the first of two as given."""

    fields: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def get(self, name: str, *, most: int = MOST_OF_A_FIELD) -> str | None:
        text = self.fields.get(name)
        if text is not None and len(text) > most:
            raise GeoReportError(400, f"{name} 超过 {most} 字 / has more than {most} characters")
        return text


def read_form(pairs: Iterable[tuple[str, str]]) -> Form:
    """The pairs of a form, as they came."""
    fields: dict[str, str] = {}
    attributes: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        text = _CONTROL.sub("", value).strip()
        if not text:
            continue
        found = _ATTRIBUTE.fullmatch(name)
        if found is None:
            fields.setdefault(name, text)
        else:
            code = found[1]
            attributes[code] = (*attributes.get(code, ()), text)
    return Form(fields=fields, attributes=attributes)


def read_request(
    form: Form,
    *,
    definitions: Definitions,
    catalogue: Catalogue,
    source: Source,
    line: str | None,
) -> Request:
    """The request a form makes; GeoReportError names all that is wrong with it."""
    jurisdiction = definitions.jurisdiction(form.get("jurisdiction_id"))
    service_code = form.get("service_code")
    if service_code is None:
        raise GeoReportError(400, "缺少 service_code / service_code is missing")
    category = service_of(catalogue, service_code)
    wrong: list[str] = []
    place = _place(form, jurisdiction.coordinates, catalogue, wrong)
    answers = _answers(form, definitions.attributes.get(service_code, ()), wrong)
    phone = _phone(form, wrong)
    media = form.get("media_url")
    if media is not None and _URL.fullmatch(media) is None:
        wrong.append("media_url 不是网址 / media_url is no address")
    words = form.get("description", most=MOST_CHARACTERS) or category.name
    if wrong:
        raise GeoReportError(400, *wrong)
    parts = (words, *answers, f"图片：{media}" if media else "")
    return Request(
        channel=Channel.OPEN311,
        description="\n".join(part for part in parts if part),
        place=place,
        category=service_code,
        line=line,
        reporter=Reporter(name=_name(form), phone=phone),
        source=source,
    )


def _place(
    form: Form, coordinates: Coordinates, catalogue: Catalogue, wrong: list[str]
) -> AskedPlace:
    lat, lon = _degrees(form, "lat", 90, wrong), _degrees(form, "long", 180, wrong)
    address, address_id = form.get("address_string", most=200), form.get("address_id")
    if (form.get("lat") is None) != (form.get("long") is None):
        wrong.append("lat 与 long 必须同时填写 / lat and long go together")
    if address_id is not None and not catalogue.knows_region(address_id):
        wrong.append(f"没有这个 address_id / no such address_id: {address_id}")
    if lat is None and address is None and address_id is None and form.get("lat") is None:
        wrong.append(
            "请填写 lat 和 long、address_string 或 address_id 之一"
            " / one of lat and long, address_string, address_id is required"
        )
    if lat is not None and lon is not None and coordinates is Coordinates.GCJ02:
        lat, lon = to_wgs84(lat, lon)
    return AskedPlace(region=address_id, address=address, lat=lat, lon=lon)


def _degrees(form: Form, name: str, limit: int, wrong: list[str]) -> float | None:
    text = form.get(name)
    if text is None:
        return None
    number = _number(text)
    if number is None or not -limit <= number <= limit:
        wrong.append(f"{name} 应为 -{limit} 到 {limit} 的数 / must be from -{limit} to {limit}")
        return None
    return number


def _number(text: str) -> float | None:
    """A decimal number as people write it; None for anything else."""
    if re.fullmatch(r"[+-]?\d{1,20}(\.\d{0,20})?", text, re.ASCII) is None:
        return None
    return float(text)


def _phone(form: Form, wrong: list[str]) -> str | None:
    text = form.get("phone")
    phone = normal_phone(text) if text is not None else None
    if text is not None and phone is None:
        wrong.append("phone 不是电话号码 / phone is no phone number")
    return phone


def _name(form: Form) -> str | None:
    """Family name first, as names are written here."""
    name = f"{form.get('last_name') or ''}{form.get('first_name') or ''}"
    return name[:50] or None


def _answers(form: Form, attributes: Iterable[Attribute], wrong: list[str]) -> list[str]:
    """The answers to a service's questions as lines of the description."""
    lines: list[str] = []
    asked = {each.code: each for each in attributes}
    for code in form.attributes.keys() - asked.keys():
        wrong.append(f"此服务没有属性 {code} / this service has no attribute {code}")
    for code, attribute in asked.items():
        given = form.attributes.get(code, ())
        if not given and attribute.required:
            wrong.append(f"缺少 attribute[{code}]（{attribute.description}）/ is required")
        if given and (answer := _answer(attribute, given, wrong)) is not None:
            lines.append(f"{attribute.description}：{answer}")
    return lines


def _answer(attribute: Attribute, given: tuple[str, ...], wrong: list[str]) -> str | None:
    name = f"attribute[{attribute.code}]"
    if len(given) > 1 and attribute.datatype is not DataType.SOME_OF:
        wrong.append(f"{name} 只能有一个值 / takes one value")
        return None
    if any(len(each) > MOST_OF_A_FIELD for each in given):
        wrong.append(f"{name} 过长 / is too long")
        return None
    if attribute.values:
        unknown = [each for each in given if each not in attribute.values]
        if unknown:
            keys = "、".join(attribute.values)
            wrong.append(f"{name} 只能是 {keys} / must be one of these")
            return None
        return "、".join(attribute.values[each] for each in dict.fromkeys(given))
    problem = _PROBLEMS.get(attribute.datatype, lambda _attribute, _text: None)(attribute, given[0])
    if problem is not None:
        wrong.append(f"{name} {problem}")
        return None
    return given[0]


def _number_problem(attribute: Attribute, text: str) -> str | None:
    number = _number(text)
    if number is None:
        return "应为数字 / must be a number"
    least, most = attribute.least, attribute.most
    if least is not None and most is not None and not least <= number <= most:
        return f"应在 {least:g} 到 {most:g} 之间 / must be within {least:g} and {most:g}"
    return None


def _datetime_problem(_attribute: Attribute, text: str) -> str | None:
    try:
        has_zone = datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        has_zone = False
    return None if has_zone else "应为带时区的时间 / must be a time with a zone"


def _string_problem(_attribute: Attribute, text: str) -> str | None:
    return "不能换行 / must be one line" if "\n" in text or "\r" in text else None


_PROBLEMS: Final = {
    DataType.NUMBER: _number_problem,
    DataType.DATETIME: _datetime_problem,
    DataType.STRING: _string_problem,
}
