"""Held tickets over HTTP: the dispatcher's queue, and a person's dispatch."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.router import by_hand, look
from services.router.api.edge import Context, Dispatcher, Trace
from services.router.by_hand import Dispatching
from services.router.look import HeldPage, WhistleItem

router = APIRouter(prefix="/api/v1", tags=["dispatch"])


@router.get("/held")
async def list_held(
    here: Context,
    caller: Dispatcher,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> HeldPage:
    """The tickets that wait for a dispatcher, with the candidates and why."""
    async with here.runtime.pool.acquire() as connection:
        return await look.held(connection, now=here.runtime.clock.now(), cursor=cursor, limit=limit)


@router.post("/held/{ticket_id}/dispatch", status_code=201)
async def post_dispatch(
    ticket_id: UUID, body: Dispatching, here: Context, caller: Dispatcher, traceparent: Trace
) -> WhistleItem:
    """Whistle the units a person chose."""
    async with here.runtime.transaction() as connection:
        whistle = await by_hand.dispatch_held(
            connection,
            ticket_id,
            body,
            actor=caller.actor(),
            city=here.city,
            now=here.runtime.clock.now(),
            traceparent=traceparent,
        )
    return look.item(whistle)
