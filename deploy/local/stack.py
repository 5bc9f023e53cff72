"""Starts a whole stack in order, keeps it running, and ends it in reverse order.

PostgreSQL ∥ Kafka → databases and migrations ∥ topics → the three services → the city.
"""

import asyncio
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.local import clock_file
from deploy.local.accounts import make_accounts
from deploy.local.assets import require_assets
from deploy.local.broker_users import BrokerUsers
from deploy.local.data_folder import PROJECT, SERVICES, DataFolder, Secrets, write_private
from deploy.local.databases import make_databases
from deploy.local.errors import first_of
from deploy.local.jars import kafka_jars
from deploy.local.kafka import Kafka
from deploy.local.leftovers import end_leftovers, fingerprints
from deploy.local.listening import listen, on_socket
from deploy.local.plan import (
    CANARY,
    CITY,
    Addresses,
    Options,
    canary_command,
    city_commands,
    city_name,
    service_command,
    service_url,
    wanted_ports,
)
from deploy.local.ports import refuse_taken
from deploy.local.postgres import Postgres
from deploy.local.processes import Command, Reaper
from deploy.local.program import Program
from deploy.local.report import Report, Step
from deploy.local.restarting import answer_for_ever
from deploy.local.rights_table import CANARY_USER
from deploy.local.rights_table import CITY as CITY_USER
from deploy.local.stack_rights import make_users, older_folder, shown
from deploy.local.supervise import Supervisor
from deploy.local.topics import apply_topics, city_topics, delete_topics
from deploy.local.units import watch_units
from shared.runtime import migrate
from shared.runtime.settings import KafkaAccess


class Stack:
    """One stack on one data folder, whose lock the caller holds."""

    def __init__(self, options: Options, report: Report) -> None:
        self.options = options
        self._report = report
        self._supervisor = Supervisor(report)
        self.reaper: Reaper | None = None
        self.addresses: Addresses | None = None
        self._broker: KafkaAccess | None = None
        self._listening: dict[str, socket.socket] = {}  # of each service, over all its processes
        self._commands: dict[str, Command] = {}
        self.is_new = False  # whether its folder held no stack before

    @property
    def folder(self) -> DataFolder:
        return self.options.folder

    async def start(self) -> None:
        """Start everything; on an error end what was started and raise it."""
        end_leftovers(self.folder)
        refuse_taken(wanted_ports(self.options))
        require_assets()
        if self.options.fresh:
            self.folder.wipe()
        secrets = self.folder.secrets()
        self.reaper = Reaper()
        try:
            addresses = self.addresses = await self._start_servers(secrets)
            self._set_clock()
            await self._start_services(secrets, addresses)
            self._write_stack()
            if self.options.city:
                await self._start_city(secrets, addresses)
                self._write_stack()
            if self.options.canary:
                await self._start_canary(secrets, addresses)
                self._write_stack()
        except BaseExceptionGroup as errors:
            await self.stop()
            raise first_of(errors) from errors
        except BaseException:
            await self.stop()
            raise

    async def wait(self) -> None:
        """Beat until cancelled: leave a trace of being alive, and tell of processes started anew.

        The trace lets a hurried clock stand still while no stack runs. Units that are added
        meanwhile get their topics and rights.
        """
        known = self._supervisor.pids()
        beside = [
            asyncio.create_task(watch_units(self.folder, self._report)),
            asyncio.create_task(answer_for_ever(self.folder, self.restart)),
        ]
        try:
            while True:
                self.folder.alive.touch()
                self._supervisor.raise_if_broken()
                for task in beside:
                    if task.done():
                        task.result()
                if (pids := self._supervisor.pids()) != known:
                    known = pids
                    self._write_stack()
                await asyncio.sleep(1)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    async def stop(self) -> None:
        """End everything in reverse order."""
        city = tuple(map(city_name, CITY))
        for together in ((CANARY,), city, SERVICES, ("kafka", "postgres")):
            await self._supervisor.stop(*together)
        for listening in self._listening.values():
            listening.close()
        if self.reaper is not None:
            self.reaper.close()
        self.folder.stack.unlink(missing_ok=True)

    def _set_clock(self) -> None:
        """A new folder gets a clock; an old one goes on where it stood."""
        wall, clock, options = datetime.now(UTC), self.folder.clock, self.options
        self.is_new = not clock.exists()
        if self.is_new:
            clock_file.write_initial(clock, options.clock_start, options.rate or 1.0, wall=wall)
            return
        if self.folder.alive.exists():
            stopped = datetime.fromtimestamp(self.folder.alive.stat().st_mtime, UTC)
            clock_file.resume(clock, stopped=stopped, wall=wall)
        if options.rate is not None:
            clock_file.set_rate(clock, options.rate, wall=wall)

    async def _start_servers(self, secrets: Secrets) -> Addresses:
        users = self.folder.broker_users()
        if users is None and self.options.secure and self.options.kafka is None:
            raise older_folder()
        async with asyncio.TaskGroup() as group:
            kafka = group.create_task(self._start_kafka(users))
            postgres = group.create_task(self._start_postgres(secrets))
            group.create_task(asyncio.to_thread(make_accounts, self.folder))
        admin_dsn, databases = postgres.result()
        self._broker, processes = kafka.result()
        return Addresses(
            kafka=self._broker.kafka_bootstrap,
            postgres=admin_dsn,
            databases=databases,
            users=processes,
        )

    async def _start_kafka(
        self, users: BrokerUsers | None
    ) -> tuple[KafkaAccess, dict[str, KafkaAccess]]:
        """The broker as an administrator sees it, and who each of our processes is there."""
        options, broker = self.options, self.options.kafka
        self._report.begin(Step.KAFKA)
        if broker is None:
            await asyncio.to_thread(kafka_jars, lambda text: self._report.say(text, text))
            kafka = Kafka(
                self.folder.kafka,
                port=options.ports.kafka,
                controller_port=options.ports.controller,
                log=self.folder.logs / "kafka.log",
                reaper=self.reaper,
                users=users,
                secure=options.secure,
            )
            await kafka.start()
            self._supervisor.keep("kafka", kafka)
            broker = kafka.access
        elif options.fresh:
            await delete_topics(broker, options.topic_prefix)
        self._report.done(Step.KAFKA, broker.kafka_bootstrap)
        self._report.begin(Step.TOPICS)
        wanted = city_topics(options.topic_prefix)
        made = await apply_topics(broker, wanted)
        self._report.done(Step.TOPICS, f"{len(wanted)}（+{len(made)}）")
        if options.secure:
            return broker, await make_users(options, broker)
        return broker, dict.fromkeys((*SERVICES, CITY_USER, CANARY_USER), broker)

    async def _start_postgres(self, secrets: Secrets) -> tuple[str, dict[str, str]]:
        options, admin_dsn = self.options, self.options.database_url
        self._report.begin(Step.POSTGRES)
        if admin_dsn is None:
            postgres = Postgres(
                self.folder.postgres,
                port=options.ports.postgres,
                password=secrets.postgres_password,
                log=self.folder.logs / "postgres.log",
                reaper=self.reaper,
            )
            await postgres.start()
            self._supervisor.keep("postgres", postgres)
            admin_dsn = postgres.admin_dsn
        databases = await make_databases(
            admin_dsn,
            secrets.service_passwords,
            secrets.owner_passwords,
            prefix=options.database_prefix,
            fresh=options.fresh and options.database_url is not None,
        )
        self._report.done(Step.POSTGRES, admin_dsn.rpartition("@")[2])
        self._report.begin(Step.MIGRATIONS)
        applied = 0
        for service, each in databases.items():
            applied += len(
                await migrate.apply(each.owner_dsn, migrations(service), runtime_role=each.role)
            )
        self._report.done(Step.MIGRATIONS, f"+{applied}")
        return admin_dsn, {service: each.dsn for service, each in databases.items()}

    async def _start_services(self, secrets: Secrets, addresses: Addresses) -> None:
        async with asyncio.TaskGroup() as group:
            for service in SERVICES:
                group.create_task(self._start_service(service, secrets, addresses))

    async def _start_service(self, service: str, secrets: Secrets, addresses: Addresses) -> None:
        self._report.begin(Step(service))
        listening = self._listening[service] = listen(self.options.ports.named()[service])
        command = service_command(service, self.options, secrets, addresses)
        self._commands[service] = on_socket(command, listening)
        program = self._program(service)
        await program.start()
        self._supervisor.keep(service, program)
        self._report.done(Step(service), service_url(self.options.ports, service))

    def _program(self, service: str) -> Program:
        """One copy of a service, not started yet."""
        return Program(
            self._commands[service],
            ready_url=f"{service_url(self.options.ports, service)}/ready",
            reaper=self.reaper,
            shares_address=True,
        )

    def pids(self) -> dict[str, int]:
        """The process of each part."""
        return self._supervisor.pids()

    async def restart(self, service: str) -> int:
        """Start a new copy beside the old one, which then leaves; the new process."""
        fresh = self._program(service)
        await self._supervisor.replace(service, fresh)
        self._write_stack()
        return fresh.process.pid

    async def _start_city(self, secrets: Secrets, addresses: Addresses) -> None:
        self._report.begin(Step.CITY)
        for command in city_commands(self.options, secrets, addresses):
            program = Program(command, reaper=self.reaper)
            await program.start()
            self._supervisor.keep(command.name, program)
        self._report.done(Step.CITY)

    async def _start_canary(self, secrets: Secrets, addresses: Addresses) -> None:
        self._report.begin(Step.CANARY)
        program = Program(canary_command(self.options, secrets, addresses), reaper=self.reaper)
        await program.start()
        self._supervisor.keep(CANARY, program)
        self._report.done(Step.CANARY)

    def _write_stack(self) -> None:
        options, addresses = self.options, self.addresses
        assert addresses is not None  # written only once they are known
        urls: dict[str, Any] = {s: service_url(options.ports, s) for s in SERVICES}
        content = {
            **urls,
            "sms": service_url(options.ports, "sms") if options.city else None,
            "kafka": addresses.kafka,
            "kafka_security": None if self._broker is None else shown(options, self._broker),
            "topic_prefix": options.topic_prefix,
            "postgres": addresses.postgres,
            "databases": dict(addresses.databases),
            "data": str(self.folder.path),
            "supervisor": os.getpid(),
            "processes": fingerprints(self._supervisor.pids()),
        }
        write_private(self.folder.stack, content)


def migrations(service: str) -> Path:
    """The folder of a service's migrations."""
    return PROJECT / "services" / service / "sql" / "migrations"
