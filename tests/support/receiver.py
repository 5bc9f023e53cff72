"""Small HTTP servers for tests of what is sent outside: a webhook's receiver, any app served."""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from pydantic_core import from_json

from deploy.local.ports import LOOPBACK, free_base
from tests.support.serving import running
from tests.support.waiting import eventually


@dataclass
class Call:
    """One call as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return from_json(self.body)


@dataclass
class Receiver:
    """Keeps every call; answers with the next of `answers`, else 204. None never answers."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answers: deque[int | tuple[int, dict[str, str]] | None] = field(default_factory=deque)
    always: int | None = 204

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {k.decode(): v.decode() for k, v in scope["headers"]}
        self.calls.append(Call(scope["path"], headers, body))
        answer = self.answers.popleft() if self.answers else self.always
        if answer is None:
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        status, extra = answer if isinstance(answer, tuple) else (answer, {})
        raw = [(k.encode(), v.encode()) for k, v in extra.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": b""})

    async def called(self, times: int, *, within: float = 10.0) -> list[Call]:
        """The calls, once there are so many."""

        async def look() -> list[Call]:
            return self.calls

        return await eventually(look, until=lambda calls: len(calls) >= times, within=within)


@asynccontextmanager
async def served_app(app: Any) -> AsyncIterator[str]:
    """Serve an ASGI app until the end; its address."""
    config = uvicorn.Config(
        app, host=LOOPBACK, port=free_base(), log_config=None, timeout_graceful_shutdown=1
    )
    async with running(uvicorn.Server(config)) as url:
        yield url


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver of webhooks, served."""
    receiver = Receiver()
    async with served_app(receiver) as url:
        receiver.url = f"{url}/hook"
        yield receiver
