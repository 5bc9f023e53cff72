"""Row `deadlines_4000`: 4,000 promises due at one instant, from that instant until their commits.

Seen from the database: another connection counts what is missed, again and again, so that each
lateness is known to the next look; the notifier's own metric is shown beside it.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx

from deploy.local.topics import apply_topics, city_topics
from shared.contracts.topics import DEADLINES, UNIT_NOTICES, TopicSpec
from tests.bench.broker import Broker, open_broker, partitions_of
from tests.bench.deadlines_floor import Recorded, claim_and_copy, recorded
from tests.bench.figures import Figure, Pair, percentile
from tests.bench.ground import SQL, Ground
from tests.bench.plan import Plan
from tests.bench.promises import blown
from tests.support.waiting import eventually

PREFIX = "due."
BLANK, WAITING, RUN, FLOOR = "due_blank", "due_waiting", "due_run", "due_floor"
LONG_AHEAD = timedelta(seconds=60)  # enough to hear of them before they are due
LOOK_SECONDS = 0.005
LATENESS = "shaodao_deadline_lateness_seconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of ours: the lateness of each in ms, and the mean by the notifier's metric."""

    lateness: list[float]
    metric_ms: float

    @property
    def mean_ms(self) -> float:
        return sum(self.lateness) / len(self.lateness)


async def measure(ground: Ground, plan: Plan) -> list[Figure]:
    """Promises a second, and how late the median, the 99th percentile and the last are."""
    number = plan.many(4000)
    await apply_topics(ground.kafka.bootstrap, city_topics(PREFIX))
    await ground.new_database(BLANK, "notifier")
    known, ahead = await _record(ground, number)
    floors: list[float] = []
    runs: list[Run] = []
    for _ in range(plan.pairs):
        floors.append(await _floor(ground, number, known))
        runs.append(await _ours(ground, number, ahead))
    return _figures(number, floors, runs)


def _figures(number: int, floors: Sequence[float], runs: Sequence[Run]) -> list[Figure]:
    def late(what: str, wanted: str, share: float) -> Figure:
        pairs = [
            Pair(floor=seconds * 1000, ours=percentile(run.lateness, share))
            for seconds, run in zip(floors, runs, strict=True)
        ]
        name = f"deadlines_4000_{what}_ms"
        return Figure(name=name, unit="ms", wanted=wanted, pairs=tuple(pairs))

    rates = [
        Pair(floor=number / seconds, ours=number / max(run.lateness) * 1000)
        for seconds, run in zip(floors, runs, strict=True)
    ]
    note = "; ".join(
        f"mean {run.mean_ms:.0f} ms seen, {run.metric_ms:.0f} ms by the metric" for run in runs
    )
    return [
        Figure(name="deadlines_4000", unit="rows/s", wanted="", pairs=tuple(rates), note=note),
        late("p50", "", 0.5),
        late("p99", "≤ 1,000 ms", 0.99),
        late("max", "", 1.0),
    ]


def _outgoing() -> list[TopicSpec]:
    notices = UNIT_NOTICES.name.partition("<code>")[2]
    return [
        spec
        for spec in city_topics(PREFIX)
        if spec.name == PREFIX + DEADLINES.name or spec.name.endswith(notices)
    ]


async def _record(ground: Ground, number: int) -> tuple[Recorded, timedelta]:
    """Let so many become due once: keep them as they waited, and what was written then.

    Returns too how long before their due time the promises of a run are to be told.
    """
    await ground.copy(RUN, template=BLANK)
    async with open_broker(ground.kafka.bootstrap) as broker:
        began = ground.clock.now()
        due_at = began + LONG_AHEAD
        async with _notifier(ground):
            await _promise(ground, broker, number, due_at)
        ahead = 2 * (ground.clock.now() - began) + timedelta(seconds=10)
        await ground.settle(RUN)
        await ground.copy(WAITING, template=RUN)
        before = await broker.ends(partitions_of(_outgoing()))
        async with _notifier(ground):
            await _lateness(ground, number, due_at)
            await _until_empty(ground)
        said = await broker.read(before)
    connection = await asyncpg.connect(ground.dsn(RUN))
    try:
        return await recorded(connection, said, prefix=PREFIX), ahead
    finally:
        await connection.close()


async def _ours(ground: Ground, number: int, ahead: timedelta) -> Run:
    """Let so many promises become due under the watch of the real notifier."""
    await ground.copy(RUN, template=BLANK)
    async with open_broker(ground.kafka.bootstrap) as broker, _notifier(ground):
        due_at = ground.clock.now() + ahead
        await _promise(ground, broker, number, due_at)
        before = await broker.ends(partitions_of(_outgoing()))
        counted, total = await _settled_metric(ground, 0)
        assert ground.clock.now() < due_at, "the machine is too slow: due before all were heard of"
        lateness = await _lateness(ground, number, due_at)
        await _until_empty(ground)
        counted_after, total_after = await _settled_metric(ground, counted + number)
        said = await broker.read(before)
    assert counted_after - counted == number, (counted, counted_after)
    keys = [r.key for r in said if r.topic == PREFIX + DEADLINES.name]
    assert len(keys) == len(set(keys)) == number, f"{len(keys)} facts of {number} promises"
    return Run(lateness=lateness, metric_ms=(total_after - total) / number * 1000)


async def _promise(ground: Ground, broker: Broker, number: int, due_at: datetime) -> None:
    """Tell of the whistles; returns when their promises wait for nothing but the instant."""
    events = blown(number, prefix=PREFIX, now=ground.clock.now(), due_at=due_at)
    await broker.produce(events)
    await _until_waiting(ground, number, due_at)


def _notifier(ground: Ground) -> Any:
    return ground.service("notifier", prefix=PREFIX, database=RUN)


async def _until_waiting(ground: Ground, number: int, due_at: datetime) -> None:
    """Until the notifier has heard of all and has nothing left to say or fire before."""
    connection = await asyncpg.connect(ground.dsn(RUN))
    try:
        await eventually(
            lambda: connection.fetchval(SQL.deadlines_waiting, due_at),
            until=lambda waiting: waiting == number,
            within=60,
        )
        await eventually(lambda: connection.fetchval(SQL.outbox_empty))
    finally:
        await connection.close()


async def _until_empty(ground: Ground) -> None:
    connection = await asyncpg.connect(ground.dsn(RUN))
    try:
        await eventually(lambda: connection.fetchval(SQL.outbox_empty), within=60)
    finally:
        await connection.close()


async def _lateness(ground: Ground, number: int, due_at: datetime) -> list[float]:
    """Milliseconds from the instant until each was first seen to be missed."""
    connection = await asyncpg.connect(ground.dsn(RUN))
    found: list[float] = []
    try:
        due = time.perf_counter() + (due_at - ground.clock.now()).total_seconds()
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        async with asyncio.timeout(120):
            while len(found) < number:
                missed = await connection.fetchval(SQL.deadlines_missed)
                late = (time.perf_counter() - due) * 1000
                found += [late] * (missed - len(found))
                await asyncio.sleep(LOOK_SECONDS)
    finally:
        await connection.close()
    assert len(found) == number
    return found


async def _settled_metric(ground: Ground, least: float) -> tuple[float, float]:
    """The metric, once it has seen `least` and stands still: it is counted after each commit."""
    last = (-1.0, 0.0)

    async def look() -> tuple[bool, float]:
        nonlocal last
        before, last = last, await _metric(ground)
        return before == last and last[0] >= least, last[0]

    await eventually(look, until=lambda seen: seen[0], every=0.3)
    return last


async def _metric(ground: Ground) -> tuple[float, float]:
    """How many firings the notifier's metric has seen, and the sum of their lateness in s."""
    async with httpx.AsyncClient(trust_env=False) as client:
        text = (await client.get(f"{ground.url('notifier')}/metrics")).text
    of_kinds = [line.rsplit(" ", 1) for line in text.splitlines() if line.startswith(LATENESS)]

    def total(part: str) -> float:
        return sum(float(n) for name, n in of_kinds if name.startswith(f"{LATENESS}_{part}{{"))

    return total("count"), total("sum")


async def _floor(ground: Ground, number: int, known: Recorded) -> float:
    """Seconds of the bare statement and the copies, on the promises as they waited."""
    dsn = await ground.copy(FLOOR, template=WAITING)
    connection = await asyncpg.connect(dsn)
    try:
        began = time.perf_counter()
        changed = await claim_and_copy(connection, known)
        seconds = time.perf_counter() - began
    finally:
        await connection.close()
    assert changed == number, f"{changed} rows changed, {number} expected"
    return seconds
