"""The history of aggregates: who did what, before and after, each row hashed over the one before.

An aggregate keeps its `seq` and `history_hash` on its own row, so that a row is added without
reading the last one.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from shared.contracts.parts import Actor
from shared.records import record

FIRST_HASH = b"\x00" * 32
COLUMNS = (
    "aggregate_id",
    "seq",
    "at",
    "what",
    "role",
    "unit",
    "actor_name",
    "on_behalf_of",
    "before",
    "after",
    "policy",
    "previous_hash",
    "hash",
)


@record
class Entry:
    """One row of an aggregate's history; `before` and `after` are short JSON texts."""

    aggregate_id: UUID
    seq: int
    at: datetime
    what: str
    actor: Actor
    before: str | None
    after: str | None
    policy: str
    previous_hash: bytes
    hash: bytes


def row_hash(previous_hash: bytes, fields: Sequence[object]) -> bytes:
    """SHA-256 over the hash before and the row's fields, each written as JSON."""
    text = to_json([str(f) if f is not None else None for f in fields])
    return hashlib.sha256(previous_hash + text).digest()


def entry(
    aggregate_id: UUID,
    *,
    seq: int,
    at: datetime,
    what: str,
    actor: Actor,
    before: str | None,
    after: str | None,
    policy: str,
    previous_hash: bytes,
) -> Entry:
    """The next row of an aggregate's history, hashed; pure."""
    fields = (aggregate_id, seq, at.isoformat(), what, actor.role, actor.unit, actor.name)
    digest = row_hash(previous_hash, (*fields, actor.on_behalf_of, before, after, policy))
    return Entry(
        aggregate_id=aggregate_id,
        seq=seq,
        at=at,
        what=what,
        actor=actor,
        before=before,
        after=after,
        policy=policy,
        previous_hash=previous_hash,
        hash=digest,
    )


async def add(connection: "asyncpg.Connection[Any]", entries: Sequence[Entry]) -> None:
    """Append rows, within the transaction of the change they tell of."""
    if not entries:
        return
    records = [
        (
            e.aggregate_id,
            e.seq,
            e.at,
            e.what,
            e.actor.role,
            e.actor.unit,
            e.actor.name,
            e.actor.on_behalf_of,
            e.before,
            e.after,
            e.policy,
            e.previous_hash,
            e.hash,
        )
        for e in entries
    ]
    await connection.copy_records_to_table("history", records=records, columns=COLUMNS)
