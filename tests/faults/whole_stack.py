"""A whole stack as `shaodao up` runs it, kept by the test itself, and who hears its whistles."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from pydantic_core import from_json

from deploy.local.data_folder import DataFolder
from deploy.local.plan import Options, service_url
from deploy.local.ports import Ports, free_base
from deploy.local.report import Silent
from deploy.local.stack import Stack
from shared.runtime.settings import KafkaAccess
from tests.faults.ground import PREFIX

MONDAY = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai, a working day
BLOWN = "shaodao.whistle.blown.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A running stack."""

    stack: Stack
    secret: str

    def url(self, service: str) -> str:
        return service_url(self.stack.options.ports, service)

    @property
    def bootstrap(self) -> str:
        assert self.stack.addresses is not None
        return self.stack.addresses.kafka

    @property
    def databases(self) -> dict[str, str]:
        assert self.stack.addresses is not None
        return dict(self.stack.addresses.databases)

    def log(self, service: str) -> str:
        """All that a service wrote."""
        path = self.stack.folder.logs / f"{service}.log"
        return path.read_text(errors="replace") if path.exists() else ""


@asynccontextmanager
async def whole_stack(folder: Path, *, kafka: str | None = None) -> AsyncIterator[Whole]:
    """Start it, on a Kafka of its own or this one; it is kept running, and stopped at the end."""
    options = Options(
        folder=DataFolder(folder),
        ports=Ports(free_base()),
        city=False,
        clock_start=MONDAY,
        kafka=None if kafka is None else KafkaAccess(kafka_bootstrap=kafka),
        topic_prefix=PREFIX,
    )
    with options.folder.hold():
        stack = Stack(options, Silent())
        await stack.start()
        keeping = asyncio.create_task(stack.wait())
        try:
            yield Whole(stack=stack, secret=options.folder.secrets().token_secret)
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            await stack.stop()


@dataclass
class Whistles:
    """Every whistle as it can be read on its topic: the moment by ticket, and how often."""

    bootstrap: str
    heard: dict[str, float] = field(default_factory=dict)  # ticket → monotonic, the first time
    events: dict[str, int] = field(default_factory=dict)  # event → how often it stands there

    async def __aenter__(self) -> "Whistles":
        self._consumer = AIOKafkaConsumer(
            f"{PREFIX}whistles", bootstrap_servers=self.bootstrap, auto_offset_reset="earliest"
        )
        await self._consumer.start()
        self._listening = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)
        await self._consumer.stop()

    async def _listen(self) -> None:
        while True:
            try:
                batch = await self._consumer.getmany(timeout_ms=200)
            except KafkaError:
                continue  # a broker is away; the client finds the next
            moment = time.monotonic()
            for records in batch.values():
                for record in records:
                    self._hear(from_json(record.value), moment)

    def _hear(self, event: dict[str, Any], moment: float) -> None:
        if event["type"] != BLOWN:
            return
        self.events[event["id"]] = self.events.get(event["id"], 0) + 1
        for ticket_id in event["data"]["ticket_ids"]:
            self.heard.setdefault(ticket_id, moment)
