"""Watches topics of one partition for whoever waits for their next record; keeps none of them.

One consumer a process follows the topics that somebody waited for lately. It wakes those who wait,
and they read for themselves: nothing is lost when it begins anew.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.runtime.logging import logger
from shared.runtime.security import client_security
from shared.runtime.settings import ServiceSettings

FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0  # before it begins again after an error
POLL_MS: Final = 1000
FORGOTTEN_SECONDS: Final = 600.0  # a topic that nobody waited for so long is let go

log = logger(__name__)


@dataclass(slots=True)
class _Topic:
    """How far a topic was seen, who waits for it, and when somebody last did (monotonic)."""

    next: int
    wanted_at: float
    waiters: set[asyncio.Event] = field(default_factory=set)


class Watch:
    """The topics of one process that are waited for; run it as a loop of the service."""

    def __init__(self, settings: ServiceSettings, *, client_id: str) -> None:
        self._settings = settings
        self._client_id = f"{settings.topic_prefix}{client_id}"
        self._topics: dict[str, _Topic] = {}
        self._changed = asyncio.Event()  # another topic is to be followed
        self._ended = False

    async def moved(self, wanted: Mapping[str, int], *, seconds: float) -> set[str]:
        """Those of the topics (without prefix) with a record at or behind their offset.

        Returns as soon as there is one, and with none after `seconds` or when the process ends.
        """
        woken = asyncio.Event()
        for topic, offset in wanted.items():
            self._wait(topic, offset, woken)
        try:
            async with asyncio.timeout(seconds):
                while not (ahead := self._ahead(wanted)) and not self._ended:
                    woken.clear()
                    await woken.wait()
                return ahead
        except TimeoutError:
            return set()
        finally:
            for topic in wanted:
                self._topics[topic].waiters.discard(woken)

    def end(self) -> None:
        """Let all who wait go: the process ends."""
        self._ended = True
        for topic in self._topics.values():
            for each in topic.waiters:
                each.set()

    def _wait(self, topic: str, offset: int, woken: asyncio.Event) -> None:
        known = self._topics.get(topic)
        if known is None:
            known = self._topics[topic] = _Topic(next=offset, wanted_at=0.0)
            self._changed.set()
        known.wanted_at = time.monotonic()
        known.waiters.add(woken)

    def _ahead(self, wanted: Mapping[str, int]) -> set[str]:
        return {topic for topic, offset in wanted.items() if self._topics[topic].next > offset}

    async def run(self) -> None:
        """Follow what is waited for, for as long as the service runs."""
        wait = FIRST_WAIT
        while True:
            await self._changed.wait()
            consumer = self._consumer()
            try:
                await consumer.start()
                wait = FIRST_WAIT
                await self._follow(consumer)
            except KafkaError as error:
                log.warning("watch_begins_again", error=repr(error), wait_seconds=wait)
                self._changed.set()
            finally:
                await consumer.stop()
            await asyncio.sleep(wait)
            wait = min(LONGEST_WAIT, wait * 2)

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            if self._changed.is_set():
                self._changed.clear()
                self._assign(consumer)
            reading = asyncio.ensure_future(consumer.getmany(timeout_ms=POLL_MS))
            another = asyncio.ensure_future(self._changed.wait())
            try:
                await asyncio.wait({reading, another}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                another.cancel()
                if not reading.done():  # nothing was taken yet: records are taken and returned
                    reading.cancel()
                await asyncio.gather(another, reading, return_exceptions=True)
            if not reading.cancelled():
                self._saw({part.topic: rows[-1].offset for part, rows in reading.result().items()})

    def _assign(self, consumer: AIOKafkaConsumer) -> None:
        """Follow what is wanted from where each topic was seen up to."""
        now = time.monotonic()
        self._topics = {
            name: topic
            for name, topic in self._topics.items()
            if topic.waiters or now - topic.wanted_at < FORGOTTEN_SECONDS
        }
        prefix = self._settings.topic_prefix
        consumer.assign([TopicPartition(prefix + name, 0) for name in self._topics])
        for name, topic in self._topics.items():
            consumer.seek(TopicPartition(prefix + name, 0), topic.next)

    def _saw(self, last: Mapping[str, int]) -> None:
        for name, offset in last.items():
            topic = self._topics.get(name.removeprefix(self._settings.topic_prefix))
            if topic is None:
                continue
            topic.next = max(topic.next, offset + 1)
            for each in topic.waiters:
                each.set()

    def _consumer(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            bootstrap_servers=self._settings.kafka_bootstrap,
            **client_security(self._settings),
            client_id=self._client_id,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",  # where retention overtook: what is kept is ahead
            fetch_max_bytes=4_000_000,
            max_partition_fetch_bytes=65_536,
        )
