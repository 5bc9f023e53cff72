"""How long people waited for a connection, lately and now."""

import asyncio

import asyncpg
import pytest
from prometheus_client import REGISTRY

from shared.runtime.pool import MeasuredPool, Waits
from tests.support.waiting import eventually


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_mean_of_the_last_seconds() -> None:
    hands = Hands()
    waits = Waits(hands)
    assert waits.recent() == 0
    for waited in (0.2, 0.4):
        number = waits.begin()
        hands.now += waited
        waits.end(number)
    assert waits.recent() == pytest.approx(0.3)
    hands.now += 4
    assert waits.recent() == pytest.approx(0.3)
    hands.now += 4
    assert waits.recent() == 0, "that is long ago"


def test_who_waits_now_counts_before_the_wait_is_over() -> None:
    hands = Hands()
    waits = Waits(hands)
    first = waits.begin()
    hands.now += 2
    second = waits.begin()
    hands.now += 1
    assert waits.waiting == 2
    assert waits.recent() == pytest.approx(3)
    waits.end(first)
    assert waits.recent() == pytest.approx(3), "as one that just ended"
    waits.end(second)
    assert waits.waiting == 0
    assert waits.recent() == pytest.approx(2)


def test_it_forgets() -> None:
    hands = Hands()
    waits = Waits(hands)
    for _ in range(1000):
        waits.end(waits.begin())
        hands.now += 1
    assert len(waits._got) <= 30


async def test_every_way_to_a_connection_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    def seen() -> float:
        return REGISTRY.get_sample_value("shaodao_pool_wait_seconds_count") or 0

    async def begun() -> bool:
        return pool.waits.waiting == 2

    pool = MeasuredPool("postgres://nobody@127.0.0.1:1/none", min_size=0, max_size=1)
    monkeypatch.setattr(asyncpg.Pool, "_acquire", never)
    before = seen()
    waiting = asyncio.ensure_future(pool._acquire(None))
    also = asyncio.ensure_future(pool.acquire().__aenter__())
    await eventually(begun)
    for each in (waiting, also):
        each.cancel()
    await asyncio.gather(waiting, also, return_exceptions=True)
    assert pool.waits.waiting == 0
    assert seen() - before == 2, "who gave up has waited too"
