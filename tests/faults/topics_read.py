"""Everything that stands on Kafka at the end of a story, read from the beginning."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from pydantic_core import from_json

from shared.contracts.envelope import MalformedEventError, Reader
from shared.contracts.topics import TOPICS, Topic
from shared.runtime.fetching import Consumer, Unparsed
from tests.faults.ground import PREFIX

GROUPS = ("intake", "router", "router.reports", "notifier")
CONSUMED = {  # service → (the contract topic it hears)
    "intake": ("whistles", "deadlines", "units"),
    "router": ("tickets", "deadlines", "bureau.<code>.reports"),
    "notifier": ("tickets", "whistles", "ratings", "units"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One record: an event of its topic's contract, an unreadable one, or one of another type."""

    topic: str  # without prefix
    contract: Topic
    partition: int
    offset: int
    key: bytes | None
    event: dict[str, Any] | None  # None where unreadable
    known: bool  # its type is of the contract


def contract_of(topic: str) -> Topic:
    """The row of the topics table for a topic's name."""
    parts = topic.split(".")
    name = topic if len(parts) == 1 else f"{parts[0]}.<code>.{parts[-1]}"
    return next(row for row in TOPICS if row.name == name)


class Log:
    """The records of all topics, each partition in order."""

    def __init__(self, records: list[Read]) -> None:
        self.records = records

    def of(self, name: str) -> Iterator[Read]:
        """The events of the topics of one contract, as often as they stand there."""
        for read in self.records:
            if read.contract.name == name and read.known:
                yield read

    def first(self, name: str) -> Iterator[Read]:
        """Each event of a contract's topics once: where it stands first."""
        seen: set[tuple[str, str]] = set()
        for read in self.of(name):
            assert read.event is not None
            known = (read.topic, read.event["id"])
            if known not in seen:
                seen.add(known)
                yield read

    def unreadable(self) -> list[Read]:
        return [read for read in self.records if read.event is None]

    def duplicates(self) -> Counter[str]:
        """How many records of each topic repeat an event."""
        counted: Counter[str] = Counter()
        for topic in TOPICS:
            repeated = sum(1 for _ in self.of(topic.name)) - sum(1 for _ in self.first(topic.name))
            counted[topic.name] = repeated
        return counted


async def ends(bootstrap: str) -> dict[Any, int]:
    """The end of every partition of the story."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        return await _ends(consumer)
    finally:
        await consumer.stop()


async def _ends(consumer: AIOKafkaConsumer) -> dict[Any, int]:
    topics = [name for name in await consumer.topics() if name.startswith(PREFIX)]
    consumer.subscribe(topics)
    await consumer.getmany(timeout_ms=0)  # takes up the subscription
    partitions = consumer.assignment()
    found: dict[Any, int] = await consumer.end_offsets(partitions)
    return found


async def read_all(bootstrap: str) -> Log:
    """Every record up to the ends found at the start of reading."""
    consumer = Consumer(
        bootstrap_servers=bootstrap,
        group_id=f"ledger-{uuid4()}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_bytes=20_000_000,
    )
    await consumer.start()
    readers: dict[str, tuple[Topic, Reader]] = {}
    found: list[Read] = []
    try:
        behind = {tp: end for tp, end in (await ends(bootstrap)).items() if end > 0}
        consumer.subscribe({partition.topic for partition in behind})
        while behind:
            for partition, records in (await consumer.getmany(timeout_ms=500)).items():
                topic = partition.topic.removeprefix(PREFIX)
                if topic not in readers:
                    contract = contract_of(topic)
                    readers[topic] = (contract, Reader(contract.events))
                found += [_read(record, topic, *readers[topic]) for record in records]
            await consumer.commit()
            mine = consumer.assignment()
            behind = {
                tp: end
                for tp, end in behind.items()
                if tp not in mine or await consumer.position(tp) < end
            }
    finally:
        await consumer.stop()
    return Log(found)


def _read(record: Any, topic: str, contract: Topic, reader: Reader) -> Read:
    event, known = None, False
    try:
        if not isinstance(record, Unparsed):
            known = reader.read(record.value) is not None
            event = from_json(record.value)
    except MalformedEventError:
        pass  # that is what `event` None says
    return Read(
        topic=topic,
        contract=contract,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        event=event,
        known=known,
    )


async def lag(bootstrap: str) -> dict[str, int]:
    """Records that each of the services' groups has not finished with."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        done = {group: await admin.list_consumer_group_offsets(PREFIX + group) for group in GROUPS}
    finally:
        await admin.close()
    behind: Counter[str] = Counter()
    for partition, end in (await ends(bootstrap)).items():
        name = contract_of(partition.topic.removeprefix(PREFIX)).name
        for group, offsets in done.items():
            if name in heard_by(group):
                committed = offsets.get(partition)
                behind[group] += end - (committed.offset if committed is not None else 0)
    return behind


def heard_by(group: str) -> tuple[str, ...]:
    """The contract topics of a consumer group."""
    service, _, part = group.partition(".")
    reports = "bureau.<code>.reports"
    if part:
        return (reports,)
    return tuple(name for name in CONSUMED[service] if name != reports)
