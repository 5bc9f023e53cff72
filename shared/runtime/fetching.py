"""The Kafka client as we use it: a record that it cannot take apart is handed on as such.

aiokafka 0.14 raises from `getmany` where a header's name is not UTF-8 (in GBK, say) or a batch is
corrupt. FastStream calls again, for ever; and what the call had taken of other partitions by then
counts as read and is lost with the next commit (tried). Here reading goes back to what is
committed, up to the bad record, and on behind it.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any, TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import (
    ConsumerStoppedError,
    CorruptRecordException,
    KafkaError,
    UnsupportedCodecError,
)

from shared.runtime.clock import wall_now
from shared.runtime.logging import logger

log = logger(__name__)

SEARCH_SECONDS = 5.0
LOOK_SECONDS = 0.01
FETCH_MS = 1000
MOST = 500  # records handed on from one search

Records: TypeAlias = dict[TopicPartition, list[Any]]


@dataclass
class Unparsed(ConsumerRecord):  # type: ignore[misc]
    """What stands at a place where the client cannot read; `why` is its error."""

    why: str = ""


class Consumer(AIOKafkaConsumer):  # type: ignore[misc]
    """A group's consumer; nobody else may seek or commit meanwhile."""

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> Records:
        """As aiokafka's, with an Unparsed where a record cannot be read."""
        try:
            found: Records = await super().getmany(
                *partitions, timeout_ms=timeout_ms, max_records=max_records
            )
        except Exception as error:
            if not _is_unreadable(error):
                raise
            log.error("record_unreadable", error=repr(error))
            await self._back()
            found = await self._up_to_the_unreadable(max_records or MOST)
        return found

    async def _back(self) -> None:
        """To what is committed: all that was handed on was acknowledged, or sought back."""
        committed = await self.seek_to_committed() if self.assignment() else {}
        if fresh := [partition for partition, offset in committed.items() if not offset]:
            await self.seek_to_beginning(*fresh)

    async def _up_to_the_unreadable(self, most: int) -> Records:
        """Partition by partition, so that an error takes nothing along; ends behind the first."""
        found: Records = {}
        until = time.monotonic() + SEARCH_SECONDS
        try:
            while time.monotonic() < until and sum(map(len, found.values())) < most:
                for partition in sorted(self.assignment()):
                    try:
                        _add(found, await super().getmany(partition, max_records=most))
                    except Exception as error:
                        if not _is_unreadable(error):
                            raise
                        await self._narrow(partition, found)
                        return found
                await asyncio.sleep(LOOK_SECONDS)  # what was sought back to is fetched anew
        except KafkaError:
            await self._back()
            raise
        return found

    async def _narrow(self, partition: TopicPartition, found: Records) -> None:
        """One by one up to the unreadable record of this partition, which is passed over."""
        while True:
            at = await self.position(partition)
            try:
                one = await super().getmany(partition, timeout_ms=FETCH_MS, max_records=1)
            except Exception as error:
                if not _is_unreadable(error):
                    raise
                self.seek(partition, at + 1)
                _add(found, {partition: [_unparsed(partition, at, error)]})
                return
            if not one:
                return  # not fetched again in time: it is met at the next call
            _add(found, one)


def _add(found: Records, more: Records) -> None:
    for partition, records in more.items():
        found.setdefault(partition, []).extend(records)


def _is_unreadable(error: Exception) -> bool:
    """Whether the error is about a record and not about the broker or the group."""
    if isinstance(error, KafkaError):
        return isinstance(error, CorruptRecordException | UnsupportedCodecError)
    return not isinstance(error, ConsumerStoppedError)


def _unparsed(partition: TopicPartition, offset: int, error: Exception) -> Unparsed:
    return Unparsed(
        topic=partition.topic,
        partition=partition.partition,
        offset=offset,
        timestamp=int(wall_now().timestamp() * 1000),
        timestamp_type=1,
        key=None,
        value=None,
        checksum=None,
        serialized_key_size=-1,
        serialized_value_size=-1,
        headers=(),
        why=repr(error),
    )
