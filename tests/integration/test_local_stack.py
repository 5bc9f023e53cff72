"""The embedded stack: what was acknowledged outlives kills, and nothing outlives the supervisor."""

import asyncio
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from deploy.local import clock_file
from deploy.local.data_folder import PROJECT, SERVICES, DataFolder
from deploy.local.databases import dsn_for, make_databases
from deploy.local.errors import FolderInUseError, NotRunningError, PortsTakenError, StackError
from deploy.local.kafka import Kafka
from deploy.local.ports import LOOPBACK, Ports, free_base, refuse_taken
from deploy.local.postgres import Postgres
from deploy.local.processes import Command, Reaper, start
from deploy.local.topics import apply_topics, city_topics, delete_topics, existing_topics
from shared.contracts.topics import TopicSpec
from shared.runtime.clock import Clock, read_segments
from tests.support.waiting import eventually

pytestmark = pytest.mark.xdist_group("local_stack")

WALL = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)
MONDAY = datetime(2026, 9, 14, 0, 30, tzinfo=UTC)


@pytest.fixture
async def reaper() -> AsyncIterator[Reaper]:
    reaper = Reaper()
    yield reaper
    await asyncio.to_thread(reaper.close)  # ends what the test left running


async def _acknowledged_until_killed(postgres: Postgres, *, kill_after: int) -> int:
    """Insert a row a transaction until the server is killed; returns the last acknowledged."""
    connection = await asyncpg.connect(postgres.admin_dsn)
    await connection.execute("create table kept (n bigint primary key)")
    acknowledged: list[int] = []

    async def insert() -> None:
        for n in range(1, 1_000_000):
            await connection.execute("insert into kept values ($1)", n)
            acknowledged.append(n)

    inserting = asyncio.create_task(insert())

    async def count() -> int:
        return len(acknowledged)

    await eventually(count, until=lambda seen: seen >= kill_after)
    await postgres.kill()
    cut_off = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
    with pytest.raises(cut_off):
        await inserting
    return acknowledged[-1]


async def test_postgres_keeps_acknowledged_rows_through_kill(
    tmp_path: Path, reaper: Reaper
) -> None:
    postgres = Postgres(
        tmp_path, port=Ports(free_base()).postgres, password=secrets.token_hex(), reaper=reaper
    )
    await postgres.start()
    acknowledged = await _acknowledged_until_killed(postgres, kill_after=300)
    await postgres.start()
    connection = await asyncpg.connect(postgres.admin_dsn)
    kept = [row["n"] for row in await connection.fetch("select n from kept order by n")]
    assert await connection.fetchval("show fsync") == "on"
    await connection.close()
    # the last one may have been committed without our hearing of it
    assert kept[:acknowledged] == list(range(1, acknowledged + 1))
    assert len(kept) <= acknowledged + 1
    await postgres.stop()


async def test_postgres_asks_for_a_password_and_a_role_has_its_own_database_only(
    tmp_path: Path, reaper: Reaper
) -> None:
    port = Ports(free_base()).postgres
    postgres = Postgres(tmp_path, port=port, password="geheim", reaper=reaper)
    await postgres.start()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"postgresql://postgres:wrong@{LOOPBACK}:{port}/postgres")
    passwords = {name: secrets.token_hex() for name in SERVICES}
    owners = {name: secrets.token_hex() for name in SERVICES}
    databases = await make_databases(postgres.admin_dsn, passwords, owners)
    again = await make_databases(postgres.admin_dsn, passwords, owners)
    assert again == databases  # a second time too
    own = await asyncpg.connect(databases["intake"].owner_dsn)
    await own.execute("create table mine (n int)")
    await own.close()
    for foreign in ("router", "notifier"):
        dsn = dsn_for(postgres.admin_dsn, "intake", passwords["intake"], foreign)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(dsn)
    await make_databases(postgres.admin_dsn, passwords, owners, fresh=True)
    own = await asyncpg.connect(databases["intake"].dsn)
    assert await own.fetchval("select to_regclass('mine')") is None
    await own.close()
    await postgres.stop()


async def _produce(bootstrap: str, topic: str, values: list[bytes]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True)
    await producer.start()
    await asyncio.gather(*[await producer.send(topic, value) for value in values])
    await producer.stop()


async def _read_all(bootstrap: str, topic: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    await consumer.seek_to_beginning(partition)
    values: list[bytes] = []
    while len(values) < count:
        records = (await consumer.getmany(timeout_ms=20_000)).get(partition, [])
        assert records, f"only {len(values)} of {count} came"
        values += [record.value for record in records]
    await consumer.stop()
    return values


async def test_kafka_keeps_records_through_kill_and_restart_in_place(
    tmp_path: Path, reaper: Reaper
) -> None:
    ports = Ports(free_base())
    kafka = Kafka(tmp_path, port=ports.kafka, controller_port=ports.controller, reaper=reaper)
    await kafka.start()
    spec = TopicSpec(
        name="x.kept",
        partitions=1,
        retention_ms=-1,
        cleanup_policy="delete",
        timestamp_type="LogAppendTime",
    )
    assert await apply_topics(kafka.bootstrap, [spec]) == ["x.kept"]
    first = [b"%d" % n for n in range(500)]
    await _produce(kafka.bootstrap, spec.name, first)
    await kafka.kill()
    await kafka.start()
    second = [b"%d" % n for n in range(500, 1000)]
    await _produce(kafka.bootstrap, spec.name, second)
    await kafka.stop()
    await kafka.start()
    assert await _read_all(kafka.bootstrap, spec.name, 1000) == first + second
    assert await apply_topics(kafka.bootstrap, [spec]) == []
    await kafka.stop()


async def test_all_topics_of_the_city_are_made_once_and_can_be_emptied(
    tmp_path: Path, reaper: Reaper
) -> None:
    ports = Ports(free_base())
    kafka = Kafka(tmp_path, port=ports.kafka, controller_port=ports.controller, reaper=reaper)
    await kafka.start()
    mine, other = city_topics("a."), city_topics("b.")[:3]
    assert len(await apply_topics(kafka.bootstrap, mine)) == len(mine) > 500
    await apply_topics(kafka.bootstrap, other)
    assert await apply_topics(kafka.bootstrap, mine) == []
    assert await delete_topics(kafka.bootstrap, "a.") == len(mine)
    assert await existing_topics(kafka.bootstrap) == {spec.name for spec in other}
    with pytest.raises(ValueError, match="prefix"):
        await delete_topics(kafka.bootstrap, "")
    await kafka.stop()


async def test_a_program_that_cannot_start_says_why(tmp_path: Path, reaper: Reaper) -> None:
    ports = Ports(free_base())
    with socket.socket() as taken:
        taken.bind((LOOPBACK, ports.kafka))
        taken.listen()
        kafka = Kafka(tmp_path, port=ports.kafka, controller_port=ports.controller, reaper=reaper)
        with pytest.raises(StackError, match="did not") as told:
            await kafka.start(timeout=30)
    assert "kafka.log" in told.value.zh


def test_ports_taken_are_named_with_what_to_do() -> None:
    ports = Ports(free_base())
    refuse_taken(ports.named())
    with socket.socket() as taken:
        taken.bind((LOOPBACK, ports.router))
        taken.listen()
        with pytest.raises(PortsTakenError) as told:
            refuse_taken(ports.named())
    assert f"router {ports.router}" in told.value.zh
    assert f"intake {ports.intake}" not in told.value.zh
    assert "--port-base" in told.value.zh


def test_a_data_folder_has_one_supervisor_and_secrets_of_its_own(tmp_path: Path) -> None:
    folder = DataFolder.of(18000, tmp_path / "one")
    with pytest.raises(NotRunningError):
        folder.require_secrets()
    with folder.hold():
        assert folder.is_held()
        with pytest.raises(FolderInUseError, match=str(os.getpid())), folder.hold():
            pytest.fail("held twice")
        made = folder.secrets()
        assert folder.secrets() == made
        assert (folder.path / "secrets.json").stat().st_mode & 0o777 == 0o600
        folder.wipe()
        assert folder.secrets() != made
    assert not folder.is_held()
    with pytest.raises(NotRunningError):
        folder.read_stack()


def test_a_clock_keeps_how_past_wall_times_mapped(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    clock_file.write_initial(path, MONDAY, 60.0, wall=WALL)
    moved = clock_file.forward(path, timedelta(days=3), wall=WALL + timedelta(minutes=1))
    assert moved == MONDAY + timedelta(days=3, hours=1)
    shown = clock_file.set_rate(path, 1.0, wall=WALL + timedelta(minutes=2))
    assert shown == MONDAY + timedelta(days=3, hours=2)
    clock = Clock(path)
    assert clock.domain_at(WALL + timedelta(seconds=30)) == MONDAY + timedelta(minutes=30)
    assert clock.domain_at(WALL + timedelta(minutes=3)) == shown + timedelta(minutes=1)
    assert [segment.rate for segment in read_segments(path)] == [60.0, 60.0, 1.0]
    with pytest.raises(StackError, match="forward"):
        clock_file.forward(path, timedelta(hours=-1), wall=WALL)


def test_a_hurried_clock_stands_still_while_its_stack_is_down(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    clock_file.write_initial(path, MONDAY, 60.0, wall=WALL)
    stopped, started = WALL + timedelta(minutes=10), WALL + timedelta(hours=8)
    clock_file.resume(path, stopped=stopped, wall=started)
    clock = Clock(path)
    at_stop = MONDAY + timedelta(hours=10)
    assert clock.domain_at(stopped + timedelta(hours=3)) == at_stop
    assert clock.domain_at(started) == at_stop
    assert clock.domain_at(started + timedelta(minutes=1)) == at_stop + timedelta(hours=1)
    real = tmp_path / "real.json"
    clock_file.write_initial(real, None, 1.0, wall=WALL)
    clock_file.resume(real, stopped=stopped, wall=started)
    assert Clock(real).domain_at(started) == started


async def test_processes_changing_the_clock_at_once_lose_no_change(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    clock_file.write_initial(path, MONDAY, 1.0, wall=WALL)
    step = timedelta(hours=1)
    await asyncio.gather(
        *(asyncio.to_thread(clock_file.forward, path, step, wall=WALL) for _ in range(40))
    )
    assert len(read_segments(path)) == 41
    assert read_segments(path)[-1].at(WALL) == MONDAY + 40 * step


async def test_the_reaper_ends_what_a_killed_supervisor_left(tmp_path: Path) -> None:
    program = tmp_path / "supervisor.py"
    program.write_text(
        "import asyncio, sys, time\n"
        "from pathlib import Path\n"
        "from deploy.local.processes import Command, Reaper, start\n"
        "async def main():\n"
        "    reaper = Reaper()\n"
        "    stubborn = 'import signal, time; signal.signal(15, signal.SIG_IGN); '\n"
        "    stubborn += 'print(1, flush=True); time.sleep(600)'\n"
        "    commands = [('sleep', '600'), (sys.executable, '-c', stubborn)]\n"
        "    for n, argv in enumerate(commands):\n"
        "        log = Path(sys.argv[1]) / f'{n}.log'\n"
        "        running = await start(Command(name=str(n), argv=argv, log=log), reaper=reaper)\n"
        "        print(running.pid, flush=True)\n"
        "    time.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    supervisor = await asyncio.create_subprocess_exec(
        *(sys.executable, str(program), str(tmp_path)),
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    assert supervisor.stdout is not None
    children = [psutil.Process(int(await supervisor.stdout.readline())) for _ in range(2)]
    await eventually(lambda: asyncio.to_thread((tmp_path / "1.log").read_text))
    assert all(child.is_running() for child in children)
    supervisor.kill()
    await supervisor.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, children, 20)
    assert [child for child in alive if child.status() != psutil.STATUS_ZOMBIE] == []


async def test_a_process_that_ignores_the_request_to_end_is_killed(tmp_path: Path) -> None:
    deaf = "import signal; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True)\n"
    command = Command(
        name="deaf",
        argv=(sys.executable, "-c", deaf + "signal.pause()"),
        log=tmp_path / "deaf.log",
        stop_seconds=0.3,
    )
    running = await start(command)

    async def said() -> str:
        return command.log.read_text() if command.log else ""

    await eventually(said)
    assert await running.stop() == -signal.SIGKILL
    assert not running.alive
