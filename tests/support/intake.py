"""Intake alone, on the run's servers: served over HTTP, with the facts of others sent by hand."""

import base64
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx

from deploy.local.ports import free_base
from services.intake.app import IntakeSettings, create_app
from shared.contracts import envelope
from shared.contracts.ids import fact_id
from shared.contracts.topics import TICKETS, WHISTLES
from shared.contracts.whistles import WhistleFact
from tests.support.serving import Copy, client, kafka_around, served_copy, told
from tests.support.waiting import eventually

KEY = base64.b64encode(b"k" * 32).decode()
STREET_LAMP = {
    "channel": "hotline",
    "description": "楼下的路灯已经三天不亮了，晚上走路看不见，请尽快来修。",
    "place": {"region": "159902001001"},
    "category": "0205",
    "reporter": {"name": "赵小明", "phone": "13900001111"},
}


class Intake(Copy):
    """One served copy of intake and the Kafka around it."""

    async def call(
        self,
        method: str,
        path: str,
        *,
        role: str = "operator",
        **request: Any,
    ) -> httpx.Response:
        """One request under /api/v1/tickets with a token of that role."""
        return await super().call(method, f"/tickets{path}", role=role, name="测试员", **request)

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


def settings(dsn: str, kafka: str, prefix: str, port: int, **more: Any) -> IntakeSettings:
    own = {"vault_key": KEY, "photo_store": "memory:///"}
    return IntakeSettings(**(told(dsn, kafka, prefix, port) | own | more))


def served(made: IntakeSettings) -> AbstractAsyncContextManager[str]:
    """Serve a copy over HTTP until the end; its address."""
    return served_copy(create_app(made), made.http_port)


@asynccontextmanager
async def intake_on(dsn: str, kafka: str, prefix: str, **more: Any) -> AsyncIterator[Intake]:
    """Intake served, with a producer for others' facts and a consumer of its own."""
    async with (
        kafka_around(kafka, prefix + TICKETS.name) as (producer, said),
        served(settings(dsn, kafka, prefix, free_base(), **more)) as url,
        client() as http,
    ):
        yield Intake(url=url, dsn=dsn, prefix=prefix, http=http, producer=producer, said=said)


def utc_now() -> datetime:
    """Real time; these tests run on it."""
    return datetime.now(UTC)
