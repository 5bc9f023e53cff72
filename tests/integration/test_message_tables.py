"""Messages on a real PostgreSQL: held in an outage, released; states, words and indexes."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from services.notifier import release
from services.notifier.app import MIGRATIONS
from services.notifier.domain.telling.gap import Beat
from services.notifier.domain.telling.message import MessageState, Way
from services.notifier.domain.telling.posts import Post, Seat
from services.notifier.release import Releasing
from services.notifier.store import gaps, messages
from services.notifier.tell import Telling
from shared.contracts.values import Urgency
from tests.integration.test_notifier_tables import hear
from tests.support.rota import ROTA
from tests.support.telling_ground import (
    START,
    SUPERVISOR,
    few,
    person_at,
    put,
    tell_all,
    telling_of,
    watch,
)
from tests.unit.notifier import samples
from tests.unit.notifier.samples import HOUR, UNIT
from tests.unit.notifier.telling_samples import RULES, a_message


@pytest.fixture
async def pool(database):
    async with asyncpg.create_pool(await database(MIGRATIONS), min_size=2, max_size=6) as pool:
        yield pool


@pytest.fixture
async def telling(pool, tmp_path) -> Telling:
    """Who is told what, with a rota of a few people."""
    return await telling_of(pool, few(tmp_path / "few.csv"))


async def test_an_outage_holds_what_fell_due_until_it_is_released(pool, telling):
    heart = telling.heartbeat
    await hear(pool, (samples.blown(START), START))
    half = START + 2 * HOUR  # the yellow card of the acknowledgement
    before = Beat(at=half - HOUR, wall=half - HOUR)
    after = Beat(at=half + HOUR, wall=half + HOUR)
    async with pool.acquire() as connection, connection.transaction():
        assert await heart.beat(connection, before) == []
        (gap,) = await heart.beat(connection, after)
        assert await heart.beat(connection, Beat(at=after.at, wall=after.wall)) == [gap]
    heart.gaps = (replace(gap, found_wall=datetime.now(gap.found_wall.tzinfo)),)
    assert await watch(pool, telling, after.at) == 1
    assert (await pool.fetchval("select at from history where what = 'warned'")) == half
    assert await tell_all(pool, telling, after.at + HOUR) == 0
    held = await messages.held_in_all(pool)
    assert (held.n, held.receivers, held.oldest) == (2, 2, half)
    async with pool.acquire() as connection, connection.transaction():
        done = await release.release(
            connection, Releasing(words="已核对"), by=SUPERVISOR, rules=RULES, now=after.at
        )
    assert (done.messages, done.receivers, done.gaps) == (2, 2, 1)
    assert await gaps.unreleased(pool) == []
    assert await tell_all(pool, telling, after.at) == 2
    assert await pool.fetchval("select count(*) from delivery") == 2
    rows = await pool.fetch(
        "select what, role, actor_name from history where aggregate_id = $1", gap.gap_id
    )
    assert [tuple(row) for row in rows] == [
        ("outage", "system", None),
        ("released", "supervisor", "王督办"),
    ]
    async with pool.acquire() as connection, connection.transaction():
        again = await release.release(
            connection, Releasing(words="再次"), by=SUPERVISOR, rules=RULES, now=after.at
        )
    assert (again.messages, again.gaps) == (0, 0)


async def test_what_was_to_go_out_meanwhile_is_held_too_but_young_critical_matters(pool, telling):
    who = await person_at(pool, Seat(Post.HANDLER, UNIT))
    now = START + 3 * HOUR
    ordinary = a_message("a", at=START, person_id=who)
    old = a_message("b", at=START, person_id=who, urgency=Urgency.CRITICAL)
    young = a_message("c", at=now - timedelta(minutes=5), person_id=who, urgency=Urgency.CRITICAL)
    later = a_message("d", at=START, person_id=who, send_at=now + HOUR)
    await put(pool, ordinary, old, young, later)
    async with pool.acquire() as connection, connection.transaction():
        await telling.heartbeat.beat(connection, Beat(at=START, wall=START))
        await telling.heartbeat.beat(connection, Beat(at=now, wall=now))
    rows = await pool.fetch("select number, state from message order by number")
    assert [row["state"] for row in rows] == ["held", "held", "waiting", "waiting"]


@pytest.mark.parametrize(
    "change",
    [
        "state = 'told'",
        "state = 'waiting', send_at = null",
        "state = 'held'",
        "told = 1",
        "way = 'later'",
        "term = 1, deadline_id = null",
        "level = 6",
    ],
)
async def test_the_database_refuses_impossible_messages(pool, change):
    await put(pool, a_message("a", at=START, person_id=uuid4()))
    with pytest.raises(asyncpg.CheckViolationError):
        await pool.execute(f"update message set {change}")  # noqa: S608


async def test_the_posts_states_and_ways_of_the_tables_are_those_of_the_code(pool):
    checks = "\n".join(
        await pool.fetchval(
            "select array_agg(pg_get_constraintdef(oid)) from pg_constraint"
            " where conrelid in ('message'::regclass, 'duty_shift'::regclass) and contype = 'c'"
        )
    )
    for member in [*Post, *MessageState, *Way]:
        assert f"'{member}'" in checks


async def test_each_question_to_the_messages_has_its_index(pool):
    """With a hundred thousand told and a few that wait."""
    await telling_of(pool, ROTA)
    who = await person_at(pool, Seat(Post.HANDLER, UNIT))
    await put(pool, *(a_message(f"{n}", at=START, person_id=who) for n in range(50)))
    await pool.execute(
        "insert into message select gen_random_uuid(), (array(select person_id from duty_person))"
        "[1 + n % 700], post, seat_post, seat_place, occasion, gen_random_uuid(), number, unit,"
        " urgency, kind, rung, level, due_by, deadline_id, term, count, at - n * interval '1 min',"
        " way, 'told', null, 0, 1, at, gen_random_uuid()"
        " from generate_series(1, 100000) n, lateral (select * from message limit 1) m"
    )
    await pool.execute("vacuum analyze message, duty_person")
    ids = [who]
    async with pool.acquire() as connection:
        for statement, arguments, index in (
            (messages.SQL.next_send_at, (), "message_next"),
            (messages.SQL.claim_receivers, (START, 50), "message_waiting"),
            (messages.SQL.waiting_of, (ids, 100), "message_waiting"),
            (messages.SQL.hold_waiting, (START, START), "message_next"),
            (messages.SQL.held_summary, (), "message_held"),
            (messages.SQL.forget_messages, (START - 100 * 24 * HOUR, 10), "message_done"),
        ):
            plan = await connection.fetch("explain " + statement, *arguments)
            text = "\n".join(row[0] for row in plan)
            assert index in text, text
            assert "Seq Scan on message" not in text, text
        plan = await connection.fetch("explain analyze " + messages.SQL.claim_receivers, START, 50)
    assert "Seq Scan on message" not in "\n".join(row[0] for row in plan)
