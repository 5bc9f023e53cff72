"""Live updates over HTTP: server-sent events of what the caller may see.

https://html.spec.whatwg.org/multipage/server-sent-events.html. `ready` comes first: from there on
all is told, so a page looks anew then, after every connect. `whistle` and `ticket` say what
happened to one, `reload` that more happened than was told. `tick` comes where nothing else does.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final, TypeVar

from fastapi import Request
from fastapi.responses import StreamingResponse
from pydantic_core import to_json

from shared.errors import ForbiddenError
from shared.runtime.live import Happened, Listener, Live, Message, Sign
from shared.web.identity import Caller, UnauthenticatedError, let_in_again

TICK_SECONDS: Final = 15.0
RETRY_MS: Final = 2000
HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # no proxy gathers it
Sight = TypeVar("Sight")


def live_response(
    request: Request, live: Live[Sight], caller: Caller, sight: Callable[[Caller], Sight]
) -> StreamingResponse:
    """What happens to what the caller may see, as it happens; `sight` is asked again at times."""
    events = _events(request, live, sight(caller), sight)
    return StreamingResponse(events, media_type="text/event-stream", headers=HEADERS)


async def _events(
    request: Request, live: Live[Sight], seen: Sight, sight: Callable[[Caller], Sight]
) -> AsyncIterator[str]:
    yield f"retry: {RETRY_MS}\n\n"
    async with live.listen(seen) as listener:
        await live.placed()
        number = 1
        yield _event(number, "ready", {})
        while (message := await _next(listener)) is not Sign.END:
            number += 1
            if message is None:
                try:
                    listener.sight = sight(await let_in_again(request))
                except (UnauthenticatedError, ForbiddenError):
                    return  # no longer signed in
                yield _event(number, "tick", {})
            elif isinstance(message, Happened):
                told = {f"{message.noun}_id": str(message.about), "what": message.what}
                yield _event(number, message.noun, told)
            else:
                yield _event(number, "reload", {})


async def _next(listener: Listener[Sight]) -> Message | None:
    """The next message; None when there is none for a while."""
    try:
        async with asyncio.timeout(TICK_SECONDS):
            return await listener.next()
    except TimeoutError:
        return None


def _event(number: int, name: str, data: dict[str, str]) -> str:
    return f"id: {number}\nevent: {name}\ndata: {to_json(data).decode()}\n\n"
