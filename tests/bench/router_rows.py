"""Rows `router_dispatches` and `router_acknowledgements`: the real router beside a bare consumer.

Both meet records that are on Kafka already. Whoever is measured is started and waits at a lock on
the inbox, its first batch in hand; the clock starts when the lock is opened and stops when the last
outgoing event is on Kafka.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.bench.broker import Broker, open_broker
from tests.bench.figures import Cost, Figure, alternate
from tests.bench.ground import SQL, Gate, Ground
from tests.bench.plan import Plan
from tests.bench.router_stage import PREFIX, RUN, Scene, counts_of, rewind, spoken, stage_of
from tests.bench.worker import working
from tests.support.waiting import eventually

BATCH = 500  # the router's own default
WITHIN_SECONDS = 180


async def measure_dispatches(ground: Ground, plan: Plan) -> list[Figure]:
    """Tickets a second, from tickets.registered to the units' views."""
    stage = await stage_of(ground, plan)
    wanted = "ratio ≥ 0.6, near 5,000/s"
    return [await _measured(ground, plan, stage.dispatches, "router_dispatches", wanted)]


async def measure_acknowledgements(ground: Ground, plan: Plan) -> list[Figure]:
    """Reports a second, from the report to the fact and the answer."""
    stage = await stage_of(ground, plan)
    wanted = "ratio ≥ 0.6, ≥ 10,000/s"
    scene = stage.acknowledgements
    return [await _measured(ground, plan, scene, "router_acknowledgements", wanted)]


async def _measured(ground: Ground, plan: Plan, scene: Scene, name: str, wanted: str) -> Figure:
    floor, ours = Cost(), Cost()
    pairs = await alternate(
        plan.pairs,
        floor=lambda: _floor(ground, scene, floor),
        ours=lambda: _ours(ground, scene, ours),
    )
    note = (
        f"{scene.records} records, {scene.events} events; "
        f"processor time of the process a record: floor {floor}, ours {ours}"
    )
    return Figure(name=name, unit="records/s", wanted=wanted, pairs=pairs, note=note)


@asynccontextmanager
async def _set(ground: Ground, scene: Scene) -> AsyncIterator[tuple[Broker, Gate]]:
    """The scene before it begins, with the gate shut; what came of it is checked at the end."""
    dsn = await ground.copy(RUN, template=scene.template)
    async with open_broker(ground.kafka.bootstrap) as broker:
        await rewind(broker, scene)
        yield broker, await Gate.shut(dsn, SQL.shut_inbox)
    connection = await asyncpg.connect(dsn)
    try:
        found = await counts_of(connection)
    finally:
        await connection.close()
    assert found == scene.counts, f"{found} is left behind, {scene.counts} expected"


async def _seconds(broker: Broker, gate: Gate, scene: Scene, *, pid: int, cost: Cost) -> float:
    """From the opened gate to the last event."""
    await gate.until_waiting("%insert into inbox%")
    before = await broker.ends(spoken())
    with cost.of(pid, scene.records):
        began = await gate.open()
        ended = await broker.until_written(before, scene.events, within=WITHIN_SECONDS)
    return ended - began


async def _floor(ground: Ground, scene: Scene, cost: Cost) -> float:
    arguments = {
        "dsn": ground.dsn(RUN),
        "kafka": ground.kafka.bootstrap,
        "prefix": PREFIX,
        "recording": str(scene.recording),
        "start": [[tp.topic, tp.partition, offset] for tp, offset in scene.start.items()],
        "records": scene.records,
        "batch": BATCH,
    }
    log = ground.folder / "logs" / "router-floor.log"
    async with (
        _set(ground, scene) as (broker, gate),
        working("tests.bench.router_floor", arguments, log=log) as floor,
    ):
        await floor.go()
        seconds = await _seconds(broker, gate, scene, pid=floor.pid, cost=cost)
        assert await floor.result() == scene.records
    return scene.records / seconds


async def _ours(ground: Ground, scene: Scene, cost: Cost) -> float:
    async with (
        _set(ground, scene) as (broker, gate),
        ground.service("router", prefix=PREFIX, database=RUN) as router,
    ):
        seconds = await _seconds(broker, gate, scene, pid=router.process.pid, cost=cost)
        connection = await asyncpg.connect(ground.dsn(RUN))
        try:
            await eventually(lambda: connection.fetchval(SQL.outbox_empty))
        finally:
            await connection.close()
    return scene.records / seconds
