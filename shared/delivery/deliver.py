"""Sends what was put down: leases, sends, settles; a dead destination delays no other.

A delivery is leased with a fencing token, sent without holding a connection, and settled only by
who still has the lease. A process that is killed in between leaves the lease to run out: another
sends it again with the same key, and the try that nobody saw end is not counted. Two copies may
run.
"""

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Protocol

from shared.delivery import leases, metrics, pace
from shared.delivery.lane import Lane
from shared.delivery.leases import Delivery
from shared.delivery.outcome import Ending, Outcome, pause_after
from shared.delivery.outgoing import Channel
from shared.runtime.clock import wall_now
from shared.runtime.database import Connection, is_transient
from shared.runtime.logging import logger
from shared.runtime.service import Runtime
from shared.runtime.tracing import is_sampled

log = logger(__name__)
LEASE: Final = timedelta(seconds=30)  # more than a try (10 s) and its settling take
POLL_SECONDS: Final = 0.5
GAP_SECONDS: Final = 0.02  # between two looks, however often it is woken
TEND_SECONDS: Final = 15.0
KEPT: Final = timedelta(days=30)
NO_LIMITS: Final[Mapping[Channel, int]] = MappingProxyType({})
LONGEST_SHUT: Final = timedelta(hours=1)  # a destination, by its own word


class Sender(Protocol):
    """One channel's way out."""

    async def send(self, delivery: Delivery) -> Outcome:
        """Try once. Called again with the same delivery_id until it was taken."""


class Deliverer:
    """The delivery loop of a service; give it what the service can send."""

    def __init__(
        self,
        runtime: Runtime,
        senders: Mapping[Channel, Sender],
        *,
        after_commits: bool = True,
        per_minute: Mapping[Channel, int] = NO_LIMITS,
    ) -> None:
        """`after_commits`: look after every commit of this process, else when woken and by time.

        `per_minute`: how many messages a destination of the channel gets in a minute at most, from
        all copies of the service.
        """
        self._runtime = runtime
        self._senders = senders
        self._per_minute = per_minute
        self._lanes: dict[str, Lane] = {}
        self._wake = asyncio.Event()
        self._random = random.SystemRandom()
        if after_commits:
            runtime.after_commit(self.wake)
        runtime.loop("deliver", self._run)
        runtime.loop("tend-deliveries", self._tend)

    def wake(self) -> None:
        """There may be something new: do not wait for the next look."""
        self._wake.set()

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                try:
                    await self._start_due(group)
                except Exception as error:
                    if not is_transient(error):
                        raise
                    log.warning("deliver_waits", error=repr(error))
                    await asyncio.sleep(POLL_SECONDS)
                await self._rest()

    async def _rest(self) -> None:
        await asyncio.sleep(GAP_SECONDS)
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _start_due(self, group: asyncio.TaskGroup) -> None:
        async with self._runtime.pool.acquire() as connection:
            for destination in await leases.destinations_due(connection, wall_now()):
                channel = Channel(destination.partition(":")[0])
                if channel not in self._senders:
                    continue  # it waits until there is a way out
                lane = self._lanes.setdefault(destination, Lane())
                for delivery in await self._claim(connection, destination, channel, lane):
                    lane.under_way += 1
                    group.create_task(self._deliver(delivery, lane))

    async def _claim(
        self, connection: Connection, destination: str, channel: Channel, lane: Lane
    ) -> list[Delivery]:
        now = wall_now()
        if (room := lane.room(now)) == 0:
            return []
        until, per_minute = now + LEASE, self._per_minute.get(channel)
        if per_minute is None:
            return await leases.claim(connection, destination, now=now, until=until, most=room)
        async with connection.transaction():
            return await pace.claim(
                connection, destination, now=now, until=until, most=room, per_minute=per_minute
            )

    async def _deliver(self, delivery: Delivery, lane: Lane) -> None:
        """One try from lease to settlement; nothing that goes wrong with it reaches the others."""
        begun = time.monotonic()
        try:
            outcome = await self._tried(delivery)
            now, seconds = wall_now(), time.monotonic() - begun
            _note(lane, outcome, now)
            metrics.SECONDS.labels(delivery.channel).observe(seconds)
            await self._settle(delivery, outcome, now=now, ms=int(seconds * 1000))
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("delivery_not_settled", error=repr(error))  # again after its lease
        finally:
            lane.under_way -= 1
            self.wake()

    async def _tried(self, delivery: Delivery) -> Outcome:
        if delivery.expires_at is not None and delivery.expires_at <= wall_now():
            return Outcome(ending=Ending.NOBODY, error="expired")
        spans = self._runtime.spans
        if spans is None or not is_sampled(delivery.traceparent):
            return await self._sent(delivery)
        about = {"shaodao.channel": delivery.channel.value, "shaodao.tries": delivery.attempts + 1}
        with spans.one(
            f"deliver {delivery.channel}", "client", parent=delivery.traceparent, attributes=about
        ) as one:
            outcome = await self._sent(replace(delivery, traceparent=one.traceparent))
            if outcome.ending is not Ending.SENT:
                one.failed(outcome.ending.value)
            if outcome.status is not None:
                one.tell({"http.response.status_code": outcome.status})
        return outcome

    async def _sent(self, delivery: Delivery) -> Outcome:
        try:
            return await self._senders[delivery.channel].send(delivery)
        except Exception as error:
            if is_transient(error):
                raise
            # without its words, which might tell what was to be sent
            log.error("delivery_broken", channel=delivery.channel, kind=type(error).__name__)
            metrics.TRIES.labels(delivery.channel, "broken").inc()
            return Outcome(ending=Ending.AGAIN, error=type(error).__name__)

    async def _settle(
        self, delivery: Delivery, outcome: Outcome, *, now: datetime, ms: int
    ) -> None:
        state, next_at = self._next(delivery, outcome, now)
        async with self._runtime.pool.acquire() as connection:
            settled = await leases.settle(
                connection,
                delivery,
                state=state,
                at=now,
                ms=ms,
                next_at=next_at,
                status=outcome.status,
                error=outcome.error,
            )
        said = "failed" if state == "failed" and outcome.ending is Ending.AGAIN else outcome.ending
        metrics.TRIES.labels(delivery.channel, said if settled else "overtaken").inc()

    def _next(self, delivery: Delivery, outcome: Outcome, now: datetime) -> tuple[str, datetime]:
        """The state after this try, and when the next one is due."""
        if outcome.ending is Ending.SENT:
            return "sent", now
        if outcome.ending is Ending.REFUSED:
            return "failed", now
        if outcome.ending is Ending.NOBODY:
            return "cancelled", now
        pause = pause_after(
            delivery.channel,
            delivery.attempts + 1,
            chance=self._random.random(),
            retry_after=outcome.retry_after,
        )
        if pause is None:
            return "failed", now
        if delivery.expires_at is not None and now + pause > delivery.expires_at:
            return "failed", now
        return "queued", now + pause

    async def _tend(self) -> None:
        """Measure what waits, and forget what ended long ago."""
        while True:
            try:
                async with self._runtime.pool.acquire() as connection:
                    now = wall_now()
                    metrics.show_waiting(
                        (each.channel, each.waiting, each.age(now))
                        for each in await leases.waiting(connection)
                    )
                    while await leases.forget(connection, before=now - KEPT, most=5000):
                        pass
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("tend_deliveries", error=repr(error))
                metrics.waiting_unknown()
            metrics.OPEN_CIRCUITS.set(sum(lane.is_open for lane in self._lanes.values()))
            await asyncio.sleep(TEND_SECONDS)


def _note(lane: Lane, outcome: Outcome, now: datetime) -> None:
    """What a try tells of its destination."""
    if outcome.reached:
        lane.worked()
        return
    lane.failed(now)
    if outcome.retry_after is not None:
        lane.shut(now + min(outcome.retry_after, LONGEST_SHUT))
