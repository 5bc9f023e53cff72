"""A receiver of webhooks that fails now and then, and remembers what it was told under which key.

It fails only the first try of a message: the second pause of the schedule is of minutes.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

KEY = b"webhook-id"
FAILS_EACH = 25
WITHOUT_ANSWER = 2  # of those that fail, each second breaks off in the midst


@dataclass
class Fickle:
    """An ASGI application; `bodies` are those of each key, in the order they came."""

    bodies: defaultdict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    taken: set[str] = field(default_factory=set)
    failed: int = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return  # whoever sent was killed in the midst: the half of a text is none
            body += message.get("body", b"")
            more = message.get("more_body", False)
        key = dict(scope["headers"])[KEY].decode()
        self.bodies[key].append(body)
        if len(self.bodies[key]) == 1 and len(self.bodies) % FAILS_EACH == 0:
            self.failed += 1
            if self.failed % WITHOUT_ANSWER == 0:
                raise ConnectionAbortedError  # the server answers 500 and closes
            await self._answer(send, 503)
            return
        self.taken.add(key)
        await self._answer(send, 204)

    async def _answer(self, send: Any, status: int) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})
