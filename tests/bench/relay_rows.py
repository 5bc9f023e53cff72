"""Row `relay_rows`: the relay empties a full outbox, beside sending the same from memory."""

import asyncpg

from deploy.local.topics import apply_topics
from shared.contracts.topics import TopicSpec
from shared.runtime.outbox import COLUMNS
from tests.bench.broker import open_broker, partitions_of
from tests.bench.figures import Figure, alternate
from tests.bench.ground import SQL, Gate, Ground
from tests.bench.plan import Plan
from tests.bench.traffic import registered
from tests.bench.worker import working

PREFIX = "relay."
SPEC = TopicSpec(
    name=f"{PREFIX}tickets",
    partitions=6,
    retention_ms=-1,
    cleanup_policy="delete",
    timestamp_type="CreateTime",
)


async def measure(ground: Ground, plan: Plan) -> list[Figure]:
    """Rows a second, from a full outbox until all are on Kafka."""
    rows = plan.many(60_000)
    await apply_topics(ground.kafka.bootstrap, [SPEC])
    await _fill(ground, rows)

    async def floor() -> float:
        return await _timed(ground, rows, "tests.bench.relay_floor", gated=False)

    async def ours() -> float:
        return await _timed(ground, rows, "tests.bench.relay_ours", gated=True)

    pairs = await alternate(plan.pairs, floor=floor, ours=ours)
    return [Figure(name="relay_rows", unit="rows/s", wanted="≥ 15,000/s", pairs=pairs)]


async def _fill(ground: Ground, rows: int) -> None:
    """A database whose outbox holds so many facts of about 1 kB."""
    dsn = await ground.new_database("relay_full", "router")
    now = ground.clock.now()
    connection = await asyncpg.connect(dsn)
    try:
        events = registered(rows, prefix="", now=now)
        columns = [name for name in COLUMNS if name != "headers"]
        await connection.copy_records_to_table(
            "outbox",
            columns=columns,
            records=[
                (_event_id(e.key), e.topic, e.key.decode(), "bench", e.value.decode(), now)
                for e in events
            ],
        )
    finally:
        await connection.close()
    await ground.settle("relay_full")


def _event_id(key: bytes) -> str:
    return key.decode()


async def _timed(ground: Ground, rows: int, module: str, *, gated: bool) -> float:
    """Rows a second from the word until the last row is on Kafka, in a database of its own."""
    dsn = await ground.copy("relay", template="relay_full")
    arguments = {"dsn": dsn, "kafka": ground.kafka.bootstrap, "prefix": PREFIX}
    log = ground.folder / "logs" / "relay.log"
    async with (
        open_broker(ground.kafka.bootstrap) as broker,
        working(module, arguments, log=log) as worker,
    ):
        before = await broker.ends(partitions_of([SPEC]))
        if gated:
            gate = await Gate.shut(dsn, SQL.shut_outbox)
            await worker.go()
            await gate.until_waiting("%from outbox%order by id%")
            began = await gate.open()
        else:
            began = await worker.go()
        ended = await broker.until_written(before, rows, within=120)
        await worker.result()
    return rows / (ended - began)
