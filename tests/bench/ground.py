"""What every row stands on: one real Kafka and one real PostgreSQL, and how services are started.

Everything lies in a folder of its own on a real disk and ends with the bench, however it ends.
The domain clock shows a working Monday morning, so that the same rules apply on every day.
"""

import asyncio
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import asyncpg

from deploy.local import clock_file
from deploy.local.data_folder import PROJECT, DataFolder, Secrets
from deploy.local.databases import copy_database, drop_database, dsn_for, make_role
from deploy.local.kafka import Kafka
from deploy.local.plan import Addresses, Options, service_command, service_url
from deploy.local.ports import Ports, free_base, refuse_taken
from deploy.local.postgres import Postgres
from deploy.local.processes import Command, Reaper
from deploy.local.program import Program
from deploy.local.stack import migrations
from shared.runtime import migrate
from shared.runtime.clock import Clock
from shared.runtime.database import queries
from tests.support.waiting import eventually

SQL = queries(Path(__file__).parent / "sql" / "queries.sql")
MONDAY_MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
ROLE = "bench"
BLANK = "template1"
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The servers, and what is needed to start services on them."""

    options: Options
    secrets: Secrets
    kafka: Kafka
    postgres: Postgres
    reaper: Reaper
    clock: Clock
    profile: Path | None

    @property
    def folder(self) -> Path:
        return self.options.folder.path

    def dsn(self, database: str) -> str:
        """The address of a database for the role that owns it."""
        return dsn_for(
            self.postgres.admin_dsn, ROLE, self.secrets.service_passwords[ROLE], database
        )

    def url(self, service: str) -> str:
        """Where a started service answers."""
        return service_url(self.options.ports, service)

    async def new_database(self, name: str, service: str) -> str:
        """An empty database with a service's schema; returns its address."""
        await self.copy(name, template=BLANK)
        await migrate.apply(self.dsn(name), migrations(service))
        return self.dsn(name)

    async def copy(self, name: str, *, template: str) -> str:
        """A database with everything that is in `template`, in place of the one of that name."""
        admin = await asyncpg.connect(self.postgres.admin_dsn)
        try:
            await drop_database(admin, name)
            await copy_database(admin, name, owner=ROLE, template=template)
            await admin.execute(SQL.checkpoint)
        finally:
            await admin.close()
        return self.dsn(name)

    async def settle(self, name: str) -> None:
        """Let the planner know what is in a database that copies will be made of."""
        connection = await asyncpg.connect(self.dsn(name))
        try:
            await connection.execute(SQL.vacuum)
        finally:
            await connection.close()

    def show(self, moment: datetime) -> None:
        """Set the domain clock, while no service runs that knows it."""
        clock_file.write_initial(self.options.folder.clock, moment, 1.0, wall=datetime.now(UTC))

    def forward_to(self, moment: datetime) -> None:
        """Move the domain clock ahead, as `shaodao clock forward` does."""
        wall = datetime.now(UTC)
        ahead = moment - self.clock.domain_at(wall)
        clock_file.forward(self.options.folder.clock, ahead, wall=wall)

    @asynccontextmanager
    async def service(
        self,
        service: str,
        *,
        prefix: str,
        database: str,
        copy: int = 0,
        env: Mapping[str, str] = NOTHING,
    ) -> AsyncIterator[Program]:
        """A service as `shaodao up` starts it, on this database, stopped at the end.

        Copies after the first listen on ports of their own; `env` is set besides.
        """
        addresses = Addresses(
            kafka=self.kafka.bootstrap,
            postgres=self.postgres.admin_dsn,
            databases={service: self.dsn(database)},
        )
        options = replace(self.options, topic_prefix=prefix)
        if copy:
            options = replace(options, ports=Ports(free_base()))
        command = service_command(service, options, self.secrets, addresses)
        command = replace(command, env={**command.env, **env})
        if self.profile is not None:
            command = _profiled(command, self.profile / f"{prefix}{service}{copy or ''}.txt")
        url = service_url(options.ports, service)
        async with self.program(command, ready_url=f"{url}/ready") as program:
            if self.profile is not None:
                program.process.send(signal.SIGUSR2)
            yield program

    @asynccontextmanager
    async def program(
        self, command: Command, *, ready_url: str | None = None
    ) -> AsyncIterator[Program]:
        """A process of ours, stopped at the end."""
        program = Program(command, ready_url=ready_url, reaper=self.reaper)
        await program.start()
        try:
            yield program
        finally:
            await program.stop()

    def python(self, name: str, module: str, *args: str, env: Mapping[str, str]) -> Command:
        """A module of the bench as a process of its own."""
        return Command(
            name=name,
            argv=(sys.executable, "-m", module, *args),
            log=self.folder / "logs" / f"{name}.log",
            env=env,
            cwd=PROJECT,
        )


def _profiled(command: Command, report: Path) -> Command:
    python, _, module = command.argv
    argv = (python, "-m", "tests.bench.profiled", str(report), module)
    return replace(command, argv=argv)


class Gate:
    """Keeps whoever needs a table waiting, until everything is in place to be measured."""

    def __init__(self, lock: "asyncpg.Connection[Any]", eye: "asyncpg.Connection[Any]") -> None:
        self._lock = lock
        self._eye = eye  # another one: within a transaction the view of activity stands still

    @staticmethod
    async def shut(dsn: str, statement: str) -> "Gate":
        """Take the lock of `statement`, to be held until the gate is opened."""
        gate = Gate(await asyncpg.connect(dsn), await asyncpg.connect(dsn))
        await gate._lock.execute(SQL.begin)
        await gate._lock.execute(statement)
        return gate

    async def until_waiting(self, statement_like: str, *, within: float = 60.0) -> None:
        """Return when another connection waits with such a statement."""
        await eventually(lambda: self._eye.fetchval(SQL.waiting, statement_like), within=within)

    async def open(self) -> float:
        """Let them go; returns the moment (`time.perf_counter`)."""
        moment = time.perf_counter()
        await self._lock.execute(SQL.rollback)
        await self._lock.close()
        await self._eye.close()
        return moment


@asynccontextmanager
async def open_ground(
    folder: Path, *, port_base: int, profile: Path | None = None
) -> AsyncIterator[Ground]:
    """Start the servers in an empty `folder`; both are stopped at the end."""
    options = Options(folder=DataFolder(folder), ports=Ports(port_base), city=False)
    refuse_taken(options.ports.named())
    secrets = _prepare(options.folder)
    reaper = Reaper()
    ground = Ground(
        options=options,
        secrets=secrets,
        kafka=_kafka(options, reaper),
        postgres=_postgres(options, secrets, reaper),
        reaper=reaper,
        clock=Clock(options.folder.clock),
        profile=profile,
    )
    try:
        await asyncio.gather(ground.kafka.start(), _start_postgres(ground))
        yield ground
    finally:
        await asyncio.gather(ground.kafka.stop(), ground.postgres.stop(), return_exceptions=True)
        reaper.close()


def _prepare(folder: DataFolder) -> Secrets:
    """Empty the folder and begin its clock; the secrets of the run."""
    shutil.rmtree(folder.path, ignore_errors=True)
    folder.path.mkdir(parents=True)
    clock_file.write_initial(folder.clock, MONDAY_MORNING, 1.0, wall=datetime.now(UTC))
    secrets = folder.secrets()
    return replace(secrets, service_passwords={ROLE: secrets.postgres_password})


async def _start_postgres(ground: Ground) -> None:
    await ground.postgres.start()
    admin = await asyncpg.connect(ground.postgres.admin_dsn)
    try:
        await admin.execute(SQL.keep_commit_times)
    finally:
        await admin.close()
    await ground.postgres.stop()
    await ground.postgres.start()
    admin = await asyncpg.connect(ground.postgres.admin_dsn)
    try:
        await make_role(admin, ROLE, ground.secrets.service_passwords[ROLE])
    finally:
        await admin.close()


def _kafka(options: Options, reaper: Reaper) -> Kafka:
    return Kafka(
        options.folder.kafka,
        port=options.ports.kafka,
        controller_port=options.ports.controller,
        log=options.folder.logs / "kafka.log",
        reaper=reaper,
    )


def _postgres(options: Options, secrets: Secrets, reaper: Reaper) -> Postgres:
    return Postgres(
        options.folder.postgres,
        port=options.ports.postgres,
        password=secrets.postgres_password,
        log=options.folder.logs / "postgres.log",
        reaper=reaper,
    )
