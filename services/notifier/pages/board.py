"""The supervision board (督办看板): on one screen what is late, where, and whether all is heard."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from services.notifier.api.edge import Context
from services.notifier.api.sight import sight
from services.notifier.api.views import Viewer, account_of
from services.notifier.board import Snapshot
from services.notifier.domain.board.ageing import Age
from services.notifier.pages.board_chosen import KINDS, Chosen, regions_of
from services.notifier.pages.words import Words
from services.notifier.store import views as store
from shared.contracts.values import Urgency
from shared.csv_text import BYTE_ORDER_MARK, line
from shared.runtime.clock import wall_now
from shared.web.identity import Caller
from shared.web.pages import page
from shared.web.times import rate_of

router = APIRouter(prefix="/board", include_in_schema=False)

CHARTED: Final = 10
RISING_SHOWN: Final = 8
QUIET_SECONDS: Final = 300  # longer without any fact is told
CENTRE: Final = "-"  # the hotline centre, where an address names a unit


@router.get("")
async def get_board(
    request: Request,
    here: Context,
    caller: Viewer,
    chosen: Annotated[Chosen, Depends()],
) -> HTMLResponse:
    """The board, or what of it changes for a page that looks anew."""
    seen = sight(caller, here.catalogue)
    found = await here.board.snapshot(chosen.scope(seen))
    words = Words(request, here, found.now)
    return await page(
        request,
        "board/board.html",
        block="board" if "x-part" in request.headers else None,
        found=found,
        chosen=chosen,
        words=words,
        ages=list(Age),
        kinds=KINDS,
        urgencies=list(Urgency),
        regions=regions_of(here, seen),
        sight=seen,
        units=_units(found, words, chosen),
        views=await _views(here, caller),
        chart=_chart(found, words),
        rising_shown=RISING_SHOWN,
        quiet=_quiet(found),
        wall=wall_now(),
        may_audit=caller.may("audit.see"),
        may_replay=caller.may("events.replay"),
        rate=rate_of(here.runtime.clock),
    )


@router.get(".csv")
async def get_board_csv(
    request: Request,
    here: Context,
    caller: Viewer,
    chosen: Annotated[Chosen, Depends()],
) -> Response:
    """The table of units, as spreadsheets open it."""
    found = await here.board.snapshot(chosen.scope(sight(caller, here.catalogue)))
    words = Words(request, here, found.now)
    head = ("unit", "code", "open", "soon", "overdue", *(f"age.{age}" for age in Age))
    rows = [[*(words.say(f"board.csv.{name}") for name in head), words.say("board.csv.paused")]]
    rows += [
        [
            *(words.unit(stand.unit), stand.unit or "", str(stand.open), str(stand.soon)),
            *(str(stand.overdue), *(str(stand.late[age]) for age in Age), str(stand.paused)),
        ]
        for stand in found.stands
    ]
    text = BYTE_ORDER_MARK + "".join(map(line, rows))
    return Response(
        text,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="board.csv"'},
    )


def _units(found: Snapshot, words: Words, chosen: Chosen) -> list[tuple[str, str]]:
    """The units to choose from: those that have anything open."""
    codes = {stand.unit for stand in found.stands if stand.unit} | ({chosen.unit} - {""})
    return sorted((code, words.unit(code)) for code in codes)


async def _views(here: Any, caller: Caller) -> list[store.BoardView]:
    async with here.runtime.pool.acquire() as connection:
        return await store.of_account(connection, account_of(caller))


def _chart(found: Snapshot, words: Words) -> dict[str, Any]:
    """What the script draws: overdue by unit and age, the worst first; the table says the same."""
    worst = [stand for stand in found.stands if stand.overdue][:CHARTED]
    return {
        "units": [words.unit(stand.unit) for stand in worst],
        "codes": [stand.unit or CENTRE for stand in worst],
        "ages": [
            {
                "age": age.value,
                "name": words.say(f"board.age.{age}"),
                "counts": [stand.late[age] for stand in worst],
            }
            for age in Age
        ],
    }


def _quiet(found: Snapshot) -> bool:
    """Whether nothing was heard for longer than is usual."""
    heard = found.heard.heard_at
    return heard is None or (found.now - heard).total_seconds() > QUIET_SECONDS
