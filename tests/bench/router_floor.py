"""The floor of the router's rows: getmany → one transaction writing the same rows → send.

Nothing is validated or decided: what to write was recorded from the router. Each event's JSON is
parsed once for its id; the statements are bulk ones on the same schema, batches are as large. The
same rows are written and the same events sent, their bytes included; the outbox's rows are sent
from memory, neither read again nor deleted.
"""

import asyncio
import pickle
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from pydantic_core import from_json

from shared.runtime import inbox
from shared.runtime.outbox import COLUMNS
from tests.bench.ground import SQL
from tests.bench.router_recording import COPIED, Recording, Script, last_of_each
from tests.bench.worker import Ready, work

_TOPIC, _KEY, _PAYLOAD = map(COLUMNS.index, ("aggregatetype", "aggregateid", "payload"))


class Floor:
    """The bare consumer of one run."""

    def __init__(self, recording: Recording, prefix: str, connection: Any) -> None:
        self._recording = recording
        self._prefix = prefix
        self._connection = connection

    def script(self, record: ConsumerRecord) -> Script:
        """What is done for a record."""
        topic = record.topic.removeprefix(self._prefix)
        return self._recording.scripts[topic, record.key]

    async def write(self, records: Sequence[ConsumerRecord], scripts: Sequence[Script]) -> None:
        """One transaction with every row of the batch."""
        connection = self._connection
        async with connection.transaction():
            await connection.execute(
                inbox.SQL.inbox_remember,
                [record.topic.removeprefix(self._prefix) for record in records],
                [from_json(record.value)["id"] for record in records],
                [datetime.fromtimestamp(r.timestamp / 1000, UTC) for r in records],
            )
            await self._update(scripts)
            for table in COPIED:
                await self._copy(table, [r for s in scripts for r in s.copied.get(table, ())])
            await self._copy("outbox", [row for script in scripts for row in script.said])

    async def send(self, producer: AIOKafkaProducer, scripts: Sequence[Script]) -> None:
        """Every event of the batch, acknowledged."""
        sent = [
            await producer.send(
                self._prefix + row[_TOPIC], row[_PAYLOAD].encode(), row[_KEY].encode()
            )
            for script in scripts
            for row in script.said
        ]
        await asyncio.gather(*sent)

    async def _update(self, scripts: Sequence[Script]) -> None:
        whistles = last_of_each(s.whistle for s in scripts if s.whistle)
        if whistles:
            await self._connection.execute(
                SQL.floor_whistles, *map(list, zip(*whistles, strict=True))
            )
        parts = last_of_each(s.assignment for s in scripts if s.assignment)
        if parts:
            await self._connection.execute(
                SQL.floor_assignments, *map(list, zip(*parts, strict=True))
            )

    async def _copy(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            columns = self._recording.columns[table]
            await self._connection.copy_records_to_table(table, records=rows, columns=columns)


async def child(arguments: dict[str, Any], ready: Ready) -> int:
    """Do what was recorded for every record of the given partitions; returns how many."""
    prefix, start = arguments["prefix"], arguments["start"]
    recording = _recording(arguments["recording"])
    connection = await asyncpg.connect(arguments["dsn"])
    consumer, producer = _consumer(arguments["kafka"], prefix), _producer(arguments["kafka"])
    await asyncio.gather(consumer.start(), producer.start())
    consumer.assign([TopicPartition(topic, n) for topic, n, _ in start])
    for topic, n, offset in start:
        consumer.seek(TopicPartition(topic, n), offset)
    floor = Floor(recording, prefix, connection)
    await ready()
    done = 0
    while done < arguments["records"]:
        found = await consumer.getmany(timeout_ms=5, max_records=arguments["batch"])
        records = [record for part in found.values() for record in part]
        if not records:
            continue
        scripts = [floor.script(record) for record in records]
        await floor.write(records, scripts)
        await floor.send(producer, scripts)
        await consumer.commit({tp: part[-1].offset + 1 for tp, part in found.items()})
        done += len(records)
    await asyncio.gather(producer.stop(), consumer.stop())
    return done


def _recording(file: str) -> Recording:
    recording: Recording = pickle.loads(Path(file).read_bytes())  # the bench's own
    return recording


def _consumer(kafka: str, prefix: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        bootstrap_servers=kafka,
        group_id=f"{prefix}floor",
        enable_auto_commit=False,
        fetch_max_bytes=8_000_000,
    )


def _producer(kafka: str) -> AIOKafkaProducer:
    """As the relay's."""
    return AIOKafkaProducer(
        bootstrap_servers=kafka,
        enable_idempotence=True,
        acks="all",
        linger_ms=1,
        max_batch_size=262_144,
    )


if __name__ == "__main__":
    work(child)
