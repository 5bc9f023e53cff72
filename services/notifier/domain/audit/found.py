"""What the tables hold of a promise, and a mismatch between that and what should be there."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final
from uuid import UUID

from pydantic_core import to_json

from shared.records import record

FIRST_HASH: Final = b"\x00" * 32


class MismatchKind(StrEnum):
    MISSING_RUNG = "missing_rung"  # 应触发而未触发
    EXTRA_RUNG = "extra_rung"  # 不应触发而触发
    WRONG_TIME = "wrong_time"  # 触发时间不符
    LATE_FIRED = "late_fired"  # 触发迟于应触发时刻
    WRONG_NEXT = "wrong_next"  # 下一次触发不符
    WRONG_STATE = "wrong_state"  # 状态不符
    WRONG_DUE = "wrong_due"  # 时限不符
    MISSING_DEADLINE = "missing_deadline"  # 缺少时限记录
    EXTRA_DEADLINE = "extra_deadline"  # 多出时限记录
    BROKEN_HISTORY_HASH = "broken_history_hash"  # 历史链断裂


@record
class Mismatch:
    """One difference; `what` tells apart several of a kind at one promise."""

    subject: UUID
    deadline_id: UUID
    kind: MismatchKind
    what: str
    expected: str
    found: str


@record
class Entry:
    """One row of a promise's history, as it stands; `rung` and `fired_at` where a rung fired."""

    seq: int
    at: datetime
    what: str
    role: str
    unit: str | None
    actor_name: str | None
    on_behalf_of: str | None
    before: str | None
    after: str | None
    policy: str
    previous_hash: bytes
    hash: bytes
    rung: str | None = None
    fired_at: datetime | None = None


@record
class Row:
    """One row of `deadline` as far as it is audited."""

    deadline_id: UUID
    kind: str
    state: str
    late: bool
    due_by: datetime
    met_at: datetime | None
    ended: bool
    next_rung: str | None
    fire_at: datetime | None
    seq: int
    history_hash: bytes


def break_in(row: Row, history: Sequence[Entry]) -> str | None:
    """Where the chain of a promise's history does not hold; None when it does.

    Each row's hash covers the one before and its own fields; the promise keeps the last.
    """
    last = FIRST_HASH
    for place, entry in enumerate(history, start=1):
        if entry.seq != place:
            return f"seq {place}: {entry.seq}"
        if entry.previous_hash != last or entry.hash != _hash(row.deadline_id, entry):
            return f"seq {place}: {entry.what}"
        last = entry.hash
    if row.seq != len(history):
        return f"{len(history)} rows, seq {row.seq}"
    return None if row.history_hash == last else f"seq {row.seq}: last hash"


def _hash(deadline_id: UUID, entry: Entry) -> bytes:
    fields = (
        *(deadline_id, entry.seq, entry.at.isoformat(), entry.what, entry.role, entry.unit),
        *(entry.actor_name, entry.on_behalf_of, entry.before, entry.after, entry.policy),
    )
    text = to_json([None if each is None else str(each) for each in fields])
    return sha256(entry.previous_hash + text).digest()
