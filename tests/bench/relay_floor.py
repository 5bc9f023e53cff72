"""The floor of `relay_rows`: the same payloads from memory, sent and awaited, and nothing else."""

import asyncio
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer

from shared.contracts.envelope import CONTENT_TYPE
from shared.runtime.relay import SQL
from tests.bench.worker import Ready, work

CHUNK = 5000  # as many as the relay reads at once


async def child(arguments: dict[str, Any], ready: Ready) -> int:
    """Send every row of the outbox of `dsn`, read before; returns how many."""
    connection = await asyncpg.connect(arguments["dsn"])
    rows = await connection.fetch(SQL.outbox_read, None, [])
    await connection.close()
    prefix = arguments["prefix"]
    records = [(prefix + r["aggregatetype"], r["payload"], r["aggregateid"].encode()) for r in rows]
    producer = AIOKafkaProducer(
        bootstrap_servers=arguments["kafka"],
        enable_idempotence=True,
        acks="all",
        linger_ms=1,
        max_batch_size=262_144,
    )
    await producer.start()
    headers = [("content-type", CONTENT_TYPE.encode())]
    await ready()
    for first in range(0, len(records), CHUNK):
        chunk = records[first : first + CHUNK]
        sent = [await producer.send(*record, headers=headers) for record in chunk]
        await asyncio.gather(*sent)
    await producer.stop()
    return len(records)


if __name__ == "__main__":
    work(child)
