"""Telling people on real PostgreSQL: rota, messages, claims, beats, release; two at once."""

import asyncio
import base64
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.notifier import release, rota, tell, teller
from services.notifier.app import MIGRATIONS
from services.notifier.channels import load_wording
from services.notifier.domain.telling.gap import Beat
from services.notifier.domain.telling.message import MessageState, Way
from services.notifier.domain.telling.posts import Post, Seat
from services.notifier.domain.telling.roster import Roster
from services.notifier.heartbeat import Heartbeat
from services.notifier.persons import Addresses, Who, set_contact
from services.notifier.release import Releasing
from services.notifier.roster import RosterNow, read
from services.notifier.rota import NewShift, NewSubstitute
from services.notifier.seed_rota import seed_rota, seed_units
from services.notifier.store import gaps, messages
from services.notifier.store import rota as rota_store
from services.notifier.tell import Telling
from services.notifier.track import track
from services.notifier.watch import fire_due
from services.notifier.wording import load_digests
from shared.catalogue.load import load_catalogue
from shared.contracts import tickets
from shared.contracts.parts import Actor, Role
from shared.contracts.values import Urgency
from shared.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from shared.runtime.clock import Clock
from shared.sealing import Seals
from tests.integration.test_notifier_tables import hear, incoming
from tests.support.rota import ROTA, SEALS
from tests.unit.notifier import samples
from tests.unit.notifier.samples import ESCALATION, HOUR, UNIT, local
from tests.unit.notifier.telling_samples import CITY, DISTRICT, RULES, a_message

START = local("2026-09-10 09:00")
WORDING = load_wording()
DIGESTS = load_digests(WORDING)
CATALOGUE = load_catalogue()
SUPERVISOR = Actor(role=Role.SUPERVISOR, name="王督办")
LIAISON = Actor(role=Role.LIAISON, unit=UNIT)


@pytest.fixture
async def pool(database):
    async with asyncpg.create_pool(await database(MIGRATIONS), min_size=2, max_size=6) as pool:
        yield pool


@dataclass
class Ground:
    """What the heartbeat needs of a runtime."""

    pool: object
    clock: Clock

    def transaction(self):
        return _Transaction(self.pool)


class _Transaction:
    def __init__(self, pool) -> None:
        self._pool = pool

    async def __aenter__(self):
        self._connection = await self._pool.acquire()
        self._transaction = self._connection.transaction()
        await self._transaction.start()
        return self._connection

    async def __aexit__(self, kind, *_):
        await (self._transaction.rollback() if kind else self._transaction.commit())
        await self._pool.release(self._connection)


@pytest.fixture(scope="module")
def few(tmp_path_factory) -> Path:
    """Of the demo city's rota one bureau, and everybody above it."""
    lines = ROTA.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.split(",")[1] in ("", UNIT) or line is lines[0]]
    file = tmp_path_factory.mktemp("rota") / "few.csv"
    file.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return file


@pytest.fixture
async def telling(pool, few) -> Telling:
    """Who is told what, with a rota of a few people."""
    return await telling_of(pool, few)


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


def seat_and_person(row) -> tuple[Seat, UUID]:
    return Seat(Post(row["post"]), row["unit"] or row["region"]), row["person_id"]


async def person_at(pool, seat: Seat) -> UUID:
    return await pool.fetchval(
        "select person_id from duty_shift where post = $1 and coalesce(unit, region) = $2",
        seat.post,
        seat.place,
    )


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


@pytest.mark.parametrize("confidential", [False, True])
async def test_a_text_names_the_matter_unless_it_is_confidential(pool, telling, confidential):
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
           values ($1, 1, 0, $2, false, false, false, 1, 0, 0, false, 0, 0, false)""",
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
        assert ("路灯不亮" in text) is not confidential


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
