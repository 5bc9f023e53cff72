"""Row `submit_to_bureau_ms`: from a request's start until a bureau's consumer read its whistle.

All three services run; requests come at a steady rate, whether or not earlier ones are answered.
The floor passes a record of the same size through the same broker, two hops and no database.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from deploy.local.data_folder import SERVICES
from deploy.local.topics import apply_topics, city_topics
from shared.contracts.topics import UNIT_WHISTLES, TopicSpec, unit_topic
from shared.web.identity import issue_token
from tests.bench.figures import Figure, Pair, percentile
from tests.bench.ground import Ground
from tests.bench.http_client import Connection, connected, post
from tests.bench.plan import Plan
from tests.bench.traffic import normal_matters, submission
from tests.bench.worker import working
from tests.support.waiting import eventually

PREFIX = "city."
RATE = 100  # requests a second
SECONDS, WARM_SECONDS = 20, 3
BUREAUS = 8
CONNECTIONS = 64
HOPS = tuple(
    TopicSpec(
        name=f"{PREFIX}hop-{n}",
        partitions=1,
        retention_ms=-1,
        cleanup_policy="delete",
        timestamp_type="CreateTime",
    )
    for n in (1, 2)
)


@dataclass(slots=True)
class Ear:
    """A bare consumer: when it first read each key, and the last value it read."""

    consumer: AIOKafkaConsumer
    key_of: Callable[[bytes, bytes], str | None]
    heard: dict[str, float] = field(default_factory=dict)
    last: bytes = b""

    async def listen(self) -> None:
        """Hear for ever."""
        async for record in self.consumer:
            moment = time.perf_counter()
            key = self.key_of(record.key, record.value)
            if key is not None:
                self.heard.setdefault(key, moment)
                self.last = record.value

    async def _not_heard(self, sent: dict[str, float]) -> int:
        return len(sent.keys() - self.heard.keys())

    async def until_heard(self, sent: dict[str, float], *, within: float = 60.0) -> list[float]:
        """Milliseconds of each that was sent, once all were heard."""
        await eventually(lambda: self._not_heard(sent), until=lambda n: n == 0, within=within)
        return [(self.heard[key] - moment) * 1000 for key, moment in sent.items()]


async def measure(ground: Ground, plan: Plan) -> list[Figure]:
    """Milliseconds at the median and at the 99th percentile."""
    seconds = max(5, plan.many(SECONDS))
    await apply_topics(ground.kafka.bootstrap, [*city_topics(PREFIX), *HOPS])
    for service in SERVICES:
        await ground.new_database(f"city_{service}", service)
    p50, p99 = [], []
    async with AsyncExitStack() as stack:
        for service in SERVICES:
            await stack.enter_async_context(
                ground.service(service, prefix=PREFIX, database=f"city_{service}")
            )
        city = await stack.enter_async_context(_city(ground))
        await city(WARM_SECONDS * RATE)
        for _ in range(plan.pairs):
            floor = await _floor(ground, seconds * RATE, city.ear.last)
            ours = await city(seconds * RATE)
            p50.append(Pair(floor=percentile(floor, 0.5), ours=percentile(ours, 0.5)))
            p99.append(Pair(floor=percentile(floor, 0.99), ours=percentile(ours, 0.99)))
    name = "submit_to_bureau"
    return [
        Figure(name=f"{name}_p50_ms", unit="ms", wanted="≤ 25 ms", pairs=tuple(p50)),
        Figure(name=f"{name}_p99_ms", unit="ms", wanted="≤ 100 ms", pairs=tuple(p99)),
    ]


class City:
    """Submits to intake and listens as the bureaus."""

    def __init__(self, ear: Ear, connections: list[Connection], url: str, token: str) -> None:
        self.ear = ear
        self._free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
        for connection in connections:
            self._free.put_nowait(connection)
        self._url = url
        self._token = token
        self._submitted = 0

    async def __call__(self, number: int) -> list[float]:
        """Milliseconds of so many requests."""
        sent: dict[str, float] = {}
        requests = []
        for matter in normal_matters(number, leads=BUREAUS):
            self._submitted += 1
            body = submission(self._submitted, matter)
            requests.append(post(self._url, body, token=self._token, idempotency_key=str(uuid4())))

        async def submit(n: int) -> None:
            began = time.perf_counter()
            connection = await self._free.get()
            status, body = await connection.ask(requests[n])
            self._free.put_nowait(connection)
            assert status == 201, (status, body)
            sent[json.loads(body)["ticket_id"]] = began

        await steadily(number, submit)
        return await self.ear.until_heard(sent)


async def steadily(number: int, begin: Callable[[int], Awaitable[None]]) -> None:
    """Begin so many at RATE a second, each when its time comes; returns when all are done."""
    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for n in range(number):
            ahead = start + n / RATE - time.perf_counter()
            if ahead > 0:
                await asyncio.sleep(ahead)
            group.create_task(_begun(begin(n)))


async def _begun(beginning: Awaitable[None]) -> None:
    await beginning


@asynccontextmanager
async def _city(ground: Ground) -> AsyncIterator[City]:
    leads = {matter.lead for matter in normal_matters(10_000, leads=BUREAUS)}
    topics = [PREFIX + unit_topic(UNIT_WHISTLES, lead) for lead in sorted(leads)]
    url = f"{ground.url('intake')}/api/v1/tickets"
    token = issue_token(ground.secrets.token_secret, role="operator", name="赵敏")
    async with (
        _listening(ground, topics, _ticket_of) as ear,
        connected(url, CONNECTIONS) as connections,
    ):
        yield City(ear, connections, url, token)


def _ticket_of(_key: bytes, value: bytes) -> str | None:
    data = json.loads(value)["data"]
    lead = data.get("assignment", {}).get("relation") == "lead"
    return str(data["ticket_ids"][0]) if lead and data.get("ticket_ids") else None


@asynccontextmanager
async def _listening(
    ground: Ground, topics: list[str], key_of: Callable[[bytes, bytes], str | None]
) -> AsyncIterator[Ear]:
    consumer = AIOKafkaConsumer(bootstrap_servers=ground.kafka.bootstrap)
    await consumer.start()
    consumer.assign([TopicPartition(topic, 0) for topic in topics])
    await consumer.seek_to_end()
    ear = Ear(consumer, key_of)
    listening = asyncio.create_task(ear.listen())
    try:
        yield ear
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await consumer.stop()


async def _floor(ground: Ground, number: int, value: bytes) -> list[float]:
    """Milliseconds of so many records of that value over two hops."""
    first, second = (spec.name for spec in HOPS)
    total = WARM_SECONDS * RATE + number
    arguments = {"kafka": ground.kafka.bootstrap, "from": first, "to": second, "records": total}
    producer = AIOKafkaProducer(bootstrap_servers=ground.kafka.bootstrap, acks="all")
    await producer.start()
    log = ground.folder / "logs" / "hop.log"
    try:
        async with (
            _listening(ground, [second], lambda key, _: key.decode()) as ear,
            working("tests.bench.hop_floor", arguments, log=log) as hop,
        ):
            await hop.go()
            for records in (WARM_SECONDS * RATE, number):
                sent = {str(uuid4()): 0.0 for _ in range(records)}
                keys = list(sent)

                async def send(
                    n: int, keys: list[str] = keys, sent: dict[str, float] = sent
                ) -> None:
                    sent[keys[n]] = time.perf_counter()
                    await producer.send_and_wait(first, value, keys[n].encode())

                await steadily(records, send)
                found = await ear.until_heard(sent)
            assert await hop.result() == total
    finally:
        await producer.stop()
    return found
