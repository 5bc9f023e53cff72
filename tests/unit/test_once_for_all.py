"""Work that the server gives up for another's sake is done again, and nothing else is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import asyncpg
import pytest

from shared.runtime.service import ATTEMPTS, Runtime


class Ground:
    """As much of a runtime as the work needs: transactions, counted by their end."""

    def __init__(self) -> None:
        self.committed = self.rolled_back = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[object]:
        try:
            yield SimpleNamespace()
        except BaseException:
            self.rolled_back += 1
            raise
        self.committed += 1


async def tried(ground: Ground, *errors: Exception) -> str:
    left = list(errors)

    async def work(_connection: object) -> str:
        if left:
            raise left.pop(0)
        return "done"

    return await Runtime.once_for_all(ground, work)  # type: ignore[arg-type]


async def test_a_deadlock_is_tried_again_in_a_new_transaction() -> None:
    ground = Ground()
    assert await tried(ground, asyncpg.DeadlockDetectedError("one of two")) == "done"
    assert (ground.committed, ground.rolled_back) == (1, 1)


async def test_what_is_given_up_every_time_is_told() -> None:
    ground = Ground()
    with pytest.raises(asyncpg.SerializationError):
        await tried(ground, *(asyncpg.SerializationError("again") for _ in range(ATTEMPTS)))
    assert (ground.committed, ground.rolled_back) == (0, ATTEMPTS)


async def test_any_other_error_is_told_at_once() -> None:
    ground = Ground()
    with pytest.raises(ValueError, match="no"):
        await tried(ground, ValueError("no"))
    assert (ground.committed, ground.rolled_back) == (0, 1)
