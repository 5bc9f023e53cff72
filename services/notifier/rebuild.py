"""Rebuilds the whole read model of the figures from the fact log, beside the one that is read.

A second, empty set of tables follows the log from its beginning by the same rules, batch by batch,
while facts are heard and the first set goes on. Once it has caught up, both are compared at the
same place of the log, and it takes the first one's place in one transaction.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.notifier.score import follow
from services.notifier.store import figure_rows as store
from services.notifier.store import rebuilds
from services.notifier.store.fact_reading import Settling
from services.notifier.store.rebuilds import Compared, RebuildState, RebuildStatus
from shared.errors import ConflictError
from shared.runtime.database import Connection, is_transient
from shared.runtime.logging import logger

log = logger(__name__)

BATCH_FACTS = 10_000
NEARLY = 2_000  # facts left when the follower is made to wait for the rest
TRIES = 20
Tell = Callable[..., Awaitable[None]]  # what changed of the RebuildStatus, by name
Acquire = Callable[[], AbstractAsyncContextManager[Connection]]  # a pool's
Swapped = tuple[int, tuple[Compared, ...] | None]


async def rebuild(acquire: Acquire) -> Swapped:
    """Rebuild and swap in; returns up to which place of the log, and how the sets compare.

    Nothing to compare where the first set cannot come as far. Raises ConflictError while another
    rebuild is under way.
    """

    async def silent(**changes: Any) -> None:
        """Nobody asks how far it is."""

    async with acquire() as connection:
        await _begin(connection)
        return await _rebuilt(connection, silent)


async def _begin(connection: Connection) -> None:
    if not await store.begin_shadow(connection):
        raise ConflictError(
            "考核数据正在重建，请等待完成", "the figures are being rebuilt", code="wrong_state"
        )


async def _rebuilt(connection: Connection, tell: Tell) -> Swapped:
    try:
        await _catch_up(connection, tell)
        place, tables = await _swap(connection)
        await tell(
            state=RebuildState.DONE,
            left=0,
            place=place,
            equal=None if tables is None else rebuilds.is_equal(tables),
            tables=tables or (),
        )
        return place, tables
    finally:
        await store.end_shadow(connection)


async def _catch_up(connection: Connection, tell: Tell) -> None:
    settling = Settling()
    left = NEARLY + 1
    while left > NEARLY:
        async with connection.transaction():
            until = await settling.settled(connection)
            await store.work_in_shadow(connection)
            left = await follow(connection, until=until, limit=BATCH_FACTS)
        await tell(left=left)


async def _swap(connection: Connection) -> Swapped:
    for attempt in range(TRIES):
        try:
            async with connection.transaction():
                return await _swapped(connection)
        except Exception as error:
            if not is_transient(error) or attempt + 1 == TRIES:
                raise
            log.warning("figures_swap_waits", error=repr(error))
    raise AssertionError


async def _swapped(connection: Connection) -> Swapped:
    """Fold the rest while the follower waits, then put the new set in its place."""
    await store.wait_for_follower(connection)
    until = max(await Settling().settled(connection), await store.position(connection))
    alike = await _first_follows(connection, until)
    await store.work_in_shadow(connection)
    while await follow(connection, until=until, limit=BATCH_FACTS):
        pass
    compared = await rebuilds.compare(connection) if alike else None
    await store.swap_shadow(connection)
    return until, compared


async def _first_follows(connection: Connection, until: int) -> bool:
    """Bring the set that is read to the same place; False where it is far behind, or broken."""
    if until - await store.position(connection) > BATCH_FACTS:
        return False
    try:
        async with connection.transaction():
            while await follow(connection, until=until, limit=BATCH_FACTS):
                pass
    except Exception as error:
        if is_transient(error):
            raise
        log.exception("figures_first_set_failed")
        return False
    return True


class Rebuilds:
    """Begins rebuilds in this process; how the last one stands is in the database, for all."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    async def begin(self, acquire: Acquire, now: datetime) -> RebuildStatus:
        """Begin one, which goes on by itself; ConflictError while one is under way anywhere."""
        begun: asyncio.Future[RebuildStatus] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(_run(acquire, now, begun), name="rebuild-figures")
        return await begun


async def _run(acquire: Acquire, now: datetime, begun: asyncio.Future[RebuildStatus]) -> None:
    status = RebuildStatus(state=RebuildState.RUNNING, began_at=now, left=0)
    try:
        async with acquire() as connection:

            async def tell(**changes: Any) -> None:
                nonlocal status
                status = replace(status, **changes)
                await rebuilds.keep(connection, status)

            await _begin(connection)
            await tell()
            _answer(begun, status)
            await _rebuilt(connection, tell)
            log.info("figures_rebuilt", place=status.place, equal=status.equal)
    except Exception as error:
        if not begun.done():
            begun.set_exception(error)
            return
        log.exception("rebuild_failed")
        async with acquire() as connection:
            failed = replace(status, state=RebuildState.FAILED, error=str(error) or repr(error))
            await rebuilds.keep(connection, failed)


def _answer(begun: asyncio.Future[RebuildStatus], status: RebuildStatus) -> None:
    """To whoever asked, unless they are gone."""
    if not begun.done():
        begun.set_result(status)
