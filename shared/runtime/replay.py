"""Delivering again what was parked or dead: to this service, inside its own transaction."""

import asyncio
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from shared.contracts.envelope import MalformedEventError
from shared.runtime import dead_letters, inbox, parking
from shared.runtime.batch import Lane
from shared.runtime.database import Connection, is_transient
from shared.runtime.event_spans import handling
from shared.runtime.incoming import Incoming, Record, Unreadable, read
from shared.runtime.logging import logger
from shared.runtime.tracebacks import described
from shared.runtime.tracing import within

if TYPE_CHECKING:
    from shared.runtime.service import Runtime

log = logger(__name__)
LOOK_SECONDS = 1.0


def _lane_of(runtime: "Runtime", topic: str) -> Lane:
    for subscription in runtime.groups:
        try:
            subscription.lane.reader(topic)
        except KeyError:
            continue
        return subscription.lane
    raise LookupError(f"nothing here listens to {topic}")


def _read(runtime: "Runtime", lane: Lane, kept: Record) -> Incoming:
    runtime.clock.look()
    item = read(
        kept,
        topic=kept.topic,
        reader=lane.reader(kept.topic),
        clock=runtime.clock,
        sampling=runtime.sampling if lane.foreign else None,
    )
    if isinstance(item, Unreadable):
        raise item.error
    if item is None:
        raise MalformedEventError("unknown_type", "this service does not know its type")
    return item


async def _handle(runtime: "Runtime", connection: Connection, lane: Lane, event: Incoming) -> None:
    """One event by itself, in its own trace."""
    events, together = [event], None
    if runtime.spans is not None:
        together, events = handling(runtime.spans, lane.group, events, foreign=lane.foreign)
    with within(event.traceparent), together.under_way() if together else nullcontext():
        await lane.handle(connection, events, runtime.clock.now())


async def retry_parked(runtime: "Runtime") -> None:
    """Try parked events again, the first of each subject, as their time comes."""
    while True:
        try:
            async with runtime.transaction() as connection:
                parked = await parking.claim(connection)
                if parked is not None:
                    await _again(runtime, connection, parked)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("retry_parked", error=repr(error))
            parked = None
        if parked is None:
            await asyncio.sleep(LOOK_SECONDS)


async def _again(runtime: "Runtime", connection: Connection, parked: parking.Parked) -> str | None:
    """Handle a parked event; returns the error when it failed again."""
    try:
        async with connection.transaction():
            lane = _lane_of(runtime, parked.topic)
            event = replace(_read(runtime, lane, parked), received_at=parked.received_at)
            await _handle(runtime, connection, lane, event)
    except Exception as error:
        if is_transient(error):
            raise
        log.exception("parked_failed", parked_id=parked.parked_id, attempts=parked.attempts + 1)
        why = described(error)
        await parking.failed(connection, parked, error=why)
        return why
    await parking.done(connection, parked)
    return None


async def replay(runtime: "Runtime", *, kind: str, dead_letter_id: int) -> str | None:
    """Deliver one parked or dead event again; returns None when handled, else why not.

    Raises LookupError when there is none with that id that waits.
    """
    async with runtime.transaction() as connection:
        if kind == "parked":
            parked = await parking.claim_one(connection, dead_letter_id)
            if parked is None:
                raise LookupError("not parked, or an earlier event of its subject waits")
            return await _again(runtime, connection, parked)
        kept = await dead_letters.claim(connection, dead_letter_id)
        if kept is None:
            raise LookupError("no such dead letter waits")
        return await _replay_dead(runtime, connection, kept)


async def _replay_dead(
    runtime: "Runtime", connection: Connection, kept: dead_letters.Kept
) -> str | None:
    if kept.direction == "out":
        return "an outgoing event is said again by its command, not by a replay"
    try:
        async with connection.transaction():
            lane = _lane_of(runtime, kept.topic)
            for event in await inbox.remember(connection, [_read(runtime, lane, kept)]):
                await _handle(runtime, connection, lane, event)
    except Exception as error:
        if is_transient(error):
            raise
        return described(error)
    await dead_letters.replayed(connection, kept.dead_letter_id)
    return None
