"""Telling people on a database of its own: a rota of some file, the watch, the teller."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import asyncpg

from services.notifier import teller
from services.notifier.channels import load_wording
from services.notifier.domain.telling.posts import Seat
from services.notifier.heartbeat import Heartbeat
from services.notifier.roster import RosterNow, read
from services.notifier.seed_rota import seed_rota, seed_units
from services.notifier.store import messages
from services.notifier.tell import Telling
from services.notifier.watch import fire_due
from services.notifier.wording import load_digests
from shared.catalogue.load import load_catalogue
from shared.contracts.parts import Actor, Role
from shared.runtime.clock import Clock
from tests.support.rota import ROTA, SEALS
from tests.unit.notifier.samples import ESCALATION, UNIT, local
from tests.unit.notifier.telling_samples import CITY, RULES

START = local("2026-09-10 09:00")
WORDING = load_wording()
DIGESTS = load_digests(WORDING)
CATALOGUE = load_catalogue()
SUPERVISOR = Actor(role=Role.SUPERVISOR, name="王督办")


@dataclass
class Ground:
    """What the heartbeat needs of a runtime."""

    pool: asyncpg.Pool
    clock: Clock

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection]:
        async with self.pool.acquire() as connection, connection.transaction():
            yield connection


def few(file: Path) -> Path:
    """Of the demo city's rota one bureau, and everybody above it, written into a file."""
    lines = ROTA.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.split(",")[1] in ("", UNIT) or line is lines[0]]
    file.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return file


async def telling_of(pool, rota_file: Path | None, now: datetime = START) -> Telling:
    """A telling with the rota of a file, or with an empty one."""
    holder = RosterNow(CITY)
    async with pool.acquire() as connection, connection.transaction():
        await seed_units(connection, CATALOGUE, city=CITY)
        if rota_file is not None:
            await seed_rota(connection, rota_file, city=CITY, seals=SEALS, now=now)
        holder.roster = await read(connection, now, city=CITY)
    return Telling(rules=RULES, rota=holder, heartbeat=Heartbeat(Ground(pool, Clock()), RULES))


async def watch(pool, telling: Telling, now: datetime) -> int:
    async with pool.acquire() as connection, connection.transaction():
        return len(
            await fire_due(
                connection, now, escalation=ESCALATION, wording=WORDING, telling=telling, limit=1000
            )
        )


async def tell_all(pool, telling: Telling, now: datetime, *, limit: int = 50) -> int:
    """Tell until nobody waits; how many turns there were."""
    turns = 0
    while True:
        async with pool.acquire() as connection, connection.transaction():
            told = await teller.tell_due(
                connection,
                now,
                telling=telling,
                digests=DIGESTS,
                categories={"0205": "路灯不亮"},
                limit=limit,
            )
        turns += told
        if told == 0:
            return turns


async def put(pool, *made) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await messages.write(connection, made)


async def person_at(pool, seat: Seat) -> UUID:
    return await pool.fetchval(
        "select person_id from duty_shift where post = $1 and coalesce(unit, region) = $2",
        seat.post,
        seat.place,
    )
