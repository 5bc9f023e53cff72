"""A simulated quarter: the figures against a slow, separate computation, and the set rebuilt."""

from datetime import date, timedelta

import asyncpg
import pytest

from services.notifier.app import MIGRATIONS
from services.notifier.rebuild import rebuild
from services.notifier.store.figures import By, Scope
from tests.support.figure_tables import follow_all, log_facts, rows, shown
from tests.support.quarter import Quarter
from tests.support.slow_figures import Facts, SlowFigures

WHOLE = Scope(first=date(2026, 1, 1), last=date(2026, 12, 31))
KEYS = (By.CITY, By.UNIT, By.STREET, By.CATEGORY, By.MAJOR, By.DAY, By.QUARTER)


@pytest.fixture
async def pool(database):
    async with asyncpg.create_pool(await database(MIGRATIONS), min_size=2, max_size=4) as pool:
        yield pool


def filled(line: dict) -> dict:
    """Without what is about nothing."""
    return {name: value for name, value in line.items() if value not in (None, {})}


async def agree(pool, quarter: Quarter, by: By, now) -> int:
    """Every figure of every key, to the last digit; returns how many were compared."""
    slow = SlowFigures(Facts(quarter.said), by.value, now).table()
    fast = await shown(pool, WHOLE, by, now)
    compared = 0
    for key in {*slow, *fast}:
        ours, theirs = filled(fast.get(key, {"n": 0})), filled(slow.get(key, {"n": 0}))
        assert ours == theirs, (by, key)
        compared += len(ours)
    return compared


async def whole_quarter(pool, tickets: int) -> int:
    quarter = Quarter(20260701, tickets)
    half = list(quarter.heard())
    middle = len(half) // 2
    await log_facts(pool, half[:middle], quarter.now)
    await follow_all(pool, limit=700)
    await log_facts(pool, half[middle:], quarter.now)
    await follow_all(pool)
    compared = 0
    for by in KEYS:
        compared += await agree(pool, quarter, by, quarter.now)
    compared += await agree(pool, quarter, By.CITY, quarter.now - timedelta(days=60))
    return compared


async def test_a_small_quarter_agrees_and_is_rebuilt_equal(pool):
    assert await whole_quarter(pool, 1200) > 2000
    before = await rows(pool)
    assert all(before.values())
    await rebuild(pool.acquire)
    after = await rows(pool)
    for table, wanted in before.items():
        assert after[table] == wanted, table


@pytest.mark.proof
@pytest.mark.timeout(3600)
async def test_a_quarter_of_fifty_thousand_tickets_agrees(pool):
    assert await whole_quarter(pool, 50_000) > 2500
    before = await rows(pool)
    await rebuild(pool.acquire)
    assert await rows(pool) == before
    assert len(before["ticket"]) >= 50_000
