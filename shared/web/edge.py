"""The outermost layer of the HTTP side: limits, security headers, traces, timing, log context."""

import json
import time
from collections.abc import Mapping
from contextlib import nullcontext
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.runtime import metrics, tracing
from shared.runtime.event_spans import is_id

if TYPE_CHECKING:
    from shared.runtime.spans import Spans

DRAINED_BYTES = 32_000_000
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNTRACED: Final = ("/health", "/ready", "/metrics", "/static/")
ABOUT: Final = frozenset({"ticket_id", "whistle_id", "deadline_id", "supervision_id"})


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
        spans = _spans_for(scope)
        traceparent = tracing.continued(given, bound=spans.bound if spans is not None else 0)
        scope.setdefault("state", {})["traceparent"] = traceparent
        started, status = time.monotonic(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = list(message.get("headers", ()))
                said = {name.lower() for name, _ in own}  # by the answer itself, as a picture does
                more = [header for header in self._headers if header[0] not in said]
                message = {**message, "headers": own + more}
            await send(message)

        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        parent = given if tracing.is_traceparent(given) else None
        sampled = spans is not None and tracing.is_sampled(traceparent)
        with (
            tracing.within(traceparent),
            spans.serving(traceparent, parent=parent, method=method)
            if spans is not None and sampled
            else nullcontext() as serving,
        ):
            try:
                await self._limited(scope, receive, sending, headers)
            finally:
                route = getattr(scope.get("route"), "path", "unmatched")
                if serving is not None:
                    answer = {"http.route": route, "http.response.status_code": status}
                    serving.tell({**answer, **named(scope)}, name=f"{method} {route}")
                    if status >= 500:
                        serving.failed(str(status))
                metrics.answered(scope["method"], route, status, time.monotonic() - started)

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


def _spans_for(scope: Scope) -> "Spans | None":
    """What makes spans of a request; None for what probes and browsers ask all the time."""
    if scope["path"].startswith(UNTRACED):
        return None
    runtime = getattr(scope["app"].state, "runtime", None)
    return runtime.spans if runtime is not None else None


def named(scope: Scope) -> dict[str, str]:
    """Which things the address names; what is no id may be what somebody typed."""
    found: dict[str, Any] = scope.get("path_params", {})
    return {
        f"shaodao.{name}": str(value)
        for name, value in found.items()
        if name in ABOUT and is_id(str(value))
    }


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
