"""The dispatcher's desk (派单台): what waits, by what is due first, and all it takes to decide."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from services.router import look, waiting
from services.router.api.edge import Context
from services.router.domain.city import City
from services.router.look import Sight
from services.router.pages.sketch import sketch_of
from services.router.pages.work_words import Words
from services.router.store import queue
from services.router.store import reviews as review_store
from services.router.store.queue import Wanted
from services.router.waiting import HeldItem, HeldReason, MergeItem
from shared.catalogue.regions import RegionLevel
from shared.contracts.parts import Role
from shared.contracts.values import Due, Urgency
from shared.errors import NotFoundError
from shared.runtime.database import Connection
from shared.web.identity import Caller, allow
from shared.web.pages import page

router = APIRouter(prefix="/dispatch", include_in_schema=False)

SHOWN: Final = 200
DESKS: Final = ("mine", "dispatcher", "shift_lead", "supervisor")
REASON_TAG: Final = {
    HeldReason.NO_OWNER: "tag-bad",
    HeldReason.CONFLICT: "tag-warn",
    HeldReason.MERGE: "tag-whistle",
}
Viewer = Annotated[Caller, Depends(allow("queue.see"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the queue: a held ticket or a merge."""

    key: str
    address: str
    due: Due
    urgency: Urgency
    reason: HeldReason
    held: HeldItem | None = None
    merge: MergeItem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What of the queue is shown; empty is everything."""

    urgency: Annotated[str, Query(pattern="^(critical|urgent|normal)?$")] = ""
    region: Annotated[str, Query(pattern=r"^(\d{6,12})?$")] = ""
    category: Annotated[str, Query(pattern=r"^(\d{2,4})?$")] = ""
    desk: Annotated[str, Query(pattern="^(mine|dispatcher|shift_lead|supervisor)?$")] = ""
    reason: Annotated[str, Query(pattern="^[a-z_]*$")] = ""

    def wanted(self, caller: Caller) -> Wanted:
        """The same as the store is asked."""
        mine = self.desk == "mine"
        return Wanted(
            urgency=Urgency(self.urgency) if self.urgency else None,
            region=self.region or None,
            category=self.category or None,
            desk=caller.role.value if mine else self.desk or None,
            desk_name=caller.name if mine and caller.role is Role.DISPATCHER else None,
        )


@router.get("")
async def get_queue(
    request: Request,
    here: Context,
    caller: Viewer,
    filters: Annotated[Filters, Depends()],
    part: str | None = None,
) -> HTMLResponse:
    """The queue with the case beside it; `part=queue` is the queue alone."""
    now = here.runtime.clock.now()
    async with here.runtime.pool.acquire() as connection:
        rows, more = await _rows(connection, filters, caller, now)
        releases = await _releases(connection, caller)
    catalogue = here.city.catalogue
    majors = {each.major_code: each.major_name for each in catalogue.categories.values()}
    return await page(
        request,
        "dispatch/queue.html",
        block="queue" if part == "queue" else None,
        rows=rows,
        more=more,
        releases=releases,
        shown=SHOWN,
        filters=filters,
        words=Words(request, here.city, now),
        may_dispatch=caller.may("queue.dispatch"),
        reasons=list(HeldReason),
        reason_tag=REASON_TAG,
        urgencies=list(Urgency),
        desks=DESKS,
        districts=[
            (code, region.name)
            for code, region in sorted(catalogue.regions.items())
            if region.level is RegionLevel.DISTRICT
        ],
        majors=sorted(majors.items()),
        units=_units(here.city),
        categories=_categories(here.city),
    )


async def _rows(
    connection: Connection, filters: Filters, caller: Caller, now: datetime
) -> tuple[list[Row], bool]:
    """Held tickets and merges together, by what is due first; whether there are more."""
    reason = HeldReason(filters.reason) if filters.reason in set(HeldReason) else None
    rows: list[Row] = []
    more = False
    if reason is not HeldReason.MERGE:
        found = await waiting.held(
            connection,
            filters.wanted(caller),
            reason=reason,
            now=now,
            cursor=None,
            limit=SHOWN,
        )
        more = found.next is not None
        rows += [_held_row(item) for item in found.items]
    if reason in (None, HeldReason.MERGE) and not filters.desk:
        merges = (await waiting.merges(connection, now=now)).items
        rows += [_merge_row(each) for each in merges if _fits(each, filters)]
    return sorted(rows, key=lambda row: (row.due.by, row.key)), more


async def _releases(connection: Connection, caller: Caller) -> int:
    """How many leads wait for the dispatcher's word on a unit they would let go."""
    if not caller.may("queue.dispatch"):
        return 0
    asked = review_store.Wanted(for_role=Role.DISPATCHER)
    return len(await review_store.page(connection, asked, after=None, limit=SHOWN))


def _held_row(item: HeldItem) -> Row:
    return Row(
        key=str(item.ticket_id),
        address=f"/dispatch/{item.ticket_id}",
        due=item.dispatch_by,
        urgency=item.urgency,
        reason=item.reason,
        held=item,
    )


def _merge_row(merge: MergeItem) -> Row:
    return Row(
        key=f"m-{merge.ticket_id}",
        address=f"/dispatch/merges/{merge.ticket_id}",
        due=merge.due,
        urgency=merge.urgency,
        reason=HeldReason.MERGE,
        merge=merge,
    )


def _fits(merge: MergeItem, filters: Filters) -> bool:
    region, category = merge.own.place.region or "", merge.own.whistle.category or ""
    return (
        filters.urgency in ("", merge.urgency.value)
        and region.startswith(filters.region)
        and category.startswith(filters.category)
    )


@router.get("/merges/{ticket_id}")
async def get_merge(
    request: Request, ticket_id: UUID, here: Context, caller: Viewer
) -> HTMLResponse:
    """Both whistles of a merge side by side."""
    now = here.runtime.clock.now()
    async with here.runtime.pool.acquire() as connection:
        items = (await waiting.merges(connection, now=now)).items
    merge = next((each for each in items if each.ticket_id == ticket_id), None)
    if merge is None:
        return await _gone(request, ticket_id, here, caller)
    return await page(
        request,
        "dispatch/merge.html",
        merge=merge,
        words=Words(request, here.city, now),
        may_dispatch=caller.may("queue.dispatch"),
        desk_address=_desk_address(here),
    )


@router.get("/{ticket_id}")
async def get_case(
    request: Request, ticket_id: UUID, here: Context, caller: Viewer
) -> HTMLResponse:
    """One held ticket; one that is not held any more tells who did what."""
    now = here.runtime.clock.now()
    async with here.runtime.pool.acquire() as connection:
        found = await waiting.held(
            connection, Wanted(ticket_id=ticket_id), now=now, cursor=None, limit=1
        )
        item = found.items[0] if found.items else None
        similar = await queue.tickets(connection, item.hints.similar) if item else {}
        timeline = await look.moments(connection, item.whistle_id) if item else []
    if item is None:
        return await _gone(request, ticket_id, here, caller)
    settings = here.runtime.settings
    return await page(
        request,
        "dispatch/case.html",
        item=item,
        similar=[similar[each].registered for each in item.hints.similar if each in similar],
        timeline=timeline,
        sketch=sketch_of(item.place, here.city, tile_url=settings.tile_url),
        words=Words(request, here.city, now),
        reason_tag=REASON_TAG,
        may_dispatch=caller.may("queue.dispatch"),
        desk_address=_desk_address(here),
    )


async def _gone(request: Request, ticket_id: UUID, here: Any, caller: Caller) -> HTMLResponse:
    """It does not wait any more: its whistle as it stands, and what happened to it."""
    now = here.runtime.clock.now()
    async with here.runtime.pool.acquire() as connection:
        listed = await look.listed(
            connection,
            ticket_id=ticket_id,
            unit=None,
            state=None,
            sight=Sight(),
            now=now,
            cursor=None,
            limit=1,
        )
        if not listed.items:
            raise NotFoundError("没有这张工单", "there is no such ticket")
        detail = await look.detail(connection, listed.items[0].whistle_id, sight=Sight(), now=now)
    return await page(
        request,
        "dispatch/gone.html",
        detail=detail,
        words=Words(request, here.city, now),
        may_dispatch=caller.may("queue.dispatch"),
    )


def _desk_address(here: Any) -> str | None:
    """Where a ticket's own page is, at intake."""
    url = here.runtime.settings.intake_url
    return None if url is None else str(url).rstrip("/") + "/desk/tickets/"


def _units(city: City) -> list[Mapping[str, str]]:
    """The units that may be called, for the field one types into."""
    return [{"value": unit.code, "label": unit.name} for unit in city.catalogue.callable_units()]


def _categories(city: City) -> list[Mapping[str, str]]:
    return [
        {"value": each.code, "label": f"{each.name} · {each.major_name}"}
        for each in city.catalogue.categories.values()
    ]
