"""One batch, one transaction: inbox, the service's verbs, outbox; then the offsets.

A record that cannot be read becomes a dead letter in the same transaction. An event whose handling
fails is isolated (the batch is done again with a savepoint each) and parked with what follows of
its subject. A lost connection or a serialization failure is tried again after a pause.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shared.contracts.envelope import Reader
from shared.runtime import dead_letters, inbox, metrics, parking
from shared.runtime.database import Connection, is_transient
from shared.runtime.incoming import Incoming, Record, Unreadable, read
from shared.runtime.logging import logger

if TYPE_CHECKING:
    from shared.runtime.service import Runtime

log = logger(__name__)

Handle = Callable[[Connection, Sequence[Incoming], datetime], Awaitable[None]]
Refuse = Callable[[Connection, Sequence[Unreadable], datetime], Awaitable[None]]

PATIENCE_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """How the events of one subscription are read and handled."""

    group: str
    reader: Callable[[str], Reader]
    handle: Handle
    refuse: Refuse | None


def read_all(
    runtime: "Runtime", lane: Lane, records: Sequence[Record]
) -> tuple[list[Incoming], list[Unreadable]]:
    """Read every record alone: one bad one spoils no other."""
    events: list[Incoming] = []
    unreadable: list[Unreadable] = []
    for record in records:
        topic = runtime.without_prefix(record.topic)
        item = read(record, topic=topic, reader=lane.reader(topic), clock=runtime.clock)
        if item is None:
            metrics.EVENTS.labels(lane.group, "unknown_type").inc()
        elif isinstance(item, Unreadable):
            unreadable.append(item)
        else:
            events.append(item)
    return events, unreadable


async def process(runtime: "Runtime", lane: Lane, records: Sequence[Record]) -> None:
    """Handle one batch; returns when it is committed.

    Raises the transient error after PATIENCE_SECONDS of retries; the consumer then seeks back.
    """
    started = time.monotonic()
    events, unreadable = read_all(runtime, lane, records)
    one_by_one = False
    attempt = 0
    while True:
        try:
            async with runtime.transaction() as connection:
                await _handle(runtime, lane, connection, events, unreadable, one_by_one)
            break
        except Exception as error:  # told apart below; nothing is swallowed
            if is_transient(error):
                attempt += 1
                metrics.BATCH_RETRIES.labels(lane.group).inc()
                if time.monotonic() - started > PATIENCE_SECONDS:
                    raise
                log.warning("batch_retry", group=lane.group, attempt=attempt, error=repr(error))
                await asyncio.sleep(min(5.0, 0.05 * 2**attempt) * random.uniform(0.5, 1.0))
            elif one_by_one:
                raise
            else:
                log.exception("batch_failed", group=lane.group, events=len(events))
                one_by_one = True
    metrics.BATCH_EVENTS.labels(lane.group).observe(len(records))
    metrics.BATCH_SECONDS.labels(lane.group).observe(time.monotonic() - started)


async def _handle(
    runtime: "Runtime",
    lane: Lane,
    connection: Connection,
    events: list[Incoming],
    unreadable: list[Unreadable],
    one_by_one: bool,
) -> None:
    now = runtime.clock.now()
    if unreadable:
        fresh_dead = await dead_letters.keep(connection, unreadable)
        metrics.EVENTS.labels(lane.group, "dead").inc(len(fresh_dead))
        if lane.refuse and fresh_dead:
            await lane.refuse(connection, fresh_dead, now)
    if not events:
        return
    fresh = await inbox.remember(connection, events)
    metrics.EVENTS.labels(lane.group, "duplicate").inc(len(events) - len(fresh))
    waiting = await parking.waiting_subjects(connection, fresh)
    ready = [event for event in fresh if event.subject not in waiting] if waiting else fresh
    for event in fresh:
        if event.subject in waiting:
            await parking.park(connection, event, error="waits for an earlier event")
    if not ready:
        return
    if one_by_one:
        await _one_by_one(lane, connection, ready, now)
    else:
        await lane.handle(connection, ready, now)
        metrics.EVENTS.labels(lane.group, "handled").inc(len(ready))


async def _one_by_one(
    lane: Lane, connection: Connection, events: Sequence[Incoming], now: datetime
) -> None:
    stuck: set[str] = set()
    for event in events:
        if event.subject in stuck:
            await parking.park(connection, event, error="waits for an earlier event")
            metrics.EVENTS.labels(lane.group, "parked").inc()
            continue
        try:
            async with connection.transaction():
                await lane.handle(connection, [event], now)
            metrics.EVENTS.labels(lane.group, "handled").inc()
        except Exception as error:
            if is_transient(error):
                raise
            log.exception(
                "event_parked",
                group=lane.group,
                topic=event.topic,
                event_id=event.event_id,
                subject=event.subject,
            )
            stuck.add(event.subject)
            await parking.park(connection, event, error=repr(error))
            metrics.EVENTS.labels(lane.group, "parked").inc()
