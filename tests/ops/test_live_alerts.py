"""Faults of a running stack fire their alerts in time and page; once mended, the alerts clear.

Prometheus and Alertmanager are Debian's, with the project's own rules, intervals and `for` times.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer

from deploy.local.data_folder import SERVICES
from shared.contracts import envelope
from shared.contracts.ids import new_id
from shared.runtime import outbox
from shared.runtime.clock import wall_now
from shared.runtime.outbox import Outgoing
from tests.faults.ground import KILL, PREFIX, Ground
from tests.faults.notifier_plan import UNITS, Promise, Size, promises
from tests.ops.live_alertmanager import alertmanager
from tests.ops.live_prometheus import LivePrometheus, prometheus
from tests.support.receiver import Receiver, receiving
from tests.support.waiting import eventually

pytestmark = [
    pytest.mark.proof,
    pytest.mark.xdist_group("faults"),
    pytest.mark.timeout(900),
]

SCRAPED = 15.0  # a fault is seen, scraped and judged within so many seconds
AWAY_SECONDS = 130.0  # a service that was killed
ONE = Size(
    promises=1, people=0, copies=1, kills=0, waves=1, apart=timedelta(), settle_seconds=30,
    ahead=timedelta(seconds=20), pause=(0, 0), calm_within=60,
)  # fmt: skip
WAITS = "select count(*) from deadline where whistle_id = $1 and next_rung = 'due'"
HOLD = "select from deadline where whistle_id = $1 and next_rung = 'due' for update"


@dataclass
class Watched:
    """A running stack and those who watch it."""

    ground: Ground
    prometheus: LivePrometheus
    pager: Receiver
    told: list[str] = field(default_factory=list)

    async def firing(self) -> list[Mapping[str, str]]:
        """The labels of the alerts that fire now."""
        found = await self.prometheus.alerts()
        return [each["labels"] for each in found if each["state"] == "firing"]

    async def fires(self, alert: str, *, within: float, **labels: str) -> None:
        """Return when it fires and has paged."""
        await self._changes(alert, labels, fires=True, within=within + SCRAPED)
        if await self._severity(alert) == "page":
            await eventually(lambda: self._paged(alert, labels), within=SCRAPED, every=0.2)

    async def clears(self, alert: str, *, within: float, **labels: str) -> None:
        """Return when it fires no more."""
        await self._changes(alert, labels, fires=False, within=within + SCRAPED)

    async def _changes(
        self, alert: str, labels: Mapping[str, str], *, fires: bool, within: float
    ) -> None:
        wanted = {"alertname": alert, **labels}.items()
        began = time.monotonic()

        async def look() -> bool:
            return any(wanted <= each.items() for each in await self.firing())

        await eventually(look, until=lambda seen: seen is fires, within=within, every=0.5)
        what = "fires" if fires else "is clear"
        self.told.append(f"{alert} {dict(labels)} {what} after {time.monotonic() - began:.0f} s")

    async def _severity(self, alert: str) -> str:
        rules = await self.prometheus.rules()
        return next(rule["labels"]["severity"] for rule in rules if rule["name"] == alert)

    async def _paged(self, alert: str, labels: Mapping[str, str]) -> bool:
        wanted = {"alertname": alert, **labels}.items()
        return any(
            call.path.endswith("/pager") and wanted <= each["labels"].items()
            for call in self.pager.calls
            for each in call.json["alerts"]
        )


@asynccontextmanager
async def watched(folder: Path) -> AsyncIterator[Watched]:
    """The three services on servers of their own, Prometheus and Alertmanager beside them."""
    ground = Ground(folder, UNITS, copies=1)
    try:
        await ground.start_servers()
        await ground.start_services()
        targets = {
            f"shaodao-{name}": [ground.keepers[name][0].url.removeprefix("http://")]
            for name in SERVICES
        }
        async with AsyncExitStack() as stack:
            pager = await stack.enter_async_context(receiving())
            routes = await stack.enter_async_context(
                alertmanager(folder / "alertmanager", hook=pager.url, waits="1s")
            )
            live = await stack.enter_async_context(
                prometheus(
                    folder / "prometheus",
                    targets,
                    scrape=None,
                    evaluate=None,
                    alertmanager=routes.address,
                )
            )
            found = Watched(ground, live, pager)
            await found.fires("ShaodaoWatchdog", within=30)
            yield found
    finally:
        await ground.stop()


async def a_consumer_is_killed(stack: Watched) -> None:
    """The router is killed; whoever keeps it running comes late."""
    (keeper,) = stack.ground.keepers["router"]
    keeper.pause = AWAY_SECONDS
    keeper.send(KILL)
    await stack.fires("ShaodaoServiceDown", job="shaodao-router", within=60)
    await stack.clears("ShaodaoServiceDown", job="shaodao-router", within=AWAY_SECONDS)


async def kafka_is_stopped(stack: Watched) -> None:
    await stack.ground.kafka.stop()
    await stack.fires("ShaodaoKafkaUnreachable", job="shaodao-router", within=60 + 45)
    await stack.ground.kafka.start()
    await stack.clears("ShaodaoKafkaUnreachable", job="shaodao-router", within=60)


async def the_outbox_fills(stack: Watched) -> None:
    """Two thousand rows for a unit whose topics nobody made; the others go on."""
    rows = [
        Outgoing(
            event_id=new_id(wall_now()), topic="bureau.BH-XGJ.whistles", key=str(n),
            type="test", payload="{}", traceparent=None,
        )
        for n in range(2000)
    ]  # fmt: skip
    connection = await asyncpg.connect(stack.ground.databases["router"])
    try:
        await outbox.put(connection, rows)
    finally:
        await connection.close()
    await stack.fires("ShaodaoOutboxOld", job="shaodao-router", within=30 + 60)
    await stack.fires("ShaodaoOutboxUnroutable", job="shaodao-router", within=60)
    await stack.ground.servers.make_topics(PREFIX, ["BH-XGJ"])
    await stack.clears("ShaodaoOutboxOld", job="shaodao-router", within=60)
    await stack.clears("ShaodaoOutboxUnroutable", job="shaodao-router", within=30)


async def a_deadline_is_missed(stack: Watched) -> None:
    """Its row is held by somebody until long after it was due: nothing fires, nobody is told."""
    ground = stack.ground
    (promise,) = promises(ONE, ground.clock.now())
    await _say(ground, promise)
    connection = await asyncpg.connect(ground.databases["notifier"])
    try:
        await eventually(
            lambda: connection.fetchval(WAITS, promise.whistle_id), within=20, every=0.1
        )
        async with connection.transaction():
            await connection.execute(HOLD, promise.whistle_id)
            await asyncio.sleep(ground.clock.wall_seconds_until(promise.due))
            await stack.fires("ShaodaoDeadlinesUnfired", within=5 + 60)
            # it may take 30 s, the auditor looks every minute
            await stack.fires("ShaodaoAuditMismatches", kind="missing_rung", within=30 + 60)
    finally:
        await connection.close()
    await stack.clears("ShaodaoDeadlinesUnfired", within=15)
    # That it fired late is told for half an hour more, by a kind of its own; see promises_test.yml
    await stack.clears("ShaodaoAuditMismatches", kind="missing_rung", within=60)


async def _say(ground: Ground, promise: Promise) -> None:
    key = str(promise.whistle_id)
    value = envelope.write(
        event_id=uuid4(), source="/test", subject=key, time=ground.clock.now(), data=promise.blown()
    )
    producer = AIOKafkaProducer(bootstrap_servers=ground.kafka.bootstrap)
    await producer.start()
    try:
        await producer.send_and_wait(f"{PREFIX}whistles", value.encode(), key=key.encode())
    finally:
        await producer.stop()


FAULTS: list[Callable[[Watched], Awaitable[None]]] = [
    a_consumer_is_killed,
    the_outbox_fills,
    a_deadline_is_missed,
    kafka_is_stopped,
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_a_fault_fires_its_alert_and_clears(
    fault: Callable[[Watched], Awaitable[None]], tmp_path: Path, record_property, capsys
) -> None:
    async with watched(tmp_path) as stack:
        try:
            await fault(stack)
        except BaseException as error:
            error.add_note(f"logs in {tmp_path}\n" + "\n".join(stack.told))
            raise
        unhealthy = [rule for rule in await stack.prometheus.rules() if rule["health"] == "err"]
        assert unhealthy == []
    record_property("told", "; ".join(stack.told))
    with capsys.disabled():
        print("\n".join(["", *stack.told]))  # noqa: T201
