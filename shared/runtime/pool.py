"""The pool of connections, which knows how long it let people wait, lately and now."""

import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import asyncpg

from shared.runtime import metrics

REMEMBERED_SECONDS: Final = 30


class Waits:
    """How long connections were waited for; `recent` is what limits on the load stand on."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._since: dict[int, float] = {}  # who waits now, the longest first
        self._next = 0
        # of each second that had any: which, how many got one, and what they waited in all
        self._got: deque[list[float]] = deque(maxlen=REMEMBERED_SECONDS)

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return len(self._since)

    def begin(self) -> int:
        """Somebody asks for a connection; hand the answer to `end`."""
        self._next += 1
        self._since[self._next] = self._seconds()
        return self._next

    def end(self, number: int) -> None:
        """They have it, or gave up."""
        now = self._seconds()
        waited = now - self._since.pop(number)
        metrics.POOL_WAIT.observe(waited)
        second = int(now)
        if self._got and self._got[-1][0] == second:
            last = self._got[-1]
            last[1] += 1
            last[2] += waited
        else:
            self._got.append([second, 1, waited])

    def recent(self, seconds: float = 5.0) -> float:
        """The mean wait of those who got a connection in the last seconds (at most 30).

        When somebody has waited for longer than that by now, it is what they have waited.
        """
        now = self._seconds()
        got = waited = 0.0
        for second, number, total in reversed(self._got):
            if second < int(now - seconds):
                break
            got += number
            waited += total
        mean = waited / got if got else 0.0
        longest = now - next(iter(self._since.values())) if self._since else 0.0
        return max(mean, longest)


class MeasuredPool(asyncpg.Pool):  # type: ignore[misc]
    """A pool of asyncpg that measures each wait for a connection."""

    __slots__ = ("waits",)

    def __init__(self, dsn: str, *, min_size: int, max_size: int, **connect: Any) -> None:
        super().__init__(
            dsn,
            min_size=min_size,
            max_size=max_size,
            max_queries=50_000,  # these as `asyncpg.create_pool` has them
            max_inactive_connection_lifetime=300.0,
            loop=None,
            connection_class=asyncpg.Connection,
            record_class=asyncpg.Record,
            **connect,
        )
        self.waits = Waits()

    async def _acquire(self, timeout: float | None) -> Any:  # whatever way one is asked for
        number = self.waits.begin()
        try:
            return await super()._acquire(timeout)
        finally:
            self.waits.end(number)

    def show(self) -> None:
        """Let the metrics tell of this pool, as it is when they are read."""
        metrics.POOL_CONNECTIONS.labels("used").set_function(
            lambda: self.get_size() - self.get_idle_size()
        )
        metrics.POOL_CONNECTIONS.labels("idle").set_function(self.get_idle_size)
        metrics.POOL_LIMIT.set(self.get_max_size())
        metrics.POOL_WAITING.set_function(lambda: self.waits.waiting)
