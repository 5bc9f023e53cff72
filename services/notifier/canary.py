"""Hears how the canary's tickets come through the whole path, and how long none did.

The dead-man alarm stands on the facts heard here alone: it rises when any part of the path fails,
and when the canary itself is not there.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from services.notifier import metrics
from services.notifier.domain.canary import NAMES, Hop, Round, hops, sign_of
from services.notifier.store import canary as store
from shared.runtime.clock import Clock, wall_now
from shared.runtime.database import Connection, is_transient
from shared.runtime.incoming import Incoming
from shared.runtime.logging import logger
from shared.runtime.service import Runtime

LOOK_SECONDS: Final = 5.0
KEPT: Final = timedelta(days=7)

log = logger(__name__)


async def note(connection: Connection, events: Sequence[Incoming], *, clock: Clock) -> None:
    """Of a batch what is the canary's, in its transaction; nothing is asked where there is none."""
    signs = [
        sign
        for event in events
        if getattr(event.data, "canary", False)
        and (sign := sign_of(event.data, event.time)) is not None
    ]
    if not signs:
        return
    for each in await store.note(connection, signs, heard_at=wall_now()):
        for hop, took in hops_of(each, clock).items():
            metrics.CANARY_HOP.labels(hop).observe(took / timedelta(seconds=1))


def hops_of(round_: Round, clock: Clock) -> dict[Hop, timedelta]:
    """How long each hop took in wall time, on a hurried clock too."""

    def wall(moment: datetime | None) -> datetime | None:
        return None if moment is None else clock.wall_at(moment)

    times = replace(round_.times, **{name: wall(getattr(round_.times, name)) for name in NAMES})
    return hops(replace(round_, times=times), ended=times.ended_at)


async def watch_canary(runtime: Runtime) -> None:
    """Keep the age of the last whole round; it grows by itself between two looks."""
    metrics.show_canary(since=wall_now(), last_ok=None)  # never heard: the age of this process
    while True:
        try:
            async with runtime.pool.acquire() as connection:
                last_ok = await store.last_ok(connection)
                await store.forget(connection, wall_now() - KEPT)
            if last_ok is not None:
                metrics.show_canary(since=last_ok, last_ok=last_ok)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("canary_retry", error=repr(error))
        await asyncio.sleep(LOOK_SECONDS)
