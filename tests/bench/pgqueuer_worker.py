"""A worker of pgqueuer as a process: `pgqueuer_worker HANDLER BATCH HEARTBEAT_SECONDS`.

Its settings are the best we found for jobs with `execute_after`: a pool, uvloop, large batches, and
a dequeue timeout long enough that it wakes by itself when the next job is due. HANDLER `bare` does
nothing; `rows` writes a row of history and an event in one statement, which is one transaction.
"""

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.models import Job

from tests.bench.due_sql import DUE

POOL = 10
HASH = b"\x00" * 32
AFTER = '{"state":"missed","due":"2026-11-23T03:00:00+00:00","rung":"due"}'


async def main(handler: str, batch: int, heartbeat_seconds: float) -> None:
    """Work until the end."""
    pool = await asyncpg.create_pool(
        os.environ["DSN"],
        min_size=POOL,
        max_size=POOL,
        server_settings={
            "application_name": f"pgqueuer-{os.getpid()}",
            "timezone": "UTC",
            "jit": "off",
        },
    )
    worker = PgQueuer.from_asyncpg_pool(pool)

    async def bare(job: Job) -> None:
        pass

    async def rows(job: Job) -> None:
        payload = (job.payload or b"").decode()
        await pool.execute(DUE.write_two, UUID(int=job.id), datetime.now(UTC), AFTER, HASH, payload)

    print(worker.qm.queue_manager_id, flush=True)  # noqa: T201  # who holds what it has picked
    worker.entrypoint("due")({"bare": bare, "rows": rows}[handler])
    await worker.run(
        dequeue_timeout=timedelta(seconds=30),
        batch_size=batch,
        heartbeat_timeout=timedelta(seconds=heartbeat_seconds),
        log_aggregation_interval=timedelta(0),
    )


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
