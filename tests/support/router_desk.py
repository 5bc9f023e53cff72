"""The router's verbs at hand on a database of their own, and what is said to them in tests."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from services.router.domain.city import City
from services.router.follow import follow_tickets
from services.router.judge import judge_events
from services.router.seed import seed
from shared.contracts import reports, tickets
from shared.contracts.ids import new_id
from shared.contracts.parts import Actor, Result, Role
from shared.contracts.reports import FactsTrue
from shared.runtime.incoming import Incoming
from tests.unit.router.samples import HANDLER, MONDAY, city, registered

LEAD = "BH-CGJ"
TRACE = f"00-{'a' * 32}-{'b' * 16}-01"
DISPATCHER = Actor(role=Role.DISPATCHER, unit="C-RXZX", name="派单员一")
REVIEWER = Actor(role=Role.REVIEWER, unit="C-RXZX", name="审核员二")
SUPERVISOR = Actor(role=Role.SUPERVISOR, unit="C-RXZX", name="督办员三")


def incoming(data: Any, *, topic: str, at: datetime, offset: int = 0) -> Incoming:
    return Incoming(
        topic=topic,
        partition=0,
        offset=offset,
        received_at=at,
        event_id=str(uuid4()),
        source="/test",
        type=data.TYPE,
        subject="x",
        time=at,
        data=data,
        traceparent=TRACE,
        value=b"",
    )


@dataclass
class Desk:
    """The router's database, its city, and the verbs at hand; time stands still unless told."""

    pool: asyncpg.Pool
    city: City
    now: datetime = MONDAY

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection]:
        async with self.pool.acquire() as connection, connection.transaction():
            yield connection

    async def hears(self, *facts: tickets.TicketFact) -> None:
        events = [incoming(fact, topic="tickets", at=self.now) for fact in facts]
        async with self.transaction() as connection:
            await follow_tickets(connection, events, city=self.city, now=self.now)

    async def registers(self, number: int = 1, **fields: Any) -> list[UUID]:
        ids = [new_id(self.now) for _ in range(number)]
        await self.hears(*(registered(ticket_id=ticket_id, **fields) for ticket_id in ids))
        return ids

    async def reports(self, *said: tuple[str, reports.Report]) -> None:
        events = [
            incoming(report, topic=f"bureau.{unit}.reports", at=self.now, offset=n)
            for n, (unit, report) in enumerate(said)
        ]
        async with self.transaction() as connection:
            await judge_events(connection, events, city=self.city, now=self.now)

    async def does(self, verb: Any, *args: Any, **more: Any) -> Any:
        async with self.transaction() as connection:
            return await verb(
                connection, *args, city=self.city, now=self.now, traceparent=None, **more
            )

    async def rows(self, statement: str, *args: Any) -> list[asyncpg.Record]:
        return await self.pool.fetch(statement, *args)

    async def whistle(self, ticket_id: UUID) -> UUID:
        """The ticket's latest whistle."""
        found = await self.rows(
            "select whistle_id from whistle where demand_ticket = $1 order by round desc", ticket_id
        )
        return found[0]["whistle_id"]

    async def said(self, topic: str | None = None) -> list[dict[str, Any]]:
        """The outgoing events, in order."""
        found = await self.rows(
            "select payload from outbox where $1::text is null or aggregatetype = $1 order by id",
            topic,
        )
        return [json.loads(row["payload"]) for row in found]

    async def types(self, topic: str) -> list[str]:
        return [event["type"].split(".")[2] for event in await self.said(topic)]


@asynccontextmanager
async def desk_on(dsn: str) -> AsyncIterator[Desk]:
    """A desk on a database that has the router's tables and nothing in them."""
    async with asyncpg.create_pool(dsn, min_size=1, max_size=5) as pool:
        async with pool.acquire() as connection, connection.transaction():
            catalogue = await seed(connection, city().catalogue, policy="p", now=MONDAY)
        yield Desk(pool=pool, city=replace(city(), catalogue=catalogue))


def ack(whistle_id: UUID) -> reports.Acknowledged:
    return reports.Acknowledged(whistle_id=whistle_id, handler=HANDLER, at=MONDAY)


def resolved(whistle_id: UUID) -> reports.Resolved:
    return reports.Resolved(
        whistle_id=whistle_id,
        handler=HANDLER,
        at=MONDAY,
        result=Result.SOLVED,
        facts_true=FactsTrue.YES,
        measures="已清理",
        public_reply="已清理完毕。",
        contacted_how=reports.ContactMeans.PHONE,
    )


def returning(whistle_id: UUID, suggested: str | None = None) -> reports.ReturnRequested:
    return reports.ReturnRequested(
        whistle_id=whistle_id,
        handler=HANDLER,
        at=MONDAY,
        reason=reports.ReturnReason.NOT_DUTY,
        clause="第十二条",
        suggested_unit=suggested,
    )
