"""The ground of the kill story: a Kafka, a PostgreSQL and services that may all be killed."""

import asyncio
import base64
import os
import signal
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx

from deploy.local import clock_file
from deploy.local.data_folder import PROJECT, SERVICES
from deploy.local.kafka import Kafka
from deploy.local.ports import LOOPBACK, Ports, free_base
from deploy.local.postgres import Postgres
from deploy.local.processes import Command, Reaper, Running, start
from deploy.local.program import is_ready
from shared.runtime.clock import Clock, wall_now
from tests.support.stack import Servers
from tests.support.waiting import eventually

SECRET = "a secret that only these tests know"
MONDAY = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai, a working day
PREFIX = "city."


@dataclass
class Keeper:
    """Keeps one copy of a service running, as a supervisor would, and remembers how it ended."""

    command: Command
    url: str
    reaper: Reaper
    pause: float = 0.3  # before it is started again
    ends: list[int] = field(default_factory=list)
    running: Running | None = None
    _kept: bool = True

    async def keep(self) -> None:
        """Start it again whenever it ends, until `stop`."""
        while self._kept:
            self.running = await start(self.command, reaper=self.reaper)
            self.ends.append(await self.running.wait())
            if self._kept:
                await asyncio.sleep(self.pause)

    def send(self, number: int) -> None:
        """Signal it, if it runs just now."""
        if self.running is not None:
            self.running.send(number)

    async def stop(self) -> None:
        self._kept = False
        if self.running is not None:
            await self.running.stop()

    async def is_ready(self, http: httpx.AsyncClient) -> bool:
        return await is_ready(http, f"{self.url}/ready")

    def log(self) -> str:
        """All it wrote, in all its lives."""
        path = self.command.log
        return path.read_text(errors="replace") if path is not None and path.exists() else ""


class Ground:
    """Servers, databases, topics and services of one story, in a folder of their own."""

    def __init__(self, folder: Path, units: Iterable[str], *, copies: int) -> None:
        self.folder = folder
        self.units = list(units)
        self.copies = copies
        self.reaper = Reaper()
        ports = Ports(free_base())
        self.kafka = Kafka(
            folder / "kafka",
            port=ports.kafka,
            controller_port=ports.controller,
            reaper=self.reaper,
        )
        self.postgres = Postgres(
            folder / "postgres", port=ports.postgres, password=uuid4().hex, reaper=self.reaper
        )
        self.servers = Servers(self.kafka.bootstrap, self.postgres.admin_dsn)
        self.databases: dict[str, str] = {}
        self.keepers: dict[str, list[Keeper]] = {}
        self.clock_path = folder / "clock.json"
        self.http = httpx.AsyncClient(timeout=10, trust_env=False)
        self._ports = {name: port for name, port in ports.named().items() if name in SERVICES}
        self._keeping: list[asyncio.Task[None]] = []

    async def start_servers(self) -> None:
        """Kafka with its topics, PostgreSQL with its databases, and the clock."""
        clock_file.write_initial(self.clock_path, MONDAY, 1.0, wall=wall_now())
        self.clock = Clock(self.clock_path)
        async with asyncio.TaskGroup() as group:
            group.create_task(self.kafka.start())
            group.create_task(self.postgres.start())
        await self.servers.make_topics(PREFIX, self.units)
        for service in SERVICES:
            folder = PROJECT / "services" / service / "sql" / "migrations"
            self.databases[service] = await self.servers.fresh_database(folder)
        await self._checkpoint()

    async def _checkpoint(self) -> None:
        """Or every start after a kill would make the databases again from the log."""
        admin = await asyncpg.connect(self.servers.admin_dsn)
        try:
            await admin.execute("checkpoint")
        finally:
            await admin.close()

    async def start_services(self, services: Iterable[str] = SERVICES, **settings: str) -> None:
        """Every copy of these services; returns when all are ready."""
        for service in services:
            ports = [self._ports[service]]
            ports += [Ports(free_base()).intake for _ in range(self.copies - 1)]
            self.keepers[service] = [self.keeper(service, port, **settings) for port in ports]
        for keeper in self.all_keepers():
            self._keeping.append(asyncio.create_task(keeper.keep()))
        await self.all_ready(within=60)

    def keeper(self, service: str, port: int, **settings: str) -> Keeper:
        """One copy of a service, not started yet."""
        env = {
            "SHAODAO_DATABASE_URL": self.databases[service],
            "SHAODAO_KAFKA_BOOTSTRAP": self.kafka.bootstrap,
            "SHAODAO_TOPIC_PREFIX": PREFIX,
            "SHAODAO_CLOCK_FILE": str(self.clock_path),
            "SHAODAO_TOKEN_SECRET": SECRET,
            "SHAODAO_VAULT_KEY": base64.b64encode(b"k" * 32).decode(),
            "SHAODAO_HTTP_HOST": LOOPBACK,
            "SHAODAO_HTTP_PORT": str(port),
            "SHAODAO_DRAIN_SECONDS": "0",  # nobody shares out requests here
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            **settings,
        }
        command = Command(
            name=service,
            argv=(sys.executable, "-m", f"services.{service}.app"),
            log=self.folder / f"{service}-{port}.log",
            env=env,
            cwd=PROJECT,
        )
        return Keeper(command, f"http://{LOOPBACK}:{port}", self.reaper)

    def all_keepers(self) -> list[Keeper]:
        return [keeper for copies in self.keepers.values() for keeper in copies]

    async def all_ready(self, *, within: float) -> None:
        """Return when every copy answers that it is ready."""

        async def look() -> list[str]:
            return [k.url for k in self.all_keepers() if not await k.is_ready(self.http)]

        await eventually(look, until=lambda waiting: not waiting, within=within, every=0.1)

    async def kafka_dies(self, *, away: float) -> None:
        """Kill the broker; it is back after `away` seconds and what it takes to start."""
        await self.kafka.kill()
        await asyncio.sleep(away)
        await self.kafka.start()

    async def postgres_dies(self, *, away: float) -> None:
        """Kill the server with all its backends; it is back after `away` seconds."""
        await self.postgres.kill()
        await asyncio.sleep(away)
        await self.postgres.start()

    async def ids(self, service: str, sql: str) -> set[str]:
        """The first column of a query on a service's database."""
        connection = await asyncpg.connect(self.databases[service])
        try:
            return {row[0] for row in await connection.fetch(sql)}
        finally:
            await connection.close()

    def forward(self, hours: float) -> None:
        """Let domain time jump, so that promises fall due."""
        clock_file.forward(self.clock_path, timedelta(hours=hours), wall=wall_now())

    async def stop(self) -> None:
        """End everything, whatever state it is in."""
        await asyncio.gather(*(keeper.stop() for keeper in self.all_keepers()))
        for task in self._keeping:
            task.cancel()
        await asyncio.gather(*self._keeping, return_exceptions=True)
        await self.http.aclose()
        self.reaper.close()  # ends the servers


KILL, STOP = signal.SIGKILL, signal.SIGTERM
