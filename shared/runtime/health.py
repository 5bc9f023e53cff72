"""Health that tells the truth: alive, ready with reasons, and a watchdog for a dead consumer."""

import asyncio
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.runtime import metrics
from shared.runtime.clock import wall_now
from shared.runtime.inbox import SQL
from shared.runtime.logging import logger

if TYPE_CHECKING:
    from shared.runtime.service import Runtime

log = logger(__name__)
LOOK_SECONDS = 3.0
EXIT_STALLED = 70
OLD_OUTBOX_SECONDS = 30.0


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
    degraded = dict(runtime.degraded)
    try:
        async with asyncio.timeout(2.0), runtime.pool.acquire() as connection:
            await connection.fetchval("select 1")
    except Exception as error:  # noqa: BLE001 - told as the reason
        reasons["database"] = repr(error)
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
    return Readiness(reasons, degraded)


async def watch(runtime: "Runtime") -> None:
    """Measure lag, outbox and dead letters; end the process when a consumer has died silently.

    A consumer that has records before it, a database that answers and no batch finished for
    `stalled_after_seconds` will not come back by itself (faststream #2412): the supervisor starts
    the process again.
    """
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        database_ok = await _measure(runtime)
        for group in runtime.groups:
            lag = await group.measure_lag()
            progress = group.progress
            if not lag or not database_ok:
                progress.behind_since = None
                continue
            since = max(progress.finished, progress.behind_since or time.monotonic())
            progress.behind_since = since
            if time.monotonic() - since > runtime.settings.stalled_after_seconds:
                log.critical("consumer_stalled", group=group.group, lag=lag)
                os._exit(EXIT_STALLED)


async def _measure(runtime: "Runtime") -> bool:
    pool = runtime.pool
    metrics.POOL_CONNECTIONS.labels("open").set(pool.get_size())
    metrics.POOL_CONNECTIONS.labels("idle").set(pool.get_idle_size())
    try:
        async with asyncio.timeout(5.0), pool.acquire() as connection:
            row = await connection.fetchrow(SQL.counts)
    except Exception as error:  # noqa: BLE001 - the database's trouble, told by /ready
        log.warning("measure_failed", error=repr(error))
        return False
    metrics.DEAD_LETTERS.set(row["dead"])
    metrics.PARKED.set(row["parked"])
    metrics.OUTBOX_ROWS.set(row["outbox"])
    age = (wall_now() - row["oldest"]).total_seconds() if row["oldest"] else 0.0
    metrics.OUTBOX_AGE.set(age)
    runtime.outbox_age_seconds = age
    return True
