"""Keeps the city of this process that of the tables: every copy takes a change over in seconds.

Whoever changes units or publishes a duty list counts `city_version` up in the same transaction.
Each copy looks at it once a second, and right after a change of its own.
"""

import asyncio
from typing import Final

from services.router.context import RouterContext
from services.router.current import current
from services.router.store.duties import city_version
from shared.runtime.database import is_transient
from shared.runtime.logging import logger

log = logger(__name__)
LOOK_SECONDS: Final = 1.0


async def refresh(here: RouterContext) -> bool:
    """Take over the city of the tables when they have changed; whether they had."""
    async with here.runtime.pool.acquire() as connection:
        if await city_version(connection) == here.now.version:
            return False
        found = await current(connection, here.city)
    if found.version > here.now.version:  # another refresh may have been quicker
        here.now.city, here.now.version = found.city, found.version
        here.pages.learn(found.names)
        log.info("city_changed", version=found.version, duty_version=found.city.duty_version)
    return True


async def refresh_for_ever(here: RouterContext) -> None:
    """Look for changes of the other copies once a second."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await refresh(here)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("refresh", error=repr(error))
