"""What the router's facts about one unit's reports and rulings add to a ticket's timeline.

None of them moves the ticket; contacted and arrived keep a promise.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from services.intake.domain.case import Case
from services.intake.domain.heard import Heard, change_dues, keep, tell, unit_state
from services.intake.domain.words import ARRIVAL_ZH, CONTACT_ZH, RETURN_ZH, local
from shared.contracts import joint, rulings, whistles
from shared.contracts.parts import DeadlineKind


def _contacted(case: Case, fact: whistles.Contacted, heard: Heard) -> None:
    unit_state(case, fact)
    keep(case, fact, DeadlineKind.CONTACT)
    tell(case, fact, heard, f"{heard.unit(fact.unit)}已联系诉求人（{CONTACT_ZH[fact.how]}）")


def _arrived(case: Case, fact: whistles.Arrived, heard: Heard) -> None:
    unit_state(case, fact)
    keep(case, fact, DeadlineKind.ARRIVE)
    people = f"，{fact.head_count}人" if fact.head_count else ""
    tell(case, fact, heard, f"{heard.unit(fact.unit)}{ARRIVAL_ZH[fact.mode]}{people}")


def _progressed(case: Case, fact: whistles.Progressed, heard: Heard) -> None:
    unit_state(case, fact)
    tell(case, fact, heard, f"办理进展：{fact.text}")


def _return_requested(case: Case, fact: whistles.ReturnRequested, heard: Heard) -> None:
    unit_state(case, fact)
    why, until = RETURN_ZH[fact.reason], local(fact.rule_by.by)
    tell(case, fact, heard, f"{heard.unit(fact.unit)}申请退单（{why}），{until}前裁定")


def _return_refused(case: Case, fact: rulings.ReturnRefused, heard: Heard) -> None:
    unit_state(case, fact)
    tell(case, fact, heard, f"退单未获同意，{heard.unit(fact.unit)}继续办理")


def _disputed(case: Case, fact: whistles.Disputed, heard: Heard) -> None:
    unit_state(case, fact)
    tell(case, fact, heard, f"{heard.unit(fact.unit)}申请复核，{local(fact.rule_by.by)}前终裁")


def _adjudicated(case: Case, fact: rulings.Adjudicated, heard: Heard) -> None:
    unit_state(case, fact)
    tell(case, fact, heard, f"督办终裁：由{heard.unit(fact.unit)}办理")


def _extension_requested(case: Case, fact: whistles.ExtensionRequested, heard: Heard) -> None:
    unit_state(case, fact)
    tell(case, fact, heard, f"{heard.unit(fact.unit)}申请延期，原因：{fact.reason}")


def _extension_refused(case: Case, fact: rulings.ExtensionRefused, heard: Heard) -> None:
    unit_state(case, fact)
    tell(case, fact, heard, "延期未获同意，办理期限不变")


def _accepted(case: Case, fact: joint.Accepted, heard: Heard) -> None:
    tell(case, fact, heard, "联合验收通过")


def _evaluated(case: Case, fact: joint.Evaluated, heard: Heard) -> None:
    tell(case, fact, heard, f"已对{heard.unit(fact.unit)}作出评价")


def _taken_over(case: Case, fact: joint.TakenOver, heard: Heard) -> None:
    case.tell(
        "taken_over",
        f"{heard.unit(fact.by.unit)}接管此事：{fact.reason}",
        at=heard.at,
        who=heard.unit(fact.by.unit),
    )


def _departed(case: Case, fact: whistles.Departed, heard: Heard) -> None:
    unit_state(case, fact)
    eta = f"，预计{fact.eta_minutes}分钟到达" if fact.eta_minutes else ""
    tell(case, fact, heard, f"{heard.unit(fact.unit)}已出发{eta}")


def _part_handed_over(case: Case, fact: whistles.PartHandedOver, heard: Heard) -> None:
    tell(case, fact, heard, f"{heard.unit(fact.unit)}转交{fact.to.post or '经办人'}办理")


def _suspension_requested(case: Case, fact: whistles.SuspensionRequested, heard: Heard) -> None:
    unit_state(case, fact)
    until = local(fact.rule_by.by)
    tell(
        case,
        fact,
        heard,
        f"{heard.unit(fact.unit)}申请暂缓办理，原因：{fact.reason}；{until}前审定",
    )


def _suspension_refused(case: Case, fact: rulings.SuspensionRefused, heard: Heard) -> None:
    unit_state(case, fact)
    tell(case, fact, heard, "暂缓办理未获同意，继续办理")


def _release_requested(case: Case, fact: whistles.ReleaseRequested, heard: Heard) -> None:
    tell(case, fact, heard, f"{heard.unit(fact.by)}提请放行协办单位{heard.unit(fact.unit)}")


def _release_refused(case: Case, fact: rulings.ReleaseRefused, heard: Heard) -> None:
    tell(case, fact, heard, f"协办单位{heard.unit(fact.unit)}继续办理：{fact.reason}")


def _consulted(case: Case, fact: joint.Consulted, heard: Heard) -> None:
    change_dues(case, fact, fact.changes)
    who = "；".join(f"{heard.unit(each.unit)}：{each.action}" for each in fact.decisions)
    tell(case, fact, heard, f"各单位已会商：{who}")


def _effort_noted(case: Case, fact: joint.EffortNoted, heard: Heard) -> None:
    tell(case, fact, heard, f"已自行处置：{fact.own_effort}")


def _held_handed_over(case: Case, fact: rulings.HeldHandedOver, heard: Heard) -> None:
    case.tell("held_handed_over", "已移交派单", at=heard.at, who="系统")


REPORT_FACTS: Final[Mapping[type, Callable[[Case, Any, Heard], None]]] = {
    whistles.Contacted: _contacted,
    whistles.Arrived: _arrived,
    whistles.Progressed: _progressed,
    whistles.ReturnRequested: _return_requested,
    rulings.ReturnRefused: _return_refused,
    whistles.Disputed: _disputed,
    rulings.Adjudicated: _adjudicated,
    whistles.ExtensionRequested: _extension_requested,
    rulings.ExtensionRefused: _extension_refused,
    joint.Accepted: _accepted,
    joint.Evaluated: _evaluated,
    joint.TakenOver: _taken_over,
    whistles.Departed: _departed,
    whistles.PartHandedOver: _part_handed_over,
    whistles.SuspensionRequested: _suspension_requested,
    rulings.SuspensionRefused: _suspension_refused,
    whistles.ReleaseRequested: _release_requested,
    rulings.ReleaseRefused: _release_refused,
    joint.Consulted: _consulted,
    joint.EffortNoted: _effort_noted,
    rulings.HeldHandedOver: _held_handed_over,
}
