"""The fact log: every fact heard is kept as it was told, in monthly partitions.

Figures, audit and rebuild stand on it, not on Kafka's retention. Partitions are made ahead of time
by a loop; a month nobody foresaw (a clock sent forward) is made before its facts are written.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path

from pydantic_core import from_json

from shared.runtime.clock import Clock
from shared.runtime.database import Connection, is_transient, queries
from shared.runtime.incoming import Incoming
from shared.runtime.logging import logger
from shared.runtime.outbox import Outgoing

SQL = queries(Path(__file__).parent / "sql" / "facts.sql")
COLUMNS = ("topic", "event_id", "type", "subject", "seq", "at", "heard_at", "event")
MONTHS_AHEAD = 3
LOOK_SECONDS = 60.0

log = logger(__name__)
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


async def keep_ahead(fact_log: FactLog, transaction: Transaction, clock: Clock) -> None:
    """Make partitions ahead of the clock for ever, wherever that is sent."""
    while True:
        try:
            await fact_log.make_ready(transaction, clock.now())
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("fact_months", error=repr(error))
        await asyncio.sleep(LOOK_SECONDS)


async def _ensure(connection: Connection, month: Month) -> None:
    after = month_after(month)
    await connection.execute(SQL.ensure_fact_month, _starts(month), _starts(after))


async def keep_own(connection: Connection, rows: Sequence[Outgoing], now: datetime) -> None:
    """Keep facts of the notifier itself, in the transaction that says them.

    What the log alone must be able to tell again: figures and audit hear only what is in it.
    """
    if not rows:
        return
    records = []
    for row in rows:
        said = from_json(row.payload)
        at = datetime.fromisoformat(said["time"])
        seq = said["data"].get("seq")
        records.append(
            (row.topic, said["id"], row.type, said["subject"], seq, at, now, row.payload)
        )
    for month in sorted({month_of(record[5]) for record in records}):
        await _ensure(connection, month)
    await connection.copy_records_to_table("fact", records=records, columns=COLUMNS)
