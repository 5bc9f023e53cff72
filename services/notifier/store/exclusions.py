"""Rulings that a ticket counts in no figure."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from shared.contracts.figures import ExclusionReason
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "exclusions.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """One ruling; `seq` and `ended_seq` are its places among the rulings on the ticket."""

    exclusion_id: UUID
    ticket_id: UUID
    reason: ExclusionReason
    words: str
    ruled_by: str
    ruled_at: datetime
    seq: int
    history_hash: bytes
    ended_at: datetime | None = None
    ended_words: str | None = None
    ended_by: str | None = None
    ended_seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedTicket:
    """What the figures know of a ticket; `day` is that of its first dispatch."""

    number: str | None
    unit: str | None
    day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedExclusion:
    """A ruling with what is known of its ticket."""

    exclusion: Exclusion
    ticket: CountedTicket


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionFilter:
    """Which rulings are asked for; `after` is the place of the last row of the page before."""

    ticket_id: UUID | None = None
    in_force: bool | None = None
    reason: ExclusionReason | None = None
    unit: str | None = None
    region: str | None = None
    after: tuple[datetime, UUID] | None = None
    limit: int = 100


async def lock_ticket(connection: Connection, ticket_id: UUID) -> CountedTicket | None:
    """Wait for any other ruling on the ticket; what is known of it, None where nothing is."""
    await connection.execute(SQL.lock_ticket, ticket_id)
    row = await connection.fetchrow(SQL.ticket_counted, ticket_id)
    return None if row is None else CountedTicket(**dict(row))


async def next_seq(connection: Connection, ticket_id: UUID) -> int:
    """The place of the next ruling on the ticket."""
    last: int = await connection.fetchval(SQL.last_ruling, ticket_id)
    return last + 1


async def in_force(connection: Connection, ticket_id: UUID) -> Exclusion | None:
    """The ruling that keeps the ticket out of the figures now."""
    row = await connection.fetchrow(SQL.in_force, ticket_id)
    return None if row is None else _exclusion(row)


async def locked(connection: Connection, exclusion_id: UUID) -> Exclusion | None:
    row = await connection.fetchrow(SQL.exclusion_locked, exclusion_id)
    return None if row is None else _exclusion(row)


async def add(connection: Connection, e: Exclusion) -> None:
    await connection.execute(
        SQL.add_exclusion,
        *(e.exclusion_id, e.ticket_id, e.reason, e.words, e.ruled_by, e.ruled_at, e.seq),
        e.history_hash,
    )


async def end(connection: Connection, e: Exclusion) -> None:
    await connection.execute(
        SQL.end_exclusion,
        *(e.exclusion_id, e.ended_at, e.ended_words, e.ended_by, e.ended_seq, e.history_hash),
    )


async def listed(connection: Connection, wanted: ExclusionFilter) -> list[ListedExclusion]:
    """The rulings asked for, newest first."""
    rows = await connection.fetch(
        SQL.list_exclusions,
        *(wanted.ticket_id, wanted.in_force, wanted.reason, wanted.unit, wanted.region),
        *(wanted.after or (None, None)),
        wanted.limit,
    )
    return [
        ListedExclusion(
            exclusion=_exclusion(row),
            ticket=CountedTicket(number=row["number"], unit=row["unit"], day=row["day"]),
        )
        for row in rows
    ]


def _exclusion(row: Any) -> Exclusion:
    return Exclusion(
        exclusion_id=row["exclusion_id"],
        ticket_id=row["ticket_id"],
        reason=ExclusionReason(row["reason"]),
        words=row["words"],
        ruled_by=row["ruled_by"],
        ruled_at=row["ruled_at"],
        seq=row["seq"],
        history_hash=row["history_hash"],
        ended_at=row["ended_at"],
        ended_words=row["ended_words"],
        ended_by=row["ended_by"],
        ended_seq=row["ended_seq"],
    )
