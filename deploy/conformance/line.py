"""The kit's line to Kafka: speaks on the unit's two topics, hears its reports, sees its groups."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.contracts.topics import UNIT_NOTICES, UNIT_REPORTS, UNIT_WHISTLES, unit_topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record of the department, as the broker has it."""

    offset: int
    received_at: datetime
    value: bytes | None


class Line:
    """A producer and a consumer on one unit's topics, under a prefix of their own."""

    def __init__(
        self, bootstrap: str, *, unit: str, prefix: str, security: Mapping[str, Any]
    ) -> None:
        self.group_prefix = f"{prefix}bureau.{unit}."
        self._whistles = prefix + unit_topic(UNIT_WHISTLES, unit)
        self._notices = prefix + unit_topic(UNIT_NOTICES, unit)
        self._reports = TopicPartition(prefix + unit_topic(UNIT_REPORTS, unit), 0)
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, **security
        )
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap, enable_auto_commit=False, **security
        )
        self._admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, **security)

    async def open(self) -> None:
        """Connect, and hear from now on; raises KafkaError when no broker or topic is there."""
        await asyncio.gather(self._producer.start(), self._consumer.start(), self._admin.start())
        self._consumer.assign([self._reports])
        await self._consumer.seek_to_end(self._reports)
        await self._consumer.position(self._reports)  # the end of now, not of the first read

    async def close(self) -> None:
        """Leave."""
        await asyncio.gather(self._producer.stop(), self._consumer.stop(), self._admin.close())

    async def say(self, value: str, *, key: str, notice: bool = False) -> int:
        """One event to the department; the offset it has there."""
        topic = self._notices if notice else self._whistles
        sent = await self._producer.send_and_wait(topic, value.encode(), key=key.encode())
        return int(sent.offset)

    async def hear(self) -> list[Record]:
        """The department's next records; empty after a short silence."""
        batches = await self._consumer.getmany(timeout_ms=100)
        return [
            Record(
                offset=record.offset,
                received_at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
                value=record.value,
            )
            for records in batches.values()
            for record in records
        ]

    async def groups(self) -> dict[str, int]:
        """The consumer groups that read the unit's whistles, with the next offset of each."""
        at = TopicPartition(self._whistles, 0)
        found: dict[str, int] = {}
        for group, _ in await self._admin.list_consumer_groups():
            offsets = await self._admin.list_consumer_group_offsets(group, partitions=[at])
            if at in offsets and offsets[at].offset >= 0:
                found[group] = offsets[at].offset
        return found
