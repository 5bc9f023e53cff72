"""What is told of the figures: behind at eight, rebuilt and compared, rulings on what counts."""

from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from services.notifier import brief, exclude
from services.notifier.app import MIGRATIONS
from services.notifier.rebuild import Rebuilds, rebuild
from services.notifier.store import briefs, rebuilds
from services.notifier.store.rebuilds import RebuildState
from shared.catalogue.load import load_catalogue
from shared.contracts.figures import ExclusionReason
from shared.contracts.parts import Actor, Role
from shared.errors import ConflictError, NotFoundError
from tests.support.figure_tables import follow_all, log_facts
from tests.support.quarter import Quarter
from tests.support.waiting import eventually
from tests.unit.notifier.samples import local

EIGHT = local("2026-10-10 08:00")
DAY = EIGHT.date() - timedelta(days=1)
RULED = {
    "reason": ExclusionReason.MALICIOUS,
    "words": "回听确认为恶意诉求",
    "actor": Actor(role=Role.SUPERVISOR, name="督办员李"),
    "policy": "1",
    "now": EIGHT,
}


@pytest.fixture
async def pool(database):
    async with asyncpg.create_pool(await database(MIGRATIONS), min_size=2, max_size=6) as pool:
        yield pool


@asynccontextmanager
async def transaction_of(pool):
    async with pool.acquire() as connection, connection.transaction():
        yield connection


async def written(pool, *, patient):
    async with transaction_of(pool) as connection:
        done = await brief.write_due(connection, EIGHT, catalogue=load_catalogue(), patient=patient)
        return done, await briefs.find(connection, DAY)


async def test_the_brief_waits_for_the_figures_then_says_up_to_when_they_count(pool):
    heard_at = EIGHT - timedelta(minutes=2)
    await log_facts(pool, Quarter(11, 20).heard(), heard_at)
    assert await written(pool, patient=True) == (False, None)
    done, page = await written(pool, patient=False)
    assert done
    assert page.counted_to == heard_at


async def test_the_brief_is_whole_once_all_that_was_heard_by_eight_is_counted(pool):
    said = list(Quarter(12, 20).heard())
    await log_facts(pool, said[:-5], EIGHT - timedelta(minutes=2))
    await follow_all(pool)
    await log_facts(pool, said[-5:], EIGHT + timedelta(seconds=1))  # heard after, not waited for
    done, page = await written(pool, patient=True)
    assert done
    assert page.counted_to is None


async def test_a_rebuild_tells_where_it_differs(pool):
    await log_facts(pool, Quarter(13, 40).heard(), EIGHT)
    _, tables = await rebuild(pool.acquire)  # nothing was followed before: it is, first
    assert rebuilds.is_equal(tables)
    assert {each.name: each.n for each in tables}["figure_ticket"] == 40
    await pool.execute(
        "update figure_ticket set hops = hops + 1 where ticket_id ="
        " (select min(ticket_id::text)::uuid from figure_ticket)"
    )
    _, tables = await rebuild(pool.acquire)
    assert not rebuilds.is_equal(tables)
    differing = [(t.name, t.only_before, t.only_after) for t in tables if t.only_before]
    assert differing == [("figure_ticket", 1, 1)]
    _, tables = await rebuild(pool.acquire)
    assert rebuilds.is_equal(tables), "the rebuilt set took its place"


async def test_how_a_rebuild_stands_is_told_by_every_copy(pool):
    await log_facts(pool, Quarter(14, 30).heard(), EIGHT)
    asked = await Rebuilds().begin(pool.acquire, EIGHT)
    assert asked.state is RebuildState.RUNNING

    async def done():
        async with pool.acquire() as other:
            status = await rebuilds.last(other)
            assert status.state is not RebuildState.FAILED, status
            return status if status.state is RebuildState.DONE else None

    status = await eventually(done)
    assert (status.equal, status.began_at, status.error) == (True, EIGHT, None)


async def test_a_rebuild_whose_copy_ended_has_failed(pool):
    running = rebuilds.RebuildStatus(state=RebuildState.RUNNING, began_at=EIGHT, left=7)
    async with pool.acquire() as runs, pool.acquire() as other:
        await runs.execute("select pg_advisory_lock(hashtext('figures-rebuild'))")
        await rebuilds.keep(runs, running)
        assert (await rebuilds.last(other)).state is RebuildState.RUNNING
        with pytest.raises(ConflictError):
            await Rebuilds().begin(pool.acquire, EIGHT)
        await runs.execute("select pg_advisory_unlock(hashtext('figures-rebuild'))")
        gone = await rebuilds.last(other)
        assert gone.state is RebuildState.FAILED
        assert gone.error


async def test_only_a_dispatched_ticket_is_ruled_out(pool):
    await log_facts(pool, Quarter(15, 30).heard(), EIGHT)
    await follow_all(pool)
    (row,) = await pool.fetch(
        "select ticket_id, number, unit, day from figure_ticket where counted limit 1"
    )
    async with transaction_of(pool) as connection:
        with pytest.raises(NotFoundError):
            await exclude.exclude(connection, uuid4(), **RULED)
        made = await exclude.exclude(connection, row["ticket_id"], **RULED)
        ticket = made.ticket
        assert (ticket.number, ticket.unit, ticket.day) == (row["number"], row["unit"], row["day"])
        waiting = uuid4()
        await connection.execute(
            "insert into figure_ticket (ticket_id, seq, ruling_seq, number, registered_at,"
            " confidential, group_matter, canary, settled, round, reworks, reopened, withdrawn,"
            " hops, returns, counted)"
            " values ($1, 1, 0, 'X', $2, false, false, false, false, 1, 0, 0, false, 0, 0, false)",
            *(waiting, EIGHT),
        )
        with pytest.raises(ConflictError, match="not dispatched"):
            await exclude.exclude(connection, waiting, **RULED)
