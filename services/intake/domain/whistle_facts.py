"""What the router's facts about a whistle do to its tickets: dispatch, hand over, resolve, end."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from services.intake.domain import callback, merging, promises
from services.intake.domain.case import SYSTEM, Case
from services.intake.domain.doing import Doing
from services.intake.domain.heard import (
    CALLED,
    Heard,
    call_units,
    change_dues,
    change_promises,
    drives,
    keep,
    move,
    tell,
    unit_state,
)
from services.intake.domain.ticket import Command, TicketState
from services.intake.domain.words import RESULT_ZH, local, parts
from shared.contracts import joint, rulings, whistles
from shared.contracts.parts import AssignmentState, DeadlineKind
from shared.contracts.values import Relation, WhistleKind


def _held(case: Case, fact: whistles.Held, heard: Heard) -> None:
    case.tell("held", "暂未确定唯一主办单位，已转人工派单", at=heard.at, who="系统")


def _blown(case: Case, fact: whistles.Blown, heard: Heard) -> None:
    units = parts(heard.catalogue, fact.assignments)
    rest = "，先行派出，待派单员确认" if fact.provisional else ""
    tell(case, fact, heard, f"已派单：{units}{rest}" if units else "已吹哨")
    if case.ticket.has_ended:
        return
    call_units(case, fact, fact.assignments)
    if fact.kind is not WhistleKind.CITIZEN_DEMAND or fact.round < case.ticket.round:
        return
    own = case.own(DeadlineKind.DISPATCH)
    if own is not None:
        case.promise(promises.kept_at(own, heard.at))
    if not move(case, Command.DISPATCH, heard, fact, whistle_id=fact.whistle_id):
        case.note("whistled", at=heard.at, actor=fact.actor, whistle_id=fact.whistle_id)


def _acknowledged(case: Case, fact: whistles.Acknowledged, heard: Heard) -> None:
    unit_state(case, fact)
    keep(case, fact, DeadlineKind.ACKNOWLEDGE)
    tell(case, fact, heard, f"{heard.unit(fact.unit)}已签收{'（超时）' if fact.late else ''}")
    _lead_took_it(case, fact, heard)


def _deemed(case: Case, fact: whistles.DeemedAcknowledged, heard: Heard) -> None:
    unit_state(case, fact)
    known = case.promises.get((fact.assignment_id, DeadlineKind.ACKNOWLEDGE, fact.round))
    if known is not None:
        case.promise(promises.missed(known, known.due))
    tell(case, fact, heard, f"{heard.unit(fact.unit)}超时未签收，按规定视为已签收")
    _lead_took_it(case, fact, heard)


def _lead_took_it(case: Case, fact: whistles.UnitFact, heard: Heard) -> None:
    if drives(case, fact) and fact.relation is Relation.LEAD:
        move(case, Command.ACKNOWLEDGE, heard, fact)


def _assisting_added(case: Case, fact: rulings.AssistingAdded, heard: Heard) -> None:
    call_units(case, fact, (fact.assignment,))
    tell(case, fact, heard, f"增加协办单位：{heard.unit(fact.assignment.unit)}")


def _unit_offered(case: Case, fact: rulings.UnitOffered, heard: Heard) -> None:
    call_units(case, fact, (fact.assignment,))
    tell(case, fact, heard, f"已改派：{parts(heard.catalogue, (fact.assignment,))}")
    if drives(case, fact) and fact.assignment.relation is Relation.LEAD:
        move(case, Command.REDISPATCH, heard, fact)


def _left(case: Case, fact: Any, heard: Heard) -> None:
    """The unit no longer has a part: its running promises do not apply."""
    unit_state(case, fact)
    change_promises(case, promises.cancelled, lambda each: each.owner_id == fact.assignment_id)
    tell(case, fact, heard, f"{heard.unit(fact.unit)}不再承办")


def _due_changed(case: Case, fact: rulings.DueChanged, heard: Heard) -> None:
    change_dues(case, fact, fact.changes)
    if not any(change.kind in promises.SHOWN for change in fact.changes):
        return  # what moved is between the authorities: no matter of the citizen's
    resolves = [c for c in fact.changes if c.kind is DeadlineKind.RESOLVE and c.due is not None]
    until = "，".join(f"{heard.unit(c.unit)}至{local(c.due.by)}" for c in resolves if c.due)
    tell(case, fact, heard, f"办理期限调整（{fact.reason}）{'：' if until else ''}{until}")


def _suspended(case: Case, fact: rulings.Suspended, heard: Heard) -> None:
    unit_state(case, fact)
    change_promises(case, promises.paused, lambda each: each.owner_id == fact.assignment_id)
    until = local(fact.review_by.by)
    tell(case, fact, heard, f"暂缓办理，原因：{fact.reason}；{until}前复查")
    if drives(case, fact) and fact.relation is Relation.LEAD:
        move(case, Command.SUSPEND, heard, fact)


def _resumed(case: Case, fact: rulings.Resumed, heard: Heard) -> None:
    unit_state(case, fact)
    change_dues(case, fact, fact.changes)
    tell(case, fact, heard, f"{heard.unit(fact.unit)}恢复办理")
    if drives(case, fact) and fact.relation is Relation.LEAD:
        move(case, Command.RESUME, heard, fact)


def _resolved(case: Case, fact: whistles.Resolved, heard: Heard) -> None:
    unit_state(case, fact)
    keep(case, fact, DeadlineKind.RESOLVE)
    unit, result = heard.unit(fact.unit), RESULT_ZH[fact.result]
    if not fact.final:
        tell(case, fact, heard, f"{unit}已完成协办部分：{result}")
        return
    tell(case, fact, heard, f"{unit}办结：{result}。答复：{fact.public_reply}")
    if drives(case, fact) and move(case, Command.RESOLVE, heard, fact):
        _citizen_kept(case, heard)
        if fact.review == "none":
            open_callback(case, fact, heard)


def _citizen_kept(case: Case, heard: Heard) -> None:
    own = case.own(DeadlineKind.CITIZEN)
    if own is not None:
        case.promise(promises.kept_at(own, heard.at))


def open_callback(case: Case, fact: whistles.WhistleFact, heard: Heard) -> None:
    """Ask the person next."""
    doing = Doing(now=heard.now, actor=SYSTEM, policy=heard.policy, traceparent=heard.traceparent)
    callback.open_callback(case, fact.whistle_id, heard.callback_dues(heard.now), doing)


def _review_passed(case: Case, fact: rulings.ReviewPassed, heard: Heard) -> None:
    tell(case, fact, heard, "办结已通过审核")
    if drives(case, fact) and case.ticket.state is TicketState.RESOLVED:
        open_callback(case, fact, heard)


def _review_rejected(case: Case, fact: rulings.ReviewRejected, heard: Heard) -> None:
    unit_state(case, fact)
    known = case.promises.get((fact.assignment_id, DeadlineKind.RESOLVE, fact.round))
    if known is not None:
        case.promise(promises.again(known))
    tell(case, fact, heard, f"办结未通过审核，{heard.unit(fact.unit)}继续办理：{fact.reason}")
    if drives(case, fact) and move(case, Command.REJECT_RESOLUTION, heard, fact):
        own = case.own(DeadlineKind.CITIZEN)
        if own is not None:
            case.promise(promises.again(own))


def _acceptance_failed(case: Case, fact: joint.AcceptanceFailed, heard: Heard) -> None:
    change_dues(case, fact, fact.changes)
    tell(case, fact, heard, f"联合验收未通过，继续办理：{fact.reason}")


def _withdrawn(case: Case, fact: whistles.Withdrawn, heard: Heard) -> None:
    _whistle_over(case, fact)
    # A street may have blown a whistle of its own about the ticket.
    what = "派单" if case.ticket.whistle_id == fact.whistle_id else "相关哨单"
    tell(case, fact, heard, f"{what}已撤回：{fact.reason}")
    if drives(case, fact):
        move(case, Command.RECALL, heard, fact)


def _closed(case: Case, fact: whistles.Closed, heard: Heard) -> None:
    _whistle_over(case, fact)
    own = case.ticket.whistle_id == fact.whistle_id
    tell(case, fact, heard, f"第{fact.round}轮办理结束" if own else "相关哨单办理结束")


def _merge_conflict(case: Case, fact: whistles.MergeConflict, heard: Heard) -> None:
    """The router had the unit's word already: the merge is undone and the person asked."""
    tell(case, fact, heard, "此件已办结，不能并单")
    if case.ticket.ticket_id != fact.ticket_id or case.ticket.state is not TicketState.MERGED:
        return
    doing = Doing(now=heard.at, actor=SYSTEM, policy=heard.policy, traceparent=heard.traceparent)
    merging.undo(case, fact.into, doing)
    if case.allows(Command.OPEN_CALLBACK):  # its own unit had finished
        open_callback(case, fact, heard)


def _whistle_over(case: Case, fact: whistles.WhistleFact) -> None:
    change_promises(case, promises.cancelled, lambda each: each.whistle_id == fact.whistle_id)
    for known in list(case.calls.values()):
        if known.whistle_id == fact.whistle_id and known.state in CALLED:
            case.call(replace(known, state=AssignmentState.RELEASED))


WHISTLE_FACTS: Final[Mapping[type, Callable[[Case, Any, Heard], None]]] = {
    whistles.Held: _held,
    whistles.Blown: _blown,
    whistles.Acknowledged: _acknowledged,
    whistles.DeemedAcknowledged: _deemed,
    rulings.UnitReturned: _left,
    joint.Released: _left,
    rulings.UnitOffered: _unit_offered,
    rulings.AssistingAdded: _assisting_added,
    rulings.DueChanged: _due_changed,
    rulings.Suspended: _suspended,
    rulings.Resumed: _resumed,
    whistles.Resolved: _resolved,
    rulings.ReviewPassed: _review_passed,
    rulings.ReviewRejected: _review_rejected,
    joint.AcceptanceFailed: _acceptance_failed,
    whistles.Withdrawn: _withdrawn,
    whistles.Closed: _closed,
    whistles.MergeConflict: _merge_conflict,
}
