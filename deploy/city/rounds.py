"""Rounds: looks at a list again and again, and acts on each thing in it once its time has come.

How clerks work: what is in the list is seen, thought over for a while, then done; what has left
the list is forgotten.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from deploy.city.calls import RefusedError
from shared.runtime.clock import Clock
from shared.runtime.logging import logger

LEAST_REAL_SECONDS = 0.5
MOST_A_ROUND = 25
log = logger("city.rounds")

Items = Mapping[str, Any]


class Patience:
    """When each thing that was seen is to be acted upon."""

    def __init__(self, least: timedelta, most: timedelta, rng: Random) -> None:
        self._least = least
        self._most = most
        self._rng = rng
        self._due: dict[str, datetime] = {}

    def ripe(self, keys: Items, now: datetime) -> list[str]:
        """Those whose time has come, the oldest first; forgets what is not in the list."""
        self._due = {key: self._due.get(key) or self.think(now) for key in keys}
        due = [key for key, at in self._due.items() if at <= now]
        return sorted(due, key=lambda key: self._due[key])

    def put_off(self, key: str, until: datetime) -> None:
        """Not before then."""
        self._due[key] = until

    def think(self, now: datetime) -> datetime:
        """Some while after `now`."""
        return now + self._least + (self._most - self._least) * self._rng.random()


async def make_rounds(
    clock: Clock,
    patience: Patience,
    *,
    every: timedelta,
    look: Callable[[], Awaitable[Items]],
    act: Callable[[Any], Awaitable[None]],
    open_at: Callable[[datetime], bool] = lambda now: True,
) -> None:
    """Look, act on what is ripe, wait; a refusal is logged and the thing thought over again."""
    never = asyncio.Event()
    while True:
        now = clock.now()
        if open_at(now):
            await _round(patience, now, look=look, act=act)
        await asyncio.sleep(LEAST_REAL_SECONDS)
        await clock.wait_until(now + every, never)


async def _round(
    patience: Patience,
    now: datetime,
    *,
    look: Callable[[], Awaitable[Items]],
    act: Callable[[Any], Awaitable[None]],
) -> None:
    try:
        items = await look()
    except RefusedError as refused:
        log.warning("cannot look", why=str(refused))
        return
    for key in patience.ripe(items, now)[:MOST_A_ROUND]:
        patience.put_off(key, patience.think(now) + timedelta(hours=1))
        try:
            await act(items[key])
        except RefusedError as refused:
            log.warning("refused", key=key, why=str(refused))
