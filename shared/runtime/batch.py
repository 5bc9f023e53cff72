"""One batch, one transaction: inbox, the service's verbs, outbox; then the offsets.

A record that cannot be read becomes a dead letter in the same transaction. An event whose handling
fails is isolated (the batch is done again with a savepoint each) and parked with what follows of
its subject. A lost connection or a serialization failure is tried again after a pause.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from shared.contracts.envelope import Reader
from shared.runtime import dead_letters, event_spans, inbox, metrics, parking
from shared.runtime.clock import wall_now
from shared.runtime.database import Connection, is_transient
from shared.runtime.incoming import Incoming, Record, Unreadable, read
from shared.runtime.logging import logger
from shared.runtime.tracebacks import described
from shared.runtime.tracing import within

if TYPE_CHECKING:
    from shared.runtime.service import Runtime

log = logger(__name__)

Handle = Callable[[Connection, Sequence[Incoming], datetime], Awaitable[None]]
Refuse = Callable[[Connection, Sequence[Unreadable], datetime], Awaitable[None]]

PATIENCE_SECONDS = 20.0
WAITS = "waits for an earlier event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """How the events of one subscription are read and handled."""

    group: str
    reader: Callable[[str], Reader]
    handle: Handle
    refuse: Refuse | None
    foreign: bool = False  # others than our services say its events


def read_all(
    runtime: "Runtime", lane: Lane, records: Sequence[Record]
) -> tuple[list[Incoming], list[Unreadable]]:
    """Read every record alone: one bad one spoils no other."""
    events: list[Incoming] = []
    unreadable: list[Unreadable] = []
    runtime.clock.look()
    sampling = runtime.sampling if lane.foreign else None
    for record in records:
        topic = runtime.without_prefix(record.topic)
        item = read(
            record,
            topic=topic,
            reader=lane.reader(topic),
            clock=runtime.clock,
            sampling=sampling,
        )
        if isinstance(item, Unreadable):
            unreadable.append(item)
        elif item is not None:
            events.append(item)
    return events, unreadable


async def process(runtime: "Runtime", lane: Lane, records: Sequence[Record]) -> None:
    """Handle one batch; returns when it is committed.

    Raises the transient error after PATIENCE_SECONDS of retries; the consumer then seeks back.
    """
    started = time.monotonic()
    events, unreadable = read_all(runtime, lane, records)
    if runtime.spans is None:
        tally = (await _committed(runtime, lane, events, unreadable)).tally
    else:
        tally = await _spanned(runtime, lane, events, unreadable)
    tally["unknown_type"] += len(records) - len(events) - len(unreadable)
    sent_at = min(record.timestamp for record in records) / 1000
    metrics.of_group(lane.group).handled(
        tally,
        records=len(records),
        seconds=time.monotonic() - started,
        age=wall_now().timestamp() - sent_at,
    )


async def _spanned(
    runtime: "Runtime", lane: Lane, events: list[Incoming], unreadable: list[Unreadable]
) -> Counter[str]:
    """The same with spans, where some of its events are sampled."""
    assert runtime.spans is not None
    together, events = event_spans.handling(runtime.spans, lane.group, events, foreign=lane.foreign)
    if together is None:
        return (await _committed(runtime, lane, events, unreadable)).tally
    with together.under_way():
        work = await _committed(runtime, lane, events, unreadable)
        for event in work.parked:
            together.failed(events.index(event), "parked")
    return work.tally


async def _committed(
    runtime: "Runtime", lane: Lane, events: list[Incoming], unreadable: list[Unreadable]
) -> "_Work":
    """Try until it is committed, event by event once one of them has failed."""
    started = time.monotonic()
    one_by_one = False
    attempt = 0
    while True:
        try:
            async with runtime.transaction() as connection:
                work = _Work(lane=lane, connection=connection, now=runtime.clock.now())
                await _handle(work, events, unreadable, one_by_one=one_by_one)
            return work
        except Exception as error:  # told apart below; nothing is swallowed
            if is_transient(error):
                attempt += 1
                metrics.of_group(lane.group).retries.inc()
                if time.monotonic() - started > PATIENCE_SECONDS:
                    raise
                log.warning("batch_retry", group=lane.group, attempt=attempt, error=repr(error))
                some = random.uniform(0.5, 1.0)  # nosec B311: so that no two come back at once
                await asyncio.sleep(min(5.0, 0.05 * 2**attempt) * some)
            elif one_by_one:
                raise
            else:
                log.exception("batch_failed", group=lane.group, events=len(events))
                one_by_one = True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """One try of a batch; what became of its events is counted once it is committed."""

    lane: Lane
    connection: Connection
    now: datetime
    tally: Counter[str] = field(default_factory=Counter)
    parked: list[Incoming] = field(default_factory=list)


async def _handle(
    work: _Work, events: list[Incoming], unreadable: list[Unreadable], *, one_by_one: bool
) -> None:
    if unreadable:
        fresh_dead = await dead_letters.keep(work.connection, unreadable)
        work.tally["dead"] += len(fresh_dead)
        if work.lane.refuse and fresh_dead:
            await work.lane.refuse(work.connection, fresh_dead, work.now)
    fresh = await inbox.remember(work.connection, events) if events else []
    work.tally["duplicate"] += len(events) - len(fresh)
    stuck = await parking.waiting_subjects(work.connection, fresh) if fresh else set()
    if one_by_one:
        await _one_by_one(work, fresh, stuck)
        return
    ready = [event for event in fresh if event.subject not in stuck]
    if ready:
        await work.lane.handle(work.connection, ready, work.now)
        work.tally["handled"] += len(ready)
    for event in fresh:
        if event.subject in stuck:
            await _park(work, event, error=WAITS)


async def _one_by_one(work: _Work, events: Sequence[Incoming], stuck: set[str]) -> None:
    """Handle each event in a savepoint of its own; park what fails and what follows it."""
    for event in events:
        error = WAITS if event.subject in stuck else await _try(work, event)
        if error is None:
            work.tally["handled"] += 1
        else:
            stuck.add(event.subject)
            await _park(work, event, error=error)


async def _park(work: _Work, event: Incoming, *, error: str) -> None:
    await parking.park(work.connection, event, error=error)
    work.tally["parked"] += 1
    work.parked.append(event)


async def _try(work: _Work, event: Incoming) -> str | None:
    try:
        async with work.connection.transaction():
            await work.lane.handle(work.connection, [event], work.now)
    except Exception as error:
        if is_transient(error):
            raise
        with within(event.traceparent):
            log.exception(
                "event_parked",
                group=work.lane.group,
                topic=event.topic,
                partition=event.partition,
                offset=event.offset,
                **event_spans.named(event),
            )
        return described(error)
    return None
