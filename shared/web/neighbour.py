"""Lets the pages of one other service of the city ask a few routes of this one, signed in.

Cross-origin sharing as narrow as it can be: one origin, named by the settings, and the routes that
are named in the code. What changes something needs the session's CSRF token as ever.
https://fetch.spec.whatwg.org/#http-cors-protocol
"""

import re
from typing import Final

from pydantic import AnyHttpUrl
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.security import origin_of

ASKED: Final = b"access-control-request-method"
PREFLIGHT_SECONDS: Final = 600


class Neighbour:
    """ASGI middleware: `paths` are the routes that `origin` may ask."""

    def __init__(self, app: ASGIApp, *, origin: AnyHttpUrl, paths: re.Pattern[str]) -> None:
        self._app = app
        self._origin = origin_of(origin).encode()
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._paths.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        theirs = headers.get(b"origin") == self._origin
        if theirs and scope["method"] == "OPTIONS" and ASKED in headers:
            await self._may(send)
            return

        async def sharing(message: Message) -> None:
            if message["type"] == "http.response.start":
                shared = [*message.get("headers", ()), (b"vary", b"Origin")]
                message = {**message, "headers": shared + (self._granted() if theirs else [])}
            await send(message)

        await self._app(scope, receive, sharing)

    def _granted(self) -> list[tuple[bytes, bytes]]:
        return [
            (b"access-control-allow-origin", self._origin),
            (b"access-control-allow-credentials", b"true"),
        ]

    async def _may(self, send: Send) -> None:
        """The answer to the browser's question before a request."""
        headers = [
            *self._granted(),
            (b"access-control-allow-methods", b"GET, POST"),
            (b"access-control-allow-headers", b"content-type, x-csrf-token"),
            (b"access-control-max-age", str(PREFLIGHT_SECONDS).encode()),
            (b"vary", b"Origin"),
        ]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
