"""What a fact says of one promise, in the auditor's few words."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Due
from shared.records import record


class Verb(StrEnum):
    OPEN = "open"  # 开始计时: owed by then; one that is owed already is owed by then instead
    MEET = "meet"  # 完成
    END = "end"  # 不再需要
    PAUSE = "pause"  # 暂停
    RESUME = "resume"  # 恢复计时
    CHANGE = "change"  # 时限变更
    REOPEN = "reopen"  # 重新计时
    RESTORE = "restore"  # 恢复
    RENEW = "renew"  # 开始新一期: the same thing is owed once more, by another time
    GROUP = "group"  # 列为群体诉求


@dataclass(frozen=True, slots=True)
class Note:
    """One thing said of one promise; `owner_id` is its assignment, else its ticket or whistle."""

    verb: Verb
    owner_id: UUID
    kind: DeadlineKind
    round: int
    at: datetime
    due: Due | None = None
    outage: bool = False  # moved for a declared outage: a late end may have been in time


@record
class Told:
    """A fact of the log: what it says, when it became true, when it was heard (domain time)."""

    data: Any
    at: datetime
    heard_at: datetime
