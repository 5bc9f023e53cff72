"""Hands the running work of removed units up to those above them, a batch of whistles at a time.

Done right after a removal, and again every half minute: a copy of the router that had not heard of
the removal yet may have whistled the unit, and what was done may come back from acceptance.
"""

import asyncio
from typing import Final
from uuid import UUID

from services.router import metrics
from services.router.context import CityNow
from services.router.domain.dues import Promises
from services.router.domain.units.handing_up import hand_up
from services.router.store import units as unit_store
from services.router.store import whistles as store
from shared.runtime.database import is_transient
from shared.runtime.logging import logger
from shared.runtime.service import Runtime

log = logger(__name__)
BATCH: Final = 100
EVERY_SECONDS: Final = 30.0


async def rehome(runtime: Runtime, here: CityNow) -> int:
    """Hand everything up that can be; returns how many whistles were changed."""
    moved, left = 0, set[UUID]()
    while True:
        async with runtime.transaction() as connection:
            units = await unit_store.known(connection)
            gone = [code for code, known in units.items() if not known.active]
            found = await unit_store.left_with(connection, gone, left, BATCH) if gone else []
            if not found:
                return moved
            book = await store.of_whistles(
                connection, found, Promises(here.city, runtime.clock.now())
            )
            contents = await store.contents(connection, found)
            for whistle_id, whistle in list(book.whistles.items()):
                content, matter = contents[whistle_id]
                outcome = hand_up(
                    whistle, units, matter=matter, content=content, promises=book.promises
                )
                if outcome is not None:
                    book.put(outcome, None)
                    moved += 1
            left.update(found)  # what nobody could take over is not looked at again
            await store.save(connection, book)
            metrics.count(book)


async def rehome_for_ever(runtime: Runtime, here: CityNow) -> None:
    """Look for work that is left with removed units."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        try:
            if moved := await rehome(runtime, here):
                log.info("rehomed", whistles=moved)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("rehome", error=repr(error))
