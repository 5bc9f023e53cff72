"""What one person is to be told of one matter, from the moment a rung fires until it is told."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.notifier.domain.telling.posts import Post, Seat
from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Urgency
from shared.records import record


class Occasion(StrEnum):
    WARNING = "warning"  # 预警
    OVERDUE = "overdue"  # 超时、升级
    URGED = "urged"  # 群众催办
    SUPERVISED = "supervised"  # 督办


class Way(StrEnum):
    AT_ONCE = "at_once"  # 即时
    BUNDLE = "bundle"  # 合并
    DAILY = "daily"  # 每日摘要
    RELEASED = "released"  # 放行后的汇总


class MessageState(StrEnum):
    WAITING = "waiting"  # 待发
    HELD = "held"  # 暂存，待放行
    TOLD = "told"  # 已发
    MOOT = "moot"  # 已无须提醒


@record
class Subject:
    """What a message is about; `deadline_id` and `term` tell whether it still holds."""

    about: UUID  # the whistle, else the ticket
    number: str
    unit: str | None
    urgency: Urgency
    occasion: Occasion
    at: datetime  # when it fired or was asked
    level: int = 0
    kind: DeadlineKind | None = None
    rung: str | None = None
    due_by: datetime | None = None
    deadline_id: UUID | None = None
    term: int | None = None
    count: int | None = None  # how often it was urged


@record
class Message:
    """One thing for one person. `post` was to hear; the person sat at `seat` then."""

    message_id: UUID
    person_id: UUID
    post: Post
    seat: Seat
    subject: Subject
    way: Way
    state: MessageState
    send_at: datetime | None
    repeats: int = 0  # how often it will be told again, unless the unit acknowledges
    told: int = 0  # how often it was

    @property
    def fell(self) -> bool:
        """Whether nobody was on duty at the post itself."""
        return self.post is not self.seat.post


@record
class Waiting:
    """A message that waits. `moot`: nothing is owed any more as it was when it fired."""

    message: Message
    moot: bool
    acknowledged: bool


@record
class Settled:
    """How a message went: `message` as it is now, and when and in what it was told."""

    message: Message
    told_at: datetime | None = None
    bundle_id: UUID | None = None
