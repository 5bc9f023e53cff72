"""Open311 GeoReport v2: the door for other systems of the open world, last and thin.

Reading needs no key; a request needs one of scope open311. What the public may see of a ticket is
decided in the domain (open311_view).
"""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request, Response
from pydantic_core import from_json

from services.intake.api.bodies import read_key
from services.intake.api.georeport import Format, GeoReportRoute, answer
from services.intake.api.keys import HEADER, caller_of_key
from services.intake.api.tickets import Intake, Trace
from services.intake.context import IntakeContext
from services.intake.domain.open311 import (
    Definitions,
    GeoReportError,
    definition,
    discovery,
    is_confidential,
    read_definitions,
    service_of,
    services,
)
from services.intake.domain.open311_form import Form, read_form, read_request
from services.intake.domain.open311_view import Published, read_ids, read_span, request_view
from services.intake.domain.registration import draft
from services.intake.domain.source import ApiKey, Scope
from services.intake.domain.words import local
from services.intake.photos import photo_link
from services.intake.register import Registration
from services.intake.store import open311 as store
from shared.catalogue.model import Catalogue
from shared.contracts.tickets import Source
from shared.web.guards import Unasked

BASE: Final = "/open311/v2"
FORM_TYPE: Final = "application/x-www-form-urlencoded"
MOST_FIELDS: Final = 200
LINK_MINUTES: Final = 60


async def jurisdiction(request: Request, jurisdiction_id: str | None = None) -> Definitions:
    """The definitions, once the jurisdiction asked for is known to be one of ours."""
    definitions: Definitions = request.app.state.open311
    definitions.jurisdiction(jurisdiction_id)
    return definitions


Defined = Annotated[Definitions, Depends(jurisdiction)]
ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    status: {
        "description": words,
        "content": {"application/json": {}, "text/xml": {}},
    }
    for status, words in (
        (400, "the request cannot be carried out"),
        (404, "no such jurisdiction, service, request, token or format"),
    )
}
KEY_ERRORS: Final = {**ERRORS, 403: {**ERRORS[400], "description": "no key, or a wrong one"}}
ANSWER: Final[dict[str, Any]] = {
    "responses": {"200": {"content": {"application/json": {}, "text/xml": {}}}}
}
MADE: Final[dict[str, Any]] = {
    "responses": {"201": {"content": {"application/json": {}, "text/xml": {}}}},
    "requestBody": {
        "required": True,
        "content": {
            FORM_TYPE: {
                "schema": {
                    "type": "object",
                    "required": ["api_key", "service_code"],
                    "properties": {
                        name: {"type": "string"}
                        for name in (
                            *("api_key", "jurisdiction_id", "service_code", "lat", "long"),
                            *("address_string", "address_id", "description", "media_url"),
                            *("first_name", "last_name", "phone", "email", "device_id"),
                            "account_id",
                        )
                    },
                }
            }
        },
    },
}
router = APIRouter(
    prefix=BASE,
    tags=["open311"],
    route_class=GeoReportRoute,
    responses=ERRORS,
    default_response_class=Response,
    dependencies=[Depends(Unasked.PUBLIC)],
)


@router.get("/discovery.{ending}", openapi_extra=ANSWER)
async def get_discovery(ending: Format, intake: Intake, defined: Defined) -> Response:
    """Where this is and what it speaks."""
    content = discovery(defined, url=f"{intake.rules.address}{BASE}")
    return answer(content, ending, root="discovery")


@router.get("/services.{ending}", openapi_extra=ANSWER)
async def get_services(ending: Format, intake: Intake, defined: Defined) -> Response:
    """What can be asked for: the minor categories."""
    return answer(services(intake.rules.catalogue, defined), ending, root="services")


@router.get("/services/{service_code}.{ending}", openapi_extra=ANSWER)
async def get_service(
    service_code: str, ending: Format, intake: Intake, defined: Defined
) -> Response:
    """The attributes a service asks for."""
    service = service_of(intake.rules.catalogue, service_code)
    content = definition(service.code, defined.attributes.get(service.code, ()))
    return answer(content, ending, root="service_definition")


@router.get("/requests.{ending}", openapi_extra=ANSWER)
async def get_requests(
    ending: Format,
    intake: Intake,
    _defined: Defined,
    service_request_id: str | None = None,
    service_code: str | None = None,
    start_date: str | None = None,
    end_date: str | None = None,
    status: str | None = None,
) -> Response:
    """The first thousand requests of 90 days, newest first, or those of a list of ids."""
    ids = read_ids(service_request_id)
    catalogue = intake.rules.catalogue
    async with intake.runtime.pool.acquire() as connection:
        if ids:
            found = await store.published_of(connection, ids)
        else:
            span = read_span(
                service_code=service_code,
                start_date=start_date,
                end_date=end_date,
                status=status,
                now=intake.runtime.clock.now(),
                catalogue=catalogue,
            )
            found = await store.published_in(connection, span)
    return answer(_views(intake, found), ending, root="service_requests")


@router.get("/requests/{service_request_id}.{ending}", openapi_extra=ANSWER)
async def get_request(
    service_request_id: str, ending: Format, intake: Intake, _defined: Defined
) -> Response:
    """One request, as far as the public may see it."""
    async with intake.runtime.pool.acquire() as connection:
        found = await store.published_of(connection, [service_request_id])
    if not found:
        raise GeoReportError(404, "没有这个诉求 / no such service_request_id")
    return answer(_views(intake, found), ending, root="service_requests")


@router.get("/tokens/{token}.{ending}", openapi_extra=ANSWER)
async def get_token(token: str, ending: Format, intake: Intake, _defined: Defined) -> Response:
    """The id of a request that was answered with a token."""
    try:
        ticket_id = UUID(token)
    except ValueError:
        raise _no_such_token() from None
    async with intake.runtime.pool.acquire() as connection:
        number = await store.number_of_token(connection, ticket_id)
    if number is None:
        raise _no_such_token()
    content = [{"service_request_id": number, "token": token}]
    return answer(content, ending, root="service_requests")


@router.post(
    "/requests.{ending}",
    status_code=201,
    responses=KEY_ERRORS,
    openapi_extra=MADE,
    dependencies=[Depends(Unasked.KEY)],
)
async def post_request(
    ending: Format, request: Request, intake: Intake, _defined: Defined, trace: Trace
) -> Response:
    """Register a request with an api_key; its id, or a token where nobody may see it."""
    form = await _form(request)
    key = await _key(request, form, intake)
    repeat = read_key(request.headers.get("idempotency-key"))
    asked = read_request(
        form,
        definitions=request.app.state.open311,
        catalogue=intake.rules.catalogue,
        source=Source(system=key.system, number=repeat or str(uuid4())),
        line=key.line,
    )
    done = await intake.registrations.submit(
        Registration(
            draft=draft(asked, intake.rules), actor=caller_of_key(key).actor(), traceparent=trace
        )
    )
    receipt = from_json(done.receipt)
    service = service_of(intake.rules.catalogue, asked.category or "")
    named = (
        {"token": receipt["ticket_id"]}
        if is_confidential(service)
        else {"service_request_id": receipt["number"]}
    )
    content = {**named, "service_notice": _notice(receipt), "account_id": form.get("account_id")}
    return answer([content], ending, root="service_requests", status=201)


def load_definitions(catalogue: Catalogue) -> Definitions:
    """What open311.toml says; ValueError tells what is wrong with it."""
    text = (Path(__file__).parent / "open311.toml").read_text(encoding="utf-8")
    return read_definitions(tomllib.loads(text), catalogue)


async def _form(request: Request) -> Form:
    """The fields of the body, and of the address where the body has them not."""
    kind = request.headers.get("content-type", FORM_TYPE).partition(";")[0].strip().lower()
    if kind != FORM_TYPE:
        raise GeoReportError(400, f"应为 {FORM_TYPE} / must be {FORM_TYPE}")
    try:
        pairs = parse_qsl(
            (await request.body()).decode("utf-8"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except (UnicodeDecodeError, ValueError):
        raise GeoReportError(400, "表单无法读取 / the form cannot be read") from None
    return read_form([*pairs, *request.query_params.multi_items()])


async def _key(request: Request, form: Form, intake: IntakeContext) -> ApiKey:
    """The key of a request, from the form or a header; 403 without one that holds."""
    text = form.get("api_key") or request.headers.get(HEADER)
    key = await intake.keys.find(text) if text else None
    if key is None or Scope.OPEN311 not in key.scopes:
        raise GeoReportError(403, "缺少 api_key 或密钥无效 / api_key is missing or does not hold")
    return key


def _views(intake: IntakeContext, found: list[Published]) -> list[dict[str, Any]]:
    secret = intake.runtime.settings.token_secret.get_secret_value()

    def link(photo_id: UUID | None) -> str | None:
        if photo_id is None:
            return None
        path = photo_link(secret, photo_id, size="full", minutes=LINK_MINUTES)
        return f"{intake.rules.address}{path}"

    catalogue = intake.rules.catalogue
    return [request_view(each, catalogue, media_url=link(each.photo_id)) for each in found]


def _notice(receipt: dict[str, Any]) -> str:
    by = local(datetime.fromisoformat(receipt["dispatch_by"]["by"]))
    return f"已登记，{by}前派给承办单位 / registered, to be dispatched by then"


def _no_such_token() -> GeoReportError:
    return GeoReportError(404, "没有这个 token / no such token")
