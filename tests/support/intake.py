"""Intake alone, on the run's servers: served over HTTP, with the facts of others sent by hand."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import uvicorn
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from fastapi import FastAPI
from pydantic_core import from_json

from deploy.local.ports import LOOPBACK, free_base
from services.intake.app import IntakeSettings, create_app
from shared.contracts import envelope
from shared.contracts.ids import fact_id
from shared.contracts.topics import TICKETS, WHISTLES
from shared.contracts.whistles import WhistleFact
from shared.web.identity import issue_token
from tests.support.waiting import eventually

SECRET = "a secret that only these tests know"
KEY = base64.b64encode(b"k" * 32).decode()
STREET_LAMP = {
    "channel": "hotline",
    "description": "楼下的路灯已经三天不亮了，晚上走路看不见，请尽快来修。",
    "place": {"region": "159902001001"},
    "category": "0205",
    "reporter": {"name": "赵小明", "phone": "13900001111"},
}


SERVED: dict[str, FastAPI] = {}
"""The apps that run, by address: to be asked without a socket."""


@dataclass
class Intake:
    """One served copy of intake and the Kafka around it."""

    url: str
    dsn: str
    prefix: str
    http: httpx.AsyncClient
    producer: AIOKafkaProducer
    said: list[dict[str, Any]] = field(default_factory=list)

    async def call(
        self,
        method: str,
        path: str,
        *,
        role: str = "operator",
        unit: str | None = None,
        headers: dict[str, str] | None = None,
        **request: Any,
    ) -> httpx.Response:
        """One request with a token of that role."""
        token = issue_token(SECRET, role=role, unit=unit, name="测试员")
        headers = {"Authorization": f"Bearer {token}", **(headers or {})}
        url = f"{self.url}/api/v1/tickets{path}"
        return await self.http.request(method, url, headers=headers, **request)

    async def submit(self, *, key: str | None = None, **fields: Any) -> httpx.Response:
        """A request at the desk."""
        headers = {"Idempotency-Key": key} if key is not None else {}
        return await self.call("POST", "", json={**STREET_LAMP, **fields}, headers=headers)

    async def registered(self, **fields: Any) -> dict[str, Any]:
        """A request that becomes a ticket; its receipt."""
        answer = await self.submit(**fields)
        assert answer.status_code == 201, answer.text
        receipt: dict[str, Any] = answer.json()
        return receipt

    async def ticket(self, ticket_id: str) -> dict[str, Any]:
        answer = await self.call("GET", f"/{ticket_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def ticket_in(self, ticket_id: str, state: str) -> dict[str, Any]:
        """The ticket once it is in that state."""
        return await eventually(
            lambda: self.ticket(ticket_id), until=lambda ticket: ticket["state"] == state
        )

    async def tell(self, fact: Any, *, topic: str = WHISTLES.name, at: datetime) -> None:
        """Send a fact as the router or the notifier would."""
        is_whistle = isinstance(fact, WhistleFact)
        owner: UUID = fact.whistle_id if is_whistle else fact.deadline_id
        value = envelope.write(
            event_id=fact_id(owner, fact.seq),
            source="/shaodao/router",
            subject=str(owner),
            time=at,
            data=fact,
        )
        await self.producer.send_and_wait(
            self.prefix + topic, value.encode(), key=str(owner).encode()
        )

    def facts(self, what: str, ticket_id: str) -> list[dict[str, Any]]:
        """What intake said of a kind ("registered") about a ticket, so far."""
        return [
            event["data"]
            for event in self.said
            if event["type"] == f"shaodao.ticket.{what}.v1" and event["subject"] == ticket_id
        ]

    async def says(self, what: str, ticket_id: str) -> dict[str, Any]:
        """The first fact of that kind about a ticket, as soon as it is on Kafka."""

        async def look() -> list[dict[str, Any]]:
            return self.facts(what, ticket_id)

        return (await eventually(look))[0]

    async def rows(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """What stands in intake's own database."""
        connection = await asyncpg.connect(self.dsn)
        try:
            return list(await connection.fetch(sql, *values))
        finally:
            await connection.close()


def settings(dsn: str, kafka: str, prefix: str, port: int, **more: Any) -> IntakeSettings:
    made: dict[str, Any] = {
        "database_url": dsn,
        "kafka_bootstrap": kafka,
        "topic_prefix": prefix,
        "token_secret": SECRET,
        "wait_limit_seconds": 30,  # a busy machine is no reason to be refused
        "vault_key": KEY,
        "http_port": port,
        "photo_store": "memory:///",
        **more,
    }
    return IntakeSettings(**made)


@asynccontextmanager
async def served(made: IntakeSettings) -> AsyncIterator[str]:
    """Serve a copy over HTTP until the end; its address."""
    app = create_app(made)
    SERVED[f"http://{LOOPBACK}:{made.http_port}"] = app
    server = uvicorn.Server(
        uvicorn.Config(app, host=LOOPBACK, port=made.http_port, log_config=None)
    )
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
async def intake_on(dsn: str, kafka: str, prefix: str, **more: Any) -> AsyncIterator[Intake]:
    """Intake served, with a producer for others' facts and a consumer of its own."""
    made = settings(dsn, kafka, prefix, free_base(), **more)
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    consumer = AIOKafkaConsumer(
        prefix + TICKETS.name, bootstrap_servers=kafka, auto_offset_reset="earliest"
    )
    await asyncio.gather(producer.start(), consumer.start())
    async with served(made) as url, httpx.AsyncClient(timeout=30, trust_env=False) as http:
        intake = Intake(url=url, dsn=dsn, prefix=prefix, http=http, producer=producer)

        async def listen() -> None:
            async for record in consumer:
                intake.said.append(from_json(record.value))

        task = asyncio.create_task(listen())
        try:
            yield intake
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await asyncio.gather(producer.stop(), consumer.stop())


def utc_now() -> datetime:
    """Real time; these tests run on it."""
    return datetime.now(UTC)
