"""The bench's own eye on Kafka: produces, counts what was written, sets a group's offsets."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.contracts.topics import TopicSpec

Offsets = dict[TopicPartition, int]
LOOK_SECONDS = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """One record to be produced; the topic with its prefix."""

    topic: str
    key: bytes
    value: bytes


def partitions_of(specs: Iterable[TopicSpec]) -> list[TopicPartition]:
    """Every partition of these topics."""
    return [TopicPartition(spec.name, n) for spec in specs for n in range(spec.partitions)]


class Broker:
    """A connection that consumes by itself, in no group."""

    def __init__(self, bootstrap: str, consumer: AIOKafkaConsumer) -> None:
        self.bootstrap = bootstrap
        self._consumer = consumer

    async def ends(self, partitions: Sequence[TopicPartition]) -> Offsets:
        """The offset after the last record of each partition."""
        self._learn(partitions)
        return dict(await self._consumer.end_offsets(partitions))

    def _learn(self, partitions: Sequence[TopicPartition]) -> None:
        """Ask for all their leaders at once; `end_offsets` does it topic by topic, 0.1 s each.

        They are assigned for that, but paused, so that nothing is fetched.
        """
        if not self._consumer.assignment() >= set(partitions):
            self._consumer.assign(list(partitions))
            self._consumer.pause(*partitions)

    async def until_written(self, before: Offsets, number: int, *, within: float) -> float:
        """Wait until `number` records were written after `before`; returns the moment.

        TimeoutError names what was there, AssertionError when there are more than expected.
        """
        partitions, limit = list(before), time.perf_counter() + within
        while True:
            ends = await self.ends(partitions)
            moment = time.perf_counter()
            written = sum(ends.values()) - sum(before.values())
            if written >= number:
                assert written == number, f"{written} records written, {number} expected"
                return moment
            if moment > limit:
                raise TimeoutError(f"{written} of {number} records within {within} s")
            await asyncio.sleep(LOOK_SECONDS)

    async def read(self, start: Offsets) -> list[ConsumerRecord]:
        """Every record from `start` to the ends of now, partition by partition."""
        ends = await self.ends(list(start))
        found: list[ConsumerRecord] = []
        missing = {tp for tp in start if ends[tp] > start[tp]}
        if not missing:
            return found
        self._consumer.assign(missing)
        for partition in missing:
            self._consumer.seek(partition, start[partition])
        while missing:
            for partition, records in (await self._consumer.getmany(timeout_ms=500)).items():
                found += [record for record in records if record.offset < ends[partition]]
                if records[-1].offset + 1 >= ends[partition]:
                    missing.discard(partition)
        self._consumer.unsubscribe()
        return sorted(found, key=lambda record: (record.topic, record.partition, record.offset))

    async def produce(self, records: Iterable[Outbound]) -> None:
        """Write them all, in order for each key."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap, linger_ms=5, max_batch_size=262_144
        )
        await producer.start()
        try:
            sent = [await producer.send(r.topic, r.value, r.key) for r in records]
            await asyncio.gather(*sent)
        finally:
            await producer.stop()

    async def committed(self, prefix: str) -> dict[str, Offsets]:
        """What the groups whose names begin with `prefix` have committed."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            groups = [name for name, *_ in await admin.list_consumer_groups()]
            return {
                group: {
                    tp: found.offset
                    for tp, found in (await admin.list_consumer_group_offsets(group)).items()
                }
                for group in groups
                if group.startswith(prefix)
            }
        finally:
            await admin.close()

    async def commit(self, group: str, offsets: Mapping[TopicPartition, int]) -> None:
        """Set what a group, which nobody is in, has committed."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, group_id=group, enable_auto_commit=False
        )
        await consumer.start()
        try:
            consumer.assign(list(offsets))
            await consumer.commit(dict(offsets))
        finally:
            await consumer.stop()


@asynccontextmanager
async def open_broker(bootstrap: str) -> AsyncIterator[Broker]:
    """An eye on the broker, closed at the end."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        yield Broker(bootstrap, consumer)
    finally:
        await consumer.stop()
