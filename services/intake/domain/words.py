"""The plain Chinese words of the timeline for the names that facts carry."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from shared.calendar import SHANGHAI
from shared.catalogue.model import Catalogue
from shared.contracts.parts import Actor, Assignment, DeadlineKind, Result, Role
from shared.contracts.reports import ArrivalMode, ContactMeans, ReturnReason
from shared.contracts.tickets import CallbackResult, Satisfaction
from shared.contracts.values import Relation

ROLE_ZH: Final[Mapping[Role, str]] = {
    Role.OPERATOR: "受理员",
    Role.SHIFT_LEAD: "班长",
    Role.DISPATCHER: "派单员",
    Role.REVIEWER: "审核员",
    Role.SUPERVISOR: "督办员",
    Role.CALLBACK_CLERK: "回访员",
    Role.LEADER: "领导",
    Role.STREET_OFFICER: "街道",
    Role.COMMUNITY_WORKER: "社区",
    Role.GRID_WORKER: "网格员",
    Role.LIAISON: "联络员",
    Role.HANDLER: "承办人",
    Role.OPS: "运维",
    Role.AUDITOR: "审计",
    Role.CITIZEN: "诉求人",
    Role.DEPARTMENT: "部门系统",
    Role.SYSTEM: "系统",
    Role.CANARY: "全程探测",
}
RELATION_ZH: Final[Mapping[Relation, str]] = {
    Relation.LEAD: "主办",
    Relation.ASSISTING: "协办",
    Relation.INFORMED: "知会",
}
RESULT_ZH: Final[Mapping[Result, str]] = {
    Result.SOLVED: "已解决",
    Result.PARTLY: "部分解决",
    Result.EXPLAINED: "已解释说明",
    Result.UNTRUE: "经核实不属实",
    Result.CANNOT: "受客观条件限制暂不能解决",
}
CALLBACK_ZH: Final[Mapping[CallbackResult, str]] = {
    CallbackResult.SOLVED: "已解决",
    CallbackResult.PARTLY: "部分解决",
    CallbackResult.UNSOLVED: "未解决",
    CallbackResult.UNREACHABLE: "联系不上",
}
SATISFACTION_ZH: Final[Mapping[Satisfaction, str]] = {
    Satisfaction.SATISFIED: "满意",
    Satisfaction.BASICALLY: "基本满意",
    Satisfaction.UNSATISFIED: "不满意",
    Satisfaction.UNKNOWN: "不了解",
}
CONTACT_ZH: Final[Mapping[ContactMeans, str]] = {
    ContactMeans.PHONE: "电话",
    ContactMeans.VISIT: "上门",
    ContactMeans.MESSAGE: "短信或微信",
}
ARRIVAL_ZH: Final[Mapping[ArrivalMode, str]] = {
    ArrivalMode.ON_SITE: "已到现场",
    ArrivalMode.REMOTE: "已远程参与处置",
}
RETURN_ZH: Final[Mapping[ReturnReason, str]] = {
    ReturnReason.NOT_DUTY: "不属于本单位职责",
    ReturnReason.NOT_REGION: "不在本单位辖区",
    ReturnReason.STATUTORY_ROUTE: "应走法定途径",
    ReturnReason.DUPLICATE: "重复诉求",
    ReturnReason.INSUFFICIENT_INFO: "信息不足",
}
DEADLINE_ZH: Final[Mapping[DeadlineKind, str]] = {
    DeadlineKind.DISPATCH: "派单",
    DeadlineKind.CALLBACK: "回访",
    DeadlineKind.CALLBACK_START: "首次回访",
    DeadlineKind.CITIZEN: "办理",
    DeadlineKind.ACKNOWLEDGE: "签收",
    DeadlineKind.CONTACT: "联系诉求人",
    DeadlineKind.ARRIVE: "到场",
    DeadlineKind.RESOLVE: "办结",
}
_BY_SYSTEM: Final = "系统"


def unit_name(catalogue: Catalogue, unit: str | None) -> str:
    """The unit by its name; by its code when the catalogue does not have it yet."""
    if unit is None:
        return _BY_SYSTEM
    found = catalogue.units.get(unit)
    return found.name if found is not None else unit


def who(catalogue: Catalogue, actor: Actor) -> str:
    """Who acted: the unit, or the role where no unit is named."""
    return unit_name(catalogue, actor.unit) if actor.unit else ROLE_ZH[actor.role]


def parts(catalogue: Catalogue, assignments: Iterable[Assignment]) -> str:
    """城管局（主办）、河湾街道办事处（协办）."""
    return "、".join(
        f"{unit_name(catalogue, each.unit)}（{RELATION_ZH[each.relation]}）" for each in assignments
    )


def local(at: datetime) -> str:
    """11月23日 12:30, on the city's clock."""
    there = at.astimezone(SHANGHAI)
    return f"{there.month}月{there.day}日 {there:%H:%M}"


def local_minute(at: datetime) -> str:
    """2026-11-23 12:30, for tables."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
