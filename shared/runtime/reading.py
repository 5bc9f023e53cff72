"""Reads what a topic of one partition keeps, from any offset or date on, without a group.

A few consumers are kept and lent to one reader after the other, so that many may ask at once with
few connections; nothing is committed and nothing is remembered between two readings.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from shared.errors import ConflictError, NotFoundError, UnavailableError
from shared.runtime.logging import logger
from shared.runtime.security import client_security
from shared.runtime.settings import ServiceSettings

READERS: Final = 4
MOST_BYTES: Final = 2_000_000  # of one page; a larger record comes alone
FETCH_MS: Final = 5000
TIMEOUT_MS: Final = 8000
STOP_SECONDS: Final = 3.0

log = logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Records of a topic in order; `next` is the offset to go on from, `end` where it ended."""

    values: tuple[bytes, ...]
    offsets: tuple[int, ...]
    next: int
    end: int


class Reading:
    """The consumers of one process that read by offset; `stop` it at the end."""

    def __init__(self, settings: ServiceSettings, *, client_id: str) -> None:
        self._settings = settings
        self._client_id = f"{settings.topic_prefix}{client_id}"
        self._room = asyncio.Semaphore(READERS)
        self._idle: list[AIOKafkaConsumer] = []
        self._known: set[str] = set()

    async def page(self, topic: str, offset: int, *, most: int) -> Page:
        """At most so many records from `offset` on; what is no longer kept is passed over.

        Empty when there is nothing yet. Raises NotFoundError when Kafka has no such topic (the
        name is without prefix), ConflictError for an offset behind the end, UnavailableError
        while Kafka is away.
        """
        async with self._lent(topic) as (reader, partition):
            begin, end = await _bounds(reader, partition)
            if offset > end:
                raise _beyond(offset, end)
            start = max(offset, begin)
            if start == end:
                return Page(values=(), offsets=(), next=end, end=end)
            reader.assign([partition])
            reader.seek(partition, start)
            try:
                found = await reader.getmany(partition, timeout_ms=FETCH_MS, max_records=most)
            finally:
                reader.unsubscribe()
            records = [each for each in found.get(partition, ()) if each.value is not None]
            if not records:
                raise _away()
            return Page(
                values=tuple(each.value for each in records),
                offsets=tuple(each.offset for each in records),
                next=records[-1].offset + 1,
                end=end,
            )

    async def end(self, topic: str) -> int:
        """The offset that the next record will have; errors as those of `page`."""
        async with self._lent(topic) as (reader, partition):
            return (await _bounds(reader, partition))[1]

    async def offset_at(self, topic: str, wall: datetime) -> int:
        """The offset of the first record that the broker got at or after that wall time."""
        async with self._lent(topic) as (reader, partition):
            asked = {partition: max(0, int(wall.timestamp() * 1000))}
            found = (await reader.offsets_for_times(asked))[partition]
            if found is not None:
                first: int = found.offset
                return first
            return (await _bounds(reader, partition))[1]

    async def stop(self) -> None:
        """Let go of Kafka."""
        while self._idle:
            await _stop(self._idle.pop())

    @asynccontextmanager
    async def _lent(self, topic: str) -> AsyncIterator[tuple[AIOKafkaConsumer, TopicPartition]]:
        """A consumer for one reading; one that failed is not lent again."""
        async with self._room:
            reader: AIOKafkaConsumer | None = None
            try:
                reader = self._idle.pop() if self._idle else await self._started()
                yield reader, await self._partition(reader, topic)
            except (ConflictError, NotFoundError):
                assert reader is not None, "only who reads finds out"
                self._idle.append(reader)
                raise
            except OffsetOutOfRangeError as error:  # let go by retention meanwhile
                await _stop(reader)
                raise _away() from error
            except KafkaError as error:
                await _stop(reader)
                log.warning("reading_failed", topic=topic, error=repr(error))
                raise _away() from error
            except BaseException:
                await _stop(reader)
                raise
            else:
                self._idle.append(reader)

    async def _started(self) -> AIOKafkaConsumer:
        reader = AIOKafkaConsumer(
            bootstrap_servers=self._settings.kafka_bootstrap,
            **client_security(self._settings),
            client_id=self._client_id,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            request_timeout_ms=TIMEOUT_MS,
            fetch_max_wait_ms=50,  # nobody waits here: there is something, or it is not asked
            fetch_max_bytes=MOST_BYTES,
            max_partition_fetch_bytes=MOST_BYTES,
        )
        try:
            await reader.start()
        except BaseException:
            await _stop(reader)
            raise
        return reader

    async def _partition(self, reader: AIOKafkaConsumer, topic: str) -> TopicPartition:
        """A topic that Kafka does not have would be waited for."""
        name = self._settings.topic_prefix + topic
        if name not in self._known:
            self._known |= await reader.topics()
            if name not in self._known:
                raise NotFoundError(
                    "本单位的主题尚未建立，请联系运维",
                    "the unit has no topics yet, ask the operators",
                )
        return TopicPartition(name, 0)


async def _bounds(reader: AIOKafkaConsumer, partition: TopicPartition) -> tuple[int, int]:
    """The first offset that is kept, and the one that the next record will have."""
    begin = (await reader.beginning_offsets([partition]))[partition]
    end = (await reader.end_offsets([partition]))[partition]
    return begin, end


async def _stop(reader: AIOKafkaConsumer | None) -> None:
    if reader is None:
        return
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await reader.stop()
    except (TimeoutError, KafkaError) as error:
        log.warning("reader_stop", error=repr(error))


def _beyond(offset: int, end: int) -> ConflictError:
    return ConflictError(
        f"游标 {offset} 超出当前末尾 {end}，请从 since 重新开始",
        f"the cursor {offset} is beyond the end {end}: begin anew with `since`",
        code="cursor_beyond_end",
    )


def _away() -> UnavailableError:
    return UnavailableError("消息系统暂不可用，请稍后重试", "Kafka is away, try again")
