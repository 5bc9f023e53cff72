"""The street console's board: what was whistled, how far each unit has come, on list and map."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from services.router import board
from services.router.api.edge import Context, sight
from services.router.board import BoardItem
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.joint.board import BoardPart, Stage
from services.router.domain.joint.doing import may_do
from services.router.look import Sight
from services.router.pages.console_map import point_of
from services.router.pages.console_viewer import Viewer, kinds_of
from services.router.pages.work_words import Words
from services.router.store import whistles as store
from shared.catalogue.terms import Term
from shared.contracts.parts import WhistleState
from shared.contracts.values import Due, Relation, WhistleKind
from shared.runtime.database import Connection
from shared.web.identity import Caller
from shared.web.pages import page
from shared.web.times import rate_of

router = APIRouter(prefix="/console", include_in_schema=False)

SHOWN: Final = 200
STATES: Final = tuple(state for state in WhistleState if state is not WhistleState.HELD)
WAY: Final = (Stage.SENT, Stage.ACKNOWLEDGED, Stage.ON_THE_WAY, Stage.ON_SITE, Stage.WORKING)
"""The steps of a unit's way before it is done or let go."""
KIND_TAG: Final = {
    WhistleKind.EMERGENCY: "tag-bad",
    WhistleKind.JOINT_ENFORCEMENT: "tag-whistle",
    WhistleKind.KEY_WORK: "tag-main",
    WhistleKind.CITIZEN_DEMAND: "",
}
STATE_TAG: Final = {
    WhistleState.OPEN: "tag-main",
    WhistleState.AWAITING_ACCEPTANCE: "tag-whistle",
    WhistleState.ACCEPTED: "tag-good",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What of the board is shown; empty is all that runs."""

    kind: Annotated[str, Query(pattern="^[a-z_]*$")] = ""
    state: Annotated[str, Query(pattern="^[a-z_]*$")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """A community's whistle that its street may still take over or withdraw."""

    item: BoardItem
    due: Due
    may: tuple[str, ...]


@router.get("")
async def get_board(
    request: Request,
    here: Context,
    caller: Viewer,
    filters: Annotated[Filters, Depends()],
) -> HTMLResponse:
    """The board, or what of it changes for a page that looks anew."""
    city, now, sees = here.city, here.runtime.clock.now(), sight(caller, here)
    async with here.runtime.pool.acquire() as connection:
        found = await board.board(
            connection,
            kind=WhistleKind(filters.kind) if filters.kind in set(WhistleKind) else None,
            state=WhistleState(filters.state) if filters.state in STATES else None,
            since=None,
            sight=sees,
            city=city,
            now=now,
            cursor=None,
            limit=SHOWN,
        )
        fresh = await just_blown(connection, caller, sees, city, now)
    return await page(
        request,
        "console/board.html",
        block="board" if "x-part" in request.headers else None,
        items=found.items,
        more=found.next is not None,
        shown=SHOWN,
        fresh=fresh,
        filters=filters,
        kinds=list(WhistleKind),
        states=STATES,
        way=WAY,
        kind_tag=KIND_TAG,
        state_tag=STATE_TAG,
        words=Words(request, city, now),
        tone_of=lambda part: tone_of(part, now),
        may_blow=bool(kinds_of(caller, city)),
        pins=[pin_of(item, city) for item in found.items],
        rate=rate_of(here.runtime.clock),
        own_region=city.catalogue.region_name(sees.region) if sees.region else None,
    )


async def just_blown(
    connection: Connection, caller: Caller, sees: Sight, city: City, now: datetime
) -> list[Fresh]:
    """What communities of the caller's street blew so lately that it may take it over."""
    promises = Promises(city, now)
    term = city.limits.term(Term.TAKE_OVER)
    window = promises.due(term).by - now
    found = await board.board(
        connection,
        kind=None,
        state=None,
        since=now - max(window, timedelta(0)),
        sight=sees,
        city=city,
        now=now,
        cursor=None,
        limit=SHOWN,
    )
    items = {i.whistle_id: i for i in found.items if i.takeover_by and i.takeover_by >= now}
    fresh = []
    for whistle in await store.read_whistles(connection, list(items)):
        may = may_do(whistle, actor=caller.actor(), promises=promises, marks=())
        if "take_over" in may:
            item = items[whistle.whistle_id]
            due = promises.due(term, item.blown_at)
            fresh.append(Fresh(item=item, due=due, may=may))
    return sorted(fresh, key=lambda each: each.due.by)


def tone_of(part: BoardPart, now: datetime) -> str:
    """How a unit's countdown looks: late, soon (less than a fifth is left), or calm."""
    if part.due is None:
        return ""
    if part.late:
        return "bad"
    whole = part.due.by - part.due.started_at
    return "warn" if part.due.by - now < whole / 5 else "main"


def pin_of(item: BoardItem, city: City) -> dict[str, Any] | None:
    """The whistle as a pin: how it looks is how its slowest unit stands."""
    point = point_of(item.place, city)
    if point is None:
        return None
    called = [part for part in item.parts if part.relation is not Relation.INFORMED]
    order = list(Stage)
    stages = [part.stage for part in called if part.stage is not Stage.RELEASED]
    return {
        **point,
        "whistle_id": str(item.whistle_id),
        "title": item.title,
        "kind": item.kind.value,
        "stage": min(stages, key=order.index).value if stages else Stage.DONE.value,
        "late": any(part.late for part in called),
    }
