"""The notifier's verbs on real PostgreSQL: bulk, two at once, plans, partitions, history."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.notifier.app import MIGRATIONS
from services.notifier.channels import load_wording
from services.notifier.domain.deadline import DeadlineState
from services.notifier.fact_log import FactLog
from services.notifier.store import deadlines as store
from services.notifier.store.deadlines import Filter
from services.notifier.tell import tell_urgings
from services.notifier.track import track
from services.notifier.watch import TRY_AGAIN, fire_due
from shared.contracts import envelope, tickets, whistles
from shared.contracts.ids import deadline_id, rung_id
from shared.contracts.parts import DeadlineKind
from shared.runtime import history
from shared.runtime.incoming import Incoming
from tests.support.stack import owner_dsn
from tests.unit.notifier import samples
from tests.unit.notifier.samples import ESCALATION, HOUR, local

K, S = DeadlineKind, DeadlineState
START = local("2026-09-10 09:00")
WORDING = load_wording()


@pytest.fixture
async def pool(database):
    dsn = owner_dsn(await database(MIGRATIONS))  # so that a story can be told twice
    async with asyncpg.create_pool(dsn, min_size=2, max_size=4) as pool:
        yield pool


def incoming(data, at: datetime, *, topic: str | None = None) -> Incoming:
    subject = str(getattr(data, "whistle_id", None) or data.ticket_id)
    if isinstance(data, tickets.TicketFact):
        subject = str(data.ticket_id)
    value = envelope.write(
        event_id=uuid4(), source="/test", subject=subject, time=at, data=data
    ).encode()
    return Incoming(
        topic=topic or ("tickets" if isinstance(data, tickets.TicketFact) else "whistles"),
        partition=0,
        offset=0,
        received_at=at,
        event_id=str(uuid4()),
        source="/test",
        type=data.TYPE,
        subject=subject,
        time=at,
        data=data,
        traceparent=None,
        value=value,
    )


async def hear(pool, *facts) -> None:
    """One batch in one transaction, as the consumer does it."""
    events = [incoming(data, at) for data, at in facts]
    async with pool.acquire() as connection, connection.transaction():
        await FactLog().write(connection, events, START)
        await track(connection, events, escalation=ESCALATION)
        await tell_urgings(connection, events, wording=WORDING)


async def watch(pool, now: datetime, *, limit: int = 1000) -> int:
    async with pool.acquire() as connection, connection.transaction():
        fired = await fire_due(connection, now, escalation=ESCALATION, wording=WORDING, limit=limit)
    return len(fired)


async def states(pool) -> dict[DeadlineKind, DeadlineState]:
    return {d.kind: d.state for d in await store.listed(pool, Filter())}


async def forget_history(pool) -> None:
    """So that one story can be told twice."""
    async with pool.acquire() as connection, connection.transaction():
        for ledger in ("history", "fact"):
            await connection.execute(f"alter table {ledger} disable trigger user")
            await connection.execute(f"truncate {ledger}")
            await connection.execute(f"alter table {ledger} enable trigger user")


def many(number: int) -> list[tuple[whistles.Blown, datetime]]:
    """Whistles of one unit each, all blown at one instant."""
    return [
        (
            samples.blown(
                START,
                whistle_id=uuid4(),
                ticket_ids=(),
                assignments=(samples.an_assignment(START, assignment_id=uuid4()),),
            ),
            START,
        )
        for _ in range(number)
    ]


async def test_a_life_of_promises_in_the_tables(pool):
    await hear(pool, (samples.blown(START + HOUR), START + HOUR))  # before its ticket is heard
    await hear(pool, (samples.registered(START), START))
    assert (await states(pool))[K.DISPATCH] is S.MET
    at = START + 2 * HOUR
    await hear(
        pool,
        (samples.acknowledged(at), at),
        (samples.contacted(at), at),
        (samples.resolved(at + HOUR), at + HOUR),
        (samples.callback_opened(at + HOUR), at + HOUR),
        (samples.called_back(), at + 2 * HOUR),
        (samples.closed(), at + 2 * HOUR),
        (samples.whistle_fact(whistles.Closed), at + 2 * HOUR),
    )
    assert set((await states(pool)).values()) == {S.MET}
    assert await watch(pool, START + timedelta(days=90)) == 0
    facts = await pool.fetch("select subject, seq, at, event from fact order by at, seq")
    assert len(facts) == 9
    assert facts[0]["subject"] == str(samples.TICKET)


async def test_every_row_comes_back_as_it_was(pool):
    await hear(pool, (samples.registered(START), START), (samples.blown(START), START))
    async with pool.acquire() as connection:
        before = await store.lock(connection, deadline_ids=(), whistle_ids=[samples.WHISTLE])
    await watch(pool, START + timedelta(days=2))
    suspended = START + timedelta(days=2)
    await hear(pool, (samples.suspended(suspended), suspended))
    after = {d.kind: d for d in await store.listed(pool, Filter(whistle_id=samples.WHISTLE))}
    assert after[K.RESOLVE].state is S.PAUSED
    assert after[K.RESOLVE].paused_at == suspended
    assert after[K.ACKNOWLEDGE].state is S.MISSED
    assert after[K.ACKNOWLEDGE].fired[:3] == ("yellow", "red", "due")
    for deadline in before.values():
        changed = after[deadline.kind]
        assert changed.seq > deadline.seq
        assert (
            replace(
                changed,
                **{
                    name: getattr(deadline, name)
                    for name in ("state", "late", "fired", "next_rung", "fire_at", "paused_at")
                },
                seq=deadline.seq,
                history_hash=deadline.history_hash,
            )
            == deadline
        )


async def test_the_history_is_a_chain_that_ends_at_the_row(pool):
    await hear(pool, (samples.blown(START), START))
    await watch(pool, START + timedelta(days=30))
    at = START + timedelta(days=30)
    await hear(pool, (samples.resolved(at), at))
    for deadline in await store.listed(pool, Filter(whistle_id=samples.WHISTLE)):
        rows = await pool.fetch(
            "select * from history where aggregate_id = $1 order by seq", deadline.deadline_id
        )
        assert [row["seq"] for row in rows] == list(range(1, deadline.seq + 1))
        previous = history.FIRST_HASH
        for row in rows:
            fields = (
                *(row["aggregate_id"], row["seq"], row["at"].isoformat(), row["what"]),
                *(row["role"], row["unit"], row["actor_name"], row["on_behalf_of"]),
                *(row["before"], row["after"], row["policy"]),
            )
            assert row["previous_hash"] == previous
            assert row["hash"] == history.row_hash(previous, fields)
            previous = row["hash"]
        assert deadline.history_hash == previous


async def test_two_transactions_that_hear_of_one_ticket_do_not_miss_each_other(pool):
    """The registration and the blowing are committed at once by two processes."""
    for first, second in (
        ((samples.registered(START), START), (samples.blown(START), START)),
        ((samples.blown(START), START), (samples.registered(START), START)),
    ):
        await pool.execute("truncate deadline, ticket_known, whistle_known")
        async with pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            await track(connection, [incoming(*first)], escalation=ESCALATION)
            other = asyncio.create_task(hear(pool, second))
            waiting = "select exists (select from pg_stat_activity where wait_event_type = 'Lock')"
            while not await connection.fetchval(waiting):
                assert not other.done()
            await transaction.commit()
            await other
        assert (await states(pool))[K.DISPATCH] is S.MET
        await forget_history(pool)


async def test_two_watches_fire_each_promise_once(pool):
    await hear(pool, *many(300))
    now = local("2026-09-10 13:00")  # acknowledge: 4 wh from 09:00

    async def one() -> int:
        fired = 0
        while batch := await watch(pool, now, limit=40):
            fired += batch
        return fired

    assert sum(await asyncio.gather(one(), one(), one())) == 300
    missed = await pool.fetchval("select count(*) from deadline where state = 'missed'")
    assert missed == 300
    rows = await pool.fetch(
        "select type, count(*), count(distinct event_id) from outbox group by 1"
    )
    assert {row["type"]: tuple(row)[1:] for row in rows} == {
        "shaodao.deadline.warned.v1": (600, 600),
        "shaodao.deadline.missed.v1": (300, 300),
        "shaodao.notice.overdue.v1": (300, 300),
    }


async def test_a_watch_that_dies_leaves_everything_to_the_next(pool):
    await hear(pool, *many(5))
    now = START + timedelta(days=60)
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        fired = await fire_due(connection, now, escalation=ESCALATION, wording=WORDING)
        assert len(fired) == 20  # acknowledge, deemed, contact and resolve of five
        assert await watch(pool, now) == 0  # held by the first
        await transaction.rollback()
    assert await pool.fetchval("select count(*) from outbox") == 0
    assert await watch(pool, now) == 20
    assert await watch(pool, now) == 0


async def test_one_promise_that_cannot_be_worked_out_does_not_hold_up_the_others(pool):
    await hear(pool, *many(3))
    broken = await pool.fetchval(
        "update deadline set due_by = '2099-12-31 10:00Z', due_rule = '1WD', fire_at = $1,"
        " state = 'missed', late = true, fired = '{yellow,red,due}'"
        " where deadline_id = (select deadline_id from deadline where kind = 'resolve' limit 1)"
        " returning deadline_id",
        START,
    )
    now = START + timedelta(days=30)
    assert await watch(pool, now) == 12
    assert await watch(pool, now) == 0
    missed = "select count(*) from deadline where state = 'missed' and kind <> 'supervision'"
    assert await pool.fetchval(missed) == 12
    at = await pool.fetchval("select fire_at from deadline where deadline_id = $1", broken)
    assert at == now + TRY_AGAIN


async def test_the_miss_has_its_lasting_id_and_the_next_rung_is_set(pool):
    await hear(pool, (samples.blown(START), START))
    id_ = deadline_id(samples.PART, K.ACKNOWLEDGE, 1)
    due = local("2026-09-10 13:00")
    await watch(pool, due)
    event = await pool.fetchrow("select * from outbox where type like '%missed%'")
    assert event["event_id"] == rung_id(id_, 1, "due")
    assert (event["aggregatetype"], event["aggregateid"]) == ("deadlines", str(samples.WHISTLE))
    found = {d.kind: d for d in await store.listed(pool, Filter())}[K.ACKNOWLEDGE]
    assert (found.next_rung, found.fire_at) == (
        "district_supervision",
        local("2026-09-11 17:30"),
    )


async def test_urging_reaches_the_units_that_still_owe_something_in_either_order(pool):
    other = UUID("01900000-0000-7000-8000-00000000000a")
    parts = (
        samples.an_assignment(START),
        samples.an_assignment(START, assignment_id=other, unit="C-GR"),
    )
    blown = (samples.blown(START, assignments=parts), START)
    urged = (samples.ticket_fact(tickets.Urged, count=2), START + HOUR)
    notices = "select aggregatetype, event_id from outbox where type like '%urged%' order by 1"
    for order in ((blown, urged), (urged, blown)):
        await pool.execute("truncate deadline, ticket_known, whistle_known, outbox")
        await forget_history(pool)
        for fact in order:
            await hear(pool, fact)
        rows = await pool.fetch(notices)
        assert [row["aggregatetype"] for row in rows] == [
            *("bureau.BH-CGJ.notices", "bureau.C-GR.notices")
        ]
    ids = {row["event_id"] for row in rows}
    at = START + 2 * HOUR
    await hear(pool, (samples.returned(at), at))
    await hear(pool, urged)  # the same fact again: the same ids
    again = await pool.fetch(notices)
    assert [row["aggregatetype"] for row in again].count("bureau.C-GR.notices") == 2
    assert [row["aggregatetype"] for row in again].count("bureau.BH-CGJ.notices") == 1
    assert {row["event_id"] for row in again} == ids


async def test_facts_go_to_the_partition_of_their_month_also_one_nobody_foresaw(pool):
    log = FactLog()
    await log.make_ready(pool_transaction(pool), START)
    tables = "select count(*) from pg_inherits where inhparent = 'fact'::regclass"
    assert await pool.fetchval(tables) == 4
    far = datetime(2031, 12, 31, 23, 59, tzinfo=UTC)
    events = [
        incoming(samples.registered(START), START),
        incoming(samples.closed(), far),
        incoming(samples.called_back(), far + HOUR),  # January 2032
    ]
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await log.write(connection, events, START)
        await transaction.rollback()  # what was made is gone again, and not remembered
    async with pool.acquire() as connection, connection.transaction():
        await log.write(connection, events, START)
    rows = await pool.fetch("select tableoid::regclass::text as part, type from fact order by at")
    assert [row["part"] for row in rows] == ["fact_2026_09", "fact_2031_12", "fact_2032_01"]
    assert await pool.fetchval("select event->'data'->>'number' from fact order by at") == "T1"


async def test_two_transactions_may_need_the_same_new_month(pool):
    async def one() -> None:
        async with pool.acquire() as connection, connection.transaction():
            await FactLog().write(connection, [incoming(samples.closed(), START)], START)
            await asyncio.sleep(0)

    await asyncio.gather(*(one() for _ in range(4)))
    assert await pool.fetchval("select count(*) from fact") == 4


@pytest.mark.parametrize(
    "change",
    [
        "state = 'done'",
        "state = 'met'",
        "late = true",
        "paused_at = due_by",
        "next_rung = null",
        "ended_at = due_by",
        "unit = null",
        "state = 'missed'",
        "urgency = 'soon'",
    ],
)
async def test_the_database_refuses_impossible_rows(pool, change):
    await hear(pool, (samples.blown(START), START))
    with pytest.raises(asyncpg.CheckViolationError):
        await pool.execute(f"update deadline set {change} where kind = 'resolve'")  # noqa: S608


async def test_the_kinds_and_states_of_the_table_are_those_of_the_code(pool):
    checks = "\n".join(
        await pool.fetchval(
            "select array_agg(pg_get_constraintdef(oid)) from pg_constraint"
            " where conrelid = 'deadline'::regclass and contype = 'c'"
        )
    )
    for member in [*DeadlineKind, *DeadlineState]:
        assert f"'{member}'" in checks


async def test_a_whole_batch_at_its_size_takes_few_statements(pool):
    """Work goes by batches, not by facts: the number of statements does not grow with it."""
    counts = []
    for number in (1, 5, 200):  # the first also looks up the types
        log: list[object] = []
        async with pool.acquire() as connection, connection.transaction():
            connection.add_query_logger(log.append)
            events = [incoming(*fact) for fact in many(number)]
            await track(connection, events, escalation=ESCALATION)
            connection.remove_query_logger(log.append)
        counts.append(len(log))
    assert counts[1] == counts[2] <= 4


def pool_transaction(pool):
    @asynccontextmanager
    async def transaction():
        async with pool.acquire() as connection, connection.transaction():
            yield connection

    return transaction
