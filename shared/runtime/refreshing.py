"""Keeps gauges fresh that are read from the database: at a bounded cost, or told to be unknown."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from shared.runtime.database import Connection
from shared.runtime.logging import logger

if TYPE_CHECKING:
    from shared.runtime.service import Runtime

COSTS: Final = 100  # reading may take a hundredth of the time
LONGEST_SECONDS: Final = 10.0

log = logger(__name__)


async def keep_fresh(
    runtime: "Runtime",
    show: Callable[[Connection], Awaitable[None]],
    *,
    of: str,
    unknown: Callable[[], None],
    every: float = 30.0,
) -> None:
    """Read and show for ever, every so many seconds, more seldom where reading takes long.

    Trouble with figures stops nothing else: it is said, and `unknown` takes back what was shown.
    """
    while True:
        began = time.monotonic()
        try:
            async with (
                asyncio.timeout(LONGEST_SECONDS),
                runtime.pool.acquire() as connection,
            ):
                await show(connection)
        except Exception as error:  # noqa: BLE001 - as said above
            log.warning("gauges_unknown", of=of, error=repr(error))
            unknown()
        await asyncio.sleep(max(every, COSTS * (time.monotonic() - began)))
