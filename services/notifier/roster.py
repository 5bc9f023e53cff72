"""Keeps the rota of this process that of the tables: every copy takes a change over in seconds.

Whoever changes the rota counts `rota_version` up in the same transaction.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from services.notifier.domain.telling.roster import Roster
from services.notifier.store import rota as store
from shared.runtime.database import Connection, is_transient
from shared.runtime.logging import logger
from shared.runtime.service import Runtime

log = logger(__name__)
LOOK_SECONDS: Final = 1.0
# A shift that has ended stays in memory for a while: the rota is asked for the time of a batch.
KEPT: Final = timedelta(hours=1)


class RosterNow:
    """The rota as it is now: replaced as a whole; a batch takes `roster` once and keeps it."""

    def __init__(self, city: str) -> None:
        self.roster = Roster.of((), regions={}, city=city, version=-1)

    async def refresh(self, runtime: Runtime) -> None:
        """Take over the rota of the tables when it has changed."""
        async with runtime.pool.acquire() as connection:
            before = self.roster
            if await store.version(connection) == before.version:
                return
            found = await read(connection, runtime.clock.now(), city=before.city)
        if found.version > self.roster.version:  # another refresh may have been quicker
            self.roster = found

    async def refresh_for_ever(self, runtime: Runtime) -> None:
        """Look for changes of the other copies once a second."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.refresh(runtime)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("refresh_rota", error=repr(error))


async def read(connection: Connection, now: datetime, *, city: str) -> Roster:
    """The rota of the tables; its version is read first, so that it is never older than it says."""
    version = await store.version(connection)
    shifts = await store.shifts(connection, now - KEPT)
    regions = await store.regions(connection)
    units = [unit.code for unit in await store.units(connection)]
    return Roster.of(shifts, regions=regions, city=city, units=units, version=version)
