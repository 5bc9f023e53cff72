"""What has ended is put away by month on real PostgreSQL, listed with the rest, and comes back."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

from services.notifier.app import MIGRATIONS
from services.notifier.domain.deadline import DeadlineState
from services.notifier.put_away import Terms, make_months, put_away
from services.notifier.store import deadlines as store
from services.notifier.store import ended
from services.notifier.store.deadlines import Filter
from shared.contracts import rulings
from shared.contracts.ids import deadline_id
from shared.contracts.parts import DeadlineKind, DueChange
from tests.integration.test_notifier_tables import hear, many, watch
from tests.unit.notifier import samples
from tests.unit.notifier.samples import HOUR, PART, UNIT, WHISTLE, due_of, local

K, S = DeadlineKind, DeadlineState
START = local("2026-09-28 09:00")
DAY = timedelta(days=1)
TERMS = Terms(stays=7 * DAY, kept=3660 * DAY)


@pytest.fixture
async def pool(database):
    async with asyncpg.create_pool(await database(MIGRATIONS), min_size=2, max_size=4) as pool:
        yield pool


def runtime_of(pool) -> Any:
    """The part of a runtime that putting away needs."""

    @asynccontextmanager
    async def transaction():
        async with pool.acquire() as connection, connection.transaction():
            yield connection

    return SimpleNamespace(pool=pool, transaction=transaction)


async def put_all_away(pool, now) -> int:
    moved = 0
    while batch := await put_away(runtime_of(pool), now, terms=TERMS):
        moved += batch
    return moved


async def running(pool) -> set[DeadlineKind]:
    return {DeadlineKind(row["kind"]) for row in await pool.fetch("select kind from deadline")}


async def resolve_all(pool):
    """A whistle whose unit did all it promised, over the end of a month."""
    await hear(pool, (samples.blown(START), START))
    at, later = START + HOUR, START + 4 * DAY  # September and October
    await hear(pool, (samples.acknowledged(at), at), (samples.contacted(at), at))
    await hear(pool, (samples.resolved(later), later))
    return later


async def test_what_ended_is_put_away_by_its_month_and_still_listed(pool):
    later = await resolve_all(pool)
    assert await put_all_away(pool, START + HOUR + 7 * DAY) == 0  # stays for its days
    assert await put_all_away(pool, later + 8 * DAY) == 4
    assert await running(pool) == set()
    parts = await pool.fetch("select tableoid::regclass::text as part from deadline_ended")
    assert sorted({row["part"] for row in parts}) == [
        "deadline_ended_2026_09",
        "deadline_ended_2026_10",
    ]
    for wanted in (
        Filter(whistle_id=WHISTLE),
        Filter(ticket_id=samples.TICKET),
        Filter(unit=UNIT),
        Filter(state=S.MET),
        Filter(),
    ):
        listed = await store.listed(pool, wanted)
        assert {d.kind for d in listed} == {K.ACKNOWLEDGE, K.DEEMED, K.CONTACT, K.RESOLVE}
        assert [d.due.by for d in listed] == sorted(d.due.by for d in listed)


async def test_a_met_promise_is_reopened_at_any_time(pool):
    later = await resolve_all(pool)
    before = {d.kind: d for d in await store.listed(pool, Filter(whistle_id=WHISTLE))}
    await put_all_away(pool, later + 300 * DAY)
    at = later + 300 * DAY
    await hear(pool, (samples.review_rejected(at), at))
    assert await running(pool) == {K.RESOLVE}
    listed = {d.kind: d for d in await store.listed(pool, Filter(whistle_id=WHISTLE))}
    assert (listed[K.RESOLVE].state, listed[K.RESOLVE].seq) == (S.RUNNING, 3)
    assert listed[K.CONTACT] == before[K.CONTACT]
    assert await watch(pool, at) == 1
    history = await store.histories(pool, [listed[K.RESOLVE].deadline_id])
    assert [e.what for e in history[listed[K.RESOLVE].deadline_id]][:3] == [
        "opened",
        "met",
        "reopened",
    ]


async def test_another_due_time_for_a_part_that_was_let_go_finds_it(pool):
    await hear(pool, (samples.blown(START), START))
    at = START + HOUR
    await hear(pool, (samples.returned(at), at))
    await put_all_away(pool, at + 8 * DAY)
    on = at + 8 * DAY
    change = DueChange(assignment_id=PART, unit=UNIT, kind=K.RESOLVE, due=due_of("5WD", on))
    await hear(
        pool, (samples.whistle_fact(rulings.DueChanged, changes=(change,), reason="终裁"), on)
    )
    row = await pool.fetchrow("select state, due_by from deadline")
    assert (row["state"], row["due_by"]) == ("running", due_of("5WD", on).by)


async def test_a_report_that_was_received_in_time_and_heard_long_after_counts(pool):
    await hear(pool, (samples.blown(START), START))
    due = due_of("5WD", START).by
    await watch(pool, due)
    on = due + HOUR
    await hear(pool, (samples.returned(on), on))  # missed, and its ladder ended
    await put_all_away(pool, on + 30 * DAY)
    received = due - HOUR
    heard = on + 30 * DAY  # parked all the while
    await hear(pool, (samples.resolved(received), heard))
    row = await pool.fetchrow("select state, late from deadline where kind = 'resolve'")
    assert (row["state"], row["late"]) == ("met", False)


async def test_a_late_fact_that_changes_nothing_brings_nothing_back(pool):
    later = await resolve_all(pool)
    await put_all_away(pool, later + 8 * DAY)
    at = later + 9 * DAY
    await hear(pool, (samples.contacted(at), at))  # it was kept; what ended then stays away
    await hear(pool, (samples.returned(at), at))
    assert await running(pool) == set()


async def test_two_copies_put_away_each_row_once_and_pass_over_what_is_held(pool):
    await hear(pool, *many(40))
    await pool.execute(
        "update deadline set state = 'cancelled', ended_at = $1, fire_at = null, next_rung = null",
        START,
    )
    held = await pool.fetchval("select deadline_id from deadline order by deadline_id limit 1")
    now = START + 8 * DAY
    await make_months(runtime_of(pool), START)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select from deadline where deadline_id = $1 for update", held)
        moved = await asyncio.gather(
            put_all_away(pool, now), put_all_away(pool, now), return_exceptions=True
        )
        assert sum(moved) == 40 * 4 - 1
    assert await put_all_away(pool, now) == 1
    assert await pool.fetchval("select count(*) from deadline_ended") == 160


async def test_months_that_are_kept_no_longer_are_dropped_whole(pool):
    later = await resolve_all(pool)
    await put_all_away(pool, later + 8 * DAY)
    async with pool.acquire() as connection:
        assert await ended.drop_months(connection, local("2026-10-01 07:59")) == 0
        assert await ended.drop_months(connection, local("2026-10-01 08:00")) == 1  # UTC months
    left = await store.listed(pool, Filter(whistle_id=WHISTLE))
    assert {d.kind for d in left} == {K.RESOLVE}
    assert await pool.fetchval("select count(*) from history where what = 'met'") == 4


async def test_the_id_of_what_was_put_away_is_never_promised_twice(pool):
    await resolve_all(pool)
    await put_all_away(pool, START + 60 * DAY)
    at = START + 60 * DAY
    change = DueChange(assignment_id=PART, unit=UNIT, kind=K.RESOLVE, due=due_of("5WD", at))
    await hear(pool, (samples.whistle_fact(rulings.DueChanged, changes=(change,), reason="x"), at))
    resolve = deadline_id(PART, K.RESOLVE, 1)
    rows = await pool.fetch("select state from every_deadline where deadline_id = $1", resolve)
    assert [row["state"] for row in rows] == ["met"]
