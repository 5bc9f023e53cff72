"""The watch and the board hit their indexes, whatever has ended; millions of rows as proof."""

from datetime import timedelta
from itertools import pairwise
from uuid import uuid4

import asyncpg
import pytest

from services.notifier.app import MIGRATIONS
from services.notifier.domain.deadline import DeadlineState
from services.notifier.store import board, deadlines, ended
from services.notifier.store.deadlines import FIRST
from shared.contracts.ids import deadline_id
from shared.contracts.parts import DeadlineKind
from tests.integration.test_notifier_tables import hear
from tests.unit.notifier import samples
from tests.unit.notifier.samples import local

MONTHS = [local(f"2025-{month:02}-01 08:00") for month in range(1, 13)]  # UTC months
NOW = local("2026-01-05 10:00")
UNITS = 180

# One row as the notifier wrote it, many times over with other ids, units and times.
OTHERS = {
    "deadline_id": "gen_random_uuid()",
    "whistle_id": "gen_random_uuid()",
    "ticket_id": "gen_random_uuid()",
    "unit": "'U' || (n % $2)",
}
RUNNING = OTHERS | {
    "due_by": "$3::timestamptz + n * interval '10 seconds'",
    "fire_at": "$3::timestamptz + n * interval '10 seconds'",
}
ENDED = OTHERS | {
    "state": "(array['met', 'met', 'met', 'cancelled'])[1 + n % 4]",
    "due_by": "$3::timestamptz + n % 2000000 * interval '1 second'",
    "met_at": "case when n % 4 < 3 then $3::timestamptz end",
    "ended_at": "$3::timestamptz + n % 2000000 * interval '1 second'",
    "fire_at": "null",
    "next_rung": "null",
}


def copies(table: str, others: dict[str, str]) -> str:
    columns = deadlines.COLUMNS
    values = ", ".join(others.get(name, f"d.{name}") for name in columns)
    rows = "from deadline d, generate_series(1, $1) n where d.deadline_id = $4"
    return " ".join(("insert into", table, "(", ", ".join(columns), ") select", values, rows))


@pytest.fixture
async def pool(database):
    async with asyncpg.create_pool(await database(MIGRATIONS), min_size=1, max_size=2) as pool:
        yield pool


async def fill(pool, *, running: int, a_month: int) -> None:
    """So many that run, and for each month so many that have ended."""
    await hear(pool, (samples.blown(NOW), NOW))
    resolve = deadline_id(samples.PART, DeadlineKind.RESOLVE, 1)
    async with pool.acquire() as connection:
        await connection.execute(
            copies("deadline", RUNNING), running, UNITS, NOW, resolve, timeout=600
        )
        for starts, ends in pairwise((*MONTHS, local("2026-01-01 08:00"))):
            await ended.ensure_month(connection, starts, ends)
            await connection.execute(
                copies("deadline_ended", ENDED), a_month, UNITS, starts, resolve, timeout=1800
            )
        await connection.execute("vacuum analyze deadline", timeout=600)
        await connection.execute("vacuum analyze deadline_ended", timeout=1800)


async def plan_of(pool, statement: str, *values: object) -> str:
    async with pool.acquire() as connection:
        return "\n".join(row[0] for row in await connection.fetch("explain " + statement, *values))


STATES = list(DeadlineState)
PLACE = (*FIRST, 100, None)
WATCH = {
    "claim": (deadlines.SQL.claim_due, (NOW, 500), "deadline_fire_at"),
    "next": (deadlines.SQL.next_fire_at, (), "deadline_fire_at"),
    "locked": (deadlines.SQL.deadlines_locked, ([uuid4()] * 9, [uuid4()] * 9), "deadline_whistle"),
    "first ended": (ended.SQL.first_ended, (NOW,), "deadline_to_put_away"),
    "put away": (ended.SQL.put_away, (NOW, 1000), "deadline_to_put_away"),
}
LISTS = {
    "brought back": (ended.SQL.bring_back, ([uuid4()],), "pkey"),
    "brought back since": (ended.SQL.bring_back_since, ([uuid4()], MONTHS[-1]), "pkey"),
    "of a whistle": (
        deadlines.SQL.list_of_matter,
        (None, uuid4(), None, STATES, *PLACE),
        "whistle_id_idx",
    ),
    "of a ticket": (
        deadlines.SQL.list_of_matter,
        (uuid4(), None, None, STATES, *PLACE),
        "ticket_id_idx",
    ),
    "of a unit": (deadlines.SQL.list_of_unit, ("U7", STATES, *PLACE), "unit_due_by"),
    "of a unit, missed": (deadlines.SQL.list_of_unit, ("U7", ["missed"], *PLACE), "due_by"),
    "in a state": (deadlines.SQL.list_in_state, (["missed"], *PLACE), "state_due_by"),
    "all": (deadlines.SQL.list_in_state, (STATES, *PLACE), "state_due_by"),
}


async def check(pool) -> None:
    for name, (statement, values, index) in (WATCH | LISTS).items():
        plan = await plan_of(pool, statement, *values)
        assert "Seq Scan on deadline" not in plan, (name, plan)
        assert index in plan, (name, plan)
        assert ("deadline_ended" in plan) == (name in LISTS or name == "put away"), (name, plan)
    since = await plan_of(pool, *LISTS["brought back since"][:1], *LISTS["brought back since"][1])
    assert "deadline_ended_2025_12" in since
    assert "deadline_ended_2025_11" not in since
    none = (["deemed"], *[None] * 5)
    page = (*none, None, None, None, *FIRST, 50)
    overdue = await plan_of(pool, board.SQL.board_overdue, *page)
    assert "deadline_overdue" in overdue
    soon = await plan_of(pool, board.SQL.board_matters, *page, "running", False)
    assert "deadline_state" in soon
    for plan in (overdue, soon):  # the other promises of a matter, by its own indexes
        assert "deadline_whistle" in plan, plan
        assert "Seq Scan on deadline" not in plan, plan
    open_now = await plan_of(pool, board.SQL.board_units, *none, *[NOW] * 4)
    assert not any("deadline_ended" in plan for plan in (overdue, soon, open_now))


async def test_the_watch_and_the_lists_hit_their_indexes(pool):
    await fill(pool, running=6_000, a_month=3_000)
    await check(pool)
    listed = await deadlines.listed(pool, deadlines.Filter(unit="U7", limit=500))
    assert [d.due.by for d in listed] == sorted(d.due.by for d in listed)
    assert {d.unit for d in listed} == {"U7"}


async def test_a_page_of_all_is_in_the_order_of_due_times_across_both_tables(pool):
    await fill(pool, running=300, a_month=30)
    wanted = deadlines.Filter(limit=100)
    seen = []
    while page := await deadlines.listed(pool, wanted):
        seen += page
        wanted = deadlines.Filter(limit=100, after=(page[-1].due.by, page[-1].deadline_id))
    places = [(d.due.by, d.deadline_id) for d in seen]
    assert places == sorted(set(places))
    assert len(places) == 4 + 300 + 12 * 30


@pytest.mark.proof
async def test_the_watch_and_the_lists_hit_their_indexes_beside_ten_million_that_ended(pool):
    await fill(pool, running=200_000, a_month=850_000)
    await check(pool)
    slowest = timedelta(milliseconds=200)
    async with pool.acquire() as connection:
        for name, (statement, values, _) in (WATCH | LISTS).items():
            transaction = connection.transaction()
            await transaction.start()
            lines = await connection.fetch("explain (analyze) " + statement, *values)
            await transaction.rollback()
            took = next(row[0] for row in lines if row[0].startswith("Execution Time"))
            assert float(took.split()[2]) < slowest / timedelta(milliseconds=1), (name, lines)
