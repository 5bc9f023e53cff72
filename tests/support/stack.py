"""One real Kafka and one real PostgreSQL for a whole test run, shared by all xdist workers.

The first worker that asks starts a process that holds both (`python -m tests.support.stack`); it
ends them and removes their folder when the test run is over, however that ended. With
DATABASE_URL and KAFKA_BOOTSTRAP set, those servers are used instead.
"""

import asyncio
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import asyncpg
import psutil

from deploy.local.data_folder import PROJECT
from deploy.local.databases import copy_database, drop_database, dsn_for, make_role, owner_of
from deploy.local.kafka import Kafka
from deploy.local.locks import held, in_turn, is_held
from deploy.local.ports import Ports, free_base
from deploy.local.postgres import Postgres
from deploy.local.processes import Reaper
from deploy.local.topics import apply_topics
from shared.contracts.topics import all_topics
from shared.runtime import migrate

ROLE, PASSWORD = "shaodao_test", "for tests only"
OWNER = owner_of(ROLE)
TEMPLATES_LOCK = 0x54455354  # "TEST"


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the run's Kafka and PostgreSQL are."""

    kafka_bootstrap: str
    admin_dsn: str

    async def fresh_database(self, *folders: Path) -> str:
        """DSN of a new database with the migrations of `folders` (and the runtime's) applied.

        The role has the rights of a service, as in production, and may look after tables as an
        autovacuum does; see `owner_dsn`. Copied from a template, made once.
        """
        admin = await asyncpg.connect(self.admin_dsn)
        try:
            template = await self._template(admin, *folders)
            name = f"t_{uuid.uuid4().hex[:12]}"
            await copy_database(admin, name, owner=OWNER, user=ROLE, template=template)
        finally:
            await admin.close()
        return dsn_for(self.admin_dsn, ROLE, PASSWORD, name)

    async def drop_database(self, dsn: str) -> None:
        """Drop a database of `fresh_database`, whoever is connected."""
        admin = await asyncpg.connect(self.admin_dsn)
        try:
            await drop_database(admin, dsn.rpartition("/")[2])
        finally:
            await admin.close()

    async def make_topics(self, prefix: str, units: Iterable[str]) -> list[str]:
        """Make the city's topics for these units with the prefix; returns the new names."""
        specs = [replace(spec, name=prefix + spec.name) for spec in all_topics(units)]
        return await apply_topics(self.kafka_bootstrap, specs)

    async def _template(self, admin: asyncpg.Connection, *folders: Path) -> str:
        """The name of the template for these migrations, made under a lock when it is new."""
        texts = "".join(name + text for name, text in migrate.files(*folders))
        name = f"template_{hashlib.sha256(texts.encode()).hexdigest()[:12]}"
        await admin.execute("select pg_advisory_lock($1)", TEMPLATES_LOCK)
        try:
            if not await admin.fetchval(
                "select exists (select from pg_database where datname = $1)", name
            ):
                await make_role(admin, OWNER, PASSWORD)
                await make_role(admin, ROLE, PASSWORD)
                if admin.get_server_version().major >= 17:
                    await admin.execute(f"grant pg_maintain to {ROLE}")
                draft = f"draft_{uuid.uuid4().hex[:8]}"
                await copy_database(admin, draft, owner=OWNER, template="template1")
                dsn = dsn_for(self.admin_dsn, OWNER, PASSWORD, draft)
                await migrate.apply(dsn, *folders, runtime_role=ROLE)
                await admin.execute(f"alter database {draft} rename to {name}")
        finally:
            await admin.execute("select pg_advisory_unlock($1)", TEMPLATES_LOCK)
        return name


def owner_dsn(dsn: str) -> str:
    """The same database of `fresh_database` for the owner of its tables, who may tamper."""
    return dsn.replace(f"//{ROLE}:", f"//{OWNER}:", 1)


def topic_prefix() -> str:
    """A prefix no other test uses."""
    return f"t{uuid.uuid4().hex[:8]}."


async def start_kafka_postgres() -> Servers:
    """The servers of this test run, started by whoever asks first."""
    database_url, bootstrap = os.environ.get("DATABASE_URL"), os.environ.get("KAFKA_BOOTSTRAP")
    if database_url and bootstrap:
        return Servers(bootstrap, database_url)
    worker = "PYTEST_XDIST_WORKER" in os.environ
    run_pid = os.getppid() if worker else os.getpid()  # a worker's parent is the run itself
    folder = Path(tempfile.gettempdir()) / f"shaodao-tests-{run_pid}"
    return await asyncio.to_thread(_servers_in, folder, run_pid)


def _servers_in(folder: Path, run_pid: int) -> Servers:
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder / "servers.json"
    with in_turn(folder / "lock"):
        if not is_held(folder / "held"):  # also when an old run left its folder behind
            found.unlink(missing_ok=True)
            _launch(folder, run_pid)
    return Servers(**json.loads(found.read_text()))


def _launch(folder: Path, run_pid: int) -> None:
    """Start the holder and wait for its word that both answer."""
    with (folder / "holder.log").open("wb") as log:
        holder = subprocess.Popen(
            [sys.executable, "-m", "tests.support.stack", str(folder), str(run_pid)],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    assert holder.stdout is not None
    if holder.stdout.readline().strip() != b"ready":
        raise RuntimeError(f"no servers for the tests: {(folder / 'holder.log').read_text()}")


async def hold(folder: Path, run_pid: int) -> None:
    """Start both, say so, and end them when the run's process is gone or on SIGTERM."""
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
    reaper, ports = Reaper(), Ports(free_base())
    kafka = Kafka(
        folder / "kafka",
        port=ports.kafka,
        controller_port=ports.controller,
        reaper=reaper,
        heap_mb=2048,  # a thousand tests, each with topics of its own, filled 512
    )
    postgres = Postgres(
        folder / "postgres", port=ports.postgres, password=uuid.uuid4().hex, reaper=reaper
    )
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(kafka.start())
            group.create_task(postgres.start())
        found = folder / "servers.json"
        found.with_suffix(".draft").write_text(
            json.dumps(asdict(Servers(kafka.bootstrap, postgres.admin_dsn)))
        )
        found.with_suffix(".draft").rename(found)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        over = asyncio.create_task(asyncio.to_thread(_wait_for_end, run_pid))
        waiting = asyncio.create_task(asked.wait())
        await asyncio.wait((over, waiting), return_when=asyncio.FIRST_COMPLETED)
    finally:
        reaper.close()  # ends both
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for_end(pid: int) -> None:
    try:
        psutil.Process(pid).wait()
    except psutil.NoSuchProcess:
        return


if __name__ == "__main__":
    with held(Path(sys.argv[1]) / "held"):
        asyncio.run(hold(Path(sys.argv[1]), int(sys.argv[2])))
