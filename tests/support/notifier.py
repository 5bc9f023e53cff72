"""The notifier alone, on the run's servers: served over HTTP, the facts of others told by hand.

Its clock stands on Monday 2026-09-14, 09:00 in Shanghai, and runs on from there; `forward` moves
it. `tells` tells of whole matters, a ticket and its whistle each; `CITY` is a small seeded set.
"""

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from deploy.local import clock_file
from deploy.local.ports import free_base
from services.notifier.app import NotifierSettings, create_app
from shared.contracts import envelope, tickets, whistles
from shared.contracts.parts import BlownBy, Place
from shared.contracts.topics import DEADLINES
from shared.contracts.values import Urgency, WhistleKind
from shared.runtime.clock import Clock, wall_now
from tests.support.serving import Copy, client, kafka_around, served_copy, told
from tests.support.waiting import eventually
from tests.unit.notifier import samples
from tests.unit.notifier.samples import local

VAULT_KEY = base64.b64encode(b"n" * 32).decode()
MONDAY = local("2026-09-14 09:00")
WORST, OTHER, STREET = "BH-CGJ", "BH-ZJJ", "S-159902001"
UNITS = (WORST, OTHER, "BH-SCJ", "BH-GAJ", "C-RXZX", STREET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """A ticket that was dispatched to one unit, or a street's own whistle where `ticket` is not."""

    place: int  # tells it apart from the others
    title: str
    at: datetime
    unit: str = WORST
    category: str = "0205"
    region: str = "159902001001"
    urgency: Urgency = Urgency.NORMAL
    kind: WhistleKind = WhistleKind.CITIZEN_DEMAND
    ticket: bool = True
    round: int = 1

    @property
    def ticket_id(self) -> UUID:
        return UUID(int=0x01900000_0000_7000_8000_000000010000 + self.place)

    @property
    def whistle_id(self) -> UUID:
        return UUID(int=0x01900000_0000_7000_8000_000000020000 + self.place)

    @property
    def assignment_id(self) -> UUID:
        return UUID(int=0x01900000_0000_7000_8000_000000030000 + self.place)

    @property
    def number(self) -> str:
        return f"1599002026090{self.place:05d}"

    def part(self, at: datetime, *, seq: int) -> dict[str, object]:
        """The fields of a fact about the unit's part."""
        return samples.part(at, seq=seq) | {
            "whistle_id": self.whistle_id,
            "ticket_ids": (self.ticket_id,) if self.ticket else (),
            "assignment_id": self.assignment_id,
            "unit": self.unit,
        }

    def registered(self) -> tickets.Registered:
        return replace(
            samples.registered(self.at, ticket_id=self.ticket_id, urgency=self.urgency),
            number=self.number,
            title=self.title,
            category=self.category,
            place=Place(region=self.region),
        )

    def blown(self) -> whistles.Blown:
        part = samples.an_assignment(
            self.at, assignment_id=self.assignment_id, unit=self.unit, contact=False
        )
        return replace(
            samples.blown(
                self.at,
                whistle_id=self.whistle_id,
                ticket_ids=(self.ticket_id,) if self.ticket else (),
                assignments=(part,),
                round_=self.round,
                urgency=self.urgency,
                kind=self.kind,
            ),
            number=self.number,
            title=self.title,
            category=self.category,
            place=Place(region=self.region),
            blown_by=BlownBy(unit="C-RXZX" if self.ticket else STREET, level="city"),
        )


CITY = (
    # nobody has done anything about these
    Matter(place=1, title="路灯不亮已三天", at=local("2026-09-01 09:00")),
    Matter(place=2, title="占道经营影响通行", at=local("2026-09-03 10:00"), category="0101"),
    Matter(place=3, title="井盖破损", at=local("2026-09-07 15:00"), urgency=Urgency.URGENT),
    Matter(place=4, title="屋顶漏水", at=local("2026-09-04 09:00"), unit=OTHER),
    # in time
    Matter(place=5, title="物业不作为", at=local("2026-09-14 08:40"), unit=OTHER),
    Matter(place=6, title="早市占道", at=local("2026-09-14 08:50"), unit="BH-SCJ"),
    # a street's own
    Matter(
        place=7,
        title="电线杆倒伏",
        at=local("2026-09-14 08:55"),
        unit="BH-GAJ",
        kind=WhistleKind.EMERGENCY,
        ticket=False,
    ),
)


@dataclass(kw_only=True)
class Notifier(Copy):
    """One served copy of the notifier and the Kafka around it."""

    clock: Path

    def forward(self, **delta: float) -> None:
        """Move the domain clock on: `forward(hours=5)`."""
        clock_file.forward(self.clock, timedelta(**delta), wall=wall_now())

    async def say(self, data: Any, at: datetime = MONDAY) -> str:
        """A fact as intake or the router would say it; its event id."""
        of_ticket = isinstance(data, tickets.TicketFact)
        subject = str(data.ticket_id if of_ticket else data.whistle_id)
        event_id = uuid4()
        value = envelope.write(
            event_id=event_id, source="/test", subject=subject, time=at, data=data
        )
        topic = self.prefix + ("tickets" if of_ticket else "whistles")
        await self.producer.send_and_wait(topic, value.encode(), key=subject.encode())
        return str(event_id)

    async def tells(self, *matters: Matter) -> None:
        """These matters, until the notifier keeps all their promises."""
        for each in matters:
            if each.ticket:
                await self.say(each.registered(), each.at)
            await self.say(each.blown(), each.at)
        wanted = [each.whistle_id for each in matters]

        async def kept() -> bool:
            (row,) = await self.rows(
                "select count(distinct whistle_id) as n from deadline "
                "where whistle_id = any($1::uuid[])",
                wanted,
            )
            return bool(row["n"] == len(matters))

        await eventually(kept)

    async def fired(self) -> None:
        """Until nothing that is past has still to fire."""
        now = clock_now(self.clock)

        async def looked() -> bool:
            (row,) = await self.rows("select count(*) as n from deadline where fire_at <= $1", now)
            return bool(row["n"] == 0)

        await eventually(looked)


def clock_now(path: Path) -> datetime:
    """The time by a clock file."""
    return Clock(path).now()


def settings(
    dsn: str, kafka: str, prefix: str, port: int, clock: Path, **more: Any
) -> NotifierSettings:
    own = {"clock_file": clock, "vault_key": VAULT_KEY}
    return NotifierSettings(**(told(dsn, kafka, prefix, port) | own | more))


def served(made: NotifierSettings) -> AbstractAsyncContextManager[str]:
    """Serve a copy over HTTP until the end; its address."""
    return served_copy(create_app(made), made.http_port)


@asynccontextmanager
async def notifier_on(
    dsn: str,
    kafka: str,
    prefix: str,
    folder: Path,
    *,
    at: datetime = MONDAY,
    rate: float = 1.0,
    matters: Sequence[Matter] = (),
    **more: Any,
) -> AsyncIterator[Notifier]:
    """The notifier served, once it has heard of these matters and fired what is past."""
    clock = folder / "notifier-clock.json"
    clock_file.write_initial(clock, at, rate, wall=wall_now())
    made = settings(dsn, kafka, prefix, free_base(), clock, **more)
    async with (
        kafka_around(kafka, prefix + DEADLINES.name) as (producer, said),
        served(made) as url,
        client() as http,
    ):
        notifier = Notifier(
            url=url, dsn=dsn, prefix=prefix, clock=clock, http=http, producer=producer, said=said
        )
        if matters:
            await notifier.tells(*matters)
            await notifier.fired()
        yield notifier
