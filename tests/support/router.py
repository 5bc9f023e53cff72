"""The router alone, on the run's servers: served over HTTP, with tickets and reports sent by hand.

Its clock stands on Monday 2026-09-14, 09:00 in Shanghai, and runs on from there; `forward` moves
it. What it says on Kafka is kept in `said`.
"""

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from deploy.local import clock_file
from deploy.local.ports import free_base
from services.router.app import RouterSettings, create_app
from shared.contracts import envelope
from shared.contracts.ids import new_id
from shared.contracts.topics import UNIT_WHISTLES, WHISTLES, unit_topic
from shared.runtime.clock import wall_now
from tests.support.serving import Copy, client, kafka_around, served_copy, told
from tests.unit.router.samples import MONDAY, registered

VAULT_KEY = base64.b64encode(b"r" * 32).decode()


@dataclass(kw_only=True)
class Router(Copy):
    """One served copy of the router and the Kafka around it."""

    clock: Path

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

    async def blown(self, ticket_id: str) -> str:
        """The whistle_id of a ticket, as soon as its units are called."""
        return str((await self.hears("whistle.blown", ticket_ids=[ticket_id]))["subject"])

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


def settings(
    dsn: str, kafka: str, prefix: str, port: int, clock: Path, **more: Any
) -> RouterSettings:
    own = {
        "clock_file": clock,
        "file_store": "memory:///",
        "vault_key": VAULT_KEY,
        "webhook_networks": "127.0.0.0/8",
    }
    return RouterSettings(**(told(dsn, kafka, prefix, port) | own | more))


def served(made: RouterSettings) -> AbstractAsyncContextManager[str]:
    """Serve a copy over HTTP until the end; its address."""
    return served_copy(create_app(made), made.http_port)


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
    heard = [WHISTLES.name, *(unit_topic(UNIT_WHISTLES, unit) for unit in units)]
    async with (
        kafka_around(kafka, *(prefix + name for name in heard)) as (producer, said),
        served(made) as url,
        client() as http,
    ):
        yield Router(
            url=url, dsn=dsn, prefix=prefix, clock=clock, http=http, producer=producer, said=said
        )
