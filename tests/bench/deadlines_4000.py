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
from aiokafka import ConsumerRecord

from deploy.local.topics import apply_topics, city_topics
from shared.contracts.topics import DEADLINES, UNIT_NOTICES, TopicSpec
from tests.bench.broker import open_broker, partitions_of
from tests.bench.deadlines_floor import Recorded, claim_and_copy, recorded
from tests.bench.figures import Figure, Pair, percentile
from tests.bench.ground import SQL, Ground
from tests.bench.plan import Plan
from tests.bench.promises import blown

PREFIX = "due."
BLANK, WAITING, RUN, FLOOR = "due_blank", "due_waiting", "due_run", "due_floor"
AHEAD = timedelta(seconds=15)  # enough to hear of them before they are due
LOOK_SECONDS = 0.005
LATENESS = "shaodao_deadline_lateness_seconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of ours: the lateness of each in ms, the mean by the metric, what was said."""

    lateness: list[float]
    metric_ms: float
    said: list[ConsumerRecord]

    @property
    def mean_ms(self) -> float:
        return sum(self.lateness) / len(self.lateness)


async def measure(ground: Ground, plan: Plan) -> list[Figure]:
    """Promises a second, and how late the median, the 99th percentile and the last are."""
    number = plan.many(4000)
    await apply_topics(ground.kafka.bootstrap, city_topics(PREFIX))
    await ground.new_database(BLANK, "notifier")
    first = await _ours(ground, number, keep_waiting=True)
    known = await _recorded(ground, first.said)
    floors: list[float] = []
    runs: list[Run] = []
    for _ in range(plan.pairs):
        floors.append(await _floor(ground, number, known))
        runs.append(await _ours(ground, number))
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
    means = [(run.mean_ms, run.metric_ms) for run in runs]
    note = "; ".join(f"mean {seen:.0f} ms seen, {told:.0f} ms by the metric" for seen, told in means)
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


async def _ours(ground: Ground, number: int, *, keep_waiting: bool = False) -> Run:
    """Let so many promises become due under the watch of the real notifier."""
    await ground.copy(RUN, template=BLANK)
    due_at = ground.clock.now() + (AHEAD * 3 if keep_waiting else AHEAD)
    async with open_broker(ground.kafka.bootstrap) as broker:
        events = blown(number, prefix=PREFIX, now=ground.clock.now(), due_at=due_at)
        async with _notifier(ground):
            await broker.produce(events)
            await _until_waiting(ground, number, due_at)
        if keep_waiting:
            await ground.settle(RUN)
            await ground.copy(WAITING, template=RUN)
        async with _notifier(ground):
            before = await broker.ends(partitions_of(_outgoing()))
            assert ground.clock.now() < due_at, "due before the notifier was ready"
            lateness = await _lateness(ground, number, due_at)
            metric_ms = await _metric_mean(ground, number)
            await _until_empty(ground)
        said = await broker.read(before)
    _require_each_once(said, number)
    return Run(lateness=lateness, metric_ms=metric_ms, said=said)


def _notifier(ground: Ground) -> Any:
    return ground.service("notifier", prefix=PREFIX, database=RUN)


async def _until_waiting(ground: Ground, number: int, due_at: datetime) -> None:
    """Until the notifier has heard of all and has nothing left to say or fire before."""
    connection = await asyncpg.connect(ground.dsn(RUN))
    try:
        async with asyncio.timeout(60):
            while await connection.fetchval(SQL.deadlines_waiting, due_at) != number:
                await asyncio.sleep(0.05)
            while await connection.fetchval(SQL.outbox_holds):
                await asyncio.sleep(0.05)
    finally:
        await connection.close()


async def _until_empty(ground: Ground) -> None:
    connection = await asyncpg.connect(ground.dsn(RUN))
    try:
        async with asyncio.timeout(30):
            while await connection.fetchval(SQL.outbox_holds):
                await asyncio.sleep(0.05)
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


async def _metric_mean(ground: Ground, number: int) -> float:
    """The mean lateness in ms by the notifier's metric, which saw as many."""
    async with httpx.AsyncClient(trust_env=False) as client:
        text = (await client.get(f"{ground.url('notifier')}/metrics")).text
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if line[:1] != "#")
    counted, total = float(values[f"{LATENESS}_count"]), float(values[f"{LATENESS}_sum"])
    assert counted == number, f"the metric counts {counted}, not {number}"
    return total / counted * 1000


def _require_each_once(said: Sequence[ConsumerRecord], number: int) -> None:
    keys = [r.key for r in said if r.topic == PREFIX + DEADLINES.name]
    assert len(keys) == len(set(keys)) == number, f"{len(keys)} facts of {number} promises"


async def _recorded(ground: Ground, said: Sequence[ConsumerRecord]) -> Recorded:
    connection = await asyncpg.connect(ground.dsn(RUN))
    try:
        return await recorded(connection, said, prefix=PREFIX)
    finally:
        await connection.close()


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
