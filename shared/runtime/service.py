"""A running service: its pool, clock, relay, consumers and loops, started and stopped in order."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker

from shared.runtime import health, metrics, migrate, postgres, replay, vitals
from shared.runtime.clock import Clock, wall_now
from shared.runtime.consumer import GroupConsumer, Subscription
from shared.runtime.database import Connection, is_transient, open_pool, was_rolled_back
from shared.runtime.fetching import Consumer
from shared.runtime.inbox import SQL
from shared.runtime.load import Limits, Load
from shared.runtime.logging import logger
from shared.runtime.pool import MeasuredPool
from shared.runtime.relay import Relay
from shared.runtime.security import broker_security
from shared.runtime.settings import ServiceSettings

if TYPE_CHECKING:
    from shared.runtime.spans import Spans

log = logger(__name__)
T = TypeVar("T")
ATTEMPTS = 4  # of work that the server gives up for another's sake
INBOX_KEPT = timedelta(days=100)  # longer than any topic it guards keeps its records
EXIT_LOOP_ENDED = 71
# The 15 s that a supervisor allows for a stop are shared by requests, batches, relay and pool. A
# batch that waits for Kafka to take its offsets is let go: it is committed and will be known again.
FINISH_SECONDS = 4.0
HEAR_AGAIN_SECONDS = 1.0


class Runtime:
    """What a service's verbs and edges are given to run on; made by `running`."""

    def __init__(
        self,
        settings: ServiceSettings,
        *,
        name: str,
        clock: Clock,
        pool: MeasuredPool,
        spans: "Spans | None" = None,
    ) -> None:
        self.settings = settings
        self.name = name
        self.clock = clock
        self.pool = pool
        self.spans = spans  # None: nobody collects them
        self.relay = Relay(settings, spans)
        self.outbox_age_seconds = 0.0
        self.load = Load(limits_of(settings))
        self.degraded: dict[str, str] = {}  # what is only late, by part; told by /ready
        self._wakes: list[Callable[[], None]] = [self.relay.wake]
        self._stopping = False
        self.groups: list[GroupConsumer] = []
        self._subscriptions: list[Subscription] = []
        self._loops: list[tuple[str, Callable[[], Awaitable[None]]]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._broker = KafkaBroker(
            settings.kafka_bootstrap.split(","),  # as one text it would be one host's name
            security=broker_security(settings),
            client_id=f"{settings.topic_prefix}{name}",
            apply_types=False,
            logger=None,
            consumer_only=True,  # what we say, the relay says
            allow_auto_create_topics=False,
            metadata_max_age_ms=10_000,
            graceful_timeout=FINISH_SECONDS,
        )

    def subscribe(self, subscription: Subscription) -> None:
        """Hear these topics once `start` is called."""
        self._subscriptions.append(subscription)

    def loop(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run this beside the service; when it ends or raises, the process ends."""
        self._loops.append((name, run))

    def after_commit(self, wake: Callable[[], None]) -> None:
        """Call this after every transaction of this process: there may be something to send."""
        self._wakes.append(wake)

    def without_prefix(self, topic: str) -> str:
        """A topic's name as the contracts write it."""
        return topic.removeprefix(self.settings.topic_prefix)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection in a transaction; after the commit the relay and the like are woken."""
        with self.below("transaction"):
            async with self.pool.acquire() as connection, connection.transaction():
                yield connection
        for wake in self._wakes:
            wake()

    async def once_for_all(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """What the work gives, in a transaction of its own; again where the server gave that up.

        For work that locks more than its own rows, and does nothing outside of the database.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                async with self.transaction() as connection:
                    return await work(connection)
            except Exception as error:
                if not was_rolled_back(error):
                    raise
                log.warning("transaction_again", error=type(error).__name__)
        async with self.transaction() as connection:
            return await work(connection)

    @property
    def sampling(self) -> int:
        """How many of 2**64 traces are sampled."""
        return self.spans.bound if self.spans is not None else 0

    def below(self, name: str) -> AbstractContextManager[None]:
        """A span of work in the database, where what it is a part of is sampled."""
        if self.spans is None:
            return nullcontext()
        return self.spans.below(name, "client", {"db.system.name": "postgresql"})

    async def start(self) -> None:
        """Start consuming, sending and the loops."""
        self.groups = [GroupConsumer(self, self._broker, s) for s in self._subscriptions]
        self._spawn("relay", self.relay.run)
        if not await self._hears():
            self._spawn("hear", self._hear_later)
        if self.groups:
            self._spawn("retry-parked", lambda: replay.retry_parked(self))
            self._spawn("forget-inbox", self._forget_inbox)
        self._spawn("watch", lambda: health.watch(self))
        self._spawn("event-loop", vitals.watch_loop)
        self._spawn("certificates", lambda: vitals.watch_certificates(self))
        self._spawn("postgres", lambda: postgres.show_postgres(self))
        for name, run in self._loops:
            self._spawn(name, run)

    async def _hears(self) -> bool:
        """Start the consumers, which are of our own kind; False while Kafka is away."""
        try:
            builder: Any = await self._broker.connect()
            self._broker.config.broker_config.builder = partial(Consumer, **builder.keywords)
            await self._broker.start()
        except KafkaError as error:
            log.warning("kafka_away", error=repr(error))
            await self._broker.stop()
            return False
        return True

    async def _hear_later(self) -> None:
        """A service takes requests without Kafka too; it hears as soon as Kafka is there."""
        heard = False
        while not heard:
            await asyncio.sleep(HEAR_AGAIN_SECONDS)
            heard = await self._hears()
        await asyncio.Event().wait()

    async def stop(self) -> None:
        """Stop hearing first, so that what was begun is finished; then everything else."""
        self._stopping = True
        await self._broker.stop()
        left = {task for task in self._tasks if not task.done()}
        while left:  # asked again, as `asyncio.wait_for` of Python 3.11 may lose a cancellation
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=1.0)

    def _spawn(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        async def guarded() -> None:
            await run()

        task = asyncio.create_task(guarded(), name=name)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if task.cancelled() or self._stopping:
            return
        log.critical("loop_ended", loop=task.get_name(), exc_info=task.exception())
        os.kill(os.getpid(), signal.SIGTERM)
        asyncio.get_running_loop().call_later(10.0, os._exit, EXIT_LOOP_ENDED)

    async def _forget_inbox(self) -> None:
        while True:
            try:
                async with self.pool.acquire() as connection:
                    # known since a domain time; a topic keeps its records by wall time
                    before = min(wall_now(), self.clock.now()) - INBOX_KEPT
                    forgotten = ""
                    while forgotten != "DELETE 0":
                        forgotten = await connection.execute(SQL.inbox_forget, before, 5000)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("forget_inbox", error=repr(error))
            await asyncio.sleep(3600)


def limits_of(settings: ServiceSettings) -> Limits:
    """The stated limits of a process."""
    return Limits(
        requests_at_once=settings.requests_at_once,
        critical_at_once=settings.critical_at_once,
        wait_seconds=settings.wait_limit_seconds,
        outbox_rows=settings.outbox_rows_limit,
        outbox_age_seconds=settings.outbox_age_limit_seconds,
    )


@asynccontextmanager
async def running(
    settings: ServiceSettings, *, name: str, migrations: Path
) -> AsyncIterator[Runtime]:
    """A service's runtime, not started yet; stopped cleanly at the end.

    Raises MigrationError when the database is not at this version.
    """
    metrics.BUILD.labels(name, version("shaodao")).set(1)
    clock = Clock(settings.clock_file)
    metrics.CLOCK_REAL.set(int(clock.is_real))
    metrics.CLOCK_RATE.set_function(lambda: clock.rate)
    pool = await open_pool(settings, name=name)
    try:
        await migrate.check(pool, migrations)
        async with _exporting(settings, name) as spans:
            runtime = Runtime(settings, name=name, clock=clock, pool=pool, spans=spans)
            runtime.load.looks.append(partial(pool.waits.recent, 1.0))
            try:
                yield runtime
            finally:
                await runtime.stop()
    finally:
        await _close(pool)


@asynccontextmanager
async def _exporting(settings: ServiceSettings, name: str) -> "AsyncIterator[Spans | None]":
    """What makes spans, where somebody collects them; nothing of it is loaded elsewhere."""
    if settings.otlp_endpoint is None:
        yield None
        return
    from shared.runtime import exporting

    spans = exporting.spans_of(settings, name=name)
    try:
        yield spans
    finally:
        if spans is not None:
            await exporting.export_the_rest(spans)


async def _close(pool: MeasuredPool) -> None:
    try:
        await asyncio.wait_for(pool.close(), 3.0)
    except TimeoutError:
        pool.terminate()
