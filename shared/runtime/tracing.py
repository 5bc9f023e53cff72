"""Trace context across services: W3C `traceparent`, kept in the outbox row and in the envelope.

https://www.w3.org/TR/trace-context/. One trace runs from the HTTP request through outbox, Kafka,
router and report to the deadline. Its id is there whether spans are exported or not: logs and the
error pages name it. Whether a trace is sampled follows from its id, so that every service decides
alike, and what an outsider says of that counts for nothing.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from random import getrandbits  # as OpenTelemetry makes them: they must differ, not be secret
from typing import Final, TypeAlias

_PATTERN: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_SAMPLED: Final = frozenset("13579bdf")  # the lowest bit of the flags
Attributes: TypeAlias = Mapping[str, str | int | float | bool]
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of many things done at once, in a trace that is sampled.

    `place` is where it stands among them; without `parent` a trace begins with it.
    """

    place: int
    name: str
    parent: str | None
    attributes: Attributes


def is_traceparent(text: str | None) -> bool:
    """Whether the text is a version-00 traceparent."""
    return text is not None and _PATTERN.fullmatch(text) is not None


def is_sampled(traceparent: str | None) -> bool:
    """Whether its spans are kept."""
    return traceparent is not None and traceparent[-1] in _SAMPLED


def written(trace_id_: int, span_id_: int, *, sampled: bool) -> str:
    """A traceparent of its parts."""
    return f"00-{trace_id_:032x}-{span_id_:016x}-{'01' if sampled else '00'}"


def continued(traceparent: str | None, *, bound: int = 0) -> str:
    """A child of the caller's trace, or a new trace when there is none to continue.

    Sampled where `bound` of 2**64 traces are, by the trace's id.
    """
    if is_traceparent(traceparent):
        assert traceparent is not None
        sampled = "01" if _within(traceparent, bound) else "00"
        return f"{traceparent[:36]}{_new(64):016x}-{sampled}"
    new = _new(128)
    return written(new, _new(64), sampled=new & 0xFFFFFFFFFFFFFFFF < bound)


def watched() -> str:
    """A new trace that is sampled wherever any is: its id is below every bound."""
    return written(_new(64) << 64 | _new(32), _new(64), sampled=True)


def judged(traceparent: str | None, *, bound: int = 0) -> str | None:
    """An outsider's context as it is; but whether it is sampled, we say."""
    if traceparent is None:
        return None
    return traceparent[:53] + ("01" if _within(traceparent, bound) else "00")


def _within(traceparent: str, bound: int) -> bool:
    return bound > 0 and int(traceparent[19:35], 16) < bound


def _new(bits: int) -> int:
    return getrandbits(bits) or 1  # nosec B311: an id, no secret


def trace_id(traceparent: str | None) -> str | None:
    """The trace id, for logs and for people who ask about an error."""
    return traceparent[3:35] if traceparent and is_traceparent(traceparent) else None


def current() -> str | None:
    """In whose name this task works."""
    return _current.get()


@contextmanager
def within(traceparent: str | None) -> Iterator[None]:
    """Work in the name of that trace: what is logged meanwhile names it."""
    token = _current.set(traceparent)
    try:
        yield
    finally:
        _current.reset(token)
