"""A service served in the tests' own process, and the Kafka around it: the same for all three."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx
import uvicorn
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from fastapi import FastAPI
from pydantic_core import from_json

from deploy.local.ports import LOOPBACK
from shared.web.identity import issue_token
from shared.web.server import Server
from tests.support.waiting import eventually

SECRET = "a secret that only these tests know"
SERVED: dict[str, FastAPI] = {}
"""The apps that run, by address: to be asked without a socket."""


@dataclass(kw_only=True)
class Copy:
    """One served copy of a service and the Kafka around it; `said` is what it said so far."""

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

    async def hears(self, type_: str, **fields: Any) -> dict[str, Any]:
        """The first event of that type ("whistle.blown"), with these data, that it said."""

        async def look() -> list[dict[str, Any]]:
            return [
                event
                for event in self.said
                if event["type"] == f"shaodao.{type_}.v1"
                and all(event["data"].get(key) == value for key, value in fields.items())
            ]

        return (await eventually(look))[0]

    async def rows(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """What stands in the service's own database."""
        connection = await asyncpg.connect(self.dsn)
        try:
            return list(await connection.fetch(sql, *values))
        finally:
            await connection.close()


def told(dsn: str, kafka: str, prefix: str, port: int) -> dict[str, Any]:
    """The settings that each service has."""
    return {
        "database_url": dsn,
        "kafka_bootstrap": kafka,
        "topic_prefix": prefix,
        "token_secret": SECRET,
        "wait_limit_seconds": 30,  # a busy machine is no reason to be refused
        "http_port": port,
    }


@asynccontextmanager
async def running(server: uvicorn.Server, *, within: float = 20.0) -> AsyncIterator[str]:
    """Serve until the end; the address. The tests' own loop keeps its signal handlers."""
    task = asyncio.create_task(server._serve())
    try:

        async def started() -> bool:
            if task.done():
                task.result()
            return server.started

        await eventually(started, within=within)
        yield f"http://{LOOPBACK}:{server.config.port}"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def served_copy(app: FastAPI, port: int, *, within: float = 20.0) -> AsyncIterator[str]:
    """Serve a service as its process would, but that it ends at once; its address."""
    config = uvicorn.Config(app, host=LOOPBACK, port=port, log_config=None)
    server = Server(config, drain_seconds=0, given=False)
    async with running(server, within=within) as url:
        SERVED[url] = app
        try:
            yield url
        finally:
            del SERVED[url]  # kept, hundreds of apps make each look for garbage longer


@asynccontextmanager
async def kafka_around(
    kafka: str, *topics: str
) -> AsyncIterator[tuple[AIOKafkaProducer, list[dict[str, Any]]]]:
    """A producer for the facts of others, and the events on these topics, as they come."""
    said: list[dict[str, Any]] = []
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=kafka, auto_offset_reset="earliest")
    await asyncio.gather(producer.start(), consumer.start())

    async def listen() -> None:
        async for record in consumer:
            said.append(from_json(record.value))

    task = asyncio.create_task(listen())
    try:
        yield producer, said
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.gather(producer.stop(), consumer.stop())


def client() -> httpx.AsyncClient:
    """A client for a copy: patient, and without the machine's proxies."""
    return httpx.AsyncClient(timeout=30, trust_env=False)
