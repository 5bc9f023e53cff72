"""Telling people on a real PostgreSQL: written in the firing, claimed once, told in bundles."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.notifier import tell, teller
from services.notifier.app import MIGRATIONS
from services.notifier.domain.telling.message import Way
from services.notifier.domain.telling.posts import Post, Seat
from services.notifier.store import messages
from services.notifier.tell import Telling
from services.notifier.track import track
from services.notifier.watch import fire_due
from shared.contracts import tickets
from tests.integration.test_notifier_tables import hear, incoming
from tests.support.telling_ground import (
    DIGESTS,
    START,
    WORDING,
    few,
    person_at,
    put,
    tell_all,
    telling_of,
    watch,
)
from tests.unit.notifier import samples
from tests.unit.notifier.samples import ESCALATION, HOUR, UNIT
from tests.unit.notifier.telling_samples import CITY, DISTRICT, a_message


@pytest.fixture
async def pool(database):
    async with asyncpg.create_pool(await database(MIGRATIONS), min_size=2, max_size=6) as pool:
        yield pool


@pytest.fixture
async def telling(pool, tmp_path) -> Telling:
    """Who is told what, with a rota of a few people."""
    return await telling_of(pool, few(tmp_path / "few.csv"))


def seat_and_person(row) -> tuple[Seat, UUID]:
    return Seat(Post(row["post"]), row["unit"] or row["region"]), row["person_id"]


async def test_a_rung_is_written_for_its_people_in_the_firing_itself(pool, telling):
    await hear(pool, (samples.blown(START), START))
    half = START + 2 * HOUR
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await fire_due(connection, half, escalation=ESCALATION, wording=WORDING, telling=telling)
        assert await connection.fetchval("select count(*) from message") == 2
        await transaction.rollback()
    assert await pool.fetchval("select count(*) from message") == 0
    await watch(pool, telling, half)
    rows = await pool.fetch("select * from message order by post")
    assert [row["post"] for row in rows] == ["handler", "liaison"]
    assert {row["person_id"] for row in rows} == {
        await person_at(pool, Seat(Post(post), UNIT)) for post in ("handler", "liaison")
    }
    assert {(row["kind"], row["rung"], row["way"]) for row in rows} == {
        ("acknowledge", "yellow", "bundle")
    }
    assert {row["send_at"] for row in rows} == {half + timedelta(minutes=10)}


async def test_an_ignored_matter_tells_everybody_of_the_ladder(pool, telling):
    await hear(pool, (samples.blown(START), START))
    now = START
    for _ in range(24 * 20):
        now += HOUR
        await watch(pool, telling, now)
    rows = await pool.fetch("select kind, rung, post, seat_place from message")
    told = {(r["kind"], r["rung"]): set() for r in rows}
    for row in rows:
        told[row["kind"], row["rung"]].add((row["post"], row["seat_place"]))
    resolve = {
        "yellow": {("handler", UNIT), ("liaison", UNIT)},
        "red": {("section_head", UNIT), ("supervisor", DISTRICT)},
        "due": {("unit_leader", UNIT)},
        "district_supervision": {("district_supervisor", DISTRICT)},
        "district_leader": {("district_leader", DISTRICT)},
        "city": {("city_supervisor", CITY)},
        "city_leader": {("city_leader", CITY)},
    }
    assert {rung: told["resolve", rung] for rung in resolve} == resolve
    assert ("deemed", "due") not in told


@pytest.mark.parametrize("confidential", [False, True, None])
async def test_a_text_names_the_matter_unless_it_is_confidential(pool, telling, confidential):
    """None: what the ticket is was not heard of yet."""
    await hear(pool, (samples.blown(START), START))
    known = await pool.fetchrow("select whistle_id, number from deadline")
    ticket_id = uuid4()
    await pool.execute(
        """insert into figure_whistle (whistle_id, seq, ticket_id, round, category, provisional,
               canary, counted) values ($1, 1, $2, 1, '0205', false, false, true)""",
        known["whistle_id"],
        ticket_id,
    )
    await pool.execute(
        """insert into figure_ticket (ticket_id, seq, ruling_seq, confidential, group_matter,
               canary, settled, round, reworks, reopened, withdrawn, hops, returns, counted)
           select $1, 1, 0, $2, false, false, false, 1, 0, 0, false, 0, 0, false
           where $2::boolean is not null""",
        ticket_id,
        confidential,
    )
    half = START + 2 * HOUR
    await watch(pool, telling, half)
    assert await tell_all(pool, telling, half + timedelta(minutes=10)) == 2
    texts = [row["values"] for row in await pool.fetch("select values::text from delivery")]
    assert texts
    for text in texts:
        assert known["number"] in text
        assert ("路灯不亮" in text) is (confidential is False)


async def test_one_bundle_a_person_names_each_matter(pool, telling):
    facts = [
        (
            samples.blown(
                START,
                whistle_id=uuid4(),
                ticket_ids=(),
                assignments=(samples.an_assignment(START, assignment_id=uuid4()),),
            ),
            START,
        )
        for _ in range(12)
    ]
    await hear(pool, *facts)
    half = START + 2 * HOUR
    await watch(pool, telling, half)
    assert await tell_all(pool, telling, half) == 0  # the window is open
    assert await tell_all(pool, telling, half + timedelta(minutes=10)) == 2
    rows = await pool.fetch("select recipient, channel, values from delivery order by channel")
    assert len(rows) == 2  # handler and liaison, by the first of their addresses
    assert all("另有 4 件" in row["values"] for row in rows)
    assert await pool.fetchval("select count(*) from message where state = 'told'") == 24
    assert await pool.fetchval("select count(distinct bundle_id) from message") == 2
    digest = await pool.fetchrow("select * from outbox where type like '%digest%'")
    assert digest["aggregatetype"] == f"bureau.{UNIT}.notices"


async def test_a_matter_done_meanwhile_is_not_told(pool, telling):
    await hear(pool, (samples.blown(START), START))
    half = START + 2 * HOUR
    await watch(pool, telling, half)
    await hear(pool, (samples.acknowledged(half + timedelta(minutes=1)), half))
    assert await tell_all(pool, telling, half + timedelta(minutes=10)) == 2
    assert await pool.fetchval("select count(*) from delivery") == 0
    assert await pool.fetchval("select count(*) from message where state = 'moot'") == 2


async def test_an_urging_is_told_once_however_often_it_is_heard(pool, telling):
    await hear(pool, (samples.blown(START), START))
    fact = samples.ticket_fact(tickets.Urged, count=2)
    for _ in range(2):
        async with pool.acquire() as connection, connection.transaction():
            events = [incoming(fact, START + HOUR)]
            await track(connection, events, escalation=ESCALATION)
            await tell.tell_urgings(
                connection, events, wording=WORDING, telling=telling, now=START + HOUR
            )
    rows = await pool.fetch("select post, occasion, count from message order by post")
    assert [tuple(row) for row in rows] == [("handler", "urged", 2), ("liaison", "urged", 2)]


async def test_nobody_starves_behind_anothers_flood(pool, telling):
    """One with thousands of things and one with a single thing are told in one round."""
    busy = await person_at(pool, Seat(Post.HANDLER, UNIT))
    other = await person_at(pool, Seat(Post.LIAISON, UNIT))
    flood = [
        replace(a_message(f"{n}", at=START - HOUR, person_id=busy), message_id=uuid4())
        for n in range(5000)
    ]
    flood = [replace(m, subject=replace(m.subject, deadline_id=None, term=None)) for m in flood]
    one = a_message("one", at=START, person_id=other, seat=Seat(Post.LIAISON, UNIT))
    one = replace(one, subject=replace(one.subject, deadline_id=None, term=None))
    await put(pool, *flood, one)
    async with pool.acquire() as connection, connection.transaction():
        told = await teller.tell_due(connection, START, telling=telling, digests=DIGESTS)
    assert told == 2
    state = "select state from message where message_id = $1"
    assert await pool.fetchval(state, one.message_id) == "told"
    assert await pool.fetchval("select count(*) from message where state = 'waiting'") == 0
    texts = await pool.fetch(
        "select values->>'text' as text from delivery where recipient = $1", f"person:{busy}"
    )
    assert len(texts) == 1  # one digest, however much it is
    assert texts[0]["text"].endswith("另有 3000 件")  # two thousand are of one matter


async def test_a_message_that_is_there_already_costs_the_batch_nothing(pool):
    made = [a_message(f"{n}", at=START) for n in range(3)]
    await put(pool, made[1])
    async with pool.acquire() as connection, connection.transaction():
        await messages.write_fresh(connection, made)
        await messages.write_fresh(connection, made)
    assert await pool.fetchval("select count(*) from message") == 3


async def test_two_tellers_tell_each_person_once(pool, telling):
    persons = [seat_and_person(row) for row in await pool.fetch("select * from duty_shift")]
    made = []
    for n, (seat, person_id) in enumerate(persons):
        message = a_message(f"{n}", at=START, person_id=person_id, seat=seat)
        made.append(replace(message, subject=replace(message.subject, deadline_id=None, term=None)))
    await put(pool, *made)
    await asyncio.gather(*(tell_all(pool, telling, START, limit=3) for _ in range(3)))
    found = Counter(row[0] for row in await pool.fetch("select recipient from delivery"))
    assert found == Counter({f"person:{each}": 1 for _, each in persons})


async def test_the_longest_waiting_is_told_first(pool, telling):
    first, second = [
        row[0] for row in await pool.fetch("select person_id from duty_person limit 2")
    ]
    for person_id, at in ((second, START - HOUR), (first, START - 2 * HOUR)):
        message = a_message(str(person_id), at=at, person_id=person_id, way=Way.AT_ONCE)
        await put(
            pool, replace(message, subject=replace(message.subject, deadline_id=None, term=None))
        )
    async with pool.acquire() as connection, connection.transaction():
        (claimed,) = await messages.claim(connection, START, limit=1)
        assert claimed.person_id == first
        async with pool.acquire() as another, another.transaction():
            passed = await messages.claim(another, START, limit=5)
            assert [each.person_id for each in passed] == [second]
    assert telling.rota.roster.version > 0
