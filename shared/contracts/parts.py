"""The values that several events carry: who acted, where, which unit with which dues."""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from annotated_types import Ge, Le, Len, MaxLen

from shared.contracts.values import Due, Instant, Relation
from shared.records import record


class Role(StrEnum):
    """Who may act (DOMAIN §9), and the four that are no accounts."""

    OPERATOR = "operator"  # 话务员
    SHIFT_LEAD = "shift_lead"  # 班长
    DISPATCHER = "dispatcher"  # 派单员
    REVIEWER = "reviewer"  # 审核员
    SUPERVISOR = "supervisor"  # 督办员
    CALLBACK_CLERK = "callback_clerk"  # 回访员
    LEADER = "leader"  # 领导
    STREET_OFFICER = "street_officer"  # 街道调度员
    COMMUNITY_WORKER = "community_worker"  # 社区
    GRID_WORKER = "grid_worker"  # 网格员
    LIAISON = "liaison"  # 联络员
    HANDLER = "handler"  # 承办人
    OPS = "ops"  # 运维
    AUDITOR = "auditor"  # 审计
    CITIZEN = "citizen"  # 市民
    DEPARTMENT = "department"  # 部门系统
    SYSTEM = "system"  # 系统
    CANARY = "canary"  # 全程探测


class AssignmentState(StrEnum):
    """Where one unit's part in a whistle stands (DOMAIN §3)."""

    OFFERED = "offered"  # 待签收
    ACKNOWLEDGED = "acknowledged"  # 已签收
    ARRIVED = "arrived"  # 已报到
    WORKING = "working"  # 办理中
    DONE = "done"  # 已办结
    RETURN_REQUESTED = "return_requested"  # 申请退单
    RETURNED = "returned"  # 已退单
    DISPUTED = "disputed"  # 申请复核
    PAUSED = "paused"  # 挂账
    RELEASED = "released"  # 已放行


class WhistleState(StrEnum):
    """Where a whistle stands; `held` waits for a dispatcher and has no units yet."""

    HELD = "held"  # 待派
    OPEN = "open"  # 办理中
    AWAITING_ACCEPTANCE = "awaiting_acceptance"  # 待验收
    ACCEPTED = "accepted"  # 已验收
    CLOSED = "closed"  # 已结束
    WITHDRAWN = "withdrawn"  # 已撤回


class Result(StrEnum):
    """The honest results of a resolution (DOMAIN §2.4)."""

    SOLVED = "solved"  # 已解决
    PARTLY = "partly"  # 部分解决
    EXPLAINED = "explained"  # 解释说明
    UNTRUE = "untrue"  # 不属实
    CANNOT = "cannot"  # 客观条件限制


class SuspensionCode(StrEnum):
    """Why work may be suspended (DOMAIN §3)."""

    PAST_LEGACY = "past_legacy"  # 历史遗留
    FUNDS = "funds"  # 资金未落实
    IN_COURT = "in_court"  # 涉法涉诉
    FROZEN_GROUND = "frozen_ground"  # 冻土期无法施工
    NO_POLICY = "no_policy"  # 暂无政策依据


class DeadlineKind(StrEnum):
    """Which promise of time: three of intake's, the router's, and the notifier's own (the last)."""

    DISPATCH = "dispatch"  # 派单
    CALLBACK = "callback"  # 回访
    CALLBACK_START = "callback_start"  # 首次回访
    CITIZEN = "citizen"  # 对市民的总时限
    ACKNOWLEDGE = "acknowledge"  # 签收
    DEEMED = "deemed"  # 视为签收
    CONTACT = "contact"  # 联系
    ARRIVE = "arrive"  # 到场
    RESOLVE = "resolve"  # 办结
    RULING = "ruling"  # 裁定
    REVIEW = "review"  # 审核
    EXTENSION = "extension"  # 延期审批
    SUSPENSION = "suspension"  # 挂账复核
    TAKEOVER = "takeover"  # 街道接管窗口
    OWN_EFFORT = "own_effort"  # 补充自行处置情况
    EVALUATION = "evaluation"  # 考核评价
    PROGRESS = "progress"  # 办理进展
    SUPERVISION = "supervision"  # 督办答复


class Asked(StrEnum):
    """What somebody above the units is asked to decide."""

    RETURN = "return"  # 退单
    DISPUTE = "dispute"  # 复核
    EXTENSION = "extension"  # 延期
    SUSPENSION = "suspension"  # 挂账申请
    PAUSE = "pause"  # 挂账复查
    RESOLUTION = "resolution"  # 办结审核
    RELEASE = "release"  # 放行协办
    MERGE = "merge"  # 并单裁定


@record
class Actor:
    """Who made a fact true. Never a citizen's name; `name` is an official's, where one acted."""

    role: Role
    unit: str | None = None
    name: str | None = None
    on_behalf_of: str | None = None


@record
class Place:
    """Where, without the door: region code (6–15 digits), generalised address, WGS84 point."""

    region: str | None = None
    address: str | None = None
    lat: float | None = None
    lon: float | None = None
    compound: str | None = None
    property_unit: str | None = None
    no_location: bool = False


@record
class Muster:
    """When and where the whistled units meet."""

    at: Instant | None = None
    place: str | None = None


@record
class Attachment:
    """A photo or document by a lasting address; fetched with the unit's own token."""

    url: str
    media_type: str
    sha256: str


@record
class Evidence:
    """What proves a resolution: kind, when and where it was taken, hash of the uploaded file."""

    kind: Annotated[str, Len(1, 64)]
    taken_at: Instant | None = None
    sha256: Annotated[str, MaxLen(64)] | None = None
    lat: Annotated[float, Ge(-90), Le(90)] | None = None
    lon: Annotated[float, Ge(-180), Le(180)] | None = None


@record
class Handler:
    """The official who handles the matter at the unit, by name and post."""

    name: Annotated[str, Len(1, 64)]
    post: Annotated[str, MaxLen(64)] | None = None


@record
class BlownBy:
    """The blower of a whistle and its level (city, district, street, community)."""

    unit: str
    level: str
    on_behalf_of: str | None = None


@record
class Assignment:
    """One unit's part with its dues; a due that is absent does not apply."""

    assignment_id: UUID
    unit: str
    relation: Relation
    task: str | None = None
    clause: str | None = None
    state: AssignmentState = AssignmentState.OFFERED
    acknowledge: Due | None = None
    deemed: Due | None = None
    contact: Due | None = None
    arrive: Due | None = None
    resolve: Due | None = None
    handler: Handler | None = None  # whose desk it is on, where that is known


@record
class UnitPart:
    """What a unit sees of the other units of its whistle."""

    unit: str
    relation: Relation
    state: AssignmentState


@record
class UnitDecision:
    """What a consultation decided for one unit; `due` as an instant, None for no limit."""

    unit: str
    action: str
    due: Instant | None = None


@record
class DueChange:
    """A due time that moved; `due` None means the promise no longer applies."""

    assignment_id: UUID
    unit: str
    kind: DeadlineKind
    due: Due | None


@record
class OwedChange:
    """A due time that moved of what is owed besides the called units' parts.

    A decision names what was `asked`, and the part it is about; that on a matter which nobody owns
    names neither. A note of own effort and an evaluation name the unit that owes them.
    """

    kind: DeadlineKind
    due: Due
    asked: Asked | None = None
    assignment_id: UUID | None = None
    unit: str | None = None


@record
class Fact:
    """What every fact carries: its place in the aggregate's history, and who made it true."""

    TYPE: ClassVar[str]

    seq: int
    actor: Actor
    policy: str = ""
    canary: bool = False
    excluded: bool = False
