"""Sends many records to Kafka at once, gathered into one batch a partition.

`AIOKafkaProducer.send` makes a future and asks for the topic's partitions once a record. Filling
the batches here leaves the producer one future a batch. Records of one key keep their order.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2


class Record(NamedTuple):
    """One record to be sent; `topic` is the whole name."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


async def send_all(producer: AIOKafkaProducer, records: Iterable[Record]) -> None:
    """Return when Kafka has acknowledged every record; raises KafkaError."""
    of_topics: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        of_topics[record.topic].append(record)
    sent = []
    for topic, of_topic in of_topics.items():
        partitions = len(await producer.partitions_for(topic))
        for partition, batch in _batches(producer, of_topic, partitions):
            batch.close()  # it is not kept waiting for more
            sent.append(await producer.send_batch(batch, topic, partition=partition))
    await asyncio.gather(*sent)


def _batches(
    producer: AIOKafkaProducer, records: Iterable[Record], partitions: int
) -> list[tuple[int, Any]]:
    """The records of one topic as (partition, batch), those of a partition in order."""
    found: list[tuple[int, Any]] = []
    last: dict[int, Any] = {}  # of each partition: the batch that is being filled
    for _, key, value, headers in records:
        partition = partition_of(key, partitions)
        batch = last.get(partition)
        if batch is None or not _added(batch, key, value, headers):
            batch = last[partition] = producer.create_batch()
            found.append((partition, batch))
            _added(batch, key, value, headers)  # the first fits, however large
    return found


def _added(batch: Any, key: bytes, value: bytes, headers: list[tuple[str, bytes]]) -> bool:
    added = batch.append(timestamp=None, key=key, value=value, headers=headers)
    return added is not None


def partition_of(key: bytes, partitions: int) -> int:
    """Kafka's own choice for a key."""
    return 0 if partitions == 1 else _place(key, partitions)


@lru_cache(maxsize=65_536)  # its hash in Python took a sixth of the sending
def _place(key: bytes, partitions: int) -> int:
    hashed: int = murmur2(key)
    return (hashed & 0x7FFFFFFF) % partitions
