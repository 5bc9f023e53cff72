"""Forwards the events of units' topics to their webhooks: reads by offset, queues, and moves on.

The deliveries of a page and the cursor behind it are written in one transaction, and only by who
read from where the cursor still stands: two copies may run, and each event is queued once. A
webhook that does not answer is not read for beyond a backlog: the rest stays in Kafka.
"""

import asyncio
import time
from typing import Final

from pydantic_core import from_json

from services.router import metrics
from services.router.domain.department import Cursor, recipient_of
from services.router.feed import Feed
from services.router.store import webhooks as store
from shared.contracts.envelope import MalformedEventError, Reader
from shared.contracts.topics import UNIT_NOTICES, UNIT_WHISTLES
from shared.delivery.deliver import Deliverer
from shared.delivery.outgoing import Channel, Message, destination_of, put_many
from shared.errors import ConflictError, NotFoundError, UnavailableError
from shared.runtime.database import is_transient
from shared.runtime.logging import logger
from shared.runtime.reading import Page
from shared.runtime.service import Runtime

log = logger(__name__)
PAGE: Final = 100
BACKLOG: Final = 1000  # deliveries of one webhook that may wait
LOOK_SECONDS: Final = 2.0  # for new webhooks, and those whose backlog has gone
AGAIN_SECONDS: Final = 2.0
GAP_SECONDS: Final = 0.05  # between two rounds, however much comes
READER: Final = Reader((*UNIT_WHISTLES.events, *UNIT_NOTICES.events))


class Forwarder:
    """The forwarding loop of a service."""

    def __init__(self, runtime: Runtime, feed: Feed, deliverer: Deliverer) -> None:
        self._runtime = runtime
        self._feed = feed
        self._deliverer = deliverer
        self._paused: dict[str, float] = {}  # topics that are not read for, until when (monotonic)
        runtime.loop("forward", self._run)

    async def _run(self) -> None:
        while True:
            try:
                await self._round()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("forward_waits", error=repr(error))
                await asyncio.sleep(AGAIN_SECONDS)
            await asyncio.sleep(GAP_SECONDS)

    async def _round(self) -> None:
        """Wait until one of the streams has something new, and forward what there is."""
        async with self._runtime.pool.acquire() as connection:
            found = await store.cursors(connection)
        now = time.monotonic()
        self._paused = {topic: until for topic, until in self._paused.items() if now < until}
        cursors = [each for each in found if each.topic not in self._paused]
        wanted = {each.topic: each.next for each in cursors}
        moved = await self._feed.watch.moved(wanted, seconds=LOOK_SECONDS)
        async with asyncio.TaskGroup() as group:
            for each in cursors:
                if each.topic in moved:
                    group.create_task(self._forward(each))

    async def _forward(self, cursor: Cursor) -> None:
        """Queue what one stream has; nothing that goes wrong with it reaches the others."""
        try:
            if not await self._has_room(cursor):
                self._pause(cursor)
                return
            page = await self._feed.reading.page(cursor.topic, cursor.next, most=PAGE)
            await self._queue(cursor, page)
        except ConflictError:  # the topic was made anew: better twice than never
            log.warning("forward_begins_anew", topic=cursor.topic, at=cursor.next)
            async with self._runtime.transaction() as connection:
                await store.advance(connection, cursor, to=0)
        except (NotFoundError, UnavailableError) as error:
            log.warning("forward_waits", topic=cursor.topic, error=repr(error))
            self._pause(cursor)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("forward_waits", topic=cursor.topic, error=repr(error))
            self._pause(cursor)

    def _pause(self, cursor: Cursor) -> None:
        self._paused[cursor.topic] = time.monotonic() + AGAIN_SECONDS

    async def _has_room(self, cursor: Cursor) -> bool:
        destination = destination_of(Channel.WEBHOOK, recipient_of(cursor.unit))
        async with self._runtime.pool.acquire() as connection:
            return await store.waiting(connection, destination, most=BACKLOG) < BACKLOG

    async def _queue(self, cursor: Cursor, page: Page) -> None:
        if page.next == cursor.next:
            return
        messages = [
            message
            for offset, value in zip(page.offsets, page.values, strict=True)
            if (message := _message(cursor, offset, value)) is not None
        ]
        async with self._runtime.transaction() as connection:
            if not await store.advance(connection, cursor, to=page.next):
                return  # another copy was ahead, or the unit sent the cursor back
            await put_many(connection, messages)
        metrics.FORWARDED.inc(len(messages))
        self._deliverer.wake()


def _message(cursor: Cursor, offset: int, value: bytes) -> Message | None:
    """An event of a stream as its webhook gets it; None for what is none of the contract."""
    try:
        event = READER.read(value)
    except MalformedEventError as error:
        log.error("forward_unreadable", topic=cursor.topic, offset=offset, error=error.words)
        return None
    if event is None:  # of a newer version of ours, which has forwarded it by then
        return None
    values = {"stream": cursor.stream.value, "offset": offset, "event": from_json(value)}
    return Message(
        channel=Channel.WEBHOOK,
        recipient=recipient_of(cursor.unit),
        template=event.type,
        values=values,
        about=getattr(event.data, "whistle_id", None),
        at=event.time,
        traceparent=event.traceparent,
    )
