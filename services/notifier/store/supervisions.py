"""Supervisions as they are kept, and the matters that may be supervised."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from services.notifier.domain.supervision import Matter, Source, Supervision
from shared.contracts.envelope import adapter
from shared.contracts.parts import Actor, Role
from shared.contracts.values import Due
from shared.dues.moved import Moving
from shared.runtime import history
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "supervisions.sql")
DUE = adapter(Due)


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionFilter:
    """Which supervisions are asked for; `state` is open, late, answered or ended."""

    unit: str | None = None
    whistle_id: UUID | None = None
    ticket_id: UUID | None = None
    state: str | None = None
    before: UUID | None = None
    limit: int = 100


async def locked(connection: Connection, supervision_id: UUID) -> Supervision | None:
    """The supervision, locked; None when there is none."""
    row = await connection.fetchrow(SQL.supervision_locked, supervision_id)
    return None if row is None else _supervision(row)


async def open_of_ladder(
    connection: Connection, places: Iterable[tuple[UUID | None, str | None]]
) -> dict[tuple[UUID | None, str | None], Supervision]:
    """What the ladder asked these units of these whistles and is unanswered, locked."""
    wanted = sorted(places, key=str)
    found = await connection.fetch(
        SQL.open_of_ladder, [whistle for whistle, _ in wanted], [unit for _, unit in wanted]
    )
    return {(row["whistle_id"], row["unit"]): _supervision(row) for row in found}


async def unanswered(
    connection: Connection, *, whistle_ids: Sequence[UUID], ticket_ids: Sequence[UUID]
) -> Sequence[Supervision]:
    """What waits for an answer about these whistles, or tickets that have none; locked."""
    rows = await connection.fetch(SQL.unanswered, whistle_ids, ticket_ids)
    return [_supervision(row) for row in rows]


async def to_move(
    connection: Connection, moving: Moving, after: UUID, limit: int
) -> list[Supervision]:
    """Those whose time may have to move, from above `after`, in the order of their ids; locked."""
    if moving.outage is None:
        rows = await connection.fetch(SQL.supervisions_provisional, after, limit)
    else:
        span = (moving.outage.from_at, moving.outage.to_at)
        rows = await connection.fetch(SQL.supervisions_due_within, after, *span, limit)
    return [_supervision(row) for row in rows]


async def listed(
    connection: Connection, wanted: SupervisionFilter, now: datetime
) -> list[Supervision]:
    """The supervisions asked for, newest first."""
    rows = await connection.fetch(
        SQL.list_supervisions,
        wanted.unit,
        wanted.whistle_id,
        wanted.ticket_id,
        wanted.state,
        now,
        wanted.before,
        wanted.limit,
    )
    return [_supervision(row) for row in rows]


async def matters(
    connection: Connection, *, whistle_id: UUID | None, ticket_id: UUID | None
) -> list[Matter]:
    """The parts that units still owe something on; of the newest whistle only."""
    rows = await connection.fetch(SQL.parts_of_matter, whistle_id, ticket_id)
    return [_matter(row) for row in rows if row["whistle_id"] == rows[0]["whistle_id"]]


async def waiting_ticket(connection: Connection, ticket_id: UUID) -> Matter | None:
    """A ticket that no unit has yet."""
    row = await connection.fetchrow(SQL.ticket_waiting, ticket_id)
    if row is None:
        return None
    return Matter(
        number=row["number"],
        round=row["round"],
        whistle_id=None,
        ticket_ids=tuple(row["ticket_ids"]),
        unit=None,
        canary=row["canary"],
    )


async def lead_of(connection: Connection, whistle_id: UUID) -> str | None:
    """The unit that leads the whistle, by the facts heard."""
    unit: str | None = await connection.fetchval(SQL.lead_of, str(whistle_id))
    return unit


async def save(
    connection: Connection, supervision: Supervision, *, what: str, actor: Actor, at: datetime
) -> Supervision:
    """Write it with a row of history; returns it as it stands now."""
    entry = history.entry(
        supervision.supervision_id,
        seq=supervision.seq + 1,
        at=at,
        what=what,
        actor=actor,
        before=None,
        after=to_json(
            {
                "level": supervision.level,
                "words": supervision.words,
                "answer_by": supervision.answer_by.by.isoformat(),
                "answer": supervision.answer,
            }
        ).decode(),
        policy=supervision.answer_by.policy,
        previous_hash=supervision.history_hash,
    )
    row = _row(supervision, entry.seq, entry.hash)
    await connection.execute(SQL.put_supervision, *row)
    await history.add(connection, [entry])
    return replace(supervision, seq=entry.seq, history_hash=entry.hash)


def _matter(row: Any) -> Matter:
    return Matter(
        number=row["number"],
        round=row["round"],
        whistle_id=row["whistle_id"],
        ticket_ids=tuple(row["ticket_ids"]),
        unit=row["unit"],
        canary=row["canary"],
    )


def _row(s: Supervision, seq: int, hash_: bytes) -> tuple[Any, ...]:
    by = s.answered_by
    return (
        *(s.supervision_id, s.source, s.level, s.number, s.round, s.whistle_id, s.ticket_id),
        *(s.ticket_ids, s.unit, s.words, s.asked_at, s.asked_by.role, s.asked_by.name),
        DUE.dump_json(s.answer_by).decode(),
        *(s.answer, s.answered_at, by.role if by else None, by.name if by else None),
        *(s.late, s.ended_at, s.canary, seq, hash_, s.traceparent),
    )


def _supervision(row: Any) -> Supervision:
    answered = row["answered_role"]
    return Supervision(
        supervision_id=row["supervision_id"],
        source=Source(row["source"]),
        level=row["level"],
        number=row["number"],
        round=row["round"],
        whistle_id=row["whistle_id"],
        ticket_id=row["ticket_id"],
        ticket_ids=tuple(row["ticket_ids"]),
        unit=row["unit"],
        words=row["words"],
        asked_at=row["asked_at"],
        asked_by=Actor(role=Role(row["asked_role"]), name=row["asked_name"]),
        answer_by=DUE.validate_json(row["answer_by"]),
        answer=row["answer"],
        answered_at=row["answered_at"],
        answered_by=answered and Actor(role=Role(answered), name=row["answered_name"]),
        late=row["late"],
        ended_at=row["ended_at"],
        canary=row["canary"],
        seq=row["seq"],
        history_hash=row["history_hash"],
        traceparent=row["traceparent"],
    )
