"""Health that tells the truth: alive, ready with reasons, and a watchdog for a dead consumer."""

import asyncio
import os
import time
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


async def ready(runtime: "Runtime") -> dict[str, str]:
    """What keeps this process from its work, part by part; empty when it is ready."""
    reasons: dict[str, str] = {}
    try:
        async with asyncio.timeout(2.0), runtime.pool.acquire() as connection:
            await connection.fetchval("select 1")
    except Exception as error:  # noqa: BLE001 - told as the reason
        reasons["database"] = repr(error)
    if not runtime.relay.healthy:
        reasons["relay"] = "cannot reach Kafka or the database"
    for group in runtime.groups:
        if not group.assigned:
            reasons[f"consumer {group.group}"] = "not started"
        elif group.progress.behind_since is not None:
            behind = time.monotonic() - group.progress.behind_since
            if behind > runtime.settings.stalled_after_seconds / 2:
                reasons[f"consumer {group.group}"] = f"no progress for {behind:.0f} s"
    return reasons


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
    return True
