"""Red and black lists: those open to objections, and those frozen for good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic_core import from_json, to_json

from services.notifier.domain.figures.ranking import Ranked, RankPart, Subjects
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "rankings.sql")
ROW_COLUMNS = (
    *("ranking_id", "subject", "name", "rank", "change", "n", "score", "low", "high", "parts"),
)


class RankingState(StrEnum):
    OBJECTIONS = "objections"  # 公示异议期
    PUBLISHED = "published"  # 已发布


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """One quarter's list of one kind of subject."""

    ranking_id: UUID
    subjects: Subjects
    quarter: str
    state: RankingState
    opened_at: datetime
    objections_by: datetime
    published_at: datetime | None
    seq: int
    history_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """What somebody says against a row, and the answer."""

    objection_id: UUID
    ranking_id: UUID
    subject: str
    words: str
    said_by: str
    said_at: datetime
    answer: str | None = None
    upheld: bool | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None


async def find(connection: Connection, subjects: Subjects, quarter: str) -> Ranking | None:
    row = await connection.fetchrow(SQL.find_ranking, subjects, quarter)
    return None if row is None else _ranking(row)


async def locked(connection: Connection, ranking_id: UUID) -> Ranking | None:
    row = await connection.fetchrow(SQL.ranking_locked, ranking_id)
    return None if row is None else _ranking(row)


async def add(connection: Connection, r: Ranking, rows: Sequence[Ranked]) -> bool:
    """Keep a new list; False where the quarter has one."""
    told = await connection.execute(
        SQL.add_ranking,
        *(r.ranking_id, r.subjects, r.quarter, r.state, r.opened_at, r.objections_by),
        *(r.seq, r.history_hash),
    )
    if told == "INSERT 0 0":
        return False
    await _keep_rows(connection, r.ranking_id, rows)
    return True


async def publish(connection: Connection, r: Ranking, rows: Sequence[Ranked]) -> None:
    """Freeze the list with these rows."""
    await connection.execute(SQL.drop_ranking_rows, r.ranking_id)
    await _keep_rows(connection, r.ranking_id, rows)
    await connection.execute(
        SQL.publish_ranking, r.ranking_id, r.published_at, r.seq, r.history_hash
    )


async def mark(connection: Connection, r: Ranking) -> None:
    """Keep the place and hash of the last row of its history."""
    await connection.execute(SQL.mark_ranking, r.ranking_id, r.seq, r.history_hash)


async def _keep_rows(connection: Connection, ranking_id: UUID, rows: Sequence[Ranked]) -> None:
    records = [
        (
            *(ranking_id, row.subject, row.name, row.rank, row.change, row.n),
            *(row.score, row.low, row.high, to_json(_told(row.parts)).decode()),
        )
        for row in rows
    ]
    await connection.copy_records_to_table("ranking_row", records=records, columns=ROW_COLUMNS)


def _told(parts: Mapping[str, RankPart]) -> dict[str, dict[str, object]]:
    return {
        name: {
            "value": None if part.value is None else str(part.value),
            "weight": part.weight,
            "n": part.n,
        }
        for name, part in parts.items()
    }


async def rows(connection: Connection, ranking_id: UUID) -> list[Ranked]:
    """The rows of a list in order, those without rank last."""
    return [_row(row) for row in await connection.fetch(SQL.ranking_rows, ranking_id)]


async def published_ranks(
    connection: Connection, subjects: Subjects, quarter: str
) -> dict[str, int]:
    """The ranks of a quarter that were published."""
    found = await connection.fetch(SQL.published_ranks, subjects, quarter)
    return {row["subject"]: row["rank"] for row in found}


async def listed(connection: Connection, subjects: Subjects | None, limit: int) -> list[Ranking]:
    return [_ranking(row) for row in await connection.fetch(SQL.list_rankings, subjects, limit)]


async def add_objection(connection: Connection, o: Objection) -> None:
    await connection.execute(
        SQL.add_objection, o.objection_id, o.ranking_id, o.subject, o.words, o.said_by, o.said_at
    )


async def objections(connection: Connection, ranking_id: UUID) -> list[Objection]:
    return [Objection(**row) for row in await connection.fetch(SQL.objections, ranking_id)]


async def objection_locked(connection: Connection, objection_id: UUID) -> Objection | None:
    row = await connection.fetchrow(SQL.objection_locked, objection_id)
    return None if row is None else Objection(**row)


async def answer(connection: Connection, o: Objection) -> None:
    await connection.execute(
        SQL.answer_objection, o.objection_id, o.answer, o.upheld, o.answered_by, o.answered_at
    )


def _ranking(row: Any) -> Ranking:
    return Ranking(
        ranking_id=row["ranking_id"],
        subjects=Subjects(row["subjects"]),
        quarter=row["quarter"],
        state=RankingState(row["state"]),
        opened_at=row["opened_at"],
        objections_by=row["objections_by"],
        published_at=row["published_at"],
        seq=row["seq"],
        history_hash=row["history_hash"],
    )


def _row(row: Any) -> Ranked:
    parts = {
        name: RankPart(
            value=None if part["value"] is None else Decimal(part["value"]),
            weight=part["weight"],
            n=part["n"],
        )
        for name, part in from_json(row["parts"]).items()
    }
    return Ranked(
        subject=row["subject"],
        name=row["name"],
        rank=row["rank"],
        change=row["change"],
        n=row["n"],
        score=row["score"],
        low=row["low"],
        high=row["high"],
        parts=parts,
    )
