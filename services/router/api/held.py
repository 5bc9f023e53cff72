"""The dispatcher's queue over HTTP: held tickets, one or many dispatched, handed over, merges."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from services.router import assist, bulk, by_hand, hand_over, join, waiting
from services.router.api.command import done
from services.router.api.edge import Context, Dispatcher, Trace
from services.router.assist import Assisting
from services.router.bulk import Bulk, BulkAnswer
from services.router.by_hand import Dispatching
from services.router.hand_over import HandOver
from services.router.join import MergeWord
from services.router.look import WhistleItem
from services.router.store.queue import Wanted
from services.router.waiting import HeldPage, HeldReason, MergePage
from shared.contracts.parts import Role
from shared.contracts.values import Urgency
from shared.web.commands import CommandRouter
from shared.web.identity import Caller, allow

router = CommandRouter(prefix="/api/v1", tags=["dispatch"])

# The shift lead sees to it that somebody dispatches; dispatching is the dispatcher's.
QueueReader = Annotated[Caller, Depends(allow("queue.see"))]
Few = Annotated[int, Query(ge=1, le=500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkAnswers:
    """What became of each ticket, or would become of it."""

    preview: bool
    items: list[BulkAnswer]


@router.get("/held")
async def list_held(
    here: Context,
    caller: QueueReader,
    urgency: Urgency | None = None,
    region: Annotated[str | None, Query(pattern=r"^\d{6,15}$")] = None,
    category: Annotated[str | None, Query(pattern=r"^\d{2,4}$")] = None,
    reason: HeldReason | None = None,
    desk: Role | None = None,
    desk_name: Annotated[str | None, Query(max_length=64)] = None,
    cursor: UUID | None = None,
    limit: Few = 100,
) -> HeldPage:
    """The tickets that wait for a dispatcher, by what is due first, with candidates and why."""
    wanted = Wanted(
        urgency=urgency, region=region, category=category, desk=desk, desk_name=desk_name
    )
    async with here.runtime.pool.acquire() as connection:
        return await waiting.held(
            connection,
            wanted,
            reason=reason,
            now=here.runtime.clock.now(),
            cursor=cursor,
            limit=limit,
        )


@router.post("/held/{ticket_id}/dispatch", status_code=201)
async def post_dispatch(
    ticket_id: UUID, body: Dispatching, here: Context, caller: Dispatcher, traceparent: Trace
) -> WhistleItem:
    """Whistle the units a person chose."""
    return await done(by_hand.dispatch_held, ticket_id, body, here, caller, traceparent)


@router.post("/held/dispatches")
async def post_dispatches(
    body: Bulk, here: Context, caller: Dispatcher, traceparent: Trace
) -> BulkAnswers:
    """Whistle the units of many tickets, or with `preview` tell what would be called and why."""
    async with here.runtime.transaction() as connection:
        answers = await bulk.dispatch_many(
            connection,
            body,
            actor=caller.actor(),
            city=here.city,
            now=here.runtime.clock.now(),
            traceparent=traceparent,
        )
    return BulkAnswers(preview=body.preview, items=answers)


@router.post("/held/{ticket_id}/hand-overs", status_code=201)
async def post_hand_over(
    ticket_id: UUID, body: HandOver, here: Context, caller: QueueReader, traceparent: Trace
) -> WhistleItem:
    """Hand a held ticket over, with a note."""
    return await done(hand_over.hand_over, ticket_id, body, here, caller, traceparent)


@router.get("/merges")
async def list_merges(here: Context, caller: QueueReader) -> MergePage:
    """The merged tickets whose two whistles two units lead, side by side."""
    async with here.runtime.pool.acquire() as connection:
        return await waiting.merges(connection, now=here.runtime.clock.now())


@router.post("/merges/{ticket_id}/decisions", status_code=201)
async def post_merge_decision(
    ticket_id: UUID, body: MergeWord, here: Context, caller: Dispatcher, traceparent: Trace
) -> WhistleItem:
    """Keep one lead and release the other, or let both work on; the whistle that is kept."""
    return await done(join.settle, ticket_id, body, here, caller, traceparent)


@router.post("/whistles/{whistle_id}/assisting", status_code=201)
async def post_assisting(
    whistle_id: UUID, body: Assisting, here: Context, caller: Dispatcher, traceparent: Trace
) -> WhistleItem:
    """Call one more unit to assist the lead."""
    return await done(assist.assist, whistle_id, body, here, caller, traceparent)
