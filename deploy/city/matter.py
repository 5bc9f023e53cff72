"""A matter: what one bureau remembers of one whistle it was called to, and what it means to do."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts.parts import AssignmentState, Handler
from shared.contracts.values import Due, Relation, TicketType, Urgency


class Temper(StrEnum):
    """How a bureau takes one matter."""

    PROMPT = "prompt"  # 雷厉风行
    STEADY = "steady"  # 按部就班
    SLOW = "slow"  # 踩线办结
    LATE = "late"  # 拖过时限
    RETURNING = "returning"  # 先退单
    ASKING = "asking"  # 申请延期
    SHELVING = "shelving"  # 申请挂账
    SILENT = "silent"  # 不理不睬


class Verb(StrEnum):
    """A report the bureau means to send; the names of CONTRACTS §5."""

    ACKNOWLEDGED = "acknowledged"  # 签收
    CONTACTED = "contacted"  # 联系
    DEPARTED = "departed"  # 出发
    ARRIVED = "arrived"  # 报到
    HANDED_OVER = "handed_over"  # 转交经办
    PROGRESSED = "progressed"  # 进展
    RETURN_REQUESTED = "return_requested"  # 申请退单
    DISPUTED = "disputed"  # 申请复核
    EXTENSION_REQUESTED = "extension_requested"  # 申请延期
    SUSPENSION_REQUESTED = "suspension_requested"  # 申请挂账
    RESOLVED = "resolved"  # 办结


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One report, meant for `at` in domain time."""

    verb: Verb
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One unit's part in one whistle as the unit sees it.

    `sent` counts its reports, so that each gets an id of its own and a report sent twice gets the
    same one; `refusals` counts the answers that a report does not count, `redone` how often its
    resolution came back.
    """

    unit: str
    whistle_id: UUID
    assignment_id: UUID
    number: str
    round: int
    relation: Relation
    urgency: Urgency
    type: TicketType | None
    category: str | None
    title: str
    temper: Temper
    handler: Handler
    state: AssignmentState
    acknowledge: Due | None
    contact: Due | None
    arrive: Due | None
    resolve: Due | None
    lat: float | None = None
    lon: float | None = None
    suggested_unit: str | None = None
    steps: tuple[Step, ...] = ()
    sent: int = 0
    refusals: int = 0
    waits: int = 0
    redone: int = 0
    disputed: bool = False
    ended: bool = False

    @property
    def next_at(self) -> datetime | None:
        """When the bureau moves again; None when it waits to be told something, or never will."""
        return self.steps[0].at if self.steps and not self.ended else None
