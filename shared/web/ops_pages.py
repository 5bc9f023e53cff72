"""Pages for ops teams, the same in every service: dead letters and parked events, with replay."""

from itertools import groupby
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from shared.runtime import dead_letters
from shared.runtime.clock import wall_now
from shared.runtime.dead_letters import DeadLetter
from shared.runtime.service import Runtime
from shared.runtime.settings import ServiceSettings
from shared.web.identity import Caller, allow
from shared.web.pages import page
from shared.web.strings import language_of
from shared.web.times import ago

router = APIRouter(prefix="/ops", include_in_schema=False)

SHOWN: Final = 500
SERVICES: Final = ("intake", "router", "notifier")
AUDITS: Final = "notifier"  # where promises are kept and checked
Ops = Annotated[Caller, Depends(allow("events.replay"))]


@router.get("/dead-letters")
async def get_dead_letters(request: Request, _caller: Ops) -> HTMLResponse:
    """Records that could not be read, by error."""
    return await _letters(request, "dead")


@router.get("/parked")
async def get_parked(request: Request, _caller: Ops) -> HTMLResponse:
    """Events whose handling failed, and the later ones of their subject, by error."""
    return await _letters(request, "parked")


async def _letters(request: Request, kind: dead_letters.Kind) -> HTMLResponse:
    runtime: Runtime = request.app.state.runtime
    async with runtime.pool.acquire() as connection:
        found = await dead_letters.listed(connection, kind=kind, error=None, limit=SHOWN)
    now, language = wall_now(), language_of(request)  # what waits here waits on wall time
    return await page(
        request,
        "ops/letters.html",
        block="letters" if "x-part" in request.headers else None,
        kind=kind,
        groups=by_error(found),
        count=len(found),
        shown=SHOWN,
        age=lambda at: ago(at, now=now, language=language),
        beside=places_of(runtime.settings),
        audits=AUDITS,
    )


def by_error(found: list[DeadLetter]) -> list[tuple[str, list[DeadLetter]]]:
    """What has the same error together, the largest heap first, the oldest first in each."""
    ordered = sorted(found, key=lambda each: (_error(each), each.dead_letter_id))
    heaps = [(error, list(letters)) for error, letters in groupby(ordered, _error)]
    return sorted(heaps, key=lambda heap: -len(heap[1]))


def _error(letter: DeadLetter) -> str:
    """Its code; of a parked one, the name of what was raised."""
    return letter.error.partition("(")[0] if letter.kind == "parked" else letter.error_code


def places_of(settings: ServiceSettings) -> list[tuple[str, str]]:
    """The services with their addresses, as far as they are known."""
    urls = [(name, getattr(settings, f"{name}_url")) for name in SERVICES]
    return [(name, str(url).rstrip("/")) for name, url in urls if url is not None]
