"""A consumer that has died or hangs ends its process: the supervisor starts it again."""

import asyncio
import base64
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer

from deploy.local.data_folder import PROJECT
from deploy.local.ports import LOOPBACK, Ports, free_base
from deploy.local.processes import Command, Reaper
from deploy.local.program import Program
from shared.contracts import envelope, topics, units
from shared.contracts.ids import new_id
from shared.runtime.clock import wall_now
from shared.runtime.health import EXIT_STALLED
from tests.faults.ground import SECRET
from tests.support.waiting import eventually

pytestmark = pytest.mark.xdist_group("faults")


def declared(code: str) -> bytes:
    """A fact the notifier hears."""
    fact = units.UnitDeclared(
        code=code, name="测试单位", parent=None, level="city", kind="bureau", function_codes=(),
        region="159900", can_whistle=False, duty_24h=False, active=True, reachable=True,
    )  # fmt: skip
    now = wall_now()
    return envelope.write(
        event_id=new_id(now), source="/test", subject=code, time=now, data=fact
    ).encode()


@pytest.fixture
async def producer(kafka) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    yield producer
    await producer.stop()


@pytest.fixture
def reaper():
    reaper = Reaper()
    yield reaper
    reaper.close()


@pytest.fixture
async def program(kafka, database, topics_of, prefix, tmp_path, reaper):
    """Makes a process on a database of its own with a watchdog that looks after five seconds."""
    await topics_of(prefix, [])

    async def make(module: str, *folders) -> tuple[Program, str]:
        dsn = await database(*folders)
        port = Ports(free_base()).notifier
        env = {
            "SHAODAO_DATABASE_URL": dsn,
            "SHAODAO_KAFKA_BOOTSTRAP": kafka,
            "SHAODAO_TOPIC_PREFIX": prefix,
            "SHAODAO_TOKEN_SECRET": SECRET,
            "SHAODAO_VAULT_KEY": base64.b64encode(b"k" * 32).decode(),
            "SHAODAO_HTTP_PORT": str(port),
            "SHAODAO_STALLED_AFTER_SECONDS": "5",
        }
        argv = (sys.executable, "-m", module)
        command = Command(name=module, argv=argv, log=tmp_path / "log", env=env, cwd=PROJECT)
        ready = f"http://{LOOPBACK}:{port}/ready"
        return Program(command, ready_url=ready, reaper=reaper), dsn

    return make


async def heard(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval("select count(*) from inbox"))
    finally:
        await connection.close()


async def test_a_handler_that_hangs_while_the_database_answers_ends_the_process(
    program, producer, prefix
):
    migrations = PROJECT / "services" / "notifier" / "sql" / "migrations"
    notifier, dsn = await program("services.notifier.app", migrations)
    await notifier.start()
    other = await asyncpg.connect(dsn)
    try:
        async with other.transaction():
            await other.execute("lock table inbox in access exclusive mode")
            await producer.send_and_wait(prefix + topics.UNITS.name, declared("T-1"), key=b"T-1")
            assert await asyncio.wait_for(notifier.wait(), 30) == EXIT_STALLED
    finally:
        await other.close()
    try:
        await notifier.start()
        await eventually(lambda: heard(dsn), until=lambda events: events == 1)
    finally:
        await notifier.stop()


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(signal.SIGUSR1, id="with its partitions"),
        pytest.param(signal.SIGUSR2, id="in the midst of a rebalance"),
    ],
)
async def test_a_dead_coordinator_ends_the_process(program, producer, prefix, way):
    lonely, dsn = await program("tests.faults.lonely_consumer")
    await lonely.start()
    try:
        await producer.send_and_wait(prefix + topics.UNITS.name, declared("T-1"), key=b"T-1")
        await eventually(lambda: heard(dsn), until=lambda events: events == 1)
        lonely.process.send(way)
        for _ in range(3):
            await producer.send_and_wait(prefix + topics.UNITS.name, declared("T-2"), key=b"T-2")
        assert await asyncio.wait_for(lonely.wait(), 90) == EXIT_STALLED
        await lonely.start()
        await eventually(lambda: heard(dsn), until=lambda events: events == 4)
    finally:
        await lonely.stop()


async def test_a_relay_that_hangs_while_kafka_answers_ends_the_process(program, prefix):
    """A row is sent but cannot be deleted, as somebody else holds it: nothing else is sent."""
    lonely, dsn = await program("tests.faults.lonely_consumer")
    other = await asyncpg.connect(dsn)
    try:
        await other.execute(
            """insert into outbox (event_id, aggregatetype, aggregateid, type, payload, created_at)
            values ($1, $2, 'T-1', 'test', $3, $4)""",
            new_id(wall_now()),
            topics.UNITS.name,
            declared("T-1").decode(),
            wall_now() - timedelta(minutes=1),
        )
        async with other.transaction():
            await other.fetch("select from outbox for update")
            await lonely.start()
            assert await asyncio.wait_for(lonely.wait(), 60) == EXIT_STALLED
    finally:
        await other.close()
        await lonely.stop()
