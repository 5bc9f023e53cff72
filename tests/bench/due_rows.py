"""The rows `deadlines_*`: ours beside pgqueuer, on the same server in one run.

Times are from when something was due until its commit, as PostgreSQL noted it. Ours is the whole
notifier process, which writes state, history, two events and the next rung; pgqueuer stands there
twice, with a handler that does nothing and with one that writes a row of history and one event.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import asyncpg

from deploy.local.program import Program
from shared.runtime.clock import wall_now
from tests.bench.due_ours import AT_ONCE, DUE_AT, ONE, READY, Ours, open_ours
from tests.bench.due_ours import RUN as OUR_RUN
from tests.bench.due_pgqueuer import EMPTY, Handler, Pgqueuer, open_pgqueuer
from tests.bench.due_pgqueuer import RUN as THEIR_RUN
from tests.bench.due_sql import DUE
from tests.bench.figures import Figure, Pair, percentile
from tests.bench.ground import Ground
from tests.bench.plan import Plan
from tests.faults.ground import KILL
from tests.support.waiting import eventually

MILLION, THEIR_MILLION = "many_million", "pgqueuer_million"
LATER = timedelta(hours=1)  # before the first of those beside is due
SPREAD = timedelta(days=30)
TRIES = 24
HELD = 8000  # fewer might all be fired before the kill
APART = timedelta(milliseconds=530)
# Less than that, and jobs that only wait for their turn would be taken for abandoned.
QUICK_HEARTBEAT_SECONDS = 1.0
P99_MS, RATE, IDLE_MS, TAKEOVER_MS = "≤ 500 ms", "≥ 8,000/s", "≤ 30 ms", "≤ 5,000 ms"
Found = dict[Handler, list[tuple[Sequence[float], Sequence[float]]]]
"""Lateness of pgqueuer with a handler and of ours, run by run, in ms."""
SHARES = (("p50", 0.5), ("p99", 0.99), ("max", 1.0))


async def measure_burst(ground: Ground, plan: Plan) -> list[Figure]:
    """4,000 due at one instant."""
    number = plan.many(4000)
    ours, theirs = await open_ours(ground), await open_pgqueuer(ground)
    await ours.ready(number)
    found: Found = {handler: [] for handler in Handler}
    notes = []
    for _ in range(plan.pairs):
        run = await ours.run(number)
        notes.append(str(run))
        for handler in Handler:
            done = await theirs.run(number, handler)
            found[handler].append((done.lateness, run.lateness))
    return _late("deadlines_burst", found, wanted=P99_MS, note="; ".join(notes))


async def measure_flood(ground: Ground, plan: Plan) -> list[Figure]:
    """100,000 due at one instant, for one copy and for two."""
    number = plan.many(100_000)
    ours, theirs = await open_ours(ground), await open_pgqueuer(ground)
    await ours.ready(number)
    figures = []
    for copies in (1, 2):
        run = await ours.run(number, copies=copies)
        for handler in Handler:
            done = await theirs.run(number, handler, copies=copies)
            figures.append(
                Figure(
                    name=f"deadlines_flood_{copies}_{handler}",
                    unit="rows/s",
                    wanted=RATE,
                    pairs=(Pair(floor=done.per_second, ours=run.per_second),),
                    note=str(run) if handler is Handler.BARE else "",
                    beside=handler.beside,
                )
            )
    return figures


async def measure_million(ground: Ground, plan: Plan) -> list[Figure]:
    """4,000 due at one instant, with 1,000,000 beside that are due later."""
    number, beside = plan.many(4000), plan.many(1_000_000)
    ours, theirs = await open_ours(ground), await open_pgqueuer(ground)
    await ground.copy(MILLION, template=ONE)
    await ours.make(MILLION, beside, due_at=DUE_AT + LATER, step=SPREAD / beside)
    await ours.make(MILLION, number)
    await ours.settle(MILLION)
    run = await ours.run(number, beside=MILLION)
    await ground.copy(THEIR_MILLION, template=EMPTY)
    connection = await asyncpg.connect(ground.dsn(THEIR_MILLION))
    try:
        due_at = wall_now() + LATER
        await connection.execute(DUE.many_jobs, beside, due_at, SPREAD / beside, b"later")
    finally:
        await connection.close()
    await ground.settle(THEIR_MILLION)
    found: Found = {}
    for handler in Handler:
        done = await theirs.run(number, handler, beside=THEIR_MILLION)
        found[handler] = [(done.lateness, run.lateness)]
    return _late("deadlines_million", found, wanted=P99_MS, note=str(run))


async def measure_idle(ground: Ground, plan: Plan) -> list[Figure]:
    """One that is due while nothing else happens, again and again."""
    ours, theirs = await open_ours(ground), await open_pgqueuer(ground)
    await ours.ready(TRIES, step=APART)
    found: Found = {handler: [] for handler in Handler}
    for _ in range(plan.pairs):
        run = await ours.run(TRIES, step=APART)
        for handler in Handler:
            done = await theirs.run(TRIES, handler, step=APART)
            found[handler].append((done.lateness, run.lateness))
    return _late("deadlines_idle", found, wanted=IDLE_MS)


async def measure_takeover(ground: Ground, plan: Plan) -> list[Figure]:
    """From kill -9 of a copy that is firing until the other has fired all, what that held too."""
    number = HELD
    ours, theirs = await open_ours(ground), await open_pgqueuer(ground)
    await ours.ready(number)
    pairs, silences = [], []
    for _ in range(plan.pairs):
        our = await _our_takeover(ground, ours, number)
        their = await _their_takeover(ground, theirs, number)
        pairs.append(Pair(floor=their.all_ms, ours=our.all_ms))
        silences.append(f"{our.silence_ms:,.0f} ms")
    return [
        Figure(
            name="deadlines_takeover_ms",
            unit="ms",
            wanted=TAKEOVER_MS,
            pairs=tuple(pairs),
            note=f"longest silence of ours after the kill: {', '.join(silences)}; "
            f"pgqueuer with a heartbeat of {QUICK_HEARTBEAT_SECONDS:g} s, by default 30 s",
            beside=Handler.BARE.beside,
        )
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeover:
    """After a kill: the longest time without a commit, and when the last of all was committed."""

    silence_ms: float
    all_ms: float


async def _our_takeover(ground: Ground, ours: Ours, number: int) -> Takeover:
    await ground.copy(OUR_RUN, template=READY)
    async with ours.copies(OUR_RUN, 2) as programs:
        connection = await asyncpg.connect(ground.dsn(OUR_RUN))
        try:
            await asyncio.sleep(ground.clock.wall_seconds_until(DUE_AT))
            await eventually(
                lambda: connection.fetchval(DUE.some_missed, 1),
                within=60,
                every=0.01,
            )
            killed = await _kill(await ours.firing(OUR_RUN, programs))
            await ours.until_fired(connection, DUE_AT)
        finally:
            await connection.close()
    return _takeover(await ours.when_missed(OUR_RUN, number, AT_ONCE), killed)


async def _their_takeover(ground: Ground, theirs: Pgqueuer, number: int) -> Takeover:
    await ground.copy(THEIR_RUN, template=EMPTY)
    connection = await asyncpg.connect(ground.dsn(THEIR_RUN))
    try:
        async with theirs.workers(
            THEIR_RUN, 2, Handler.BARE, heartbeat_seconds=QUICK_HEARTBEAT_SECONDS
        ) as programs:
            marks = await theirs.marks(connection)
            due = await theirs.make(connection, number, AT_ONCE)
            await asyncio.sleep((due - wall_now()).total_seconds())
            await eventually(
                lambda: connection.fetchval(DUE.jobs_done, marks[0]),
                within=60,
                every=0.01,
            )
            killed = await _kill(await theirs.holding(connection, programs))
            await theirs.until_done(connection, marks[0], number)
        commits = await theirs.commits(connection, Handler.BARE, marks)
    finally:
        await connection.close()
    return _takeover(commits, killed)


async def _kill(program: Program) -> datetime:
    killed = wall_now()
    program.process.send(KILL)
    await program.wait()
    return killed


def _takeover(commits: Sequence[datetime], killed: datetime) -> Takeover:
    after = [killed, *sorted(at for at in commits if at > killed)]
    gaps = [later - at for at, later in pairwise(after)]
    ms = timedelta(milliseconds=1)
    return Takeover(silence_ms=max(gaps) / ms, all_ms=(after[-1] - killed) / ms)


def _late(
    name: str,
    found: Found,
    *,
    wanted: str,
    note: str = "",
) -> list[Figure]:
    """Three figures of lateness beside each handler."""
    return [
        Figure(
            name=f"{name}_{what}_{handler}_ms",
            unit="ms",
            wanted=wanted if what != "p50" else "",
            pairs=tuple(
                Pair(floor=percentile(theirs, share), ours=percentile(ours, share))
                for theirs, ours in runs
            ),
            note=note if (what, handler) == ("max", Handler.BARE) else "",
            beside=handler.beside,
        )
        for handler, runs in found.items()
        for what, share in SHARES
    ]
