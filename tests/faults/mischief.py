"""What others do to the topics: poison, strange headers, records said a second time."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from pydantic_core import to_json

from shared.contracts.topics import (
    CITY_TOPICS,
    DEADLINES,
    TICKETS,
    UNIT_REPORTS,
    WHISTLES,
    unit_topic,
)
from shared.runtime.clock import Clock
from tests.faults.ground import PREFIX
from tests.support.city import envelope

Headers = list[tuple[str, Any]]
COPIED = (TICKETS.name, WHISTLES.name, DEADLINES.name)


class Gbk(str):
    """A header's name as a client writes it that knows no UTF-8."""

    __slots__ = ()

    def encode(self, *_: Any) -> bytes:
        return str.encode(self, "gbk")


async def misnamed(producer: AIOKafkaProducer, topic: str, value: bytes) -> None:
    """Send a record with a header whose name is GBK; the producer must not be idempotent."""
    batch = producer.create_batch()
    batch._builder = _DefaultRecordBatchBuilderPy(2, 0, 0, -1, -1, 0, 100_000)
    headers = [(Gbk("来源"), b"1")]
    batch.append(timestamp=None, key=b"misnamed", value=value, headers=headers)
    await (await producer.send_batch(batch, topic, partition=0))


def strange_headers() -> list[Headers]:
    """Headers no service may stumble over."""
    return [
        [("trace", None)],
        [("x", b"\xff\xfe")],
        [("content-type", b"\xc3\x28"), ("", None)],
        [("correlation_id", b"\x80" * 300)],
        [("traceparent", b"not one")],
        [("reply_to", f"{PREFIX}{DEADLINES.name}".encode())],
        [("reply_to", b"no-such-topic")],
        [("content-type", b"application/json"), ("content-type", b"text/plain")],
    ]


def poisons(type_: str, clock: Clock) -> list[bytes | None]:
    """Values that are no events of a contract; `type_` is one the reader knows."""
    now = clock.now()
    broken = envelope("x", str(uuid4()), {"whistle_id": "nothing"}, now) | {"type": type_}
    unzoned = {**broken, "time": "2026-09-14T09:00:00"}
    return [
        None,
        b"",
        b"\xff\xfe\x00",
        b"{",
        b"[]",
        b'"text"',
        b'{"specversion":"1.0"}',
        b"x" * 950_000,
        to_json(broken),
        to_json(unzoned),
        to_json({**broken, "data": None}),
        to_json({**broken, "subject": "a\x00b"}),
        to_json({**broken, "id": 7}),
    ]


@dataclass
class Mischief:
    """Puts records on every topic that a service consumes, `each` of every kind."""

    bootstrap: str
    clock: Clock
    units: list[str]
    seed: str
    each: int
    poison_keys: set[tuple[str, bytes]] = field(default_factory=set)
    misnamed: Counter[str] = field(default_factory=Counter)  # topic → records no client can read
    copies: int = 0
    strange: int = 0
    heard: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in COPIED})

    async def start(self) -> None:
        self._rng = random.Random(f"{self.seed}/mischief")
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap, enable_idempotence=True, max_request_size=2_000_000
        )
        self._careless = AIOKafkaProducer(bootstrap_servers=self.bootstrap)
        self._consumer = AIOKafkaConsumer(
            *(PREFIX + name for name in COPIED),
            bootstrap_servers=self.bootstrap,
            auto_offset_reset="earliest",
        )
        clients = (self._producer, self._careless, self._consumer)
        await asyncio.gather(*(client.start() for client in clients))
        self._listening = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)
        clients = (self._producer, self._careless, self._consumer)
        await asyncio.gather(*(client.stop() for client in clients))

    async def _listen(self) -> None:
        while True:
            try:
                batch = await self._consumer.getmany(timeout_ms=500)
            except KafkaError:
                continue  # the broker is away; the client finds it again
            for partition, records in batch.items():
                events = [r for r in records if r.key and not r.key.startswith(b"poison")]
                self.heard[partition.topic.removeprefix(PREFIX)] += events

    def types(self) -> dict[str, str]:
        """The consumed topics, each with an event type of its own."""
        city = {topic.name: topic.events[0].TYPE for topic in CITY_TOPICS}  # type: ignore[attr-defined]
        reports = {
            unit_topic(UNIT_REPORTS, unit): UNIT_REPORTS.events[0].TYPE  # type: ignore[attr-defined]
            for unit in self.units
        }
        return {**city, **reports}

    async def run(self, seconds: float) -> None:
        """Do it all, in a drawn order, spread over the time."""
        deeds = [
            (deed, topic)
            for topic in self.types()
            for deed in (
                self._poison,
                self._stranger,
                self._copy if topic in COPIED else self._misname,
            )
            for _ in range(self.each)
        ]
        self._rng.shuffle(deeds)
        for deed, topic in deeds:
            await deed(topic)
            await asyncio.sleep(seconds / len(deeds))  # the pace of the mischief

    def _third(self, topic: str) -> Callable[[str], Awaitable[None]]:
        """Only services write the topics whose facts are copied; any client writes the others."""
        return self._copy if topic in COPIED else self._misname

    async def _poison(self, topic: str) -> None:
        """One that must become a dead letter, with strange headers or without."""
        key = f"poison-{len(self.poison_keys)}".encode()
        value = self._rng.choice(poisons(self.types()[topic], self.clock))
        await self._send(topic, key, value, self._rng.choice([[], *strange_headers()]))
        self.poison_keys.add((topic, key))

    async def _misname(self, topic: str) -> None:
        """A good record but for a header whose name is GBK, sent at least once: a dead letter."""
        event = envelope("future.thing", str(uuid4()), {"new": True}, self.clock.now())
        await misnamed(self._careless, PREFIX + topic, to_json(event))
        self.misnamed[topic] += 1

    async def _stranger(self, topic: str) -> None:
        """An event of a type nobody knows yet, with strange headers: passed over."""
        event = envelope("future.thing", str(uuid4()), {"new": True}, self.clock.now())
        await self._send(topic, b"stranger", to_json(event), self._rng.choice(strange_headers()))
        self.strange += 1

    async def _copy(self, topic: str) -> None:
        """A fact told a second time, as a relay does that died before it could note the first."""
        if not self.heard[topic]:
            return
        record = self._rng.choice(self.heard[topic])
        await self._send(topic, record.key, record.value, self._rng.choice(strange_headers()))
        self.copies += 1

    async def _send(self, topic: str, key: bytes, value: bytes | None, headers: Headers) -> None:
        await self._producer.send_and_wait(PREFIX + topic, value, key=key, headers=headers)
