"""Parked events: what failed, and everything later of its subject, until it can be done in order.

An event that fails (a bug, not a lost connection) must not stop its partition, and nothing that
comes after it for the same ticket or whistle may overtake it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from shared.runtime.clock import wall_now
from shared.runtime.database import Connection, queries
from shared.runtime.incoming import Incoming

SQL = queries(Path(__file__).parent / "sql" / "queries.sql")
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """An event that waits, as it was heard."""

    parked_id: int
    topic: str
    partition: int
    offset: int
    received_at: datetime
    value: bytes
    attempts: int
    timestamp: int = 0  # the broker's is not kept: `received_at` is
    key: bytes | None = None


async def waiting_subjects(connection: Connection, events: Sequence[Incoming]) -> set[str]:
    """Which subjects of these events have something parked."""
    subjects = list({event.subject for event in events})
    rows = await connection.fetch(SQL.parked_subjects, subjects)
    return {row["subject"] for row in rows}


async def park(connection: Connection, event: Incoming, *, error: str) -> None:
    """Put an event aside; it is tried again after a while."""
    now = wall_now()
    await connection.execute(
        SQL.parked_add,
        event.topic,
        event.partition,
        event.offset,
        event.received_at,
        event.subject,
        event.event_id,
        event.value,
        error[:2000],
        now,
        now + FIRST_WAIT,
    )


def _parked(row: Any) -> Parked | None:
    if row is None:
        return None
    return Parked(
        parked_id=row["parked_id"],
        topic=row["topic"],
        partition=row["kafka_partition"],
        offset=row["kafka_offset"],
        received_at=row["received_at"],
        value=row["value"],
        attempts=row["attempts"],
    )


async def claim(connection: Connection) -> Parked | None:
    """The next event to try again, locked, or None."""
    return _parked(await connection.fetchrow(SQL.parked_claim, wall_now()))


async def claim_one(connection: Connection, parked_id: int) -> Parked | None:
    """This event, locked, if it is the first of its subject."""
    return _parked(await connection.fetchrow(SQL.parked_by_id, parked_id))


async def done(connection: Connection, parked: Parked) -> None:
    """The event was handled."""
    await connection.execute(SQL.parked_delete, parked.parked_id)


async def failed(connection: Connection, parked: Parked, *, error: str) -> None:
    """The event failed again; wait twice as long, up to ten minutes."""
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(parked.attempts + 1, 10))
    await connection.execute(SQL.parked_failed, parked.parked_id, error[:2000], wall_now() + wait)
