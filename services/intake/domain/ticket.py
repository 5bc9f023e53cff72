"""The lifecycle of a ticket, as one table, and the ticket itself.

The table is DOMAIN §3's, citizen-facing: what units do with the matter is the router's whistle,
and its facts move the ticket by `dispatch`, `acknowledge`, `resolve` … here. `redispatch` follows a
lead that was replaced, `recall` a whistle that was taken back. An ended ticket hears on without
moving.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.contracts.parts import Place
from shared.contracts.tickets import Source
from shared.contracts.values import Channel, TicketType, Urgency
from shared.lifecycle import Lifecycle


class TicketState(StrEnum):
    """Where a ticket stands for the citizen."""

    DRAFT = "draft"  # 草稿
    REGISTERED = "registered"  # 已登记
    PENDING_INFO = "pending_info"  # 待补充
    DISPATCHED = "dispatched"  # 已派单
    PROCESSING = "processing"  # 办理中
    SUSPENDED = "suspended"  # 暂缓办理
    RESOLVED = "resolved"  # 已办结
    CALLBACK = "callback"  # 待回访
    CLOSED = "closed"  # 已结束
    MERGED = "merged"  # 已并单
    ANSWERED = "answered"  # 已答复
    TRANSFERRED = "transferred"  # 已转办
    REJECTED = "rejected"  # 不予受理
    WITHDRAWN = "withdrawn"  # 已撤回
    VOIDED = "voided"  # 已作废
    ARCHIVED = "archived"  # 已归档


class Command(StrEnum):
    """What may be done with a ticket."""

    REGISTER = "register"  # 登记
    ASK_INFO = "ask_info"  # 请补充
    SUPPLY = "supply"  # 补充完成
    ANSWER = "answer"  # 直接答复
    TRANSFER = "transfer"  # 转办
    REJECT = "reject"  # 不予受理
    APPEAL = "appeal"  # 申诉
    MERGE = "merge"  # 并单
    UNDO_MERGE = "undo_merge"  # 撤销并单
    DISPATCH = "dispatch"  # 派单
    REDISPATCH = "redispatch"  # 改派
    RECALL = "recall"  # 撤回派单
    ACKNOWLEDGE = "acknowledge"  # 签收
    SUSPEND = "suspend"  # 暂缓
    RESUME = "resume"  # 恢复
    RESOLVE = "resolve"  # 办结
    REJECT_RESOLUTION = "reject_resolution"  # 办结退回
    OPEN_CALLBACK = "open_callback"  # 转回访
    CLOSE = "close"  # 结束
    REWORK = "rework"  # 重新办理
    REOPEN = "reopen"  # 重新打开
    WITHDRAW = "withdraw"  # 撤回
    VOID = "void"  # 作废
    ARCHIVE = "archive"  # 归档


_S, _C = TicketState, Command

LIFECYCLE: Final = Lifecycle[TicketState, Command](
    {
        (_S.DRAFT, _C.REGISTER): _S.REGISTERED,
        (_S.REGISTERED, _C.ASK_INFO): _S.PENDING_INFO,
        (_S.REGISTERED, _C.ANSWER): _S.ANSWERED,
        (_S.REGISTERED, _C.TRANSFER): _S.TRANSFERRED,
        (_S.REGISTERED, _C.REJECT): _S.REJECTED,
        (_S.REGISTERED, _C.MERGE): _S.MERGED,
        (_S.REGISTERED, _C.DISPATCH): _S.DISPATCHED,
        (_S.REGISTERED, _C.WITHDRAW): _S.WITHDRAWN,
        (_S.REGISTERED, _C.VOID): _S.VOIDED,
        (_S.PENDING_INFO, _C.SUPPLY): _S.REGISTERED,
        (_S.PENDING_INFO, _C.DISPATCH): _S.DISPATCHED,  # the router was quicker than the question
        (_S.PENDING_INFO, _C.MERGE): _S.MERGED,
        (_S.PENDING_INFO, _C.WITHDRAW): _S.WITHDRAWN,
        (_S.PENDING_INFO, _C.VOID): _S.VOIDED,
        (_S.DISPATCHED, _C.ACKNOWLEDGE): _S.PROCESSING,
        (_S.DISPATCHED, _C.RECALL): _S.REGISTERED,
        (_S.DISPATCHED, _C.MERGE): _S.MERGED,
        (_S.DISPATCHED, _C.WITHDRAW): _S.WITHDRAWN,
        (_S.PROCESSING, _C.REDISPATCH): _S.DISPATCHED,
        (_S.PROCESSING, _C.SUSPEND): _S.SUSPENDED,
        (_S.PROCESSING, _C.RESOLVE): _S.RESOLVED,
        (_S.PROCESSING, _C.RECALL): _S.REGISTERED,
        (_S.PROCESSING, _C.MERGE): _S.MERGED,
        (_S.PROCESSING, _C.WITHDRAW): _S.WITHDRAWN,
        (_S.SUSPENDED, _C.RESUME): _S.PROCESSING,
        (_S.SUSPENDED, _C.RECALL): _S.REGISTERED,
        (_S.SUSPENDED, _C.MERGE): _S.MERGED,
        (_S.SUSPENDED, _C.WITHDRAW): _S.WITHDRAWN,
        (_S.RESOLVED, _C.OPEN_CALLBACK): _S.CALLBACK,
        (_S.RESOLVED, _C.REJECT_RESOLUTION): _S.PROCESSING,
        (_S.CALLBACK, _C.CLOSE): _S.CLOSED,
        (_S.CALLBACK, _C.REWORK): _S.DISPATCHED,
        (_S.MERGED, _C.OPEN_CALLBACK): _S.CALLBACK,
        (_S.MERGED, _C.UNDO_MERGE): _S.REGISTERED,
        (_S.MERGED, _C.WITHDRAW): _S.WITHDRAWN,
        (_S.REJECTED, _C.APPEAL): _S.REGISTERED,
        (_S.CLOSED, _C.REOPEN): _S.DISPATCHED,
        (_S.CLOSED, _C.ARCHIVE): _S.ARCHIVED,
        (_S.ANSWERED, _C.ARCHIVE): _S.ARCHIVED,
        (_S.TRANSFERRED, _C.ARCHIVE): _S.ARCHIVED,
        (_S.REJECTED, _C.ARCHIVE): _S.ARCHIVED,
        (_S.WITHDRAWN, _C.ARCHIVE): _S.ARCHIVED,
        (_S.VOIDED, _C.ARCHIVE): _S.ARCHIVED,
    }
)

ENDED: Final = frozenset(
    {
        _S.CLOSED,
        _S.ANSWERED,
        _S.TRANSFERRED,
        _S.REJECTED,
        _S.WITHDRAWN,
        _S.VOIDED,
        _S.ARCHIVED,
    }
)
# A unit is called or was; only such a ticket has a whistle of its own.
WHISTLED: Final = frozenset(
    {_S.DISPATCHED, _S.PROCESSING, _S.SUSPENDED, _S.RESOLVED, _S.CALLBACK, _S.CLOSED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A person's request without the person; `seq` is also its version.

    `place` is the one that units may see; `whistle_id` the whistle that moves the ticket now.
    """

    ticket_id: UUID
    number: str
    state: TicketState
    seq: int
    round: int
    channel: Channel
    type: TicketType
    urgency: Urgency
    category: str | None
    title: str
    summary: str
    place: Place
    line: str | None
    choice: str | None
    source: Source | None
    confidential: bool
    contactable: bool
    hard_case: bool
    group_matter: bool = False
    registered_at: datetime
    occurred_at: datetime | None = None
    whistle_id: UUID | None = None
    urged: int = 0
    urged_at: datetime | None = None
    callback_tries: int = 0
    ended_at: datetime | None = None
    canary: bool = False  # it only tries the path: nobody's, and in no list
    history_hash: bytes

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED
