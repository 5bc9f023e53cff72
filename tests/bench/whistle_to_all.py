"""Row `whistle_to_200_ms`: from a street's request until all of 200 units can read their whistle.

One bare consumer listens to the 200 topics. The floor sends the very records that ours sent, each
to its topic, with a bare producer, and is heard by the same consumer.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from statistics import median
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from deploy.local.topics import apply_topics
from shared.catalogue.load import load_catalogue
from shared.contracts.topics import UNIT_WHISTLES, TopicSpec, all_topics, unit_topic
from shared.web.identity import issue_token
from tests.bench.figures import Figure, alternate
from tests.bench.ground import SQL, Ground
from tests.bench.http_client import connected, post
from tests.bench.plan import Plan
from tests.support.waiting import eventually

PREFIX, DATABASE = "all.", "whistle_all"
UNITS = 200
WHISTLES, WARM = 5, 3  # of each measurement


@dataclass(slots=True)
class Ear:
    """Every record of the units' topics by its key, with the moment it was read."""

    consumer: AIOKafkaConsumer
    heard: dict[bytes, dict[str, bytes]] = field(default_factory=dict)
    moments: dict[bytes, float] = field(default_factory=dict)

    async def listen(self) -> None:
        """Hear for ever."""
        while True:
            for records in (await self.consumer.getmany(timeout_ms=50)).values():
                moment = time.perf_counter()
                for record in records:
                    self.heard.setdefault(record.key, {})[record.topic] = record.value
                    self.moments[record.key] = moment

    async def until_all(self, key: bytes) -> float:
        """The moment when the last of all topics was heard."""

        async def number() -> int:
            return len(self.heard.get(key, {}))

        await eventually(number, until=lambda n: n == UNITS, within=60.0)
        return self.moments[key]


async def measure(ground: Ground, plan: Plan) -> list[Figure]:
    """Milliseconds at the median of some whistles."""
    units = _units()
    await apply_topics(ground.kafka.bootstrap, _topics(units))
    await ground.new_database(DATABASE, "router")
    await _add(ground.dsn(DATABASE), units)
    url = f"{ground.url('router')}/api/v1/whistles"
    token = issue_token(
        ground.secrets.token_secret, role="supervisor", unit="C-RXZX", name="督办员"
    )
    whistle = json.dumps(_whistle(units)).encode()
    async with (
        ground.service("router", prefix=PREFIX, database=DATABASE),
        _listening(ground, units) as ear,
        connected(url, 1) as (connection,),
    ):
        last: list[bytes] = []

        async def ours() -> float:
            """Blow some; the median time to the last unit."""
            waited = []
            for _ in range(WHISTLES):
                request = post(url, whistle, token=token, idempotency_key=str(uuid4()))
                began = time.perf_counter()
                status, body = await connection.ask(request)
                assert status == 201, (status, body)
                key = json.loads(body)["whistle_id"].encode()
                waited.append((await ear.until_all(key) - began) * 1000)
                last[:] = [key]
            return median(waited)

        for _ in range(WARM):
            await ours()

        async def floor() -> float:
            return await _floor(ground, ear, ear.heard[last[0]])

        pairs = await alternate(plan.pairs, floor=floor, ours=ours)
    return [Figure(name="whistle_to_200_ms", unit="ms", wanted="≤ 1,000 ms", pairs=pairs)]


def _units() -> list[str]:
    known = sorted(load_catalogue().units)
    return [*known, *(f"BH-LS{n:02}" for n in range(UNITS - len(known)))]


def _topics(units: list[str]) -> list[TopicSpec]:
    return [replace(spec, name=PREFIX + spec.name) for spec in all_topics(units)]


async def _add(dsn: str, units: list[str]) -> None:
    """The units that the city's file does not have."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(SQL.add_units, [u for u in units if u.startswith("BH-LS")])
    finally:
        await connection.close()


def _whistle(units: list[str]) -> dict[str, object]:
    lead, *others = units
    return {
        "kind": "key_work",
        "title": "全市防汛一级响应",
        "summary": "气象台发布暴雨红色预警，各单位立即到岗。",
        "place": {"region": "159900"},
        "units": [
            {"unit": lead, "relation": "lead", "task": "总牵头"},
            *({"unit": unit, "relation": "assisting", "task": "到岗值守"} for unit in others),
        ],
    }


@asynccontextmanager
async def _listening(ground: Ground, units: list[str]) -> AsyncIterator[Ear]:
    topics = [PREFIX + unit_topic(UNIT_WHISTLES, unit) for unit in units]
    consumer = AIOKafkaConsumer(bootstrap_servers=ground.kafka.bootstrap)
    await consumer.start()
    consumer.assign([TopicPartition(topic, 0) for topic in topics])
    await consumer.seek_to_end()
    ear = Ear(consumer)
    listening = asyncio.create_task(ear.listen())
    try:
        yield ear
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await consumer.stop()


async def _floor(ground: Ground, ear: Ear, records: dict[str, bytes]) -> float:
    """Milliseconds of the same records through a bare producer, at the median."""
    producer = AIOKafkaProducer(bootstrap_servers=ground.kafka.bootstrap, acks="all", linger_ms=1)
    await producer.start()
    waited = []
    try:
        for n in range(WARM + WHISTLES):
            key = f"floor-{time.perf_counter_ns()}".encode()
            began = time.perf_counter()
            sent = [await producer.send(topic, value, key) for topic, value in records.items()]
            await asyncio.gather(*sent)
            moment = await ear.until_all(key)
            if n >= WARM:  # the producer knows all leaders now
                waited.append((moment - began) * 1000)
    finally:
        await producer.stop()
    return median(waited)
