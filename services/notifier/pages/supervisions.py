"""Written questions to units: what waits for an answer first, with its time, and the answers."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from services.notifier.api.edge import Context
from services.notifier.api.sight import sight
from services.notifier.api.supervisions import item
from services.notifier.pages.words import Words
from services.notifier.store import board, supervisions
from services.notifier.store.supervisions import SupervisionFilter
from shared.catalogue.rights import Scope, scope_of
from shared.web.identity import Caller, allow
from shared.web.pages import page
from shared.web.times import rate_of

router = APIRouter(prefix="/board/supervisions", include_in_schema=False)

OPEN_SHOWN: Final = 300
ANSWERED_SHOWN: Final = 50
Looker = Annotated[Caller, Depends(allow("supervisions.open"))]


@router.get("")
async def get_supervisions(request: Request, here: Context, caller: Looker) -> HTMLResponse:
    """Unanswered ones by when the answer is due, then the last that were answered."""
    now = here.runtime.clock.now()
    unit = sight(caller, here.catalogue).unit
    async with here.runtime.pool.acquire() as connection:
        waiting = await supervisions.listed(
            connection, SupervisionFilter(unit=unit, state="open", limit=OPEN_SHOWN), now
        )
        answered = await supervisions.listed(
            connection, SupervisionFilter(unit=unit, state="answered", limit=ANSWERED_SHOWN), now
        )
        subjects = [each.whistle_id or each.ticket_id for each in (*waiting, *answered)]
        about = await board.about(connection, [each for each in subjects if each is not None])
    shown = [each for each in waiting if not each.canary]
    return await page(
        request,
        "board/supervisions.html",
        block="supervisions" if "x-part" in request.headers else None,
        waiting=[item(each, now) for each in sorted(shown, key=lambda each: each.answer_by.by)],
        answered=[item(each, now) for each in answered if not each.canary],
        about=about,
        unit=unit,
        may_answer=lambda asked: _may_answer(caller, asked.unit),
        words=Words(request, here, now),
        rate=rate_of(here.runtime.clock),
    )


def _may_answer(caller: Caller, unit: str | None) -> bool:
    """Its own unit's people; for what no unit has, the hotline centre's."""
    scope = scope_of(caller.role, "supervisions.answer")
    if scope is None:
        return False
    return scope is Scope.CITY if unit is None else caller.unit == unit
