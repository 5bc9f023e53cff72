"""Gives a unit what stands on its own topics, over HTTP: read from Kafka itself, by offset.

There is no second truth: the cursor is the topic's offset, and what Kafka keeps (90 days) can be
read again.
"""

from dataclasses import dataclass
from datetime import datetime

from services.router.domain.department import Stream, topic_of
from shared.runtime.clock import Clock
from shared.runtime.reading import Page, Reading
from shared.runtime.watching import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What reading the units' topics needs; one a process."""

    reading: Reading
    watch: Watch
    clock: Clock

    async def offset(
        self, unit: str, stream: Stream, *, after: int | None, since: datetime | None
    ) -> int:
        """Where to begin: at a cursor, at the first event since then, else with the oldest kept.

        `since` is domain time; the broker's timestamps are mapped through the clock.
        """
        if after is not None:
            return after
        if since is None:
            return 0
        return await self.reading.offset_at(topic_of(unit, stream), self.clock.wall_at(since))


async def events(
    feed: Feed,
    unit: str,
    *,
    stream: Stream,
    after: int | None,
    since: datetime | None,
    limit: int,
    wait: float,
) -> Page:
    """The unit's next events; when there are none yet, the first that come within `wait` seconds.

    Raises ConflictError for a cursor beyond the end, NotFoundError for a unit without topics,
    UnavailableError while Kafka is away.
    """
    topic = topic_of(unit, stream)
    offset = await feed.offset(unit, stream, after=after, since=since)
    page = await feed.reading.page(topic, offset, most=limit)
    if page.values or wait <= 0:
        return page
    if not await feed.watch.moved({topic: page.next}, seconds=wait):
        return page
    return await feed.reading.page(topic, page.next, most=limit)
