"""The stage of the router's rows: tickets and reports pre-produced, what ours wrote recorded.

Built once a run of the bench and kept in its folder. Each measurement begins from a copy of a
database and from the same offsets: the router and the floor meet the same records in one state.
"""

import pickle
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from aiokafka import ConsumerRecord

from deploy.local.topics import apply_topics, city_topics
from services.router.handlers import GROUP, REPORTS_GROUP
from shared.contracts import envelope, ids, reports
from shared.contracts.parts import Handler
from shared.contracts.topics import TICKETS, UNIT_REPORTS, WHISTLES, unit_topic
from tests.bench.broker import Broker, Offsets, Outbound, open_broker, partitions_of
from tests.bench.ground import SQL, Ground
from tests.bench.plan import Plan
from tests.bench.recording import count
from tests.bench.router_recording import (
    COPIED,
    Recording,
    record_acknowledgements,
    record_dispatches,
)
from tests.bench.traffic import registered
from tests.support.waiting import eventually

PREFIX = "router."
SEEDED, DISPATCHED, RUN = "router_seeded", "router_dispatched", "router_run"
TICKETS_PRODUCED = 15_000
Counts = dict[str, int]
Record = Callable[..., Awaitable[Recording]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What one measurement begins from and has to end with."""

    template: str
    start: Offsets  # of the records to be heard; everything else is heard already
    records: int
    recording: Path
    events: int
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The scenes of the two rows, and where the router speaks."""

    dispatches: Scene
    acknowledgements: Scene


async def stage_of(ground: Ground, plan: Plan) -> Stage:
    """The stage of this run, built when it is asked for first."""
    file = ground.folder / "router.stage"
    if not file.exists():
        file.write_bytes(pickle.dumps(await _built(ground, plan)))
    stage: Stage = pickle.loads(file.read_bytes())  # written by the line above
    return stage


def spoken() -> list[Any]:
    """The partitions that the router's words go to: the city's topic and each unit's."""
    return partitions_of(s for s in city_topics(PREFIX) if s.name.endswith(f".{WHISTLES.name}"))


def heard() -> dict[str, list[Any]]:
    """The partitions of tickets and of reports, by the group of the router that hears them."""
    tickets, reported = PREFIX + TICKETS.name, UNIT_REPORTS.name.partition("<code>")[2]
    specs = city_topics(PREFIX)
    return {
        PREFIX + GROUP: partitions_of(s for s in specs if s.name == tickets),
        PREFIX + REPORTS_GROUP: partitions_of(s for s in specs if s.name.endswith(reported)),
    }


async def rewind(broker: Broker, scene: Scene) -> None:
    """Let the router hear the scene's records again, and no others."""
    for group, partitions in heard().items():
        ends = await broker.ends(partitions)
        await broker.commit(group, {tp: scene.start.get(tp, end) for tp, end in ends.items()})


async def counts_of(connection: "asyncpg.Connection[Any]") -> Counts:
    """What a run leaves behind, whoever ran it."""
    found = await count(connection, (*COPIED, "inbox", "dead_letter", "parked"))
    return found | {"acknowledged": len(await connection.fetch(SQL.acknowledged))}


async def _built(ground: Ground, plan: Plan) -> Stage:
    await apply_topics(ground.kafka.bootstrap, city_topics(PREFIX))
    await ground.new_database(SEEDED, "router")
    async with ground.service("router", prefix=PREFIX, database=SEEDED):
        await _until(ground, SEEDED, SQL.outbox_empty)
    await ground.settle(SEEDED)
    async with open_broker(ground.kafka.bootstrap) as broker:
        tickets = registered(plan.many(TICKETS_PRODUCED), prefix=PREFIX, now=ground.clock.now())
        stage = _Building(ground, broker)
        dispatches = await stage.scene(
            tickets, SEEDED, keep=DISPATCHED, done=SQL.dispatched, record=record_dispatches
        )
        acknowledgements = await stage.scene(
            await _acknowledgements(ground),
            DISPATCHED,
            keep=RUN,
            done=SQL.all_acknowledged,
            record=record_acknowledgements,
        )
    return Stage(dispatches=dispatches, acknowledgements=acknowledgements)


@dataclass(frozen=True, slots=True)
class _Building:
    ground: Ground
    broker: Broker

    async def scene(
        self,
        records: Sequence[Outbound],
        template: str,
        *,
        keep: str,
        done: str,
        record: Record,
    ) -> Scene:
        """Produce the records, let the real router handle them once, and keep what it wrote."""
        ground, broker = self.ground, self.broker
        partitions = [tp for group in heard().values() for tp in group]
        start, before = await broker.ends(partitions), await broker.ends(spoken())
        await broker.produce(records)
        ends = await broker.ends(partitions)
        start = {tp: offset for tp, offset in start.items() if ends[tp] > offset}
        await ground.copy(keep, template=template)
        async with ground.service("router", prefix=PREFIX, database=keep):
            await _until(ground, keep, done, len(records))
            await _until(ground, keep, SQL.outbox_empty)
        said = await broker.read(before)
        await ground.settle(keep)
        recording, counts = await self._recorded(keep, said, record)
        file = ground.folder / f"{keep}.recording"
        file.write_bytes(pickle.dumps(recording))
        assert len(recording.scripts) == len(records), "a record nothing was written for"
        return Scene(
            template=template,
            start=start,
            records=len(records),
            recording=file,
            events=recording.events,
            counts=counts,
        )

    async def _recorded(
        self, database: str, said: Sequence[ConsumerRecord], record: Record
    ) -> tuple[Recording, Counts]:
        connection = await asyncpg.connect(self.ground.dsn(database))
        try:
            return await record(connection, said, prefix=PREFIX), await counts_of(connection)
        finally:
            await connection.close()


async def _until(ground: Ground, database: str, statement: str, *arguments: object) -> None:
    connection = await asyncpg.connect(ground.dsn(database))
    try:
        await eventually(lambda: connection.fetchval(statement, *arguments), within=180, every=0.1)
    finally:
        await connection.close()


async def _acknowledgements(ground: Ground) -> list[Outbound]:
    """One report of every unit that must acknowledge, on its topic."""
    connection = await asyncpg.connect(ground.dsn(DISPATCHED))
    try:
        offered = await connection.fetch(SQL.offered)
    finally:
        await connection.close()
    now, found = ground.clock.now(), []
    for row in offered:
        whistle_id = row["whistle_id"]
        report = reports.Acknowledged(
            whistle_id=whistle_id, handler=Handler(name="李建军", post="值班长"), at=now
        )
        value = envelope.write(
            event_id=ids.new_id(now),
            source=f"/department/{row['unit']}",
            subject=str(whistle_id),
            time=now,
            data=report,
        )
        topic = PREFIX + unit_topic(UNIT_REPORTS, row["unit"])
        found.append(Outbound(topic=topic, key=str(whistle_id).encode(), value=value.encode()))
    return found
