"""Whistles over HTTP: read, and blown by streets and communities."""

from typing import Annotated
from uuid import UUID

from fastapi import Header, Query, Response

from services.router import blow, look
from services.router.api.edge import Blowing, Context, Looking, Trace, sight
from services.router.domain.joint.blowing import Blow
from services.router.look import WhistleDetail, WhistleItem, WhistlePage
from shared.contracts.parts import WhistleState
from shared.web.commands import CommandRouter

router = CommandRouter(prefix="/api/v1", tags=["whistles"])


@router.get("/whistles")
async def list_whistles(
    here: Context,
    caller: Looking,
    ticket_id: UUID | None = None,
    unit: str | None = None,
    state: WhistleState | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> WhistlePage:
    """Whistles of a ticket, a unit or in a state, newest first."""
    async with here.runtime.pool.acquire() as connection:
        return await look.listed(
            connection,
            ticket_id=ticket_id,
            unit=unit,
            state=state,
            sight=sight(caller, here),
            now=here.runtime.clock.now(),
            cursor=cursor,
            limit=limit,
        )


@router.get("/whistles/{whistle_id}")
async def get_whistle(whistle_id: UUID, here: Context, caller: Looking) -> WhistleDetail:
    """One whistle with its assignments, dues, trace and history."""
    async with here.runtime.pool.acquire() as connection:
        return await look.detail(
            connection,
            whistle_id,
            sight=sight(caller, here),
            now=here.runtime.clock.now(),
            repeats_days=here.city.policy.joint.repeats_days,
        )


@router.post("/whistles", status_code=201)
async def post_whistle(
    body: Blow,
    here: Context,
    caller: Blowing,
    response: Response,
    traceparent: Trace,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> WhistleItem:
    """Blow a whistle; the same Idempotency-Key gives the same whistle."""
    async with here.runtime.transaction() as connection:
        blown = await blow.blow(
            connection,
            body,
            actor=caller.actor(on_behalf_of=body.on_behalf_of),
            key=idempotency_key,
            city=here.city,
            now=here.runtime.clock.now(),
            traceparent=traceparent,
            files_at=here.shelf.address,
        )
    response.status_code = 201 if blown.new else 200
    return look.item(blown.whistle)
