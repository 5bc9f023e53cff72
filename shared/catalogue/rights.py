"""Who may do what, and how far: role × action × unit, the one table all three services obey.

From DOMAIN §3, §4 and §9. A route names an action (`allow("whistles.see")`), a page's button asks
for one (`may`), and this table alone says which roles have it. Each has it for the whole city, for
the region of the own unit, or for the own unit; `deploy/RIGHTS.md` is made from it. What is beyond
a table stands in the verbs: the dispatcher of a ticket never rules on its return, nobody approves
what they wrote, a unit may blow no whistle.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from shared.contracts.parts import Role
from shared.contracts.values import WhistleKind


class Scope(StrEnum):
    """How far a right goes."""

    CITY = "city"  # 全市
    REGION = "region"  # 本辖区和本单位
    UNIT = "unit"  # 本单位


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """An action, in words, and who may do it how far."""

    action: str
    service: str
    zh: str
    scopes: Mapping[Role, Scope] = field(default_factory=dict)


def right(action: str) -> Right:
    """The line of the table; ValueError for an action that it does not have."""
    found = TABLE.get(action)
    if found is None:
        raise ValueError(f"no action is called {action!r}")
    return found


def scope_of(role: Role, action: str) -> Scope | None:
    """How far this role may do it; None: not at all."""
    return right(action).scopes.get(role)


def may(role: Role, action: str) -> bool:
    """Whether this role may do it, here or there."""
    return role in right(action).scopes


def roles_of(action: str) -> tuple[Role, ...]:
    """Who may do it, in the table's order."""
    return tuple(right(action).scopes)


def blowing(kind: WhistleKind) -> str:
    """The action of blowing this kind of whistle."""
    return f"whistles.blow.{kind.value}"


OPERATOR: Final = Role.OPERATOR
LEAD: Final = Role.SHIFT_LEAD
DISPATCHER: Final = Role.DISPATCHER
REVIEWER: Final = Role.REVIEWER
SUPERVISOR: Final = Role.SUPERVISOR
CLERK: Final = Role.CALLBACK_CLERK
LEADER: Final = Role.LEADER
STREET: Final = Role.STREET_OFFICER
COMMUNITY: Final = Role.COMMUNITY_WORKER
GRID: Final = Role.GRID_WORKER
LIAISON: Final = Role.LIAISON
HANDLER: Final = Role.HANDLER
OPS: Final = Role.OPS
AUDITOR: Final = Role.AUDITOR
DEPARTMENT: Final = Role.DEPARTMENT
SYSTEM: Final = Role.SYSTEM
CANARY: Final = Role.CANARY

LOCAL: Final = (STREET, COMMUNITY, GRID)
UNITS: Final = (LIAISON, HANDLER, DEPARTMENT)
DESK: Final = (OPERATOR, LEAD)
OFFICE: Final = (
    *(OPERATOR, LEAD, DISPATCHER, REVIEWER, SUPERVISOR, CLERK, LEADER, OPS, AUDITOR),
)  # the city's own people: they see every unit, and nobody who complained
BOARD: Final = (SUPERVISOR, LEADER, LEAD, OPS, AUDITOR)
BLOWING: Final[Mapping[WhistleKind, tuple[tuple[Role, ...], tuple[Role, ...]]]] = {
    WhistleKind.EMERGENCY: ((LEADER, SUPERVISOR), LOCAL),
    WhistleKind.JOINT_ENFORCEMENT: ((LEADER, SUPERVISOR), (STREET, COMMUNITY)),
    WhistleKind.KEY_WORK: ((LEADER, SUPERVISOR), (STREET,)),
    WhistleKind.CITIZEN_DEMAND: ((DISPATCHER, SUPERVISOR), (STREET, COMMUNITY)),
}
KINDS_ZH: Final = {
    WhistleKind.EMERGENCY: "应急处置",
    WhistleKind.JOINT_ENFORCEMENT: "综合执法",
    WhistleKind.KEY_WORK: "重点工作",
    WhistleKind.CITIZEN_DEMAND: "群众诉求",
}


def _row(
    action: str,
    zh: str,
    *city: Role,
    region: Iterable[Role] = (),
    unit: Iterable[Role] = (),
) -> tuple[str, str, Mapping[Role, Scope]]:
    scopes = dict.fromkeys(city, Scope.CITY) | dict.fromkeys(region, Scope.REGION)
    return action, zh, scopes | dict.fromkeys(unit, Scope.UNIT)


ALL: Final = (
    _row("events.replay", "查看、重放未能处理的消息", OPS),
    _row("calendar.load", "查看、登记节假日安排", OPS, SUPERVISOR),
)
INTAKE: Final = (
    _row("tickets.register", "登记诉求", *DESK, SYSTEM, CANARY, *LOCAL),
    _row("hints.ask", "登记时看分类、重复提示", *DESK, SYSTEM, region=LOCAL),
    _row("photos.add", "上传、撤回自己的照片", *DESK, SYSTEM, *LOCAL),
    _row("tickets.see", "查看工单（不含诉求人信息）", *OFFICE, SYSTEM, region=LOCAL),
    _row("photos.see", "查看工单的照片", *OFFICE, SYSTEM, region=LOCAL, unit=UNITS),
    _row("phrases.keep", "使用、维护常用语", *OFFICE, SYSTEM, *LOCAL),
    _row(
        "tickets.export",
        "导出工单",
        LEAD,
        DISPATCHER,
        SUPERVISOR,
        LEADER,
        AUDITOR,
        region=(STREET,),
    ),
    _row("tickets.add", "补充、催办", *DESK, DISPATCHER, SUPERVISOR, SYSTEM),
    _row("tickets.many", "批量办理", *DESK, DISPATCHER, SUPERVISOR),
    _row("tickets.withdraw", "撤回诉求", *DESK, CANARY),
    _row("tickets.handle", "请补充、答复、转办、申诉、重开", *DESK),
    _row("tickets.merge", "并单、关联", *DESK, DISPATCHER),
    _row("tickets.unmerge", "撤销并单", LEAD, DISPATCHER),
    _row("tickets.refuse", "不予受理、作废", LEAD),
    _row("contact.see", "查看诉求人联系方式（留痕）", *DESK, CLERK),
    _row("contact.see_confidential", "查看保密件的联系方式（留痕）", LEAD, CLERK),
    _row("contact.disclose", "承办单位查看诉求人联系方式（留痕）", unit=(LIAISON, HANDLER)),
    _row("persons.answer", "答复本人：导出、删除个人信息", LEAD),
    _row("persons.look_back", "查看个人信息请求记录", LEAD, AUDITOR),
    _row("callbacks.do", "回访", CLERK, LEAD),
    _row("ratings.see", "查看评价活动", SUPERVISOR, LEADER, AUDITOR, region=(STREET,)),
    _row("ratings.run", "开展评价活动", SUPERVISOR, region=(STREET,)),
    _row("desk.work", "接听、登记台、草稿", *DESK),
    _row("calls.see_all", "查看他人的来电", LEAD),
    _row("calls.tell", "话务系统推送来电", SYSTEM, OPS),
    _row("marks.keep", "标记骚扰号码", LEAD),
    _row("sources.keep", "维护来源系统及密钥", OPS),
    _row("search.rebuild", "重建检索", OPS),
    _row(
        "knowledge.read",
        "查阅知识库",
        *OFFICE,
        SYSTEM,
        STREET,
        COMMUNITY,
        LIAISON,
    ),
    _row("knowledge.write", "编写知识条目", LEAD, unit=(LIAISON,)),
    _row("knowledge.approve", "审核知识条目", LEAD, SUPERVISOR),
)
ROUTER: Final = (
    _row("whistles.see", "查看哨单、单位、附件", *OFFICE, region=LOCAL, unit=UNITS),
    _row(
        "whistles.blow",
        "进入街道吹哨台、吹哨",
        *(LEADER, SUPERVISOR, DISPATCHER),
        region=LOCAL,
    ),
    *(
        _row(blowing(kind), f"吹哨：{KINDS_ZH[kind]}", *city, region=region)
        for kind, (city, region) in BLOWING.items()
    ),
    _row(
        "whistles.lead",
        "会商、接管、放行、验收、评价",
        *(LEADER, SUPERVISOR, DISPATCHER, REVIEWER),
        region=LOCAL,
    ),
    _row("whistles.report", "报到、办理、办结、退回", unit=(LIAISON, HANDLER, *LOCAL)),
    _row("workbench.open", "进入承办工作台", region=LOCAL, unit=(LIAISON, HANDLER)),
    _row("queue.see", "查看待派工单、转交", DISPATCHER, SUPERVISOR, LEAD),
    _row("queue.dispatch", "派单、并单裁定、协办", DISPATCHER, SUPERVISOR),
    _row(
        "reviews.see",
        "查看待审事项",
        *(REVIEWER, SUPERVISOR, LEADER, AUDITOR, DISPATCHER),
        region=LOCAL,
        unit=UNITS,
    ),
    _row("reviews.of_all", "查看他人席位的待审事项", REVIEWER, SUPERVISOR, LEADER, AUDITOR),
    _row("reviews.decide", "进入审核台", REVIEWER, SUPERVISOR, DISPATCHER),
    _row("reviews.rule", "审核退回、延期、办结", REVIEWER, SUPERVISOR),
    _row("reviews.finally", "终审、挂起、恢复", SUPERVISOR),
    _row(
        "files.add",
        "上传佐证材料",
        *(REVIEWER, SUPERVISOR, DISPATCHER, LEADER),
        unit=(*UNITS, *LOCAL),
    ),
    _row("units.keep", "增改、撤销单位", OPS, SUPERVISOR),
    _row("units.reach", "确认单位已接通", OPS, SYSTEM),
    _row("grids.see", "查看网格值守", *OFFICE, region=LOCAL),
    _row("grids.keep", "登记网格员请假", SUPERVISOR, region=(STREET, COMMUNITY)),
    _row("duties.see", "查看权责清单", *OFFICE),
    _row("duties.propose", "提出清单修改建议", DISPATCHER, REVIEWER, SUPERVISOR),
    _row("duties.draft", "起草、试算清单", DISPATCHER, SUPERVISOR),
    _row("duties.publish", "发布清单", SUPERVISOR),
    _row("department.connect", "部门系统对接：哨单、报到、回调", unit=(DEPARTMENT, LIAISON)),
    _row("department.keys", "发放、吊销部门密钥", OPS),
)
NOTIFIER: Final = (
    _row("promises.see", "查看时限、督办、值班、通知、指标", *OFFICE, region=LOCAL, unit=UNITS),
    _row(
        "promises.open",
        "打开时限详情页",
        *(*BOARD, DISPATCHER, REVIEWER),
        region=(STREET,),
        unit=(LIAISON, HANDLER),
    ),
    _row("board.see", "查看督办看板", *BOARD, region=(STREET,), unit=(LIAISON,)),
    _row("supervisions.ask", "督办、批示", SUPERVISOR, LEADER),
    _row(
        "supervisions.open",
        "打开督办页",
        *(*BOARD, DISPATCHER),
        region=(STREET,),
        unit=(LIAISON, HANDLER),
    ),
    _row(
        "supervisions.answer",
        "答复督办",
        *(DISPATCHER, LEAD, SUPERVISOR),
        unit=(*UNITS, *LOCAL),
    ),
    _row("rota.keep", "维护值班表", SUPERVISOR, OPS, unit=(LIAISON,)),
    _row("notices.operate", "放行、重发通知，重算指标，查看停机", OPS, SUPERVISOR),
    _row("exclusions.rule", "核定剔除", SUPERVISOR),
    _row("rankings.rule", "开榜、答复异议、发布", SUPERVISOR),
    _row(
        "rankings.object", "对排名提出异议", SUPERVISOR, region=(STREET, COMMUNITY), unit=(LIAISON,)
    ),
    _row(
        "brief.read",
        "查看日报",
        *(LEADER, SUPERVISOR, LEAD, DISPATCHER, REVIEWER, OPS, AUDITOR),
    ),
    _row("outages.declare", "登记停机", SUPERVISOR),
    _row("audit.see", "时限对账", SUPERVISOR, AUDITOR, OPS),
    _row("audit.accept", "认定对账不符", SUPERVISOR, OPS),
    _row("canary.see", "查看全程探测", SUPERVISOR, LEADER, AUDITOR, OPS, CANARY),
)
TABLE: Final[Mapping[str, Right]] = {
    action: Right(action=action, service=service, zh=zh, scopes=scopes)
    for service, rows in (
        ("all", ALL),
        ("intake", INTAKE),
        ("router", ROUTER),
        ("notifier", NOTIFIER),
    )
    for action, zh, scopes in rows
}
