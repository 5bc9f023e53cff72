"""The outermost layer of the HTTP side: limits, security headers, traces, timing, log context."""

import json
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import structlog
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.runtime import metrics, tracing

DRAINED_BYTES = 32_000_000


class Edge:
    """ASGI middleware; `scope["state"]["traceparent"]` is the request's trace."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        body_limit: int,
        larger: Mapping[str, int] = MappingProxyType({}),
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._app = app
        self._limit = body_limit
        self._larger = larger
        self._headers = [(k.lower().encode(), v.encode()) for k, v in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"traceparent", b"").decode("latin-1")
        traceparent = tracing.continued(given)
        scope.setdefault("state", {})["traceparent"] = traceparent
        started, status = time.monotonic(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), *self._headers]}
            await send(message)

        with structlog.contextvars.bound_contextvars(trace_id=tracing.trace_id(traceparent)):
            try:
                await self._limited(scope, receive, sending, headers)
            finally:
                route = getattr(scope.get("route"), "path", "unmatched")
                metrics.HTTP_SECONDS.labels(scope["method"], route, str(status)).observe(
                    time.monotonic() - started
                )

    async def _limited(
        self, scope: Scope, receive: Receive, send: Send, headers: dict[bytes, bytes]
    ) -> None:
        limit = self._larger.get(scope["path"], self._limit)
        declared = headers.get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > limit:
            await _drain(receive)
            await _refuse(send, limit)
            return
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:  # not declared, or declared wrongly
                raise HTTPException(413)
            return message

        await self._app(scope, limited, send)


async def _drain(receive: Receive) -> None:
    """Read on for a while: a client still sending would see a reset instead of the answer."""
    seen, more = 0, True
    while more and seen < DRAINED_BYTES:
        message = await receive()
        seen += len(message.get("body", b""))
        more = message.get("more_body", False)


async def _refuse(send: Send, limit: int) -> None:
    body: dict[str, Any] = {
        "code": "too_large",
        "zh": f"内容太大，最多 {limit // 1000} KB",
        "en": f"the body is too large, at most {limit // 1000} kB",
    }
    data = json.dumps(body, ensure_ascii=False).encode()
    await send(
        {
            "type": "http.response.start",
            "status": 413,
            "headers": [(b"content-type", b"application/json"), (b"connection", b"close")],
        }
    )
    await send({"type": "http.response.body", "body": data})
