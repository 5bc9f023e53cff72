"""Reviews over HTTP: the word on a unit's return, and on its wish for more time."""

from uuid import UUID

from fastapi import APIRouter

from services.router import look, rule
from services.router.api.edge import Context, Reviewer, Trace
from services.router.domain.extension import Extension
from services.router.domain.ruling import Ruling
from services.router.look import WhistleItem

router = APIRouter(prefix="/api/v1", tags=["review"])


@router.post("/whistles/{whistle_id}/rulings", status_code=201)
async def post_ruling(
    whistle_id: UUID, body: Ruling, here: Context, caller: Reviewer, traceparent: Trace
) -> WhistleItem:
    """A reviewer's word on a unit's return."""
    async with here.runtime.transaction() as connection:
        whistle = await rule.rule(
            connection,
            whistle_id,
            body,
            actor=caller.actor(),
            city=here.city,
            now=here.runtime.clock.now(),
            traceparent=traceparent,
        )
    return look.item(whistle)


@router.post("/whistles/{whistle_id}/extensions", status_code=201)
async def post_extension(
    whistle_id: UUID, body: Extension, here: Context, caller: Reviewer, traceparent: Trace
) -> WhistleItem:
    """A reviewer's word on a unit's extension."""
    async with here.runtime.transaction() as connection:
        whistle = await rule.extend(
            connection,
            whistle_id,
            body,
            actor=caller.actor(),
            city=here.city,
            now=here.runtime.clock.now(),
            traceparent=traceparent,
        )
    return look.item(whistle)
