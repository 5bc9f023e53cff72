"""The canary as a department: hears what its unit is told over Kafka, and acknowledges.

With the rights of a department and no others: read on its whistles, write on its reports, a group
of its own.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.canary.settings import CanarySettings
from shared.contracts import envelope, reports
from shared.contracts.bureaus import ReportAccepted, Whistled
from shared.contracts.envelope import MalformedEventError, Reader
from shared.contracts.parts import Handler
from shared.contracts.topics import UNIT_REPORTS, UNIT_WHISTLES, unit_topic
from shared.runtime.logging import logger
from shared.runtime.security import client_security

HANDLER: Final = Handler(name="全程探测", post="系统")
STOP_SECONDS: Final = 3.0
log = logger("canary.unit")


class Unit:
    """A started consumer and producer; raises KafkaError when no broker is there."""

    def __init__(self, settings: CanarySettings) -> None:
        prefix, unit = settings.topic_prefix, settings.canary_unit
        self._unit = unit
        self._reports = prefix + unit_topic(UNIT_REPORTS, unit)
        self._reader = Reader((Whistled, ReportAccepted))
        self._tickets: dict[UUID, tuple[UUID, ...]] = {}
        security = client_security(settings)
        self._consumer = AIOKafkaConsumer(
            prefix + unit_topic(UNIT_WHISTLES, unit),
            bootstrap_servers=settings.kafka_bootstrap,
            group_id=f"{prefix}bureau.{unit}.canary",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=10_000,
            client_id="canary",
            **security,
        )
        self._producer = AIOKafkaProducer(
            bootstrap_servers=settings.kafka_bootstrap,
            acks="all",
            enable_idempotence=True,
            client_id="canary",
            **security,
        )

    async def open(self) -> None:
        await self._producer.start()
        await self._consumer.start()

    async def close(self) -> None:
        """Leave; a broker that is away does not hold the process up."""
        for end in (self._consumer.stop, self._producer.stop):
            with suppress(TimeoutError):
                await asyncio.wait_for(end(), STOP_SECONDS)

    async def accepted(self) -> AsyncIterator[UUID]:
        """The tickets whose acknowledgement counts, as they come; whistles are acknowledged."""
        while True:
            batches = await self._consumer.getmany(timeout_ms=500, max_records=100)
            for records in batches.values():
                for record in records:
                    for ticket_id in await self._heard(record.value):
                        yield ticket_id
            if batches:
                await self._consumer.commit()

    async def _heard(self, value: bytes | None) -> tuple[UUID, ...]:
        try:
            told = self._reader.read(value)
        except MalformedEventError as error:
            log.error("unreadable", words=error.words)
            return ()
        if told is None:
            return ()
        if isinstance(told.data, Whistled):
            self._tickets[told.data.whistle_id] = told.data.ticket_ids
            await self._acknowledge(told.data.whistle_id, told.time, told.traceparent)
            return ()
        return self._tickets.pop(told.data.whistle_id, ())

    async def _acknowledge(self, whistle_id: UUID, now: datetime, traceparent: str | None) -> None:
        report = reports.Acknowledged(whistle_id=whistle_id, handler=HANDLER, at=now)
        value = envelope.write(
            event_id=uuid5(whistle_id, "canary"),
            source=f"/departments/{self._unit}",
            subject=str(whistle_id),
            time=now,
            data=report,
            traceparent=traceparent,
        )
        await self._producer.send_and_wait(
            self._reports, value.encode(), key=str(whistle_id).encode()
        )
