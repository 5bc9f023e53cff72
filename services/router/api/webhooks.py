"""The webhook of a department over HTTP: set, read, sent back to a date, its deliveries."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.router import webhooks
from services.router.api.department import PATH, OfUnit, moment, unit_of
from services.router.api.edge import Context
from services.router.context import RouterContext
from services.router.domain.department import Cursor, Stream, topic_of
from services.router.webhooks import Made, Wanted
from shared.delivery.leases import Logged
from shared.errors import FieldError, InvalidError, UnavailableError
from shared.runtime.clock import wall_now
from shared.sealing import Seals
from shared.web.description import MISSING

router = APIRouter(prefix=f"{PATH}/webhook", tags=["department"])

State = Literal["queued", "leased", "sent", "failed", "cancelled"]
BOTH: Final = tuple(Stream)


class WebhookBody(BaseModel):
    """Where a unit wants to be called, for which streams; a secret of its own if it likes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, Field(min_length=1, max_length=500)]
    streams: Annotated[tuple[Stream, ...], Field(min_length=1, max_length=10)] = BOTH
    secret: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class ReplayBody(BaseModel):
    """From where a stream is forwarded again: a cursor, or the first event since a date."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stream: Stream = Stream.WHISTLES
    after: Annotated[int, Field(ge=0, le=2**62)] | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookView:
    """A unit's webhook; `next` is the cursor of each stream, `secret` only where it is new."""

    unit: str
    url: str
    streams: tuple[Stream, ...]
    next: dict[Stream, int]
    disabled_at: datetime | None
    disabled_why: str | None
    changed_at: datetime
    changed_by: str | None
    secret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """Deliveries, newest first; `next` continues below the last one."""

    items: tuple[Logged, ...]
    next: UUID | None


@router.put("", responses={201: {"model": WebhookView}})
async def put_webhook(
    body: WebhookBody, here: Context, caller: OfUnit, response: Response
) -> WebhookView:
    """Set the unit's webhook; what comes from now on is forwarded (Standard Webhooks).

    The signing secret is told in this answer and never again. One that was off is called again.
    """
    unit, seals = unit_of(caller), _seals(here)
    ends = await webhooks.begins(here.departments.feed, unit, body.streams)
    async with here.runtime.transaction() as connection:
        made = await webhooks.put_webhook(
            connection,
            unit,
            wanted=Wanted(url=body.url, streams=body.streams, secret=body.secret),
            ends=ends,
            by=caller.name,
            wall=wall_now(),
            seals=seals,
        )
    response.status_code = 201 if made.new else 200
    return _view(made)


@router.get("", responses={404: MISSING})
async def get_webhook(here: Context, caller: OfUnit) -> WebhookView:
    """The unit's webhook, without its secret."""
    async with here.runtime.pool.acquire() as connection:
        return _view(await webhooks.find(connection, unit_of(caller)))


@router.delete("", status_code=204)
async def delete_webhook(here: Context, caller: OfUnit) -> Response:
    """Call the unit no more; what waited is given up, and stays readable on its topics."""
    async with here.runtime.transaction() as connection:
        await webhooks.remove(connection, unit_of(caller), wall=wall_now())
    return Response(status_code=204)


@router.post("/secret", status_code=201)
async def post_secret(here: Context, caller: OfUnit) -> WebhookView:
    """A new signing secret; for a day calls are signed with the one before, too."""
    async with here.runtime.transaction() as connection:
        made = await webhooks.change_secret(
            connection, unit_of(caller), by=caller.name, wall=wall_now(), seals=_seals(here)
        )
    return _view(made)


@router.post("/replay", status_code=202)
async def post_replay(body: ReplayBody, here: Context, caller: OfUnit) -> WebhookView:
    """Forward a stream again from a cursor or a date; each event keeps its own id."""
    if (body.after is None) == (body.since is None):
        raise InvalidError(
            FieldError(
                field="after",
                zh="after、since：请给出其中一个",
                en="after, since: exactly one of them",
            )
        )
    unit, feed, seals = unit_of(caller), here.departments.feed, _seals(here)
    offset = await feed.offset(unit, body.stream, after=body.after, since=moment(body.since))
    end = await feed.reading.end(topic_of(unit, body.stream))
    cursor = Cursor(unit=unit, stream=body.stream, next=min(offset, end))
    async with here.runtime.transaction() as connection:
        await webhooks.replay(connection, cursor, seals=seals)
        made = await webhooks.find(connection, unit)
    return _view(made)


@router.get("/deliveries")
async def get_deliveries(
    here: Context,
    caller: OfUnit,
    state: State | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Deliveries:
    """What the unit was told or shall be, with every try, newest first; kept for 30 days."""
    async with here.runtime.pool.acquire() as connection:
        found = await webhooks.list_deliveries(
            connection, unit_of(caller), state=state, below=cursor, limit=limit + 1
        )
    items = tuple(found[:limit])
    return Deliveries(items=items, next=items[-1].delivery_id if len(found) > limit else None)


@router.post("/deliveries/{delivery_id}/resend", status_code=202, response_class=Response)
async def post_resend(delivery_id: UUID, here: Context, caller: OfUnit) -> Response:
    """Send one again under its old id."""
    async with here.runtime.transaction() as connection:
        await webhooks.send_again(connection, unit_of(caller), delivery_id, wall=wall_now())
    return Response(status_code=202)


def _seals(here: RouterContext) -> Seals:
    seals = here.departments.seals
    if seals is None:
        raise UnavailableError("本系统未配置回调密钥库", "no vault key is configured")
    return seals


def _view(made: Made) -> WebhookView:
    webhook = made.webhook
    return WebhookView(
        unit=webhook.unit,
        url=webhook.url,
        streams=webhook.streams,
        next={each.stream: each.next for each in made.cursors},
        disabled_at=webhook.disabled_at,
        disabled_why=webhook.disabled_why,
        changed_at=webhook.changed_at,
        changed_by=webhook.changed_by,
        secret=made.secret,
    )
