"""The side of pgqueuer in the rows beside it: jobs with `execute_after`, and workers on them.

It stands on the same server, in a database with the notifier's own tables for what a handler
writes. Its jobs are made in one statement, as its `enqueue` would with lists.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import asyncpg
from pgqueuer.queries import Queries

from deploy.local.program import Program
from shared.contracts import envelope, ids
from shared.contracts.deadlines import Missed
from shared.contracts.parts import Actor, DeadlineKind, Role
from shared.contracts.values import Due
from shared.runtime.clock import wall_now
from tests.bench.due_ours import AT_ONCE, late
from tests.bench.due_sql import DUE
from tests.bench.ground import MONDAY_MORNING, Ground
from tests.bench.promises import LIMIT, RULE
from tests.support.waiting import eventually

EMPTY, RUN = "pgqueuer_empty", "pgqueuer_run"
BATCH = 1000  # beyond it nothing was gained
HEARTBEAT_SECONDS = 30.0  # its default; the takeover is measured with less
AHEAD = timedelta(seconds=3)  # all is at rest so long before the jobs are due
MADE_PER_SECOND = 15_000  # jobs at least, on a quiet machine
AT_MOST_SECONDS = 8.0  # longer it is not watched: what was done by then gives its rate


class Handler(StrEnum):
    """What a job does."""

    BARE = "bare"
    ROWS = "rows"

    @property
    def beside(self) -> str:
        """What it is called in the table."""
        return {Handler.BARE: "pgqueuer", Handler.ROWS: "pgqueuer, 2 rows"}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How late each was committed in ms, the first first; not all when it took too long."""

    lateness: list[float]

    @property
    def per_second(self) -> float:
        return len(self.lateness) / max(self.lateness) * 1000


@dataclass(frozen=True, slots=True)
class Pgqueuer:
    """pgqueuer on a ground."""

    ground: Ground

    async def run(
        self,
        number: int,
        handler: Handler,
        *,
        copies: int = 1,
        step: timedelta = AT_ONCE,
        beside: str | None = None,
    ) -> Done:
        """Let so many jobs become due; in the database `beside` itself where it is given."""
        name = beside or RUN
        if beside is None:
            await self.ground.copy(RUN, template=EMPTY)
        connection = await asyncpg.connect(self.ground.dsn(name))
        try:
            async with self.workers(name, copies, handler):
                marks = await self.marks(connection)
                due = await self.make(connection, number, step)
                last = due + (number - 1) * step
                await asyncio.sleep((last - wall_now()).total_seconds())
                await self.until_done(connection, marks[0], number)
            commits = await self.commits(connection, handler, marks)
        finally:
            await connection.close()
        return Done(lateness=late(commits[:number], due, step))

    @asynccontextmanager
    async def workers(
        self,
        name: str,
        copies: int,
        handler: Handler,
        *,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> AsyncIterator[list[Program]]:
        """So many workers on a database, each asleep until there is something to do."""
        ground, args = self.ground, (handler, str(BATCH), str(heartbeat_seconds))
        async with AsyncExitStack() as stack:
            programs = []
            for n in range(copies):
                command = ground.python(
                    f"pgqueuer-{n}",
                    "tests.bench.pgqueuer_worker",
                    *args,
                    env={"DSN": ground.dsn(name), "PYTHONUNBUFFERED": "1"},
                )
                programs.append(await stack.enter_async_context(ground.program(command)))
            connection = await asyncpg.connect(ground.dsn(name))
            try:
                await eventually(
                    lambda: connection.fetchval(DUE.workers_listening),
                    until=lambda there: there == copies,
                    within=60,
                )
            finally:
                await connection.close()
            yield programs

    async def holding(
        self, connection: "asyncpg.Connection[asyncpg.Record]", programs: Sequence[Program]
    ) -> Program:
        """A worker that has picked jobs and not finished them."""
        logs = [self.ground.folder / "logs" / f"pgqueuer-{n}.log" for n in range(len(programs))]
        ids = {log.read_text().split()[-1]: p for log, p in zip(logs, programs, strict=True)}
        held = await eventually(lambda: connection.fetch(DUE.holding), within=60, every=0.002)
        return ids[held[0]["worker"]]

    async def make(
        self, connection: "asyncpg.Connection[asyncpg.Record]", number: int, step: timedelta
    ) -> datetime:
        """Add jobs; returns when the first is due."""
        due = wall_now() + AHEAD + timedelta(seconds=number / MADE_PER_SECOND)
        await connection.execute(DUE.many_jobs, number, due, step, payload())
        assert wall_now() + AHEAD / 2 < due, "the machine is too slow: due before all were made"
        return due

    async def marks(self, connection: "asyncpg.Connection[asyncpg.Record]") -> tuple[int, int]:
        """The last rows of its log and of the outbox now."""
        return (
            await connection.fetchval(DUE.last_logged),
            await connection.fetchval(DUE.last_written),
        )

    async def until_done(
        self, connection: "asyncpg.Connection[asyncpg.Record]", mark: int, number: int
    ) -> None:
        """Look now and then, and no longer than a while."""
        end = wall_now() + timedelta(seconds=AT_MOST_SECONDS)
        await eventually(
            lambda: connection.fetchval(DUE.jobs_done, mark),
            until=lambda done: done >= number or wall_now() > end,
            within=2 * AT_MOST_SECONDS,
            every=0.2,
        )

    async def commits(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        handler: Handler,
        marks: tuple[int, int],
    ) -> list[datetime]:
        """When each was committed: the rows of its handler, or else its success."""
        if handler is Handler.ROWS:
            rows = await connection.fetch(DUE.when_written, marks[1])
        else:
            rows = await connection.fetch(DUE.when_done, marks[0])
        return [row["at"] for row in rows]


def payload() -> bytes:
    """An event as ours tells it of a miss; the handler writes it as it is."""
    whistle_id = ids.new_id(MONDAY_MORNING)
    fact = Missed(
        deadline_id=ids.new_id(MONDAY_MORNING),
        kind=DeadlineKind.ACKNOWLEDGE,
        round=1,
        due=Due(
            by=MONDAY_MORNING,
            rule=RULE,
            started_at=MONDAY_MORNING - LIMIT,
            calendar="bench",
            policy="bench",
        ),
        whistle_id=whistle_id,
        assignment_id=ids.new_id(MONDAY_MORNING),
        unit="BH-CGJ",
        seq=4,
        actor=Actor(role=Role.SYSTEM),
        policy="bench",
    )
    return envelope.write(
        event_id=ids.fact_id(whistle_id, 4),
        source="/shaodao/notifier",
        subject=str(whistle_id),
        time=datetime.now(UTC),
        data=fact,
    ).encode()


async def open_pgqueuer(ground: Ground) -> Pgqueuer:
    """Its tables, with the settings of autovacuum that it recommends."""
    dsn = await ground.new_database(EMPTY, "notifier")
    connection = await asyncpg.connect(dsn)
    try:
        queries = Queries.from_asyncpg_connection(connection)
        await queries.install()
        await queries.optimize_autovacuum()
    finally:
        await connection.close()
    return Pgqueuer(ground)
