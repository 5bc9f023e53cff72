"""Says each fact about tickets, whistles and deadlines in one short Chinese line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.calendar import SHANGHAI
from shared.catalogue.labels import label_zh
from shared.catalogue.model import Catalogue, UnknownCodeError
from shared.contracts import deadlines, rulings, tickets, whistles
from shared.contracts.parts import Assignment, DeadlineKind, Place, Result
from shared.contracts.tickets import CallbackResult, Satisfaction
from shared.contracts.values import Due, Relation

KINDS: Mapping[DeadlineKind, str] = {
    DeadlineKind.DISPATCH: "派单",
    DeadlineKind.CALLBACK: "回访",
    DeadlineKind.CALLBACK_START: "首次回访",
    DeadlineKind.CITIZEN: "总时限",
    DeadlineKind.ACKNOWLEDGE: "签收",
    DeadlineKind.DEEMED: "视为签收",
    DeadlineKind.CONTACT: "联系",
    DeadlineKind.ARRIVE: "到场",
    DeadlineKind.RESOLVE: "办结",
    DeadlineKind.RULING: "裁定",
    DeadlineKind.REVIEW: "审核",
    DeadlineKind.EXTENSION: "延期审批",
    DeadlineKind.SUSPENSION: "挂账复核",
    DeadlineKind.TAKEOVER: "街道接管",
    DeadlineKind.OWN_EFFORT: "补充自行处置情况",
    DeadlineKind.EVALUATION: "考核评价",
    DeadlineKind.PROGRESS: "报告进展",
    DeadlineKind.SUPERVISION: "答复督办",
}
RESULTS: Mapping[Result, str] = {
    Result.SOLVED: "已解决",
    Result.PARTLY: "部分解决",
    Result.EXPLAINED: "解释说明",
    Result.UNTRUE: "不属实",
    Result.CANNOT: "客观条件限制",
}
SAID: Mapping[CallbackResult, str] = {
    CallbackResult.SOLVED: "已解决",
    CallbackResult.PARTLY: "部分解决",
    CallbackResult.UNSOLVED: "未解决",
    CallbackResult.UNREACHABLE: "联系不上",
}
PLEASED: Mapping[Satisfaction, str] = {
    Satisfaction.SATISFIED: "满意",
    Satisfaction.BASICALLY: "基本满意",
    Satisfaction.UNSATISFIED: "不满意",
    Satisfaction.UNKNOWN: "不了解",
}
RUNGS: Mapping[str, str] = {"yellow": "黄色预警", "red": "红色预警"}


@dataclass(frozen=True, slots=True)
class Names:
    """The catalogue's names, short enough for a line."""

    catalogue: Catalogue

    def unit(self, code: str | None) -> str:
        """滨河区城市管理综合行政执法局; the code itself when it is not known."""
        known = self.catalogue.units.get(code or "")
        return known.name.removeprefix("云川市") if known else code or "—"

    def category(self, code: str | None) -> str:
        """占道经营与流动摊贩; 未分类 without one."""
        known = self.catalogue.categories.get(code or "")
        return known.name if known else code or "未分类"

    def place(self, place: Place) -> str:
        """The address, else the region's name."""
        if place.address or place.compound:
            return place.address or place.compound or ""
        try:
            return self.catalogue.region_name(place.region) if place.region else "未定位"
        except UnknownCodeError:
            return place.region or "未定位"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One fact as told: a label, its words, and whether it is bad news."""

    label: str
    words: str
    bad: bool = False


def span_zh(span: timedelta) -> str:
    """3天4小时, 2小时05分, 12分, 40秒."""
    seconds = int(abs(span.total_seconds()))
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    if days:
        return f"{days}天{hours}小时"
    if hours:
        return f"{hours}小时{minutes:02d}分" if minutes else f"{hours}小时"
    return f"{minutes}分" if minutes else f"{seconds}秒"


def local(moment: datetime) -> str:
    """09-14 08:31:07 in Shanghai."""
    return f"{moment.astimezone(SHANGHAI):%m-%d %H:%M:%S}"


def line_of(fact: Any, names: Names) -> Line | None:
    """The fact in words; None for one that is not worth a line."""
    teller = _TELLERS.get(type(fact))
    return None if teller is None else teller(fact, names)


def _registered(fact: tickets.Registered, names: Names) -> Line:
    kind = f"{label_zh(fact.urgency)}·{label_zh(fact.type)}·{names.category(fact.category)}"
    return Line(label="登记", words=f"{kind} {names.place(fact.place)} {fact.title}")


def _held(fact: whistles.Held, names: Names) -> Line:
    best = "、".join(names.unit(candidate.unit) for candidate in fact.candidates[:3])
    return Line(label="待派", words=f"等派单员决定{f'，候选：{best}' if best else ''}")


def _blown(fact: whistles.Blown, names: Names) -> Line:
    by = {relation: _units(fact.assignments, relation, names) for relation in Relation}
    words = f"主办 {by[Relation.LEAD] or '—'}"
    if by[Relation.ASSISTING]:
        words += f"；协办 {by[Relation.ASSISTING]}"
    lead = next((a for a in fact.assignments if a.relation is Relation.LEAD), None)
    if lead is not None and lead.acknowledge is not None:
        words += f"；{_within(lead.acknowledge)}内签收"
    kind = label_zh(fact.kind) if not fact.ticket_ids else f"第{fact.round}轮"
    return Line(label="吹哨", words=f"{kind} {words}")


def _units(assignments: tuple[Assignment, ...], relation: Relation, names: Names) -> str:
    return "、".join(names.unit(a.unit) for a in assignments if a.relation is relation)


def _within(due: Due) -> str:
    return span_zh(due.by - due.started_at)


def _unit_line(label: str, *, ends: str = "") -> Callable[[Any, Names], Line]:
    def tell(fact: Any, names: Names) -> Line:
        late = bool(getattr(fact, "late", False))
        words = f"{names.unit(fact.unit)}{ends}{'（超时）' if late else ''}"
        return Line(label=label, words=words, bad=late)

    return tell


def _progressed(fact: whistles.Progressed, names: Names) -> Line:
    return Line(label="进展", words=f"{names.unit(fact.unit)}：{fact.text}")


def _return_requested(fact: whistles.ReturnRequested, names: Names) -> Line:
    better = f"，建议由 {names.unit(fact.suggested_unit)} 承办" if fact.suggested_unit else ""
    return Line(label="退单", words=f"{names.unit(fact.unit)}：{fact.clause}{better}", bad=True)


def _unit_offered(fact: rulings.UnitOffered, names: Names) -> Line:
    return Line(label="改派", words=f"由 {names.unit(fact.assignment.unit)} 承办")


def _extension_requested(fact: whistles.ExtensionRequested, names: Names) -> Line:
    return Line(label="延期", words=f"{names.unit(fact.unit)} 申请延期：{fact.reason}")


def _due_changed(fact: rulings.DueChanged, names: Names) -> Line:
    dues = [(each.kind, each.due) for each in fact.changes]
    dues += [(each.kind, each.due) for each in fact.owed]
    moved = "、".join(f"{KINDS[kind]}延至 {local(due.by)}" for kind, due in dues if due is not None)
    return Line(label="时限", words=moved or fact.reason)


def _resolved(fact: whistles.Resolved, names: Names) -> Line:
    words = f"{names.unit(fact.unit)}（{RESULTS[fact.result]}）：{fact.public_reply}"
    label = "办结" if fact.final else "协办完成"
    return Line(label=label, words=f"{words}{'（超时）' if fact.late else ''}", bad=fact.late)


def _reasoned(label: str, *, bad: bool = False) -> Callable[[Any, Names], Line]:
    def tell(fact: Any, names: Names) -> Line:
        return Line(label=label, words=f"{names.unit(fact.unit)}：{fact.reason}", bad=bad)

    return tell


def _adjudicated(fact: rulings.Adjudicated, names: Names) -> Line:
    word = "准予退单" if fact.decision == "returned" else "仍须承办"
    return Line(label="终裁", words=f"{names.unit(fact.unit)} {word}：{fact.reason}")


def _called_back(fact: tickets.CalledBack, names: Names) -> Line:
    if fact.result is CallbackResult.UNREACHABLE:
        return Line(label="回访", words=f"第{fact.attempt}次联系不上")
    words = f"市民说{SAID[fact.result]}，{PLEASED[fact.satisfaction]}"
    return Line(label="回访", words=words, bad=fact.result is CallbackResult.UNSOLVED)


def _rework(fact: tickets.ReworkRequested, names: Names) -> Line:
    return Line(label="重办", words=f"第{fact.round}轮重新办理", bad=True)


def _closed(fact: tickets.Closed, names: Names) -> Line:
    words = f"{SAID[fact.result]}，{PLEASED[fact.satisfaction]}"
    return Line(label="结束", words=words)


def _warned(fact: deadlines.Warned, names: Names) -> Line:
    who = names.unit(fact.unit) if fact.unit else ""
    words = f"{who}{KINDS[fact.kind]}时限将到 {local(fact.due.by)}"
    return Line(label=RUNGS.get(fact.rung, "预警"), words=words)


def _missed(fact: deadlines.Missed, names: Names) -> Line:
    who = names.unit(fact.unit) if fact.unit else ""
    return Line(label="超时", words=f"{who}未按时{KINDS[fact.kind]}", bad=True)


def _climbed(fact: deadlines.RungClimbed, names: Names) -> Line:
    who = names.unit(fact.unit) if fact.unit else ""
    return Line(
        label="升级", words=f"{who}{KINDS[fact.kind]}仍未完成，升至{fact.level}级督办", bad=True
    )


def _corrected(fact: deadlines.Corrected, names: Names) -> Line:
    return Line(label="更正", words=f"{KINDS[fact.kind]}实为按时完成")


_TELLERS: Mapping[type, Callable[[Any, Names], Line]] = {
    tickets.Registered: _registered,
    tickets.CalledBack: _called_back,
    tickets.ReworkRequested: _rework,
    tickets.Closed: _closed,
    tickets.Withdrawn: lambda fact, names: Line(label="撤回", words="市民撤回诉求"),
    whistles.Held: _held,
    whistles.Blown: _blown,
    whistles.Acknowledged: _unit_line("签收", ends=" 已签收"),
    whistles.DeemedAcknowledged: _unit_line("视为签收", ends=" 久不签收，视为签收"),
    whistles.Contacted: _unit_line("联系", ends=" 已联系市民"),
    whistles.Arrived: _unit_line("报到", ends=" 已到场"),
    whistles.Progressed: _progressed,
    whistles.ReturnRequested: _return_requested,
    rulings.UnitReturned: _unit_line("准予退单"),
    rulings.UnitOffered: _unit_offered,
    rulings.ReturnRefused: _unit_line("退单不准", ends=" 仍须承办"),
    whistles.ExtensionRequested: _extension_requested,
    rulings.ExtensionRefused: _unit_line("延期不准", ends=" 按原时限办理"),
    rulings.DueChanged: _due_changed,
    whistles.Departed: _unit_line("出发", ends=" 正在赶往现场"),
    whistles.Disputed: _reasoned("复核", bad=True),
    rulings.Adjudicated: _adjudicated,
    whistles.SuspensionRequested: _reasoned("申请挂账"),
    rulings.SuspensionRefused: _reasoned("不准挂账"),
    rulings.ReleaseRefused: _reasoned("不准放行"),
    rulings.Suspended: _reasoned("挂账"),
    rulings.Resumed: _unit_line("恢复", ends=" 恢复办理"),
    rulings.ReviewPassed: _unit_line("审核", ends=" 办结审核通过"),
    rulings.ReviewRejected: _reasoned("退回", bad=True),
    whistles.Resolved: _resolved,
    whistles.Withdrawn: lambda fact, names: Line(label="撤哨", words=fact.reason),
    deadlines.Warned: _warned,
    deadlines.Missed: _missed,
    deadlines.RungClimbed: _climbed,
    deadlines.Corrected: _corrected,
}
