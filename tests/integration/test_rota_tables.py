"""The rota on a real PostgreSQL: sealed, with its history, and never with what cannot be."""

import base64
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

import asyncpg
import pytest

from services.notifier import rota
from services.notifier.app import MIGRATIONS
from services.notifier.domain.telling.posts import Post, Seat
from services.notifier.domain.telling.roster import Roster
from services.notifier.persons import Addresses, Who, set_contact
from services.notifier.roster import read
from services.notifier.rota import NewShift, NewSubstitute
from services.notifier.seed_rota import seed_rota
from services.notifier.store import rota as rota_store
from shared.contracts.parts import Actor, Role
from shared.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from shared.sealing import Seals
from tests.support.rota import ROTA, SEALS
from tests.support.telling_ground import CATALOGUE, START, SUPERVISOR, person_at, telling_of
from tests.unit.notifier.samples import HOUR, UNIT
from tests.unit.notifier.telling_samples import CITY, DISTRICT

LIAISON = Actor(role=Role.LIAISON, unit=UNIT)


@pytest.fixture
async def pool(database):
    async with asyncpg.create_pool(await database(MIGRATIONS), min_size=2, max_size=6) as pool:
        yield pool


async def add(pool, *wanted: NewShift, actor: Actor = SUPERVISOR, now: datetime = START):
    async with pool.acquire() as connection, connection.transaction():
        roster = await read(connection, now, city=CITY)
        return await rota.add(connection, wanted, actor=actor, now=now, seals=SEALS, roster=roster)


def a_shift(name: str = "周敏", *, post: Post = Post.HANDLER, **more) -> NewShift:
    place = {} if "region" in more else {"unit": UNIT}
    who = Who(name=name, contact=Addresses(sms="15600000001", wecom="zhoumin"))
    return NewShift(**{"post": post, "who": who, **place, **more})


async def test_a_phone_stands_nowhere_in_the_clear(pool):
    await telling_of(pool, None)
    (shift_id,) = (await add(pool, a_shift())).shift_ids
    person_id = await pool.fetchval(
        "select person_id from duty_shift where shift_id = $1", shift_id
    )
    tables = await pool.fetch(
        "select relname from pg_class"
        " where relkind = 'r' and relnamespace = current_schema()::regnamespace"
    )
    for table in tables:
        for row in await pool.fetch(f'select t::text from "{table[0]}" t'):  # noqa: S608
            assert "15600000001" not in row[0], table[0]
            assert "zhoumin" not in row[0], table[0]
    async with pool.acquire() as connection:
        contact = await rota_store.contact_of(connection, person_id, seals=SEALS)
    assert (contact.sms, contact.wecom) == ("15600000001", "zhoumin")
    async with pool.acquire() as connection, connection.transaction():
        secret = await set_contact(
            connection,
            person_id,
            Addresses(webhook="https://oa.example.gov.cn/hook"),
            actor=LIAISON,
            now=START,
            seals=SEALS,
        )
        contact = await rota_store.contact_of(connection, person_id, seals=SEALS)
    assert secret == contact.webhook_secret
    assert contact.channels == ("webhook",)


async def test_the_rota_is_kept_with_its_history(pool):
    await telling_of(pool, None)
    (shift_id,) = (await add(pool, a_shift(), actor=LIAISON)).shift_ids
    stand_in = NewSubstitute(
        who=Who(name="吴岚", contact=Addresses(sms="15600000002")),
        starts_at=START + HOUR,
        ends_at=START + 9 * HOUR,
        reason="休假",
    )
    async with pool.acquire() as connection, connection.transaction():
        await rota.stand_in(connection, shift_id, stand_in, actor=LIAISON, now=START, seals=SEALS)
    again = replace(stand_in, who=Who(name="吴岚"))
    async with pool.acquire() as connection, connection.transaction():
        with pytest.raises(ConflictError):
            await rota.stand_in(connection, shift_id, again, actor=LIAISON, now=START, seals=SEALS)
    seat = Seat(Post.HANDLER, UNIT)
    found: Roster = await read(pool, START, city=CITY)
    names = {row["person_id"]: row["name"] for row in await pool.fetch("select * from duty_person")}
    on_duty = [[names[each] for each in found.on_duty(seat, START + n * HOUR)] for n in (0, 1, 9)]
    assert on_duty == [["周敏"], ["吴岚"], ["周敏"]]
    async with pool.acquire() as connection, connection.transaction():
        await rota.end(
            connection, shift_id, words="调离", at=None, actor=SUPERVISOR, now=START + 2 * HOUR
        )
    found = await read(pool, START, city=CITY)
    assert found.on_duty(seat, START + 3 * HOUR) == ()
    rows = await pool.fetch(
        "select seq, what, role from history where aggregate_id = $1 order by seq", shift_id
    )
    assert [tuple(row) for row in rows] == [
        (1, "shift_added", "liaison"),
        (2, "substituted", "liaison"),
        (3, "ended", "supervisor"),
    ]
    async with pool.acquire() as connection, connection.transaction():
        with pytest.raises(ConflictError):
            await rota.end(
                connection, shift_id, words="", at=None, actor=SUPERVISOR, now=START + 3 * HOUR
            )


async def test_what_cannot_be_on_the_rota_is_refused_as_a_whole(pool):
    await telling_of(pool, None)
    with pytest.raises(InvalidError) as refused:
        await add(
            pool,
            a_shift(),
            a_shift("甲", unit="NO-UNIT"),
            a_shift("乙", post=Post.CITY_LEADER),
            a_shift("丙", ends_at=START - HOUR),
            a_shift("丁", who=Who(name="丁")),
            a_shift("戊", who=Who(name="戊", contact=Addresses(sms="123"))),
        )
    assert {error.field for error in refused.value.errors} >= {
        "shifts.1.unit",
        "shifts.2.post",
        "shifts.3.ends_at",
        "shifts.4.who.contact",
        "shifts.5.who.contact.sms",
    }
    assert await pool.fetchval("select count(*) from duty_person") == 0
    with pytest.raises(ForbiddenError):
        await add(pool, a_shift(), actor=Actor(role=Role.LIAISON, unit="C-GR"))
    with pytest.raises(ForbiddenError):
        await add(pool, a_shift(post=Post.SUPERVISOR, region=DISTRICT), actor=LIAISON)
    await add(pool, a_shift())
    with pytest.raises(ConflictError):
        await add(pool, a_shift(who=Who(name="周敏")))
    async with pool.acquire() as connection, connection.transaction():
        with pytest.raises(NotFoundError):
            await rota.end(connection, uuid4(), words="", at=None, actor=SUPERVISOR, now=START)


async def test_the_demo_city_has_somebody_at_every_post_of_every_unit(pool):
    telling = await telling_of(pool, ROTA)
    roster = telling.rota.roster
    vacant = [seat for seat in roster.vacant(START) if seat.post is not Post.SECTION_HEAD]
    assert vacant == []
    assert len(roster.units) == len(CATALOGUE.units)
    async with pool.acquire() as connection, connection.transaction():
        again = await seed_rota(connection, ROTA, city=CITY, seals=SEALS, now=START)
    assert again == 0
    other = Seals([base64.b64encode(b"x" * 32).decode()])
    person_id = await person_at(pool, Seat(Post.HANDLER, UNIT))
    async with pool.acquire() as connection:
        with pytest.raises(RuntimeError):
            await rota_store.contact_of(connection, person_id, seals=other)
