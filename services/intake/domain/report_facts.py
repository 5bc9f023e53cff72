"""What the router's facts about one unit's reports and rulings add to a ticket's timeline.

None of them moves the ticket; contacted and arrived keep a promise.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from services.intake.domain.case import Case
from services.intake.domain.heard import Heard, keep, tell, unit_state
from services.intake.domain.words import ARRIVAL_ZH, CONTACT_ZH, RETURN_ZH, local
from shared.contracts import whistles
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


def _return_refused(case: Case, fact: whistles.ReturnRefused, heard: Heard) -> None:
    unit_state(case, fact)
    tell(case, fact, heard, f"退单未获同意，{heard.unit(fact.unit)}继续办理")


def _disputed(case: Case, fact: whistles.Disputed, heard: Heard) -> None:
    unit_state(case, fact)
    tell(case, fact, heard, f"{heard.unit(fact.unit)}申请复核，{local(fact.rule_by.by)}前终裁")


def _adjudicated(case: Case, fact: whistles.Adjudicated, heard: Heard) -> None:
    unit_state(case, fact)
    tell(case, fact, heard, f"督办终裁：由{heard.unit(fact.unit)}办理")


def _extension_requested(case: Case, fact: whistles.ExtensionRequested, heard: Heard) -> None:
    unit_state(case, fact)
    tell(case, fact, heard, f"{heard.unit(fact.unit)}申请延期，原因：{fact.reason}")


def _extension_refused(case: Case, fact: whistles.ExtensionRefused, heard: Heard) -> None:
    unit_state(case, fact)
    tell(case, fact, heard, "延期未获同意，办理期限不变")


def _accepted(case: Case, fact: whistles.Accepted, heard: Heard) -> None:
    tell(case, fact, heard, "联合验收通过")


def _evaluated(case: Case, fact: whistles.Evaluated, heard: Heard) -> None:
    tell(case, fact, heard, f"已对{heard.unit(fact.unit)}作出评价")


def _taken_over(case: Case, fact: whistles.TakenOver, heard: Heard) -> None:
    case.tell(
        "taken_over",
        f"{heard.unit(fact.by.unit)}接管此事：{fact.reason}",
        at=heard.at,
        who=heard.unit(fact.by.unit),
    )


REPORT_FACTS: Final[Mapping[type, Callable[[Case, Any, Heard], None]]] = {
    whistles.Contacted: _contacted,
    whistles.Arrived: _arrived,
    whistles.Progressed: _progressed,
    whistles.ReturnRequested: _return_requested,
    whistles.ReturnRefused: _return_refused,
    whistles.Disputed: _disputed,
    whistles.Adjudicated: _adjudicated,
    whistles.ExtensionRequested: _extension_requested,
    whistles.ExtensionRefused: _extension_refused,
    whistles.Accepted: _accepted,
    whistles.Evaluated: _evaluated,
    whistles.TakenOver: _taken_over,
}
