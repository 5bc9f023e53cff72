"""Keeps gauges fresh that are read from the database: at a bounded cost, or told to be unknown."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from shared.runtime.database import Connection
from shared.runtime.logging import logger

if TYPE_CHECKING:
    from shared.runtime.service import Runtime

COSTS: Final = 20  # reading may take a twentieth of the time
LONGEST_SECONDS: Final = 10.0

log = logger(__name__)


async def keep_fresh(
    runtime: "Runtime",
    show: Callable[[Connection], Awaitable[None]],
    *,
    of: str,
    unknown: Callable[[], None],
    at_most: float | None = None,
) -> None:
    """Read and show for ever, as often as the settings say, more seldom where reading takes long.

    `at_most`: seconds between two looks at a thing that cannot wait for so long. Trouble with
    figures stops nothing else: it is said, and `unknown` takes back what was shown.
    """
    every = min(runtime.settings.gauges_seconds, at_most or float("inf"))
    while True:
        took = 0.0
        try:
            async with asyncio.timeout(LONGEST_SECONDS), runtime.pool.acquire() as connection:
                began = time.monotonic()
                await show(connection)
                took = time.monotonic() - began
        except Exception as error:  # noqa: BLE001 - as said above
            log.warning("gauges_unknown", of=of, error=repr(error))
            unknown()
        await asyncio.sleep(max(every, COSTS * took))
