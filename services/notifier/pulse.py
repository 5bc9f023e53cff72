"""A sign of life every few seconds, so that the auditor knows when nobody could have fired."""

import asyncio
from typing import Final

from services.notifier.store import audit as store
from shared.runtime.clock import wall_now
from shared.runtime.database import is_transient
from shared.runtime.logging import logger
from shared.runtime.service import Runtime

PULSE_SECONDS: Final = 3.0
LONGEST_SECONDS: Final = 12.0  # a silence above it counts as one

log = logger(__name__)


async def beat(runtime: Runtime) -> None:
    """For ever; any copy's sign counts, as any copy may fire."""
    while True:
        try:
            async with runtime.pool.acquire() as connection, connection.transaction():
                await store.pulse(connection, wall_now(), longest=LONGEST_SECONDS)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("pulse_missed", error=repr(error))
        await asyncio.sleep(PULSE_SECONDS)
