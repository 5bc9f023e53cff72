"""One ticket's promises as a timeline: how each ran, which rungs fired, who was told."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from services.notifier import look
from services.notifier.api.edge import Context
from services.notifier.api.sight import sight
from services.notifier.pages.words import Words
from shared.web.identity import Caller, allow
from shared.web.pages import page
from shared.web.times import rate_of

router = APIRouter(prefix="/promises", include_in_schema=False)

Looker = Annotated[Caller, Depends(allow("promises.open"))]


@router.get("/{about}")
async def get_promises(
    request: Request, about: UUID, here: Context, caller: Looker
) -> HTMLResponse:
    """The promises of a ticket, or of a whistle that is of none."""
    now = here.runtime.clock.now()
    async with here.runtime.pool.acquire() as connection:
        found = await look.matter(
            connection,
            about,
            sight=sight(caller, here.catalogue),
            escalation=here.escalation,
            now=now,
        )
    return await page(
        request,
        "board/promises.html",
        block="promises" if "x-part" in request.headers else None,
        about=about,
        found=found,
        words=Words(request, here, now),
        may_instruct=caller.may("supervisions.ask"),
        desk=_address(here, "intake", "/desk/tickets/"),
        rate=rate_of(here.runtime.clock),
    )


def _address(here: Context, service: str, path: str) -> str | None:
    url = getattr(here.runtime.settings, f"{service}_url")
    return None if url is None else str(url).rstrip("/") + path
