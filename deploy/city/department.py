"""The bureaus' own line to Kafka: reads every unit's whistles, writes each unit's own reports.

Plain aiokafka, as a department's developers would use it. One process stands for all of them, with
one consumer group; a report goes to its unit's topic and to no other.
"""

import asyncio
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from shared.catalogue.load import load_catalogue
from shared.catalogue.model import UnitKind
from shared.contracts.bureaus import ReportRefused, View
from shared.contracts.envelope import MalformedEventError, Reader
from shared.contracts.topics import UNIT_REPORTS, UNIT_WHISTLES, unit_of, unit_topic
from shared.runtime.logging import logger

GROUP = "bureau.city"
STOP_SECONDS = 5.0
log = logger("city.department")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One view for one unit."""

    unit: str
    whistle_id: UUID
    view: View | ReportRefused


class Line:
    """A started consumer and producer."""

    def __init__(self, bootstrap: str, prefix: str, **security: Any) -> None:
        self._prefix = prefix
        self._reader = Reader(UNIT_WHISTLES.events)
        units = load_catalogue().units.values()  # the canary answers for its unit itself
        self._others = frozenset(each.code for each in units if each.kind is UnitKind.PROBE)
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            group_id=f"{prefix}{GROUP}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            metadata_max_age_ms=10_000,
            # Each answer costs a request that names all units' topics: rather few and full.
            fetch_min_bytes=1_000_000,
            fetch_max_wait_ms=400,
            session_timeout_ms=10_000,
            client_id="city-bureaus",
            **security,
        )
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            acks="all",
            enable_idempotence=True,
            linger_ms=5,
            client_id="city-bureaus",
            **security,
        )

    async def open(self) -> None:
        """Connect; raises KafkaConnectionError when no broker is there."""
        pattern = re.escape(f"{self._prefix}{UNIT_WHISTLES.name}").replace("<code>", r"[^.]+")
        self._consumer.subscribe(pattern=f"^{pattern}$")
        await self._producer.start()
        await self._consumer.start()

    async def close(self) -> None:
        """Leave; a broker that is away does not hold the process up."""
        for end in (self._consumer.stop, self._producer.stop):
            with suppress(TimeoutError):
                await asyncio.wait_for(end(), STOP_SECONDS)

    async def hear(self) -> Sequence[Told]:
        """The next views, in order; empty after a while of silence."""
        batches: dict[TopicPartition, list[ConsumerRecord[Any, Any]]]
        batches = await self._consumer.getmany(timeout_ms=500, max_records=200)
        return [
            told
            for records in batches.values()
            for record in records
            if (told := self._read(record)) is not None
        ]

    async def commit(self) -> None:
        """What was heard is remembered: do not say it again."""
        await self._consumer.commit()

    async def say(self, reports: Iterable[tuple[str, UUID, bytes]]) -> None:
        """Send (unit, whistle_id, value), each to its unit's reports topic; waits for all."""
        sent = [
            await self._producer.send(
                f"{self._prefix}{unit_topic(UNIT_REPORTS, unit)}", value, key=str(key).encode()
            )
            for unit, key, value in reports
        ]
        await asyncio.gather(*sent)

    def _read(self, record: "ConsumerRecord[Any, Any]") -> Told | None:
        unit = unit_of(record.topic.removeprefix(self._prefix))
        if unit in self._others:
            return None
        try:
            envelope = self._reader.read(record.value)
        except MalformedEventError as error:
            log.error("unreadable", unit=unit, offset=record.offset, words=error.words)
            return None
        if envelope is None or envelope.data.whistle_id is None:
            return None
        return Told(unit=unit, whistle_id=envelope.data.whistle_id, view=envelope.data)
