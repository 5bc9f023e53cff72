"""Look over all that is open: the supervision board, as far as somebody may see it.

What the whole city looks at is counted once for all who look: a snapshot is shown again for a
while that grows with what it cost.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from services.notifier import figures
from services.notifier.domain.board.ageing import UnitStand, worst_first
from services.notifier.domain.board.rising import Rising, rising
from services.notifier.domain.board.scope import Scope
from services.notifier.domain.canary import CanaryState, state_of
from services.notifier.domain.figures.derive import local_day
from services.notifier.domain.figures.figure import THREE, Figure, Measure
from services.notifier.store import audit, canary, messages
from services.notifier.store import board as store
from services.notifier.store import figures as figure_store
from services.notifier.store.board import Heard, Marks, Unanswered, WhistleStand
from services.notifier.store.figures import By
from shared.catalogue.model import Catalogue
from shared.runtime.clock import wall_now
from shared.runtime.database import Connection
from shared.runtime.service import Runtime

AGAIN_SECONDS: Final = 1.0
LONGEST_SECONDS: Final = 5.0
COSTS: Final = 5  # a snapshot is shown for so many times as long as it took
MOST_KEPT: Final = 200
RATED: Final = timedelta(days=29)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What watches over the promises: the auditor, the canary (on wall time), what is held."""

    mismatches: int
    audited_at: datetime | None
    canary: CanaryState
    canary_at: datetime | None
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The board at one moment."""

    now: datetime
    stands: tuple[UnitStand, ...]
    marks: Marks
    unanswered: Unanswered
    whistles: tuple[WhistleStand, ...]
    rising: tuple[Rising, ...]
    counted_since: datetime | None  # the oldest ticket behind the rising topics
    rates: Mapping[Figure, Measure]  # the three rates of the last thirty days
    heard: Heard
    checks: Checks
    lag: int | None  # records not heard yet; None while Kafka is away

    @property
    def open(self) -> int:
        return sum(stand.open for stand in self.stands)

    @property
    def soon(self) -> int:
        return sum(stand.soon for stand in self.stands)

    @property
    def overdue(self) -> int:
        return sum(stand.overdue for stand in self.stands)


class Board:
    """Snapshots of one process, each counted once at a time."""

    def __init__(
        self,
        runtime: Runtime,
        catalogue: Catalogue,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        self._runtime = runtime
        self._catalogue = catalogue
        self._seconds = seconds
        self._kept: dict[Scope, tuple[float, Snapshot]] = {}
        self._locks: dict[Scope, asyncio.Lock] = {}

    async def snapshot(self, scope: Scope) -> Snapshot:
        """The board of that scope, at most a few moments old."""
        async with self._locks.setdefault(scope, asyncio.Lock()):
            until, kept = self._kept.get(scope, (0.0, None))
            if kept is not None and self._seconds() < until:
                return kept
            began = self._seconds()
            async with self._runtime.pool.acquire() as connection, connection.transaction():
                made = await counted(
                    connection,
                    scope,
                    catalogue=self._catalogue,
                    now=self._runtime.clock.now(),
                    lag=self._lag(),
                )
            self._forget()
            took = self._seconds() - began
            lasts = min(LONGEST_SECONDS, max(AGAIN_SECONDS, COSTS * took))
            self._kept[scope] = (self._seconds() + lasts, made)
            return made

    def _lag(self) -> int | None:
        lags = [group.progress.lag for group in self._runtime.groups]
        return None if None in lags else sum(lag or 0 for lag in lags)

    def _forget(self) -> None:
        """Who looks by many filters does not keep them all."""
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
            self._locks = {s: lock for s, lock in self._locks.items() if lock.locked()}


async def counted(
    connection: Connection, scope: Scope, *, catalogue: Catalogue, now: datetime, lag: int | None
) -> Snapshot:
    """Count everything of that scope; to be called in a transaction."""
    categories, since = await store.categories(connection, scope, now)
    return Snapshot(
        now=now,
        stands=tuple(worst_first(await store.units(connection, scope, now))),
        marks=await store.marks(connection, scope),
        unanswered=await store.unanswered(connection, scope, now),
        whistles=tuple(await store.whistle_stands(connection, scope, now)),
        rising=tuple(rising(categories, since=since, now=now)),
        counted_since=since,
        rates=await _rates(connection, scope, catalogue, now),
        heard=await store.heard(connection),
        checks=await _checks(connection),
        lag=lag,
    )


async def _rates(
    connection: Connection, scope: Scope, catalogue: Catalogue, now: datetime
) -> Mapping[Figure, Measure]:
    today = local_day(now)
    wanted = figure_store.Scope(
        first=today - RATED, last=today, unit=scope.unit, region=scope.region, category=None
    )
    found = await figures.lines(connection, wanted, By.CITY, now, catalogue=catalogue)
    return {figure: found[0].measures[figure] for figure in THREE} if found else {}


async def _checks(connection: Connection) -> Checks:
    runs = await audit.runs(connection, limit=1)
    last_ok = await canary.last_ok(connection)
    return Checks(
        mismatches=sum((await audit.open_by_kind(connection)).values()),
        audited_at=runs[0].as_of if runs else None,
        canary=state_of(last_ok, wall_now()),
        canary_at=last_ok,
        held=(await messages.held_in_all(connection)).n,
    )
