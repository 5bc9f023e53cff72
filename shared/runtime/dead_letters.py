"""Dead letters: records that cannot be read, and outgoing events the broker will never take.

Kept whole, listed by error, and replayed: the event is delivered again to this service, inside its
own transaction, and nothing is published again but what its verbs say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from shared.runtime.clock import wall_now
from shared.runtime.database import Connection, queries
from shared.runtime.incoming import Unreadable

SQL = queries(Path(__file__).parent / "sql" / "queries.sql")
KEPT_BYTES = 1_100_000
Kind = Literal["dead", "parked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A row of the list: what could not be read, where it stands in Kafka, and why."""

    dead_letter_id: int
    kind: Kind
    topic: str
    partition: int | None
    offset: int | None
    key: str | None
    error_code: str
    error: str
    at: datetime
    attempts: int

    @property
    def place(self) -> tuple[Kind, int]:
        """Where its list goes on after it."""
        return self.kind, self.dead_letter_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Heap:
    """What waits with the same error: `oldest` and `latest` are wall times."""

    kind: str
    error: str
    n: int
    oldest: datetime
    latest: datetime


async def keep(connection: Connection, records: Sequence[Unreadable]) -> list[Unreadable]:
    """Keep unreadable records; returns those not kept before (a redelivery is kept once)."""
    fresh = []
    for record in records:
        added = await connection.fetchval(
            SQL.dead_letter_add,
            "in",
            record.topic,
            record.partition,
            record.offset,
            record.broker_time,
            record.key,
            record.value[:KEPT_BYTES] if record.value else record.value,
            record.error.code,
            record.error.words[:2000],
            wall_now(),
        )
        if added is not None:
            fresh.append(record)
    return fresh


async def keep_outgoing(
    connection: Connection, topic: str, key: str, payload: bytes, why: str
) -> None:
    """Keep an outgoing event that the broker refuses for good."""
    await connection.execute(
        SQL.dead_letter_add,
        "out",
        topic,
        None,
        None,
        None,
        key.encode(),
        payload,
        "not_sent",
        why[:2000],
        wall_now(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A dead letter as it was kept, whole."""

    dead_letter_id: int
    direction: str
    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


async def claim(connection: Connection, dead_letter_id: int) -> Kept | None:
    """This dead letter, locked, unless it was replayed already."""
    row = await connection.fetchrow(SQL.dead_letter_by_id, dead_letter_id)
    if row is None:
        return None
    stamp = row["kafka_timestamp"]
    return Kept(
        dead_letter_id=row["dead_letter_id"],
        direction=row["direction"],
        topic=row["topic"],
        partition=-1 if row["kafka_partition"] is None else row["kafka_partition"],
        offset=-1 if row["kafka_offset"] is None else row["kafka_offset"],
        timestamp=int(stamp.timestamp() * 1000) if stamp else 0,
        key=row["key"],
        value=row["value"],
    )


async def payload(connection: Connection, dead_letter_id: int, *, kind: str) -> bytes | None:
    """What was heard, as it was heard; None when there is no such one that waits."""
    sql = SQL.parked_payload if kind == "parked" else SQL.dead_letter_payload
    row = await connection.fetchrow(sql, dead_letter_id)
    return None if row is None else bytes(row["value"] or b"")


async def replayed(connection: Connection, dead_letter_id: int) -> None:
    """It was delivered again and handled."""
    await connection.execute(SQL.dead_letter_replayed, dead_letter_id, wall_now())


async def heaps(connection: Connection, *, kind: str | None) -> list[Heap]:
    """What waits, by error, the largest heap first."""
    return [Heap(**row) for row in await connection.fetch(SQL.dead_letter_heaps, kind)]


async def listed(
    connection: Connection,
    *,
    kind: Kind | None,
    error: str | None,
    limit: int,
    after: tuple[Kind, int] = ("dead", 0),
) -> list[DeadLetter]:
    """Dead letters (`dead`), then parked events (`parked`), each oldest first, below `after`."""
    found: list[DeadLetter] = []
    last_kind, last = after
    if kind in (None, "dead") and last_kind == "dead":
        for row in await connection.fetch(SQL.dead_letter_list, error, limit, last):
            found.append(
                DeadLetter(
                    dead_letter_id=row["dead_letter_id"],
                    kind="dead",
                    topic=row["topic"],
                    partition=row["kafka_partition"],
                    offset=row["kafka_offset"],
                    key=row["key"].decode(errors="replace") if row["key"] else None,
                    error_code=row["error_code"],
                    error=row["error"],
                    at=row["at"],
                    attempts=0,
                )
            )
    if kind in (None, "parked"):
        below = last if last_kind == "parked" else 0
        for row in await connection.fetch(SQL.parked_list, error, limit, below):
            found.append(
                DeadLetter(
                    dead_letter_id=row["parked_id"],
                    kind="parked",
                    topic=row["topic"],
                    partition=row["kafka_partition"],
                    offset=row["kafka_offset"],
                    key=row["subject"],
                    error_code="failed",
                    error=row["error"],
                    at=row["parked_at"],
                    attempts=row["attempts"],
                )
            )
    return found[:limit]
