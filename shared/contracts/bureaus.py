"""What one unit is told: its whistles with its own dues, rulings, and the answer to each report.

Topic `bureau.<code>.whistles`, key and subject are the whistle_id. A view has no internal trace and
nothing of who complained.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from shared.contracts.parts import (
    Assignment,
    AssignmentState,
    Attachment,
    BlownBy,
    DueChange,
    Muster,
    Place,
    UnitDecision,
    UnitPart,
)
from shared.contracts.tickets import CallbackResult, Satisfaction
from shared.contracts.values import Due, TicketType, Urgency, WhistleKind
from shared.records import record


class RefusalCode(StrEnum):
    """Why a report does not count."""

    WRONG_STATE = "wrong_state"  # 状态不符
    WRONG_UNIT = "wrong_unit"  # 非本单位哨单
    UNKNOWN_WHISTLE = "unknown_whistle"  # 哨单不存在
    STALE = "stale"  # 已过时
    INVALID = "invalid"  # 内容不合规范


@record
class View:
    """What every view carries: the whistle and the `seq` of the fact it tells."""

    TYPE: ClassVar[str]

    whistle_id: UUID
    seq: int


@record
class Whistled(View):
    """The unit is called."""

    TYPE: ClassVar[str] = "shaodao.bureau.whistled.v1"

    number: str
    round: int
    kind: WhistleKind
    level: str
    ticket_ids: tuple[UUID, ...]
    blown_by: BlownBy
    urgency: Urgency
    title: str
    summary: str
    place: Place
    confidential: bool
    assignment: Assignment
    units: tuple[UnitPart, ...]
    why: tuple[str, ...]
    parent_whistle_id: UUID | None = None
    category: str | None = None
    type: TicketType | None = None
    own_effort: str | None = None
    muster: Muster | None = None
    attachments: tuple[Attachment, ...] = ()
    cross_district: bool = False
    why_beyond: str | None = None


@record
class Supplemented(View):
    """The citizen added words or photos."""

    TYPE: ClassVar[str] = "shaodao.bureau.supplemented.v1"

    text: str
    attachments: tuple[Attachment, ...] = ()


@record
class UnitsChanged(View):
    """Who works on the whistle changed."""

    TYPE: ClassVar[str] = "shaodao.bureau.units_changed.v1"

    units: tuple[UnitPart, ...]


@record
class DueChanged(View):
    """The unit's due times moved."""

    TYPE: ClassVar[str] = "shaodao.bureau.due_changed.v1"

    changes: tuple[DueChange, ...]
    reason: str


@record
class Ruling(View):
    """What a reviewer decided on the unit's return."""

    TYPE: ClassVar[str] = "shaodao.bureau.ruling.v1"

    decision: str
    reason: str
    state: AssignmentState


@record
class ExtensionRefused(View):
    """The unit gets no more time."""

    TYPE: ClassVar[str] = "shaodao.bureau.extension_refused.v1"

    reason: str


@record
class SuspensionRefused(View):
    """The unit's work may not be paused."""

    TYPE: ClassVar[str] = "shaodao.bureau.suspension_refused.v1"

    reason: str


@record
class ReleaseRefused(View):
    """The unit that this one asked to let go stays in."""

    TYPE: ClassVar[str] = "shaodao.bureau.release_refused.v1"

    unit: str
    reason: str


@record
class Consulted(View):
    """What the units agreed: who does what by when."""

    TYPE: ClassVar[str] = "shaodao.bureau.consulted.v1"

    words: str
    decisions: tuple[UnitDecision, ...]


@record
class TakenOver(View):
    """A street took the whistle over, or tells the community why it withdrew it."""

    TYPE: ClassVar[str] = "shaodao.bureau.taken_over.v1"

    by: BlownBy
    reason: str


@record
class Accepted(View):
    """The joint work was accepted."""

    TYPE: ClassVar[str] = "shaodao.bureau.accepted.v1"

    words: str = ""


@record
class Evaluated(View):
    """How street or community rated the unit's part."""

    TYPE: ClassVar[str] = "shaodao.bureau.evaluated.v1"

    evaluator_class: str
    timely: int
    present: int
    effect: int
    cooperation: int
    words: str = ""


@record
class Closed(View):
    """The whistle ended, with the callback's word."""

    TYPE: ClassVar[str] = "shaodao.bureau.closed.v1"

    result: CallbackResult | None = None
    satisfaction: Satisfaction | None = None


@record
class ReportAccepted(View):
    """The unit's report counts; the state and dues after it."""

    TYPE: ClassVar[str] = "shaodao.bureau.report_accepted.v1"

    report_id: str
    state: AssignmentState
    received_at: datetime
    late: bool
    assignment: Assignment


@record
class ReviewRejected(View):
    """The unit's resolution was sent back."""

    TYPE: ClassVar[str] = "shaodao.bureau.review_rejected.v1"

    reason: str


@record
class AcceptanceFailed(View):
    """The street found the unit's work undone."""

    TYPE: ClassVar[str] = "shaodao.bureau.acceptance_failed.v1"

    changes: tuple[DueChange, ...]
    reason: str


@record
class Suspended(View):
    """The unit's work is paused."""

    TYPE: ClassVar[str] = "shaodao.bureau.suspended.v1"

    reason: str
    review_by: Due | None = None


@record
class Resumed(View):
    """The unit's work goes on."""

    TYPE: ClassVar[str] = "shaodao.bureau.resumed.v1"

    changes: tuple[DueChange, ...]


@record
class Released(View):
    """The unit may go."""

    TYPE: ClassVar[str] = "shaodao.bureau.released.v1"

    reason: str | None = None


@record
class Withdrawn(View):
    """The whistle was taken back."""

    TYPE: ClassVar[str] = "shaodao.bureau.withdrawn.v1"

    reason: str


@record
class ReportRefused:
    """The unit's report does not count, and why, in both languages.

    `state` and `seq` are the current ones where the whistle is known and the unit's.
    """

    TYPE: ClassVar[str] = "shaodao.bureau.report_refused.v1"

    report_id: str
    topic: str
    partition: int
    offset: int
    code: RefusalCode
    zh: str
    en: str
    whistle_id: UUID | None = None
    state: AssignmentState | None = None
    seq: int | None = None
