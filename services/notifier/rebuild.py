"""Rebuilds the whole read model of the figures from the fact log, beside the one that is read.

A second, empty set of tables follows the log from its beginning by the same rules, batch by batch,
while facts are heard and the first set goes on. Once it has caught up, it takes the first one's
place in one transaction.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from services.notifier.score import follow
from services.notifier.store import figure_rows as store
from services.notifier.store.fact_reading import Settling
from shared.errors import ConflictError
from shared.runtime.database import Connection, is_transient
from shared.runtime.logging import logger

log = logger(__name__)

BATCH_FACTS = 10_000
NEARLY = 2_000  # facts left when the follower is made to wait for the rest
TRIES = 20
BUSY: Final = ("考核数据正在重建，请等待完成", "the figures are being rebuilt")

Told = Callable[[int], None]  # how many facts are left
Acquire = Callable[[], AbstractAsyncContextManager[Connection]]  # a pool's


async def rebuild(acquire: Acquire, *, told: Told = lambda left: None) -> int:
    """Rebuild and swap in; returns the place of the log up to which the new set goes.

    Raises ConflictError while another rebuild is under way.
    """
    async with acquire() as connection:
        if not await store.begin_shadow(connection):
            raise ConflictError(*BUSY, code="wrong_state")
        try:
            await _catch_up(connection, told)
            return await _swap(connection)
        finally:
            await store.end_shadow(connection)


async def _catch_up(connection: Connection, told: Told) -> None:
    settling = Settling()
    left = NEARLY + 1
    while left > NEARLY:
        async with connection.transaction():
            until = await settling.settled(connection)
            await store.work_in_shadow(connection)
            left = await follow(connection, until=until, limit=BATCH_FACTS)
        told(left)


async def _swap(connection: Connection) -> int:
    for attempt in range(TRIES):
        try:
            async with connection.transaction():
                return await _swapped(connection)
        except Exception as error:
            if not is_transient(error) or attempt + 1 == TRIES:
                raise
            log.warning("figures_swap_waits", error=repr(error))
    raise AssertionError


async def _swapped(connection: Connection) -> int:
    """Fold the rest while the follower waits, then put the new set in its place."""
    await store.wait_for_follower(connection)
    until = await Settling().settled(connection)
    await store.work_in_shadow(connection)
    until = max(until, await store.position(connection))
    while await follow(connection, until=until, limit=BATCH_FACTS):
        pass
    await store.swap_shadow(connection)
    return until


class RebuildState(StrEnum):
    RUNNING = "running"  # 重建中
    DONE = "done"  # 已完成
    FAILED = "failed"  # 失败


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildStatus:
    """The last rebuild that this process began; `left` facts at least, `place` once it is done."""

    state: RebuildState
    began_at: datetime
    left: int
    place: int | None = None
    error: str | None = None


class Rebuilds:
    """The rebuild of one process, which goes on while requests come and go."""

    def __init__(self) -> None:
        self.status: RebuildStatus | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self, acquire: Acquire, now: datetime) -> RebuildStatus:
        """Begin one; raises ConflictError while one is under way here."""
        if self._task is not None and not self._task.done():
            raise ConflictError(*BUSY, code="wrong_state")
        self.status = RebuildStatus(state=RebuildState.RUNNING, began_at=now, left=0)
        self._task = asyncio.create_task(self._run(acquire), name="rebuild-figures")
        return self.status

    async def _run(self, acquire: Acquire) -> None:
        try:
            place = await rebuild(acquire, told=lambda left: self._tell(left=left))
            self._tell(state=RebuildState.DONE, left=0, place=place)
        except Exception as error:
            log.exception("rebuild_failed")
            self._tell(state=RebuildState.FAILED, error=str(error))

    def _tell(self, **changes: Any) -> None:
        if self.status is not None:
            self.status = replace(self.status, **changes)
