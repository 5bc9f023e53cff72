"""Our side of the rows beside pgqueuer: many promises, and the notifiers that fire them.

One promise is heard of over Kafka, as ever; the others are made of it in the database. Each run is
of a database of its own, and the real process fires them: state, history, facts, next rung.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import psutil

from deploy.local.program import Program
from deploy.local.topics import apply_topics, city_topics
from shared.catalogue.load import load_catalogue
from shared.catalogue.model import UnitKind
from tests.bench.broker import open_broker
from tests.bench.due_sql import DUE
from tests.bench.ground import MONDAY_MORNING, SQL, Ground
from tests.bench.promises import blown
from tests.support.waiting import eventually

PREFIX = "many."
ONE, READY, RUN = "many_one", "many_ready", "many_run"
DUE_AT = MONDAY_MORNING + timedelta(hours=1)
BEFORE = timedelta(minutes=9)  # so long before, the notifiers start
QUIET = timedelta(seconds=3)  # so long before, all is ready and nothing happens
LONG_AHEAD = timedelta(minutes=2)
# The promises have no facts: there is nothing to audit, and a run of it would come in between.
ENV = {"SHAODAO_AUDIT_EVERY_SECONDS": "86400"}
AT_ONCE = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How late each was committed in ms, the first first; what it cost, when all was told."""

    lateness: Sequence[float]
    told_ms: float
    our_us: float  # processor time of the notifiers for each, until all were fired
    server_us: float  # of PostgreSQL

    @property
    def per_second(self) -> float:
        return len(self.lateness) / max(self.lateness) * 1000

    def __str__(self) -> str:
        cost = f"{self.our_us:.0f} µs of processor time each, PostgreSQL's {self.server_us:.0f} µs"
        return f"{cost}; told on Kafka after {self.told_ms / 1000:.1f} s"


class Cost:
    """Processor time of some processes from `begin` to `end`, whatever else the machine does.

    A process that ends in between, as a worker of autovacuum, is left out.
    """

    def __init__(self, processes: Sequence[psutil.Process]) -> None:
        self.seconds = 0.0
        self._processes = processes
        self._before: dict[int, float] = {}

    def begin(self) -> None:
        self._before = dict(self._now())

    def end(self) -> None:
        self.seconds = sum(
            seconds - self._before[pid] for pid, seconds in self._now() if pid in self._before
        )

    def _now(self) -> Iterator[tuple[int, float]]:
        for process in self._processes:
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                yield process.pid, times.user + times.system


@dataclass(frozen=True, slots=True)
class Ours:
    """The notifier on a ground that knows one promise."""

    ground: Ground
    seed: UUID

    async def make(
        self, name: str, number: int, *, due_at: datetime = DUE_AT, step: timedelta = AT_ONCE
    ) -> None:
        """Add so many promises to a database, each due one step after the last."""
        bureaus = [u.code for u in load_catalogue().units.values() if u.kind is UnitKind.BUREAU]
        connection = await asyncpg.connect(self.ground.dsn(name))
        try:
            values = (number, due_at, step, bureaus, self.seed)
            await connection.execute(DUE.many_promises, *values)
        finally:
            await connection.close()

    async def settle(self, name: str) -> None:
        """No promise but those that were made, and the planner knows them."""
        connection = await asyncpg.connect(self.ground.dsn(name))
        try:
            await connection.execute(DUE.drop_promise, self.seed)
        finally:
            await connection.close()
        await self.ground.settle(name)

    async def ready(self, number: int, *, step: timedelta = AT_ONCE) -> None:
        """The database of which `run` makes its own."""
        await self.ground.copy(READY, template=ONE)
        await self.make(READY, number, step=step)
        await self.settle(READY)

    async def run(
        self, number: int, *, copies: int = 1, step: timedelta = AT_ONCE, beside: str | None = None
    ) -> Run:
        """Let what is ready fall due; in the database `beside` itself where it is given."""
        name = beside or RUN
        if beside is None:
            await self.ground.copy(RUN, template=READY)
        last = DUE_AT + (number - 1) * step
        async with self.copies(name, copies) as programs:
            ours = [psutil.Process(program.process.pid) for program in programs]
            server = psutil.Process(self.ground.postgres.process.pid)
            costs = (Cost(ours), Cost(server.children(recursive=True)))
            told = await self._fall_due(name, number, last, costs)
        return Run(
            lateness=await self._lateness(name, number, step),
            told_ms=told,
            our_us=costs[0].seconds / number * 1e6,
            server_us=costs[1].seconds / number * 1e6,
        )

    @asynccontextmanager
    async def copies(self, name: str, copies: int) -> AsyncIterator[list[Program]]:
        """So many notifiers on a database, ready and at rest long before the promises are due."""
        ground = self.ground
        ground.show(DUE_AT - BEFORE)
        async with AsyncExitStack() as stack:
            programs = [
                await stack.enter_async_context(
                    ground.service("notifier", prefix=PREFIX, database=name, copy=n, env=ENV)
                )
                for n in range(copies)
            ]
            ground.forward_to(DUE_AT - QUIET)
            yield programs

    async def _fall_due(
        self, name: str, number: int, last: datetime, costs: "Sequence[Cost]"
    ) -> float:
        connection = await asyncpg.connect(self.ground.dsn(name))
        try:
            await asyncio.sleep(self.ground.clock.wall_seconds_until(last))
            due = time.perf_counter()
            for cost in costs:
                cost.begin()
            await self.until_fired(connection, last)
            for cost in costs:
                cost.end()
            fact = "as many facts as promises"
            kept = await connection.fetchval(DUE.missed_in_history, DUE_AT, last)
            assert kept == number, f"{fact}: {kept} of {number}"
            await eventually(lambda: connection.fetchval(SQL.outbox_empty), within=180, every=0.1)
            return (time.perf_counter() - due) * 1000
        finally:
            await connection.close()

    async def until_fired(
        self, connection: "asyncpg.Connection[asyncpg.Record]", last: datetime
    ) -> None:
        """Look now and then: looking costs the server what it should fire with."""
        await eventually(lambda: connection.fetchval(DUE.all_fired, last), within=180, every=0.2)

    async def when_missed(self, name: str, number: int, step: timedelta) -> list[datetime]:
        """The wall times of their commits."""
        last = DUE_AT + (number - 1) * step
        connection = await asyncpg.connect(self.ground.dsn(name))
        try:
            rows = await connection.fetch(DUE.when_missed, DUE_AT, last)
        finally:
            await connection.close()
        assert len(rows) == number, f"{len(rows)} of {number} missed"
        return [row["at"] for row in rows]

    async def _lateness(self, name: str, number: int, step: timedelta) -> list[float]:
        due = self.ground.clock.wall_at(DUE_AT)
        return late(await self.when_missed(name, number, step), due, step)

    async def firing(self, name: str, programs: Sequence[Program]) -> Program:
        """The copy that holds promises in a transaction at this moment."""
        connections = {
            port: program
            for program in programs
            for process in [psutil.Process(program.process.pid)]
            for port in [each.laddr.port for each in process.net_connections()]
        }
        connection = await asyncpg.connect(self.ground.dsn(name))
        try:
            found = await eventually(
                lambda: connection.fetch(DUE.firing_ports), within=60, every=0.002
            )
        finally:
            await connection.close()
        return connections[found[0]["client_port"]]


def late(commits: Sequence[datetime], due: datetime, step: timedelta) -> list[float]:
    """Milliseconds from when each was due; they are fired in the order of their due times."""
    return [(at - due - n * step) / timedelta(milliseconds=1) for n, at in enumerate(commits)]


async def open_ours(ground: Ground) -> Ours:
    """Hear of one promise, and keep the database as it stands then."""
    await apply_topics(ground.kafka.bootstrap, city_topics(PREFIX))
    await ground.new_database(ONE, "notifier")
    ground.show(MONDAY_MORNING)
    due_at = ground.clock.now() + LONG_AHEAD
    async with (
        open_broker(ground.kafka.bootstrap) as broker,
        ground.service("notifier", prefix=PREFIX, database=ONE, env=ENV),
    ):
        await broker.produce(blown(1, prefix=PREFIX, now=ground.clock.now(), due_at=due_at))
        connection = await asyncpg.connect(ground.dsn(ONE))
        try:
            seed = await eventually(lambda: connection.fetchval(DUE.one_promise), within=60)
            await eventually(lambda: connection.fetchval(SQL.outbox_empty), within=60)
        finally:
            await connection.close()
    return Ours(ground, seed)
