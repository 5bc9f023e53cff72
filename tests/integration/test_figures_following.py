"""Following the fact log: nothing is passed over, nothing counts twice, plans use their indexes."""

from contextlib import asynccontextmanager
from datetime import date
from functools import partial
from itertools import pairwise

import asyncpg
import pytest

from services.notifier import score as verb
from services.notifier.app import MIGRATIONS
from services.notifier.domain.figures.figure import Figure
from services.notifier.fact_log import FactLog
from services.notifier.rebuild import rebuild
from services.notifier.score import score
from services.notifier.store import figures as store
from services.notifier.store.fact_reading import SQL as READING
from services.notifier.store.fact_reading import Settling
from services.notifier.store.figures import By, Scope
from shared.errors import ConflictError
from tests.support.figure_tables import follow_all, incoming, log_facts, rows
from tests.support.quarter import Quarter

WHOLE = Scope(first=date(2026, 1, 1), last=date(2026, 12, 31))


@pytest.fixture
async def pool(database):
    async with asyncpg.create_pool(await database(MIGRATIONS), min_size=2, max_size=6) as pool:
        yield pool


@asynccontextmanager
async def transaction_of(pool):
    async with pool.acquire() as connection, connection.transaction():
        yield connection


def some(seed: int, tickets: int = 30) -> list:
    return list(Quarter(seed, tickets).heard())


async def test_a_lower_place_that_is_committed_later_is_not_passed_over(pool):
    """Two writers at once: the second one's facts have higher places and are there first."""
    log, said = FactLog(), some(1)
    now = said[0].at
    for each in {(said.at.year, said.at.month): said.at for said in said}.values():
        await log.make_ready(partial(transaction_of, pool), each)
    settling = Settling()
    async with pool.acquire() as one, pool.acquire() as two, pool.acquire() as reader:
        async with one.transaction():
            await log.write(one, [incoming(said[0])], now)
            async with two.transaction():
                await log.write(two, [incoming(each) for each in said[1:]], now)
            async with reader.transaction():
                assert await score(reader, settling) == 0
            assert await reader.fetchval("select place from figure_position") == 0
            assert await reader.fetchval("select count(*) from figure_ticket") == 0
        for _ in range(2):
            async with reader.transaction():
                await score(reader, settling)
        place = await reader.fetchval("select place from figure_position")
        assert place == await reader.fetchval("select max(place) from fact")
    followed = await rows(pool)
    await rebuild(pool.acquire)
    assert await rows(pool) == followed


async def test_the_youngest_writer_alone_is_waited_for(pool):
    """Its id is above all that have ended: a snapshot's end does not tell of it."""
    log, said = FactLog(), some(1)
    await log.make_ready(partial(transaction_of, pool), said[0].at)
    settling = Settling()
    async with pool.acquire() as writer, pool.acquire() as reader:
        async with writer.transaction():
            await log.write(writer, [incoming(said[0])], said[0].at)
            for _ in range(3):
                async with reader.transaction():
                    assert await score(reader, settling) == 0
            assert await reader.fetchval("select place from figure_position") == 0
        async with reader.transaction():
            await score(reader, settling)
        assert await reader.fetchval("select place from figure_position") == 1


async def test_only_one_copy_follows(pool):
    await log_facts(pool, some(2), some(2)[0].at)
    async with transaction_of(pool) as one, transaction_of(pool) as two:
        await score(one, Settling(), limit=50)
        assert await score(two, Settling()) == 0
        assert await two.fetchval("select count(*) from figure_ticket") == 0


async def test_one_batch_or_many_come_out_equal(pool):
    said = some(3, 60)
    await log_facts(pool, said, said[0].at)
    await follow_all(pool, limit=7)
    in_small = await rows(pool)
    await rebuild(pool.acquire)
    assert await rows(pool) == in_small


async def test_a_rebuild_goes_on_while_facts_are_heard(pool, monkeypatch):
    said = some(4, 80)
    half = len(said) // 2
    await log_facts(pool, said[:half], said[0].at)
    await follow_all(pool)
    heard = iter(range(half, len(said), 40))
    lefts = []

    async def more(connection, facts):
        """Between two batches of the rebuild others hear, and the first set follows."""
        await fold(connection, facts)
        start = next(heard, None)
        if start is not None:
            lefts.append(len(facts))
            await log_facts(pool, said[start : start + 40], said[0].at)

    fold = verb.fold
    monkeypatch.setattr(verb, "fold", more)
    monkeypatch.setattr("services.notifier.rebuild.BATCH_FACTS", 60)
    monkeypatch.setattr("services.notifier.rebuild.NEARLY", 20)
    await rebuild(pool.acquire)
    monkeypatch.undo()
    assert len(lefts) > 3
    for start in heard:
        await log_facts(pool, said[start : start + 40], said[0].at)
    await follow_all(pool)
    after = await rows(pool)
    await rebuild(pool.acquire)
    assert await rows(pool) == after


async def test_two_rebuilds_do_not_meet(pool):
    async with pool.acquire() as connection:
        await connection.execute("select pg_advisory_lock(hashtext('figures-rebuild'))")
        with pytest.raises(ConflictError):
            await rebuild(pool.acquire)


async def test_the_rebuilt_tables_are_guarded_as_the_first_ones(pool):
    async def described():
        indexes = await pool.fetch(
            "select indexname, indexdef from pg_indexes where tablename like 'figure%' order by 1"
        )
        checks = await pool.fetch(
            "select conname, contype, pg_get_constraintdef(oid) from pg_constraint"
            " where conrelid::regclass::text like 'figure%' order by 1, 3"
        )
        return [tuple(row) for row in indexes], [tuple(row) for row in checks]

    before = await described()
    await rebuild(pool.acquire)
    assert await described() == before
    assert len(before[0]) > 20


async def plan(connection, statement: str, *arguments) -> str:
    found = await connection.fetch(f"explain {statement}", *arguments)
    return "\n".join(row[0] for row in found)


async def test_the_queries_use_their_indexes(pool):
    quarter = Quarter(5, 900)
    await log_facts(pool, quarter.heard(), quarter.now)
    await follow_all(pool)
    await pool.execute("analyze")
    day = Scope(first=date(2026, 8, 3), last=date(2026, 8, 4))
    unit = Scope(first=WHOLE.first, last=WHOLE.last, unit="BH-CGJ")
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(store.SQL.plan_anew)
        await connection.execute("set local enable_seqscan = off")
        given = ("unit", *day.filters)
        assert "figure_part_day" in await plan(connection, store.SQL.of_parts, *given, quarter.now)
        assert "figure_round_day" in await plan(connection, store.SQL.of_rounds, *given)
        assert "figure_ticket_day" in await plan(connection, store.SQL.of_tickets, *given)
        late = await plan(connection, store.SQL.of_overdue, "unit", *WHOLE.filters, quarter.now)
        assert "figure_part_owed" in late
        own = await plan(connection, store.SQL.of_parts, "unit", *unit.filters, quarter.now)
        assert "figure_part_unit" in own
        follow = await plan(connection, READING.facts_after, 10, 500, list(verb.TYPES), 100)
        assert "place" in follow
        assert "Sort" not in follow.replace("Sort Key", "")


async def test_pages_behind_a_figure_follow_each_other(pool):
    quarter = Quarter(6, 200)
    await log_facts(pool, quarter.heard(), quarter.now)
    await follow_all(pool)
    for figure in (Figure.RESPONSE, Figure.RESOLUTION, Figure.HOPS, Figure.WHISTLE_RATE):
        found, after = [], None
        async with pool.acquire() as connection, connection.transaction():
            while page := await store.behind(
                connection, figure, WHOLE, quarter.now, kept=None, after=after, limit=13
            ):
                found += page
                last = page[-1]
                after = store.After(day=last.day, row_id=last.row_id, round=last.round)
        places = [(each.day, each.row_id, each.round) for each in found]
        assert all(one > two for one, two in pairwise(places))
        assert len(found) > 5


async def test_groups_make_up_the_whole(pool):
    quarter = Quarter(8, 200)
    await log_facts(pool, quarter.heard(), quarter.now)
    await follow_all(pool)
    async with pool.acquire() as connection, connection.transaction():
        whole = (await store.counted(connection, WHOLE, By.CITY, quarter.now))["city"]
        for by in (By.UNIT, By.STREET, By.MAJOR, By.DAY):
            parts = await store.counted(connection, WHOLE, by, quarter.now)
            for name in ("tickets", "respond_n", "respond_kept", "solved", "marked"):
                assert sum(getattr(each, name) for each in parts.values()) == getattr(whole, name)
