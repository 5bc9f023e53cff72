"""The consumer: FastStream batch subscribers that hand raw records to the batch processing.

Settings answer traps tried in faststream 0.7 and aiokafka 0.14: offsets are committed after the
transaction and sought back on error (NACK_ON_ERROR); our own parser shows it no header; new
topics of a pattern are found within ten seconds; our own watchdog ends a process whose consumer
has died silently (faststream #2412).
"""

import asyncio
import dataclasses
import re
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage

from shared.contracts.envelope import Reader
from shared.contracts.topics import Topic
from shared.runtime import metrics
from shared.runtime.batch import Handle, Lane, Refuse, process
from shared.runtime.instruments import NAN
from shared.runtime.logging import logger

if TYPE_CHECKING:
    from shared.runtime.service import Runtime

log = logger(__name__)
ANSWER_SECONDS: Final = 2.5  # in which Kafka tells where partitions end, or counts as away


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Topics heard by one consumer group; either city topics, or one topic of every unit."""

    group: str
    topics: tuple[Topic, ...]
    handle: Handle
    refuse: Refuse | None = None

    @property
    def is_pattern(self) -> bool:
        return any("<code>" in topic.name for topic in self.topics)


@dataclass(slots=True)
class Progress:
    """When a group last finished a batch, and how far behind it was last seen (wall clock)."""

    finished: float = field(default_factory=time.monotonic)
    behind_since: float | None = None
    lag: int | None = 0  # None while Kafka is away
    waits: bool = False  # there is something to do, or the group's coordinator alone is silent


class GroupConsumer:
    """One subscription running on a broker of FastStream."""

    def __init__(self, runtime: "Runtime", broker: KafkaBroker, wanted: Subscription) -> None:
        self.runtime = runtime
        self.group = runtime.settings.topic_prefix + wanted.group
        self.name = wanted.group
        metrics.of_group(self.name)
        self.progress = Progress()
        self._done: dict[TopicPartition, int] = {}
        self._lane = _lane(wanted)
        self._subscriber: Any = broker.subscriber(
            *_topics(runtime.settings.topic_prefix, wanted),
            pattern=_pattern(runtime.settings.topic_prefix, wanted),
            group_id=self.group,
            batch=True,
            batch_timeout_ms=5,
            max_records=runtime.settings.batch_records,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            session_timeout_ms=6000,
            heartbeat_interval_ms=2000,
            max_poll_interval_ms=120_000,
            fetch_max_bytes=8_000_000,
            parser=_parse,
            decoder=_decode,
            no_reply=True,  # or a record's `reply_to` header would publish to any topic it names
        )
        self._subscriber(self._on_batch)

    async def _on_batch(self, records: Sequence[Any]) -> None:
        await process(self.runtime, self._lane, records)
        self.progress.finished = time.monotonic()
        for record in records:
            self._done[TopicPartition(record.topic, record.partition)] = record.offset + 1

    @property
    def lane(self) -> Lane:
        return self._lane

    async def measure_lag(self) -> int | None:
        """Records not handled yet in the assigned partitions; None when Kafka is away.

        The client asks for as long as it takes: here an answer that takes seconds is none.
        """
        consumer = self._subscriber.consumer
        partitions = consumer.assignment() if consumer is not None else frozenset()
        lag, ends = None, None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                ends = await _ends(consumer, partitions)
                if new := ends.keys() - self._done.keys():
                    begins = await consumer.beginning_offsets(new)
                    for partition in new:
                        committed = await consumer.committed(partition) or 0
                        # what was let go meanwhile is not there to be handled
                        self._done[partition] = max(begins[partition], committed)
            lag = sum(max(0, end - self._done[tp]) for tp, end in ends.items())
        except (KafkaError, TimeoutError) as error:
            if self.progress.lag is not None:  # said once
                log.warning("lag_unknown", group=self.group, error=repr(error))
        self._done = {tp: offset for tp, offset in self._done.items() if tp in partitions}
        self.progress.lag = lag
        self.progress.waits = bool(lag) if lag is not None else ends is not None
        metrics.LAG.labels(self.name).set(NAN if lag is None else lag)
        metrics.PARTITIONS.labels(self.name).set(len(partitions))
        return lag


class _UnitReaders(dict[str, Reader]):
    """The reader of a topic that every unit has, by the topic's name; KeyError for another's."""

    def __init__(self, topic: Topic) -> None:
        super().__init__()
        self._pattern = re.compile(_unit_pattern(topic))
        self._reader = Reader(topic.events)

    def __missing__(self, name: str) -> Reader:
        if not self._pattern.fullmatch(name):
            raise KeyError(name)
        self[name] = self._reader
        return self._reader


def _lane(wanted: Subscription) -> Lane:
    readers = (
        _UnitReaders(wanted.topics[0])
        if wanted.is_pattern
        else {topic.name: Reader(topic.events) for topic in wanted.topics}
    )
    return Lane(
        group=wanted.group,
        reader=readers.__getitem__,
        handle=wanted.handle,
        refuse=wanted.refuse,
        foreign=wanted.is_pattern,  # the topics that units write
    )


def _unit_pattern(topic: Topic) -> str:
    return topic.name.replace(".", r"\.").replace("<code>", "[A-Za-z0-9-]+")


def _topics(prefix: str, wanted: Subscription) -> list[str]:
    return [] if wanted.is_pattern else [prefix + topic.name for topic in wanted.topics]


def _pattern(prefix: str, wanted: Subscription) -> str | None:
    if not wanted.is_pattern:
        return None
    return "^" + re.escape(prefix) + _unit_pattern(wanted.topics[0]) + "$"


async def _ends(consumer: Any, partitions: Collection[TopicPartition]) -> dict[Any, int]:
    """Where each partition ends; asks Kafka for its topics where there is none, to hear of it."""
    if consumer is None:
        raise KafkaConnectionError("it was not there yet when this group began")
    if not partitions:
        await consumer.topics()
        return {}
    ends: dict[Any, int] = await consumer.end_offsets(partitions)
    return ends


async def _parse(records: tuple[Any, ...], original: Any) -> Any:
    """Show FastStream one record without headers: nothing we read stands in any.

    A header that is null or not UTF-8 would drop its whole batch (#2458), others would be obeyed.
    """
    message = await original((dataclasses.replace(records[0], headers=()),))
    message.raw_message = records  # what is handled, and sought back on error
    return message


async def _decode(message: KafkaMessage) -> Any:
    return message.raw_message
