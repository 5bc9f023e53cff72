"""Trace context across services: W3C `traceparent`, kept in the outbox row and in the envelope.

https://www.w3.org/TR/trace-context/. One trace runs from the HTTP request through outbox, Kafka,
router and report to the deadline.
"""

import re
import secrets
from typing import Final

_PATTERN: Final = re.compile(r"^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$")


def is_traceparent(text: str | None) -> bool:
    """Whether the text is a version-00 traceparent."""
    return text is not None and _PATTERN.match(text) is not None


def new_traceparent() -> str:
    """A new trace with its root span, sampled."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def continued(traceparent: str | None) -> str:
    """A child span of the caller's trace, or a new trace when there is none to continue."""
    if traceparent is None or not is_traceparent(traceparent):
        return new_traceparent()
    return f"{traceparent[:36]}{secrets.token_hex(8)}{traceparent[52:]}"


def trace_id(traceparent: str | None) -> str | None:
    """The trace id for logs."""
    return traceparent[3:35] if traceparent and is_traceparent(traceparent) else None
