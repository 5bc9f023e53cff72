"""For departments without Kafka: their events since a cursor, their reports, a token for a key."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response
from pydantic_core import from_json, to_json

from services.router import feed, metrics
from services.router.api.edge import Context, Trace
from services.router.department_keys import holder_of
from services.router.domain.department import MOST_REPORTS, Answer, Stream
from services.router.push import read
from shared.calendar import SHANGHAI
from shared.contracts.parts import Role
from shared.errors import FieldError, ForbiddenError, InvalidError
from shared.runtime.clock import wall_now
from shared.runtime.reading import Page
from shared.web.description import MISSING
from shared.web.guards import Unasked
from shared.web.identity import Caller, UnauthenticatedError, allow, issue_token

PATH: Final = "/api/v1/department"
router = APIRouter(prefix=PATH, tags=["department"])

LARGER_BODIES: Final = {f"{PATH}/reports": 8_000_000}
TOKEN_MINUTES: Final = 60
EARLIEST, LATEST = 2000, 2200  # years that `since` may name
OfUnit = Annotated[Caller, Depends(allow("department.connect"))]
Cursor = Annotated[int | None, Query(ge=0, le=2**62, description="`next` of the page before")]

Since = Annotated[datetime | None, Query(description="a date or a moment, on the city's clock")]

CLOUD_EVENT: Final[dict[str, Any]] = {
    "type": "object",
    "description": "A CloudEvents 1.0 event of the contract; see /contracts.",
    "required": ["specversion", "id", "source", "type", "subject", "time", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "data": {"type": "object"},
        **{
            name: {"type": "string", "minLength": 1}
            for name in ("id", "source", "type", "subject", "time")
        },
    },
}
BEYOND: Final[dict[str, Any]] = {
    "description": "The cursor is beyond the end: begin anew with `since`",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
EVENTS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["stream", "items", "next", "more"],
                    "properties": {
                        "stream": {"enum": [stream.value for stream in Stream]},
                        "items": {"type": "array", "items": CLOUD_EVENT},
                        "next": {"type": "integer"},
                        "more": {"type": "boolean"},
                    },
                }
            }
        }
    },
    404: MISSING,
    409: BEYOND,
}
BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {
                "schema": {
                    "oneOf": [
                        CLOUD_EVENT,
                        {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": MOST_REPORTS,
                            "items": CLOUD_EVENT,
                        },
                    ]
                }
            }
            for kind in (
                "application/json",
                "application/cloudevents+json",
                "application/cloudevents-batch+json",
            )
        },
    }
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The answers to pushed reports, in their order."""

    items: tuple[Answer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAnswer:
    """A bearer token of the key's unit, which all services take."""

    token: str
    unit: str
    expires_at: datetime


@router.post(
    "/token", status_code=201, openapi_extra={"security": []}, dependencies=[Depends(Unasked.KEY)]
)
async def post_token(
    here: Context,
    x_api_key: Annotated[str, Header(min_length=1, max_length=200)],
) -> TokenAnswer:
    """A token for an API key; fetch another before it expires."""
    wall = wall_now()
    async with here.runtime.pool.acquire() as connection:
        key = await holder_of(connection, x_api_key, wall=wall)
    if key is None:
        raise UnauthenticatedError("API 密钥无效或已吊销", "the API key does not hold")
    secret = here.runtime.settings.token_secret.get_secret_value()
    token = issue_token(
        secret, role=Role.DEPARTMENT, unit=key.unit, name=key.prefix, minutes=TOKEN_MINUTES
    )
    expires_at = wall + timedelta(minutes=TOKEN_MINUTES)
    return TokenAnswer(token=token, unit=key.unit, expires_at=expires_at)


@router.get("/events", response_class=Response, responses=EVENTS)
async def get_events(
    here: Context,
    caller: OfUnit,
    stream: Stream = Stream.WHISTLES,
    after: Cursor = None,
    since: Since = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    wait: Annotated[float, Query(ge=0, le=30, description="seconds to wait for the first")] = 0,
) -> Response:
    """The unit's own events of one stream, as they stand on its topic, oldest first.

    `after` continues a page (its `next`), `since` begins at a date, neither with the oldest kept.
    """
    page = await feed.events(
        here.departments.feed,
        unit_of(caller),
        stream=stream,
        after=after,
        since=moment(since),
        limit=limit,
        wait=wait,
    )
    return Response(_body(stream, page), media_type="application/json")


def _body(stream: Stream, page: Page) -> bytes:
    """The events as they are in Kafka, byte for byte."""
    more = b"true" if page.next < page.end else b"false"
    return b'{"stream":"%s","items":[%s],"next":%d,"more":%s}' % (
        stream.value.encode(),
        b",".join(page.values),
        page.next,
        more,
    )


@router.post("/reports", openapi_extra=BODY)
async def post_reports(
    request: Request, here: Context, caller: OfUnit, traceparent: Trace
) -> Answers:
    """Reports as the unit would say them on Kafka: one event, or a list of at most 500.

    Each is judged by itself; the answers stand in the same order. One that was sent before is
    given its first answer again, so a request whose answer was lost may be repeated whole.
    """
    unit = unit_of(caller)
    found = [
        read(each, unit=unit, traceparent=traceparent, sampling=here.runtime.sampling)
        for each in events_of(await request.body())
    ]
    pushes = here.departments.pushes
    judged = iter(
        await asyncio.gather(  # begun in order, and so judged
            *(pushes.submit(each) for each in found if not isinstance(each, Answer))
        )
    )
    answers = tuple(each if isinstance(each, Answer) else next(judged) for each in found)
    for answer in answers:
        metrics.PUSHED.labels(answer.verdict.value).inc()
    return Answers(items=answers)


def events_of(body: bytes) -> list[bytes]:
    """The events of a body, each as a record of Kafka would have it; InvalidError."""
    try:
        content = from_json(body, allow_inf_nan=False)
    except ValueError:
        raise _wrong_body("应为 JSON", "must be JSON") from None
    if isinstance(content, dict):
        return [body]
    if not isinstance(content, list) or not 1 <= len(content) <= MOST_REPORTS:
        raise _wrong_body(
            f"应为一条 CloudEvent，或 1 至 {MOST_REPORTS} 条的列表",
            f"must be one CloudEvent, or a list of 1 to {MOST_REPORTS}",
        )
    return [to_json(each) for each in content]


def _wrong_body(zh: str, en: str) -> InvalidError:
    return InvalidError(FieldError(field="body", zh=f"body：{zh}", en=f"body: {en}"))


def unit_of(caller: Caller) -> str:
    """The caller's unit; ForbiddenError for an account without one."""
    if caller.unit is None:
        raise ForbiddenError("您的账号没有所属单位", "the caller has no unit")
    return caller.unit


def moment(since: datetime | None) -> datetime | None:
    """A moment as it was given; without a zone it is the city's. InvalidError outside reason."""
    if since is None:
        return None
    if not EARLIEST <= since.year < LATEST:
        raise InvalidError(
            FieldError(
                field="since",
                zh=f"since：年份应在 {EARLIEST} 与 {LATEST} 之间",
                en=f"since: a year from {EARLIEST} to {LATEST}",
            )
        )
    return since if since.tzinfo is not None else since.replace(tzinfo=SHANGHAI)
