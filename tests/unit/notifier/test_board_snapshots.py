"""A snapshot of the board is counted once for all who look, and anew when it is old."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from services.notifier import board
from services.notifier.board import LONGEST_SECONDS, Board
from services.notifier.domain.board.scope import Scope


class Pool:
    @asynccontextmanager
    async def acquire(self):
        yield self

    @asynccontextmanager
    async def transaction(self):
        yield


class Here:
    """As much of a runtime as the board asks."""

    pool = Pool()
    groups = ()

    @property
    def clock(self):
        return self

    def now(self):
        return None


@pytest.fixture
def counts(monkeypatch) -> list[Scope]:
    """The scopes that were counted."""
    made: list[Scope] = []

    async def counted(_connection, scope, **_named):
        await asyncio.sleep(0)
        made.append(scope)
        return len(made)

    monkeypatch.setattr(board, "counted", counted)
    return made


async def test_many_who_look_at_once_count_once_and_later_anew(counts):
    seconds = 0.0
    here = Board(Here(), None, lambda: seconds)
    first = await asyncio.gather(*(here.snapshot(Scope()) for _ in range(20)))
    assert first == [1] * 20
    assert counts == [Scope()]
    await here.snapshot(Scope(unit="BH-CGJ"))
    assert counts == [Scope(), Scope(unit="BH-CGJ")]
    seconds += LONGEST_SECONDS + 0.1
    assert await here.snapshot(Scope()) == 3
