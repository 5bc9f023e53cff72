"""What a department says about a whistle: the verbs of `bureau.<code>.reports`.

The unit of a report is the topic's (or the caller's), never the message's word. `at` is the
reporter's own statement; in time is judged by when the broker or the server received it.
"""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from annotated_types import Ge, Le, Len, MaxLen

from shared.contracts.parts import Evidence, Handler, Result, SuspensionCode
from shared.contracts.values import Instant
from shared.records import record

Words = Annotated[str, Len(1, 4000)]
Note = Annotated[str, MaxLen(4000)]
Code = Annotated[str, Len(1, 64)]


class ContactMeans(StrEnum):
    """How the citizen was contacted."""

    PHONE = "phone"  # 电话
    VISIT = "visit"  # 上门
    MESSAGE = "message"  # 短信微信


class ArrivalMode(StrEnum):
    """How the unit is present."""

    ON_SITE = "on_site"  # 到场
    REMOTE = "remote"  # 远程


class ReturnReason(StrEnum):
    """Why a unit says "not mine"."""

    NOT_DUTY = "not_duty"  # 非本单位职责
    NOT_REGION = "not_region"  # 非本辖区
    STATUTORY_ROUTE = "statutory_route"  # 应走法定途径
    DUPLICATE = "duplicate"  # 重复
    INSUFFICIENT_INFO = "insufficient_info"  # 信息不足


class FactsTrue(StrEnum):
    """Whether what was claimed is true."""

    YES = "yes"  # 属实
    NO = "no"  # 不属实
    PARTLY = "partly"  # 部分属实


@record
class Report:
    """What every report carries."""

    TYPE: ClassVar[str]

    whistle_id: UUID
    handler: Handler
    at: Instant


@record
class Acknowledged(Report):
    """The unit takes it."""

    TYPE: ClassVar[str] = "shaodao.report.acknowledged.v1"


@record
class Contacted(Report):
    """The unit spoke with the citizen."""

    TYPE: ClassVar[str] = "shaodao.report.contacted.v1"

    how: ContactMeans


@record
class Departed(Report):
    """The unit is on its way."""

    TYPE: ClassVar[str] = "shaodao.report.departed.v1"

    eta_minutes: Annotated[int, Ge(1), Le(1440)] | None = None


@record
class Arrived(Report):
    """The unit is on the spot."""

    TYPE: ClassVar[str] = "shaodao.report.arrived.v1"

    mode: ArrivalMode
    lat: Annotated[float, Ge(-90), Le(90)] | None = None
    lon: Annotated[float, Ge(-180), Le(180)] | None = None
    head_count: Annotated[int, Ge(1), Le(10000)] | None = None
    photos: Annotated[tuple[Code, ...], MaxLen(9)] = ()
    duty_phone: Annotated[str, MaxLen(32)] | None = None


@record
class Progressed(Report):
    """What was done so far."""

    TYPE: ClassVar[str] = "shaodao.report.progressed.v1"

    text: Words


@record
class ReturnRequested(Report):
    """Not mine: with the clause it stands on and the unit proposed instead."""

    TYPE: ClassVar[str] = "shaodao.report.return_requested.v1"

    reason: ReturnReason
    clause: Words
    suggested_unit: Code | None = None
    evidence: Annotated[tuple[Evidence, ...], MaxLen(20)] = ()


@record
class Disputed(Report):
    """The unit disputes the ruling on its return: once, within a working day."""

    TYPE: ClassVar[str] = "shaodao.report.disputed.v1"

    reason: Words
    clause: Note | None = None
    suggested_unit: Code | None = None
    evidence: Annotated[tuple[Evidence, ...], MaxLen(20)] = ()


@record
class HandedOver(Report):
    """The part went from section to person inside the unit."""

    TYPE: ClassVar[str] = "shaodao.report.handed_over.v1"

    to: Handler
    note: Note | None = None


@record
class AssistingRequested(Report):
    """The lead calls one more unit to assist."""

    TYPE: ClassVar[str] = "shaodao.report.assisting_requested.v1"

    unit: Code
    task: Words


@record
class ReleaseRequested(Report):
    """The lead asks to let an assisting unit go that holds the matter up."""

    TYPE: ClassVar[str] = "shaodao.report.release_requested.v1"

    unit: Code
    reason: Words


@record
class ExtensionRequested(Report):
    """More time is asked for, before the due time."""

    TYPE: ClassVar[str] = "shaodao.report.extension_requested.v1"

    amount: Annotated[int, Ge(1), Le(24)]
    unit: Annotated[str, Len(1, 2)]
    reason: Words


@record
class SuspensionRequested(Report):
    """Work cannot go on for a reason outside the unit; a plan says how it will."""

    TYPE: ClassVar[str] = "shaodao.report.suspension_requested.v1"

    reason: Words
    plan: Words
    code: SuspensionCode | None = None


@record
class Resolved(Report):
    """The unit's word that its part is done, with what it did and what the citizen may read."""

    TYPE: ClassVar[str] = "shaodao.report.resolved.v1"

    result: Result
    facts_true: FactsTrue
    measures: Words
    public_reply: Words
    internal_reply: Note = ""
    evidence: Annotated[tuple[Evidence, ...], MaxLen(20)] = ()
    follow_up: Note | None = None
    contacted_how: ContactMeans | None = None
    contacted_at: Instant | None = None
