"""Refuses at the edge what a process cannot take on: 429 or 503 with Retry-After, in few steps.

Decided from the head of a request alone; only of a new ticket that would be refused is the body
read: it may be critical, and then it has a place of its own (load.py). The answer has the shape of
https://www.rfc-editor.org/rfc/rfc9457 for programs.

When many are refused, their answer is held for a second: callers that ask again at once, whatever
they are told, would take the time of those in work. (Tried: of 180 tickets/s without a limit, 16
were left under ten times the load while each refusal was answered at once.)
"""

import asyncio
import json
import time
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.runtime import metrics
from shared.runtime.load import Reason, Refusal
from shared.runtime.service import Runtime
from shared.web.doors import Doors, Headers, Phase, Place
from shared.web.pages import PRODUCT, Pages
from shared.web.priorities import ALWAYS
from shared.web.problems import is_page
from shared.web.strings import Language, language_of

MANY_A_SECOND: Final = 50  # refusals, after which they are held
MOST_HELD: Final = 10_000
HELD_SECONDS: Final = 1.0
MOST_READ: Final = 65_536  # bytes of a body, to know whether it is critical; tickets are smaller
CLOSE: Final = (b"connection", b"close")
PROBLEM: Final = "application/problem+json"
CODES: Final = {  # as the API names them elsewhere
    Reason.CAPACITY: "busy",
    Reason.CRITICAL: "critical_busy",
    Reason.DISK: "backlog",
    Reason.RATE: "too_many",
    Reason.DRAINING: "restarting",
}


class Shedding:
    """ASGI middleware around the routes of `owner`, whose state has doors, pages and a runtime."""

    def __init__(self, app: ASGIApp, *, owner: FastAPI) -> None:
        self._app = app
        self._state = owner.state
        self._second = 0
        self._in_second = 0
        self._held = 0
        self._answers: dict[tuple[object, ...], tuple[str, bytes]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        runtime: Runtime | None = getattr(self._state, "runtime", None)
        if scope["type"] != "http" or runtime is None or scope["path"].startswith(ALWAYS):
            await self._app(scope, receive, send)
            return
        doors: Doors = self._state.doors
        headers: Headers = dict(scope["headers"])
        found = doors.ask(scope, headers, runtime.load)
        if isinstance(found, Refusal):
            found, receive = await self._unless_critical(found, scope, receive)
        if isinstance(found, Refusal):
            await self._refuse(scope, send, found)
            return
        if doors.phase is not Phase.OPEN:
            send = _closing(send)
        try:
            await self._app(scope, receive, send)
        finally:
            if isinstance(found, Place):
                found.leave()

    async def _unless_critical(
        self, refusal: Refusal, scope: Scope, receive: Receive
    ) -> tuple[Refusal | Place, Receive]:
        """What a critical ticket gets instead; no body of a refused one is left in memory."""
        doors: Doors = self._state.doors
        is_critical = doors.critical(scope)
        if is_critical is None:
            return refusal, receive
        body, again = await _read(receive)
        if body is None or not is_critical(body):
            return refusal, receive
        found = doors.ask_critical(self._state.runtime.load)
        return found, receive if isinstance(found, Refusal) else again

    async def _hold(self) -> None:
        """Keep the caller waiting for a while, where many are refused."""
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._in_second = second, 0
        self._in_second += 1
        if self._in_second > MANY_A_SECOND and self._held < MOST_HELD:
            self._held += 1
            try:
                await asyncio.sleep(HELD_SECONDS)
            finally:
                self._held -= 1

    async def _refuse(self, scope: Scope, send: Send, refusal: Refusal) -> None:
        metrics.REQUESTS_REFUSED.labels(refusal.reason.value).inc()
        if refusal.reason is not Reason.DRAINING:
            await self._hold()
        status = status_of(refusal)
        media, body = self._answer(scope, refusal)
        headers = [
            (b"content-type", media.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"retry-after", str(refusal.retry_after).encode()),
            (b"cache-control", b"no-store"),
        ]
        if refusal.reason is Reason.DRAINING:
            headers.append(CLOSE)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _answer(self, scope: Scope, refusal: Refusal) -> tuple[str, bytes]:
        """Media type and body; each is made once."""
        request = Request(scope)
        language = language_of(request) if is_page(request) else None
        key = (language, refusal)
        known = self._answers.get(key)
        if known is None:
            known = self._made(language, refusal)
            if refusal.reason is not Reason.RATE:  # its pauses are many
                self._answers[key] = known
        return known

    def _made(self, language: Language | None, refusal: Refusal) -> tuple[str, bytes]:
        if language is None:
            return PROBLEM, _problem(self._state.pages, refusal)
        return "text/html; charset=utf-8", _page(self._state.pages, refusal, language)


def status_of(refusal: Refusal) -> int:
    """429 where the caller is at fault, else 503."""
    return 429 if refusal.reason is Reason.RATE else 503


def _problem(pages: Pages, refusal: Refusal) -> bytes:
    words = {each: _words(pages, refusal, each) for each in Language}
    status = status_of(refusal)
    body: dict[str, Any] = {
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": words[Language.EN],
        "code": CODES[refusal.reason],
        "zh": words[Language.ZH],
        "en": words[Language.EN],
    }
    return json.dumps(body, ensure_ascii=False).encode()


def _page(pages: Pages, refusal: Refusal, language: Language) -> bytes:
    def t(key: str) -> str:
        return pages.strings.text(language, key, {})

    values = {
        "t": t,
        "lang": language.value,
        "status": status_of(refusal),
        "title": t(f"busy.{refusal.reason}_title"),
        "words": _words(pages, refusal, language),
        "product": PRODUCT,
    }
    return pages.render("busy.html", None, values).encode()


def _words(pages: Pages, refusal: Refusal, language: Language) -> str:
    named = {"seconds": refusal.retry_after}
    return pages.strings.text(language, f"busy.{refusal.reason}", named)


async def _read(receive: Receive) -> tuple[bytes | None, Receive]:
    """The whole body, None where there is too much of it, and a `receive` that gives it again."""
    body, more = b"", True
    while more:
        try:
            message = await receive()
        except HTTPException:  # over the limit of the edge
            return None, receive
        body += message.get("body", b"")
        if len(body) > MOST_READ:
            return None, receive
        more = message.get("more_body", False)
    again: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return again.pop() if again else await receive()

    return body, replayed


def _closing(send: Send) -> Send:
    """Tell the caller to connect anew next time: then another copy answers."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), CLOSE]}
        await send(message)

    return sending
