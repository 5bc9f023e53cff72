"""The delivery log over HTTP: what was sent outside to whom by reference, each try, and again."""

from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from services.notifier.api.edge import Context, Operating
from shared.delivery import leases
from shared.delivery.leases import Sent
from shared.delivery.outgoing import Channel
from shared.errors import ConflictError, NotFoundError
from shared.runtime.clock import wall_now
from shared.web.description import MISSING

router = APIRouter(prefix="/api/v1", tags=["deliveries"])

State = Literal["queued", "leased", "sent", "failed", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPage:
    """Deliveries, newest first; `next` continues below the last one."""

    items: list[Sent]
    next: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """It is queued again, under the same key."""

    delivery_id: UUID


@router.get("/deliveries")
async def list_deliveries(
    here: Context,
    _caller: Operating,
    channel: Channel | None = None,
    state: State | None = None,
    about: UUID | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> DeliveryPage:
    """What was sent or waits: by channel, by how it ended, about one whistle or ticket."""
    async with here.runtime.pool.acquire() as connection:
        found = await leases.logged(
            connection, below=cursor, channel=channel, state=state, about=about, limit=limit + 1
        )
    page = found[:limit]
    return DeliveryPage(items=page, next=page[-1].delivery_id if len(found) > limit else None)


@router.post("/deliveries/{delivery_id}/again", responses={404: MISSING})
async def send_again(delivery_id: UUID, here: Context, _caller: Operating) -> Queued:
    """Send one again, whether it failed, was sent or waits."""
    async with here.runtime.transaction() as connection:
        queued = await leases.any_again(connection, delivery_id, wall=wall_now())
        known = queued or await leases.is_known(connection, delivery_id)
    if not known:
        raise NotFoundError("没有这条发送记录", "there is no such delivery")
    if not queued:
        raise ConflictError("正在发送中，请稍后再试", "it is being sent right now")
    return Queued(delivery_id=delivery_id)
