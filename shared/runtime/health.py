"""Health that tells the truth: alive, ready with reasons, and a watchdog for a dead consumer."""

import asyncio
import os
import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shared.runtime import metrics
from shared.runtime.clock import wall_now
from shared.runtime.inbox import SQL
from shared.runtime.logging import logger

if TYPE_CHECKING:
    from shared.runtime.consumer import GroupConsumer
    from shared.runtime.service import Runtime

log = logger(__name__)
LOOK_SECONDS = 3.0
EXIT_STALLED = 70
OLD_OUTBOX_SECONDS = 30.0
COUNTED_ROWS = 10_000  # as `counts` counts them; more are told by their ids
A_JAM = 500  # rows: fewer that wait, for however long, are no reason to refuse anybody


@dataclass(frozen=True, slots=True)
class Readiness:
    """What keeps this process from answering requests, and what only delays what it says."""

    reasons: dict[str, str]
    degraded: dict[str, str]


async def ready(runtime: "Runtime") -> Readiness:
    """Look now, part by part.

    Without its database a service can do nothing. Without Kafka it still takes requests, which
    wait in the outbox: that is told as degraded, so that no load balancer turns people away.
    """
    reasons: dict[str, str] = {}
    try:
        async with asyncio.timeout(2.0), runtime.pool.acquire() as connection:
            await connection.fetchval("select 1")
    except Exception as error:  # noqa: BLE001 - told as the reason
        reasons["database"] = repr(error)
    return Readiness(reasons, degraded_parts(runtime))


def degraded_parts(runtime: "Runtime") -> dict[str, str]:
    """What is only late, part by part, as it was last seen."""
    degraded = dict(runtime.degraded)
    if not runtime.relay.healthy:
        degraded["relay"] = "cannot reach Kafka or the database"
    if runtime.outbox_age_seconds > OLD_OUTBOX_SECONDS:
        degraded["outbox"] = f"the oldest row waits for {runtime.outbox_age_seconds:.0f} s"
    for group in runtime.groups:
        if group.progress.lag is None:
            degraded[f"consumer {group.group}"] = "cannot reach Kafka"
        elif group.progress.behind_since is not None:
            behind = time.monotonic() - group.progress.behind_since
            if behind > runtime.settings.stalled_after_seconds / 2:
                degraded[f"consumer {group.group}"] = f"no progress for {behind:.0f} s"
    return degraded


async def watch(runtime: "Runtime") -> None:
    """Measure lag, outbox and dead letters; end the process when a consumer has died silently.

    A consumer that has records before it, a database that answers and no batch finished for
    `stalled_after_seconds` will not come back by itself (faststream #2412): the supervisor starts
    the process again. So it is with a relay that leads and hangs while rows wait.
    """
    answers_since: float | None = None  # Kafka and the database, without a break
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        database_ok = await _measure(runtime)
        lags = await asyncio.gather(*(group.measure_lag() for group in runtime.groups))
        kafka_ok = None not in lags and runtime.relay.reaches_kafka
        metrics.KAFKA_REACHABLE.set(int(kafka_ok))
        for group in runtime.groups:
            _end_if_stalled(runtime, group, database_ok=database_ok)
        if not (database_ok and kafka_ok):
            answers_since = None
        elif answers_since is None:
            answers_since = time.monotonic()
        else:
            _end_if_relay_hangs(runtime, answers_since)
        metrics.show_degraded(degraded_parts(runtime))


def _end_if_stalled(runtime: "Runtime", group: "GroupConsumer", *, database_ok: bool) -> None:
    progress = group.progress
    if not progress.waits or not database_ok:
        progress.behind_since = None
        metrics.STALLED.labels(group.name).set(0)
        return
    since = max(progress.finished, progress.behind_since or time.monotonic())
    progress.behind_since = since
    stalled = time.monotonic() - since
    metrics.STALLED.labels(group.name).set(stalled)
    if stalled > runtime.settings.stalled_after_seconds:
        log.critical("consumer_stalled", group=group.group, lag=progress.lag)
        os._exit(EXIT_STALLED)


def _end_if_relay_hangs(runtime: "Runtime", answers_since: float) -> None:
    """Rows wait and all it needs answers, but the relay that leads has not turned for so long.

    One that turns and cannot send, for its rights or a missing topic, says so: beginning again
    would not help it.
    """
    longest = runtime.settings.stalled_after_seconds
    silent = time.monotonic() - max(runtime.relay.turned, answers_since)
    if runtime.relay.leads and min(silent, runtime.outbox_age_seconds) > longest:
        log.critical("relay_stalled", outbox_age_seconds=runtime.outbox_age_seconds)
        os._exit(EXIT_STALLED)


async def _measure(runtime: "Runtime") -> bool:
    try:
        async with asyncio.timeout(5.0), runtime.pool.acquire() as connection:
            row = await connection.fetchrow(SQL.counts)
    except Exception as error:  # noqa: BLE001 - the database's trouble, told by /ready
        log.warning("measure_failed", error=repr(error))
        metrics.database_away()
        return False
    now = wall_now()
    metrics.DATABASE_REACHABLE.set(1)
    metrics.DEAD_LETTERS.set(row["dead"])
    metrics.PARKED.set(row["parked"])
    metrics.PARKED_AGE.set(_age(row["parked_at"], now))
    metrics.OUTBOX_ROWS.set(row["outbox"])
    runtime.outbox_age_seconds = _age(row["oldest"], now)
    metrics.OUTBOX_AGE.set(runtime.outbox_age_seconds)
    # where one row waits for its topic and others come and go, its id says nothing of how many
    rows = row["outbox"] if row["outbox"] < COUNTED_ROWS else row["outbox_span"]
    # nor does its age of the others: nothing is sent only where most of what was written waits
    jammed = rows >= A_JAM and 2 * row["outbox"] >= min(row["outbox_span"], COUNTED_ROWS)
    runtime.load.outbox(rows=rows, age_seconds=runtime.outbox_age_seconds if jammed else 0.0)
    return True


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since is not None else 0.0
