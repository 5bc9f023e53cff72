"""The hotline's call centre, simulated: tells intake of every call that rings, is taken, and ends.

A real one would post the same three events with an API key of its own (CTI middleware can).
"""

import asyncio
from dataclasses import dataclass, field
from uuid import uuid4

from deploy.city.calls import Clerk, Line
from shared.runtime.logging import logger

PATH = "/api/v1/calls"
CENTRE = Clerk(role="system", name="呼叫中心")
log = logger("city.call_centre")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One caller at one operator's telephone; `operator` is a login or an extension."""

    phone: str | None  # None: the caller withholds it
    operator: str
    line: str = "12345"
    call_id: str = field(default_factory=lambda: f"sim-{uuid4().hex[:12]}")


async def ring(line: Line, call: Call) -> None:
    """The telephone rings."""
    await _tell(line, call, "ringing")


async def answer(line: Line, call: Call) -> None:
    """The operator takes the receiver."""
    await _tell(line, call, "answered")


async def hang_up(line: Line, call: Call) -> None:
    """The caller or the operator ends it, or the line drops."""
    await _tell(line, call, "ended")


async def whole_call(
    line: Line, call: Call, *, rings: float, lasts: float, stop: asyncio.Event
) -> None:
    """Ring for some seconds, talk for some, hang up; at once when told to stop."""
    await ring(line, call)
    try:
        if await _passed(stop, rings):
            await answer(line, call)
            await _passed(stop, lasts)
    finally:
        await hang_up(line, call)


async def _passed(stop: asyncio.Event, seconds: float) -> bool:
    """Whether the time passed before anybody said stop."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return True
    return False


async def _tell(line: Line, call: Call, what: str) -> None:
    body = {"type": f"call.{what}", "call_id": call.call_id, "operator": call.operator}
    await line.post(PATH, {**body, "line": call.line, "phone": call.phone})
    log.info("call", what=what, call_id=call.call_id, operator=call.operator)
