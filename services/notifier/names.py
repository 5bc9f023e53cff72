"""Learn the names of units that the city has had since its file, so that pages show them."""

import asyncio
from typing import Final

from services.notifier.store import board as store
from shared.runtime.database import is_transient
from shared.runtime.logging import logger
from shared.runtime.service import Runtime
from shared.web.pages import Pages

log = logger(__name__)
LOOK_SECONDS: Final = 10.0


async def learn_names(runtime: Runtime, pages: Pages) -> None:
    """Look for names every few seconds, for ever."""
    while True:
        try:
            async with runtime.pool.acquire() as connection:
                pages.learn(await store.unit_names(connection))
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("learn_names", error=repr(error))
        await asyncio.sleep(LOOK_SECONDS)
