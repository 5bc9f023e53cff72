"""The board on a phone: the worst first, and a leader's instruction in two taps."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from services.notifier.api.edge import Context
from services.notifier.domain.board.scope import scope_of
from services.notifier.domain.sight import Sight
from services.notifier.pages.board_list import Found, Owed, owed_of
from services.notifier.pages.words import Words
from services.notifier.store import board as store
from services.notifier.store import supervisions
from services.notifier.store.board import Listing, Stage
from services.notifier.store.supervisions import SupervisionFilter
from shared.web.identity import Caller, allow
from shared.web.pages import page
from shared.web.times import rate_of

router = APIRouter(prefix="/board/m", include_in_schema=False)

SHOWN: Final = 20
LOOKED_AT: Final = 200
ASKED: Final = 500
Instructing = Annotated[Caller, Depends(allow("supervisions.ask"))]


@router.get("")
async def get_phone(request: Request, here: Context, caller: Instructing) -> HTMLResponse:
    """The overdue matters, those that climbed highest first, then the oldest."""
    now = here.runtime.clock.now()
    scope = scope_of(Sight())
    async with here.runtime.pool.acquire() as connection:
        found: Found = await owed_of(
            connection,
            here,
            await store.matters(
                connection, scope, Listing(stages=(Stage.OVERDUE,), limit=LOOKED_AT)
            ),
        )
        wanted = SupervisionFilter(state="open", limit=ASKED)
        asked = await supervisions.listed(connection, wanted, now)
    total = sum(stand.overdue for stand in (await here.board.snapshot(scope)).stands)
    worst = sorted(found.owed, key=_grave)[:SHOWN]
    by_place = {(each.whistle_id, each.unit): each for each in asked if each.source == "leader"}
    return await page(
        request,
        "board/phone.html",
        block="matters" if "x-part" in request.headers else None,
        worst=worst,
        more=max(0, total - len(worst)),
        asked=by_place,
        words=Words(request, here, now),
        rate=rate_of(here.runtime.clock),
    )


def _grave(each: Owed) -> tuple[object, ...]:
    return (-each.level, each.deadline.due.by, each.deadline.deadline_id)
