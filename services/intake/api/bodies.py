"""The bodies of intake's commands, read with every wrong field named at once.

Pydantic checks the form of single fields; what needs the catalogue or several fields is checked
beside it, on whatever fields were readable, so that one answer names all that is wrong.
"""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Final, Literal, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import from_json

from services.intake.domain.lines import line_problem
from services.intake.domain.person import normal_id_number, normal_phone
from services.intake.domain.photo import MOST_PHOTOS
from services.intake.domain.request import (
    LEAST_ELSEWHERE,
    MOST_CHARACTERS,
    AskedPlace,
    Reporter,
    Request,
    category_problem,
    place_problem,
    region_problem,
    text_problem,
)
from shared.catalogue.model import Catalogue
from shared.contracts.tickets import CallbackResult, Satisfaction, Source
from shared.contracts.values import Channel, TicketType, Urgency
from shared.errors import FieldError, InvalidError
from shared.web.problems import field_errors

B = TypeVar("B", bound=BaseModel)

NO_NUL: Final = r"^[^\x00]*$"  # which PostgreSQL cannot keep


def _text(most: int, least: int = 1) -> Any:
    return StringConstraints(
        strip_whitespace=True, min_length=least, max_length=most, pattern=NO_NUL
    )


class Body(BaseModel):
    """A body that knows its fields and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Photos = Annotated[tuple[UUID, ...], Field(max_length=MOST_PHOTOS)]


class PlaceBody(Body):
    """One of region, address, lat and lon, or no_location."""

    region: Annotated[str, _text(15)] | None = None
    address: Annotated[str, _text(200)] | None = None
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    no_location: bool = False


class ReporterBody(Body):
    """Who asks; none of it leaves the vault except to the called unit's handler."""

    name: Annotated[str, _text(50)] | None = None
    phone: Annotated[str, _text(30)] | None = None
    id_number: Annotated[str, _text(30)] | None = None
    confidential: bool | None = None
    agrees_to_contact: bool = False


class SourceBody(Body):
    """The system a request came from and its number there."""

    system: Annotated[str, _text(50)]
    number: Annotated[str, _text(100)]


class TicketBody(Body):
    """A request to be registered (CONTRACTS §5)."""

    channel: Channel
    description: Annotated[str, _text(MOST_CHARACTERS, least=0)]
    place: PlaceBody
    type: TicketType | None = None
    category: Annotated[str, _text(10)] | None = None
    title: Annotated[str, _text(200)] | None = None
    urgency: Urgency | None = None
    line: Annotated[str, _text(50)] | None = None
    choice: Literal["property", "grid"] | None = None
    reporter: ReporterBody = ReporterBody()
    source: SourceBody | None = None
    occurred_at: AwareDatetime | None = None
    photos: Photos = ()


class CallbackBody(Body):
    """What the person said; `version` refuses the command when the ticket has moved on."""

    result: CallbackResult
    satisfaction: Satisfaction
    note: Annotated[str, _text(1000)] | None = None
    version: int | None = None


class SupplementBody(Body):
    """More words of the person, photos, or both."""

    text: Annotated[str, _text(4000, least=0)] = ""
    photos: Photos = ()


class DisclosureBody(Body):
    """Why the contact is needed."""

    purpose: Annotated[str, _text(200, least=2)]


class PersonBody(Body):
    """Whose data, and why they are asked for."""

    phone: Annotated[str, _text(30)]
    purpose: Annotated[str, _text(200, least=2)]


def read_request(body: bytes, catalogue: Catalogue) -> Request:
    """A request as it came over HTTP; InvalidError names every wrong field."""
    try:
        read = TicketBody.model_validate_json(body)
    except ValidationError as error:
        raise InvalidError(*_all_problems(body, error, catalogue)) from None
    request = _request(read)
    problems = _problems(request, catalogue)
    if read.reporter.phone is not None and request.reporter.phone is None:
        problems.append(PHONE)
    if read.reporter.id_number is not None and request.reporter.id_number is None:
        problems.append(ID_NUMBER)
    if problems:
        raise InvalidError(*problems)
    return request


PHONE: Final = FieldError(
    field="reporter.phone", zh="reporter.phone：不是电话号码", en="reporter.phone: is not a phone"
)
ID_NUMBER: Final = FieldError(
    field="reporter.id_number",
    zh="reporter.id_number：不是身份证号",
    en="reporter.id_number: is not an ID number",
)


def _request(body: TicketBody) -> Request:
    place, reporter, source = body.place, body.reporter, body.source
    return Request(
        channel=body.channel,
        description=body.description,
        place=AskedPlace(
            region=place.region,
            address=place.address,
            lat=place.lat,
            lon=place.lon,
            no_location=place.no_location,
        ),
        type=body.type,
        category=body.category,
        title=body.title,
        urgency=body.urgency,
        line=body.line,
        choice=body.choice,
        reporter=Reporter(
            name=reporter.name,
            phone=normal_phone(reporter.phone) if reporter.phone else None,
            id_number=normal_id_number(reporter.id_number) if reporter.id_number else None,
            confidential=reporter.confidential,
            agrees_to_contact=reporter.agrees_to_contact,
        ),
        source=Source(system=source.system, number=source.number) if source else None,
        occurred_at=body.occurred_at,
        photos=body.photos,
    )


def _problems(request: Request, catalogue: Catalogue) -> list[FieldError]:
    found = [
        text_problem(
            request.channel,
            request.description,
            is_shown=bool(request.photos and request.category),
        ),
        place_problem(request.place),
        category_problem(catalogue, request.category) if request.category else None,
        region_problem(catalogue, request.place.region) if request.place.region else None,
        line_problem(catalogue, request.line) if request.line else None,
    ]
    return [problem for problem in found if problem is not None]


def _all_problems(body: bytes, error: ValidationError, catalogue: Catalogue) -> list[FieldError]:
    """The errors of form, and what else is wrong with the fields that could be read."""
    found = field_errors(error.errors(include_url=False))
    try:
        raw = from_json(body)
    except ValueError:
        return found
    if not isinstance(raw, Mapping):
        return found
    named = {each.field for each in found}
    checked = _partial(raw, named, catalogue)
    return found + [each for each in checked if each is not None and each.field not in named]


def _partial(
    raw: Mapping[str, Any], named: set[str], catalogue: Catalogue
) -> list[FieldError | None]:
    """The checks beyond form, each where the fields it needs are readable."""
    checked: list[FieldError | None] = []
    place = raw.get("place")
    reporter = raw.get("reporter")
    category, text, channel = (raw.get(name) for name in ("category", "description", "channel"))
    if isinstance(text, str):
        known = Channel(channel) if isinstance(channel, str) and channel in set(Channel) else None
        is_shown = bool(raw.get("photos")) and isinstance(category, str)
        checked.append(text_problem(known, text.strip(), is_shown=is_shown))
    if isinstance(category, str):
        checked.append(category_problem(catalogue, category.strip()))
    if isinstance(line := raw.get("line"), str) and line.strip():
        checked.append(line_problem(catalogue, line.strip()))
    if isinstance(place, Mapping):
        region = place.get("region")
        if isinstance(region, str):
            checked.append(region_problem(catalogue, region.strip()))
        if not any(name.startswith("place") for name in named):
            checked.append(place_problem(_request_place(place)))
    if isinstance(reporter, Mapping):
        checked.append(_unless(reporter.get("phone"), normal_phone, PHONE))
        checked.append(_unless(reporter.get("id_number"), normal_id_number, ID_NUMBER))
    return checked


def _request_place(place: Mapping[str, Any]) -> AskedPlace:
    read = PlaceBody.model_validate(place)
    return AskedPlace(**read.model_dump())


def _unless(value: Any, normal: Any, problem: FieldError) -> FieldError | None:
    return problem if isinstance(value, str) and normal(value.strip()) is None else None


def read_body(cls: type[B], body: bytes) -> B:
    """A small body; InvalidError names every wrong field."""
    try:
        return cls.model_validate_json(body)
    except ValidationError as error:
        raise InvalidError(*field_errors(error.errors(include_url=False))) from None


def read_supplement(body: bytes) -> SupplementBody:
    """Words, photos or both."""
    read = read_body(SupplementBody, body)
    if len(read.text) >= LEAST_ELSEWHERE or (read.photos and not read.text):
        return read
    raise InvalidError(
        FieldError(
            field="text",
            zh=f"text：至少 {LEAST_ELSEWHERE} 个字，或只附照片",
            en=f"text: must have at least {LEAST_ELSEWHERE} characters, or photos alone",
        )
    )


@cache
def schema(cls: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a body as OpenAPI wants it."""
    made = cls.model_json_schema()
    whole = _inlined(made, made.get("$defs", {}))
    content = {"application/json": {"schema": whole}}
    return {"requestBody": {"required": True, "content": content}}


def _inlined(part: Any, parts: Mapping[str, Any]) -> Any:
    """A schema without references, which within an OpenAPI document would point elsewhere."""
    if isinstance(part, list):
        return [_inlined(each, parts) for each in part]
    if not isinstance(part, dict):
        return part
    kept = {name: _inlined(v, parts) for name, v in part.items() if name not in ("$ref", "$defs")}
    if "$ref" in part:
        return _inlined(parts[part["$ref"].rpartition("/")[2]], parts) | kept
    return kept


def read_key(header: str | None) -> str | None:
    """The Idempotency-Key: 1 to 200 visible ASCII characters."""
    if header is None:
        return None
    if 0 < len(header) <= 200 and header.isascii() and header.isprintable():
        return header
    raise InvalidError(
        FieldError(
            field="Idempotency-Key",
            zh="Idempotency-Key：应为 1 到 200 个可见的 ASCII 字符",
            en="Idempotency-Key: must be 1 to 200 visible ASCII characters",
        )
    )
