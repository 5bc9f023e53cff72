"""Rebuilds the whole read model of the figures from the fact log, beside the one that is read.

A second, empty set of tables follows the log from its beginning by the same rules, batch by batch,
while facts are heard and the first set goes on. Once it has caught up, it takes the first one's
place in one transaction.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from services.notifier.score import follow
from services.notifier.store import figure_rows as store
from services.notifier.store.fact_reading import Settling
from shared.errors import ConflictError
from shared.runtime.database import Connection, is_transient
from shared.runtime.logging import logger

if TYPE_CHECKING:
    import asyncpg

log = logger(__name__)

BATCH_FACTS = 10_000
NEARLY = 2_000  # facts left when the follower is made to wait for the rest
TRIES = 20

Told = Callable[[int], None]  # how many facts are left


async def rebuild(pool: "asyncpg.Pool[Any]", *, told: Told = lambda left: None) -> int:
    """Rebuild and swap in; returns the place of the log up to which the new set goes.

    Raises ConflictError while another rebuild is under way.
    """
    async with pool.acquire() as connection:
        if not await store.begin_shadow(connection):
            raise ConflictError(
                "考核数据正在重建，请等待完成", "the figures are being rebuilt", code="wrong_state"
            )
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
