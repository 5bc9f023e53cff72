"""Keys of departments, hashed, and the answers to the reports they pushed."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from services.router.domain.department import Answer, DepartmentKey
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "department.sql")
_ANSWER = TypeAdapter(Answer)


def key_hash(key: str) -> bytes:
    """What is kept of a key: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(key.encode()).digest()


async def add_key(connection: Connection, key: DepartmentKey, *, hashed: bytes) -> None:
    await connection.execute(
        SQL.add_key, key.key_id, key.unit, key.prefix, hashed, key.created_at, key.created_by
    )


async def keys_of(connection: Connection, unit: str | None) -> list[DepartmentKey]:
    """All keys of a unit, or of all units; also revoked ones, oldest first."""
    return [_key(row) for row in await connection.fetch(SQL.keys_of, unit)]


async def revoke_key(connection: Connection, key_id: UUID, *, wall: datetime) -> bool:
    """From now on the key is none; False when there is no such key."""
    return await connection.fetchval(SQL.revoke_key, key_id, wall) is not None


async def find_key(connection: Connection, hashed: bytes, *, today: date) -> DepartmentKey | None:
    """The key of that hash, noted as used today; None when there is none that holds."""
    row = await connection.fetchrow(SQL.key_of_hash, hashed)
    if row is None:
        return None
    if row["last_used"] != today:
        await connection.execute(SQL.key_used, row["key_id"], today)
    return _key(row)


async def keep_answers(
    connection: Connection, answers: Sequence[tuple[str, Answer]], *, at: datetime
) -> None:
    """Remember what pushed reports were answered: (unit, answer)."""
    if answers:
        await connection.execute(
            SQL.keep_answers,
            [unit for unit, _ in answers],
            [answer.report_id for _, answer in answers],
            [_ANSWER.dump_json(answer).decode() for _, answer in answers],
            at,
        )


async def answers_to(
    connection: Connection, reports: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Answer]:
    """The answers given before, by (unit, event id)."""
    if not reports:
        return {}
    rows = await connection.fetch(
        SQL.answers, [unit for unit, _ in reports], [event_id for _, event_id in reports]
    )
    return {(row["unit"], row["event_id"]): _ANSWER.validate_json(row["answer"]) for row in rows}


async def forget_answers(connection: Connection, *, before: datetime, most: int) -> int:
    """Forget answers of long ago; how many there were."""
    removed: str = await connection.execute(SQL.forget_answers, before, most)
    return int(removed.rpartition(" ")[2])


def _key(row: Mapping[str, Any]) -> DepartmentKey:
    return DepartmentKey(
        key_id=row["key_id"],
        unit=row["unit"],
        prefix=row["prefix"],
        created_at=row["created_at"],
        created_by=row["created_by"],
        revoked_at=row["revoked_at"],
        last_used=row["last_used"],
    )
