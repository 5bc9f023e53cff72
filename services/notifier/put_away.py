"""Put away what has ended: from the table of the watch into partitions by month.

A batch is one transaction and leaves alone what a fact or another copy holds. A late fact about a
promise that was put away brings it back (`track`), and it is put away again when it ends.
"""

import asyncio
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.notifier import metrics
from services.notifier.fact_log import MONTHS_AHEAD, Month, month_after, month_of
from services.notifier.store import ended as store
from shared.runtime.database import is_transient
from shared.runtime.logging import logger
from shared.runtime.service import Runtime

SETTINGS = Path(__file__).parent / "retention.toml"
BATCH_ROWS = 1000
LOOK_SECONDS = 60.0
PAUSE_SECONDS = 0.05  # between batches: what falls due comes first

log = logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long what has ended stays where it was, and how long it is kept at all."""

    stays: timedelta
    kept: timedelta

    def __post_init__(self) -> None:
        if not timedelta() < self.stays < self.kept:
            raise ValueError("what has ended stays for a while, and is kept for longer")


def read_terms(table: Mapping[str, int]) -> Terms:
    """The terms of a parsed file; raises KeyError or ValueError on what is missing or wrong."""
    return Terms(
        stays=timedelta(days=table["ended_days"]), kept=timedelta(days=366 * table["kept_years"])
    )


def load_terms(path: Path = SETTINGS) -> Terms:
    return read_terms(tomllib.loads(path.read_text(encoding="utf-8")))


def starts(month: Month) -> datetime:
    """The first instant of a month."""
    return datetime(month[0], month[1], 1, tzinfo=UTC)


async def make_months(runtime: Runtime, at: datetime, *, ahead: int = 0) -> None:
    """Make the partition of that time, and those after it."""
    month = month_of(at)
    for _ in range(1 + ahead):
        after = month_after(month)
        async with runtime.transaction() as connection:
            await store.ensure_month(connection, starts(month), starts(after))
        month = after


async def put_away(runtime: Runtime, now: datetime, *, terms: Terms) -> int:
    """Put away one batch of what ended long enough ago; returns how many, 0 when none is left."""
    before = now - terms.stays
    async with runtime.pool.acquire() as connection:
        first = await store.first_ended(connection, before)
    if first is None:
        return 0
    await make_months(runtime, first)
    before = min(before, starts(month_after(month_of(first))))  # a batch is of one month
    async with runtime.transaction() as connection:
        moved = await store.put_away(connection, before, limit=BATCH_ROWS)
    metrics.PUT_AWAY.inc(moved)
    return moved


async def put_away_for_ever(runtime: Runtime, *, terms: Terms) -> None:
    """Keep the months ahead, put away what is to leave, and drop what is kept no longer."""
    while True:
        try:
            await make_months(runtime, runtime.clock.now(), ahead=MONTHS_AHEAD)
            moved = await put_away(runtime, runtime.clock.now(), terms=terms)
            async with runtime.transaction() as connection:
                await store.drop_months(connection, runtime.clock.now() - terms.kept)
            await asyncio.sleep(PAUSE_SECONDS if moved else LOOK_SECONDS)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("put_away_retry", error=repr(error))
            await asyncio.sleep(LOOK_SECONDS)
