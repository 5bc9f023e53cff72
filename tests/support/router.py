"""The router alone, on the run's servers: served over HTTP, with tickets and reports sent by hand.

Its clock stands on Monday 2026-09-14, 09:00 in Shanghai, and runs on from there; `forward` moves
it. What it says on Kafka is kept in `said`.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import uvicorn
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from fastapi import FastAPI
from pydantic_core import from_json

from deploy.local import clock_file
from deploy.local.ports import LOOPBACK, free_base
from services.router.app import RouterSettings, create_app
from shared.contracts import envelope
from shared.contracts.ids import new_id
from shared.contracts.topics import UNIT_WHISTLES, WHISTLES, unit_topic
from shared.runtime.clock import wall_now
from shared.web.identity import issue_token
from shared.web.server import Server
from tests.support.waiting import eventually
from tests.unit.router.samples import MONDAY, registered

SECRET = "a secret that only these tests know"
VAULT_KEY = base64.b64encode(b"r" * 32).decode()


SERVED: dict[str, FastAPI] = {}
"""The apps that run, by address: to be asked without a socket."""


@dataclass
class Router:
    """One served copy of the router and the Kafka around it."""

    url: str
    dsn: str
    prefix: str
    clock: Path
    http: httpx.AsyncClient
    producer: AIOKafkaProducer
    said: list[dict[str, Any]] = field(default_factory=list)

    def forward(self, **delta: float) -> None:
        """Move the domain clock on: `forward(hours=5)`."""
        clock_file.forward(self.clock, timedelta(**delta), wall=wall_now())

    async def send(self, topic: str, data: Any, subject: str, *, at: datetime = MONDAY) -> str:
        """One event as another service or a department would send it; its event id."""
        event_id = uuid4()
        value = envelope.write(
            event_id=event_id, source="/test", subject=subject, time=at, data=data
        )
        await self.producer.send_and_wait(self.prefix + topic, value.encode(), key=subject.encode())
        return str(event_id)

    async def registers(self, **fields: Any) -> str:
        """A ticket registered at intake; fields are those of tests.unit.router.samples."""
        ticket_id = new_id(MONDAY)
        await self.send("tickets", registered(ticket_id=ticket_id, **fields), str(ticket_id))
        return str(ticket_id)

    async def reports(self, unit: str, report: Any) -> str:
        """A department's report on its own topic; its event id."""
        return await self.send(f"bureau.{unit}.reports", report, str(report.whistle_id))

    async def hears(self, type_: str, **fields: Any) -> dict[str, Any]:
        """The first event of that type ("whistle.blown"), with these data, that the router said."""

        async def look() -> list[dict[str, Any]]:
            return [
                event
                for event in self.said
                if event["type"] == f"shaodao.{type_}.v1"
                and all(event["data"].get(key) == value for key, value in fields.items())
            ]

        return (await eventually(look))[0]

    async def blown(self, ticket_id: str) -> str:
        """The whistle_id of a ticket, as soon as its units are called."""
        return str((await self.hears("whistle.blown", ticket_ids=[ticket_id]))["subject"])

    async def call(
        self,
        method: str,
        path: str,
        *,
        role: str,
        unit: str | None = None,
        name: str | None = None,
        headers: dict[str, str] | None = None,
        **request: Any,
    ) -> httpx.Response:
        """One request under /api/v1 with a token of that role."""
        token = issue_token(SECRET, role=role, unit=unit, name=name)
        headers = {"Authorization": f"Bearer {token}", **(headers or {})}
        url = f"{self.url}/api/v1{path}"
        return await self.http.request(method, url, headers=headers, **request)

    async def report(
        self, whistle_id: str, type_: str, *, unit: str, **data: Any
    ) -> httpx.Response:
        """A unit's report over HTTP, by its liaison."""
        return await self.call(
            "POST",
            f"/whistles/{whistle_id}/reports",
            role="liaison",
            unit=unit,
            name="联络员",
            json={"type": type_, **data},
        )

    async def whistle(self, whistle_id: str) -> dict[str, Any]:
        """The whistle as a dispatcher reads it."""
        answer = await self.call("GET", f"/whistles/{whistle_id}", role="dispatcher")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def rows(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """What stands in the router's own database."""
        connection = await asyncpg.connect(self.dsn)
        try:
            return list(await connection.fetch(sql, *values))
        finally:
            await connection.close()


def settings(
    dsn: str, kafka: str, prefix: str, port: int, clock: Path, **more: Any
) -> RouterSettings:
    made: dict[str, Any] = {
        "database_url": dsn,
        "kafka_bootstrap": kafka,
        "topic_prefix": prefix,
        "token_secret": SECRET,
        "wait_limit_seconds": 30,  # a busy machine is no reason to be refused
        "http_port": port,
        "clock_file": clock,
        "file_store": "memory:///",
        "vault_key": VAULT_KEY,
        "webhook_networks": "127.0.0.0/8",
        **more,
    }
    return RouterSettings(**made)


@asynccontextmanager
async def served(made: RouterSettings) -> AsyncIterator[str]:
    """Serve a copy over HTTP until the end; its address."""
    app = create_app(made)
    SERVED[f"http://{LOOPBACK}:{made.http_port}"] = app
    config = uvicorn.Config(app, host=LOOPBACK, port=made.http_port, log_config=None)
    server = Server(config, drain_seconds=0, given=False)
    # the tests' own loop keeps its signal handlers
    task = asyncio.create_task(server._serve())
    try:

        async def started() -> bool:
            if task.done():
                task.result()
            return server.started

        await eventually(started)
        yield f"http://{LOOPBACK}:{made.http_port}"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def router_on(
    dsn: str,
    kafka: str,
    prefix: str,
    folder: Path,
    *,
    units: Sequence[str] = (),
    at: datetime = MONDAY,
    rate: float = 1.0,
    **more: Any,
) -> AsyncIterator[Router]:
    """The router served; `units` are those whose topics are heard into `said` (and exist)."""
    clock = folder / "clock.json"
    clock_file.write_initial(clock, at, rate, wall=wall_now())
    made = settings(dsn, kafka, prefix, free_base(), clock, **more)
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    heard = [WHISTLES.name, *(unit_topic(UNIT_WHISTLES, unit) for unit in units)]
    consumer = AIOKafkaConsumer(
        *(prefix + name for name in heard), bootstrap_servers=kafka, auto_offset_reset="earliest"
    )
    await asyncio.gather(producer.start(), consumer.start())
    async with served(made) as url, httpx.AsyncClient(timeout=30, trust_env=False) as http:
        router = Router(url=url, dsn=dsn, prefix=prefix, clock=clock, http=http, producer=producer)

        async def listen() -> None:
            async for record in consumer:
                router.said.append(from_json(record.value))

        task = asyncio.create_task(listen())
        try:
            yield router
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await asyncio.gather(producer.stop(), consumer.stop())
