"""The fact log: every fact heard is kept as it was told, in monthly partitions.

Figures, audit and rebuild stand on it, not on Kafka's retention. Partitions are made ahead of time
by a loop; a month nobody foresaw (a clock sent forward) is made before its facts are written.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

from services.notifier.store import SQL
from shared.runtime.clock import Clock
from shared.runtime.database import Connection
from shared.runtime.incoming import Incoming

COLUMNS = ("topic", "event_id", "type", "subject", "seq", "at", "heard_at", "event")
MONTHS_AHEAD = 3
LOOK_SECONDS = 60.0

Month = tuple[int, int]  # year, month
Transaction = Callable[[], AbstractAsyncContextManager[Connection]]


def month_of(at: datetime) -> Month:
    """The UTC month of an instant."""
    at = at.astimezone(UTC)
    return at.year, at.month


def month_after(month: Month) -> Month:
    year, number = month
    return (year + 1, 1) if number == 12 else (year, number + 1)


def _starts(month: Month) -> datetime:
    return datetime(month[0], month[1], 1, tzinfo=UTC)


class FactLog:
    """Writes facts; remembers which months certainly have their partition."""

    def __init__(self) -> None:
        self._ready: set[Month] = set()

    async def write(
        self, connection: Connection, events: Sequence[Incoming], now: datetime
    ) -> None:
        """Keep a batch's facts; called before any row is locked, as making a month waits."""
        for month in sorted({month_of(event.time) for event in events} - self._ready):
            await _ensure(connection, month)
        records = [
            (
                event.topic,
                event.event_id,
                event.type,
                event.subject,
                getattr(event.data, "seq", None),
                event.time,
                now,
                event.value.decode(),
            )
            for event in events
        ]
        await connection.copy_records_to_table("fact", records=records, columns=COLUMNS)

    async def make_ready(self, transaction: Transaction, now: datetime) -> None:
        """Make this month's partition and those ahead, each committed before it counts."""
        month = month_of(now)
        for _ in range(1 + MONTHS_AHEAD):
            if month not in self._ready:
                async with transaction() as connection:
                    await _ensure(connection, month)
                self._ready.add(month)
            month = month_after(month)


def keep_ahead(log: FactLog, transaction: Transaction, clock: Clock) -> Callable[[], Awaitable[None]]:
    """A loop that makes partitions ahead of the clock, whatever that does."""

    async def loop() -> None:
        while True:
            await log.make_ready(transaction, clock.now())
            await asyncio.sleep(LOOK_SECONDS)

    return loop


async def _ensure(connection: Connection, month: Month) -> None:
    after = month_after(month)
    await connection.execute(SQL.ensure_fact_month, _starts(month), _starts(after))
