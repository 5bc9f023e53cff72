"""The departments of the kill story: plain Kafka clients that do what they are whistled for."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from pydantic_core import from_json, to_json

from shared.contracts.topics import UNIT_REPORTS, UNIT_WHISTLES, unit_topic
from shared.runtime.clock import Clock
from tests.faults.ground import PREFIX
from tests.faults.people import UNITS
from tests.support.city import RESOLVED, envelope, own_reply

WHISTLED = "shaodao.bureau.whistled.v1"
ANSWERS = ("shaodao.bureau.report_accepted.v1", "shaodao.bureau.report_refused.v1")
AGAIN = 0.08  # of the reports are sent a second time, byte for byte
LATE = 0.1  # of the whistles are taken up only when time has jumped
COMPRESSIONS = (None, "gzip", "snappy", "lz4", "zstd")  # each department as it likes


class Turns:
    """What all departments share: jumps of time, and which units are done with a whistle."""

    def __init__(self) -> None:
        self._jumped = asyncio.Event()
        self._calm = False
        self._done: dict[tuple[str, str], asyncio.Event] = {}

    def jumped(self) -> None:
        """Time has jumped: the late ones begin."""
        self._jumped.set()
        self._jumped = asyncio.Event()

    def calm(self) -> None:
        """From now on nobody is late."""
        self._calm = True
        self.jumped()

    async def next_jump(self) -> None:
        if not self._calm:
            await self._jumped.wait()

    def done(self, whistle_id: str, unit: str) -> asyncio.Event:
        """Set when that unit's part is done."""
        return self._done.setdefault((whistle_id, unit), asyncio.Event())


@dataclass
class Department:
    """One unit's own system: it acknowledges, contacts and resolves what it is whistled for."""

    unit: str
    bootstrap: str
    clock: Clock
    turns: Turns
    seed: str
    whistled: dict[str, dict[str, Any]] = field(default_factory=dict)  # event id → data
    reports: dict[str, bytes] = field(default_factory=dict)  # id → what was sent
    refusals: Counter[str] = field(default_factory=Counter)
    sent_again: int = 0

    async def start(self) -> None:
        self._rng = random.Random(f"{self.seed}/{self.unit}")
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._works: set[asyncio.Task[None]] = set()
        self._topic = PREFIX + unit_topic(UNIT_REPORTS, self.unit)
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap,
            enable_idempotence=True,
            linger_ms=1,
            compression_type=COMPRESSIONS[UNITS.index(self.unit) % len(COMPRESSIONS)],
        )
        self._consumer = AIOKafkaConsumer(
            PREFIX + unit_topic(UNIT_WHISTLES, self.unit),
            bootstrap_servers=self.bootstrap,
            auto_offset_reset="earliest",
        )
        await asyncio.gather(self._producer.start(), self._consumer.start())
        self._listening = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        tasks = [self._listening, *self._works]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(self._producer.stop(), self._consumer.stop())

    def failed(self) -> BaseException | None:
        """What broke the department's work, if anything did."""
        tasks = [task for task in (self._listening, *self._works) if task.done()]
        errors = [e for task in tasks if (e := task.exception()) is not None]
        return errors[0] if errors else None

    def waiting(self) -> int:
        """How many whistles it is still at work on."""
        return sum(not work.done() for work in self._works)

    async def _listen(self) -> None:
        while True:
            try:
                batch = await self._consumer.getmany(timeout_ms=200)
            except KafkaError:
                continue  # the broker is away; the client finds it again
            for records in batch.values():
                for record in records:
                    self._hear(from_json(record.value))

    def _hear(self, event: dict[str, Any]) -> None:
        data = event["data"]
        if event["type"] == WHISTLED and event["id"] not in self.whistled:
            self.whistled[event["id"]] = data
            self._works.add(asyncio.create_task(self._work(data)))
        if event["type"] in ANSWERS:
            answer = self._answers.get(data["report_id"])
            if answer is not None and not answer.done():
                answer.set_result(event)

    async def _work(self, whistle: dict[str, Any]) -> None:
        whistle_id, relation = whistle["whistle_id"], whistle["assignment"]["relation"]
        if self._rng.random() < LATE:
            await self.turns.next_jump()
        await self._pause()
        await self._report("acknowledged", whistle_id)
        if relation == "informed":
            return
        await self._pause()
        await self._report("contacted", whistle_id, how="phone")
        if self._rng.random() < 0.3:
            await self._report("progressed", whistle_id, text="已派人到现场")
        if relation == "lead":
            for part in whistle["units"]:
                if part["relation"] == "assisting":
                    await self.turns.done(whistle_id, part["unit"]).wait()
        await self._pause()
        answer = await self._report("resolved", whistle_id, public_reply=own_reply(), **RESOLVED)
        assert answer["type"] == ANSWERS[0], answer
        self.turns.done(whistle_id, self.unit).set()

    async def _pause(self) -> None:
        await asyncio.sleep(self._rng.uniform(0, 0.8))  # people work

    async def _report(self, verb: str, whistle_id: str, **data: Any) -> dict[str, Any]:
        """Say something once, or twice with the same bytes; returns the first answer."""
        now = self.clock.now()
        said = {"whistle_id": whistle_id, "handler": {"name": "王工"}, "at": now.isoformat()}
        event = envelope(f"report.{verb}", whistle_id, {**said, **data}, now)
        event["id"] = str(uuid4())
        value = to_json(event)
        self.reports[event["id"]] = value
        heard = self._answers[event["id"]] = asyncio.get_running_loop().create_future()
        await self._producer.send_and_wait(self._topic, value, key=whistle_id.encode())
        if self._rng.random() < AGAIN:
            await self._producer.send_and_wait(self._topic, value, key=whistle_id.encode())
            self.sent_again += 1
        answer: dict[str, Any] = await heard
        if answer["type"] != ANSWERS[0]:
            self.refusals[answer["data"]["code"]] += 1
        return answer


def parts(whistled: Iterable[dict[str, Any]]) -> Counter[str]:
    """How often each assignment was told to its unit."""
    return Counter(data["assignment"]["assignment_id"] for data in whistled)
