"""What the auditor found, how the canary fares, and what is held back: for ops and auditors."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.notifier.api.audit import Auditing
from services.notifier.api.edge import Context
from services.notifier.domain.canary import state_of
from services.notifier.pages.words import Words
from services.notifier.store import audit, canary, gaps, messages
from shared.runtime.clock import wall_now
from shared.web.ops_pages import AUDITS
from shared.web.pages import page
from shared.web.strings import language_of
from shared.web.times import ago

router = APIRouter(prefix="/ops/audit", include_in_schema=False)

SHOWN: Final = 200
RUNS: Final = 5
ACCEPTED: Final = 20
HELD: Final = 100
NEWEST: Final = 2**62


@router.get("")
async def get_audit(request: Request, here: Context, caller: Auditing) -> HTMLResponse:
    """The last runs, the open mismatches with expected and found, the canary, held notices."""
    now, wall = here.runtime.clock.now(), wall_now()
    async with here.runtime.pool.acquire() as connection:
        runs = await audit.runs(connection, limit=RUNS)
        counts = await audit.open_by_kind(connection)
        found = await audit.mismatches(
            connection, states=["open"], kind=None, before=NEWEST, limit=SHOWN + 1
        )
        accepted = await audit.mismatches(
            connection, states=["accepted"], kind=None, before=NEWEST, limit=ACCEPTED
        )
        last_ok = await canary.last_ok(connection)
        held = await messages.held_in_all(connection)
        people = await messages.held_by_person(connection, limit=HELD)
        unwatched = await gaps.unreleased(connection)
    language = language_of(request)
    return await page(
        request,
        "board/audit.html",
        block="audit" if "x-part" in request.headers else None,
        runs=runs,
        counts=counts,
        mismatches=found[:SHOWN],
        accepted=accepted,
        may_accept=caller.may("audit.accept"),
        more=len(found) > SHOWN,
        shown=SHOWN,
        canary=state_of(last_ok, wall),
        canary_ago=None if last_ok is None else ago(last_ok, now=wall, language=language),
        held=held,
        people=people,
        gaps=unwatched,
        may_release=caller.may("notices.operate"),
        beside=[],
        audits=AUDITS,
        words=Words(request, here, now),
        wall=wall,
    )
