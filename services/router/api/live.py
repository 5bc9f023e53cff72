"""Live updates over HTTP: server-sent events of the whistles that the caller may see.

https://html.spec.whatwg.org/multipage/server-sent-events.html. `ready` comes first: from there on
all is told, so a page looks anew then, after every connect. `whistle` says what happened to one,
`reload` that more happened than was told. `tick` comes where nothing else does.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic_core import to_json

from services.router.api.edge import Context, Looking, sight
from services.router.context import RouterContext
from services.router.live import Happened, Listener, Message, Sign
from services.router.look import Sight
from shared.errors import ForbiddenError
from shared.web.identity import UnauthenticatedError, caller_of

router = APIRouter(prefix="/api/v1", tags=["live"])

TICK_SECONDS: Final = 15.0
RETRY_MS: Final = 2000
HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # no proxy gathers it


@router.get("/live", response_class=StreamingResponse)
async def get_live(request: Request, here: Context, caller: Looking) -> StreamingResponse:
    """What happens to the caller's whistles, as it happens."""
    events = _events(request, here, sight(caller, here))
    return StreamingResponse(events, media_type="text/event-stream", headers=HEADERS)


async def _events(request: Request, here: RouterContext, seen: Sight) -> AsyncIterator[str]:
    yield f"retry: {RETRY_MS}\n\n"
    async with here.live.listen(seen) as listener:
        await here.live.placed()
        number = 1
        yield _event(number, "ready", {})
        while (message := await _next(listener)) is not Sign.END:
            number += 1
            if message is None:
                if not await _still_may(request, here, listener):
                    return
                yield _event(number, "tick", {})
            elif isinstance(message, Happened):
                told = {"whistle_id": str(message.whistle_id), "what": message.what}
                yield _event(number, "whistle", told)
            else:
                yield _event(number, "reload", {})


async def _next(listener: Listener) -> Message | None:
    """The next message; None when there is none for a while."""
    try:
        async with asyncio.timeout(TICK_SECONDS):
            return await listener.next()
    except TimeoutError:
        return None


async def _still_may(request: Request, here: RouterContext, listener: Listener) -> bool:
    """Whether the caller is still signed in; looks at what it may see again."""
    try:
        listener.sight = sight(await caller_of(request), here)
    except (UnauthenticatedError, ForbiddenError):
        return False
    return True


def _event(number: int, name: str, data: dict[str, str]) -> str:
    return f"id: {number}\nevent: {name}\ndata: {to_json(data).decode()}\n\n"
