"""What the model of a whistle may do: reports and commands, with what fills them, by its state."""

from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg
from hypothesis import strategies as st

from services.router import assist, convene, evaluate, suspend, take_over
from services.router import review as reviews
from services.router import rule as rulings
from services.router.assist import Assisting
from services.router.domain.assignment import ASSIGNMENT, AssignmentCommand
from services.router.domain.joint.acceptance import Acceptance, FailedAcceptance
from services.router.domain.joint.blowing import Blow, Called
from services.router.domain.joint.consulting import Consultation, Decision
from services.router.domain.joint.evaluation import Evaluation
from services.router.domain.joint.releasing import Release, ReleaseDecision
from services.router.domain.joint.taking_over import Because
from services.router.domain.rulings.extension import Extension, ExtensionDecision
from services.router.domain.rulings.reviewing import Review, ReviewDecision
from services.router.domain.rulings.ruling import ReturnDecision, Ruling
from services.router.domain.rulings.suspension import Resumption, Suspension, SuspensionDecision
from shared.contracts import reports
from shared.contracts.parts import (
    Actor,
    AssignmentState,
    Evidence,
    Handler,
    Place,
    Result,
    Role,
    SuspensionCode,
)
from shared.contracts.topics import UNIT_REPORTS
from shared.contracts.values import Relation, WhistleKind
from tests.unit.router.samples import COMMUNITY, STREET

LEAD, ASSISTING, OTHER, STRANGER = "BH-CGJ", "BH-SCJ", "BH-ZJJ", "BH-GAJ"
UNITS = (LEAD, ASSISTING, OTHER, STRANGER, STREET)
SELDOM_INFORMED = st.sampled_from((LEAD, LEAD, ASSISTING, ASSISTING, OTHER, STRANGER, STREET))
REVIEWER = Actor(role=Role.REVIEWER, unit="C-RXZX", name="审核员")
SUPERVISOR = Actor(role=Role.SUPERVISOR, unit="C-RXZX", name="督办员")
DISPATCHER = Actor(role=Role.DISPATCHER, unit="C-RXZX", name="派单员")
OFFICER = Actor(role=Role.STREET_OFFICER, unit=STREET, name="街道")
WORKER = Actor(role=Role.COMMUNITY_WORKER, unit=f"Q-{COMMUNITY}", name="社区")
PEOPLE = st.sampled_from(
    (
        *(REVIEWER, SUPERVISOR, SUPERVISOR, DISPATCHER, OFFICER, OFFICER, WORKER),
        Actor(role=Role.LIAISON, unit=LEAD, name="联络员"),
    )
)
BLOW = Blow(
    kind=WhistleKind.JOINT_ENFORCEMENT,
    title="早市占道",
    summary="早市占道严重，请到场会商。",
    place=Place(region=COMMUNITY, address="河湾路"),
    own_effort="社区已劝导三次",
    units=(
        Called(unit=LEAD, relation=Relation.LEAD),
        Called(unit=ASSISTING, relation=Relation.ASSISTING, task="查证照"),
    ),
)

FILLED: dict[type, dict[str, Any]] = {
    reports.Contacted: {"how": reports.ContactMeans.PHONE},
    reports.Departed: {"eta_minutes": 10},
    reports.Arrived: {"mode": reports.ArrivalMode.REMOTE},
    reports.Progressed: {"text": "正在办理"},
    reports.ReturnRequested: {"reason": reports.ReturnReason.NOT_DUTY, "clause": "第十二条"},
    reports.Disputed: {"reason": "权责清单已明确", "suggested_unit": OTHER},
    reports.HandedOver: {"to": Handler(name="石磊", post="一中队")},
    reports.AssistingRequested: {"unit": OTHER, "task": "协助"},
    reports.ReleaseRequested: {"unit": ASSISTING, "reason": "已无需协办"},
    reports.ExtensionRequested: {"amount": 2, "unit": "WD", "reason": "材料未到"},
    reports.SuspensionRequested: {
        "reason": "冻土期",
        "plan": "化冻后施工",
        "code": SuspensionCode.FUNDS,
    },
    reports.Resolved: {
        "result": Result.SOLVED,
        "facts_true": reports.FactsTrue.YES,
        "measures": "已处理",
        "contacted_how": reports.ContactMeans.PHONE,
        "evidence": (Evidence(kind="现场照片", taken_at=None, sha256="a" * 64),),
    },
}
COMMANDS = {
    reports.Contacted: AssignmentCommand.CONTACT,
    reports.Departed: AssignmentCommand.DEPART,
    reports.Arrived: AssignmentCommand.ARRIVE,
    reports.Progressed: AssignmentCommand.PROGRESS,
    reports.ReturnRequested: AssignmentCommand.REQUEST_RETURN,
    reports.Disputed: AssignmentCommand.DISPUTE,
    reports.HandedOver: AssignmentCommand.HAND_OVER,
    reports.ExtensionRequested: AssignmentCommand.REQUEST_EXTENSION,
    reports.SuspensionRequested: AssignmentCommand.REQUEST_SUSPENSION,
    reports.Resolved: AssignmentCommand.RESOLVE,
}
"""What the lifecycle says of each report; acknowledging may also be confirming."""

KINDS = sorted(UNIT_REPORTS.events, key=lambda kind: kind.__name__)
OFTEN = (reports.Acknowledged, reports.Resolved, reports.Progressed, reports.ReturnRequested)
Row = asyncpg.Record


def part_state(rows: Sequence[Row], unit: str) -> AssignmentState | None:
    """The state of the part a unit holds, else of the last it held."""
    mine = [AssignmentState(row["state"]) for row in rows if row["unit"] == unit]
    running = [s for s in mine if s not in (AssignmentState.RETURNED, AssignmentState.RELEASED)]
    return (running or mine or [None])[-1]


Option = tuple[str, type[reports.Report] | str, Actor | None]


def options(whistle: Row, rows: Sequence[Row], asked: Iterable[str]) -> list[Option]:
    """What the state asks for: (unit, report or command, who commands)."""
    officer = DISPATCHER if whistle["kind"] == WhistleKind.CITIZEN_DEMAND else OFFICER
    found: list[Option] = [(unit, "release", officer) for unit in sorted(asked)] * 9
    for row in rows:
        unit, state = row["unit"], AssignmentState(row["state"])
        if row["relation"] == Relation.INFORMED:
            continue
        may = [k for k, c in COMMANDS.items() if ASSIGNMENT.allows(state, c)]
        found += [(unit, k, None) for k in may if k is not reports.Disputed]
        if state is AssignmentState.OFFERED:
            found += [(unit, reports.Acknowledged, None)] * 3
            found += [(unit, reports.ReturnRequested, None)] * 2
        if row["ruled_at"] is not None and not row["disputed"] and reports.Disputed in may:
            found += [(unit, reports.Disputed, None)] * 6
        if state is AssignmentState.WORKING:
            found += [(unit, reports.Resolved, None)] * 4
            if row["relation"] == Relation.LEAD:
                found += [(unit, reports.ReleaseRequested, None)] * 3
        if state in (AssignmentState.RETURN_REQUESTED, AssignmentState.DISPUTED):
            final = row["adjudicate"] or state is AssignmentState.DISPUTED
            found += [(unit, "adjudicate", SUPERVISOR) if final else (unit, "rule", REVIEWER)] * 9
        if row["extension_asked"] is not None:
            found += [(unit, "extend", SUPERVISOR)] * 2
        if row["suspension_asked"] is not None:
            found += [(unit, "suspend", SUPERVISOR)] * 3
        if state is AssignmentState.PAUSED:
            found += [(unit, "resume", SUPERVISOR)] * 3
        if row["reviewing"]:
            found += [(unit, "review", REVIEWER)] * 3
        found.append((unit, "release", OFFICER))
        if whistle["kind"] != WhistleKind.CITIZEN_DEMAND:
            found += [(unit, "consult", OFFICER), (unit, "take_over", OFFICER)]
        if whistle["state"] == "awaiting_acceptance":
            found += [(unit, "fail", OFFICER)] * 4
        if whistle["state"] == "open":
            found.append((unit, "assist", DISPATCHER))
    return found or [(LEAD, reports.Acknowledged, None)]


def given(
    command: str, unit: str, yes: bool, new_unit: str | None
) -> tuple[Any, Any, dict[str, Any]]:
    """The verb of a command, its body, and what it wants besides."""
    why = "模型测试"
    ruling = Ruling(
        unit=unit,
        decision=ReturnDecision.RETURNED if yes else ReturnDecision.REFUSED,
        reason=why,
        new_unit=new_unit if yes else None,
    )
    granted = (ExtensionDecision.GRANTED, ExtensionDecision.REFUSED)[not yes]
    paused = (SuspensionDecision.GRANTED, SuspensionDecision.REFUSED)[not yes]
    passed = (ReviewDecision.PASSED, ReviewDecision.REJECTED)[not yes]
    let_go = (ReleaseDecision.RELEASED, ReleaseDecision.REFUSED)[not yes]
    decision = Decision(unit=unit, action="先清障")
    marks = Evaluation(unit=unit, timely=28, present=18, effect=30, cooperation=14)
    return {
        "rule": (rulings.rule, ruling, {}),
        "adjudicate": (rulings.rule, ruling, {"final": True}),
        "extend": (rulings.extend, Extension(unit=unit, decision=granted, reason=why), {}),
        "suspend": (suspend.decide, Suspension(unit=unit, decision=paused, reason=why), {}),
        "resume": (suspend.go_on, Resumption(unit=unit, reason=why), {}),
        "review": (reviews.review, Review(unit=unit, decision=passed, reason=why), {}),
        "assist": (assist.assist, Assisting(unit=new_unit or unit, task="协助"), {}),
        "take_over": (take_over.take_over, Because(reason=why), {}),
        "withdraw": (take_over.withdraw, Because(reason=why), {}),
        "consult": (convene.consult, Consultation(words=why, decisions=(decision,)), {}),
        "accept": (convene.accept, Acceptance(words=why), {}),
        "fail": (convene.fail_acceptance, FailedAcceptance(units=(unit,), reason=why), {}),
        "release": (convene.release, Release(unit=unit, reason=why, decision=let_go), {}),
        "evaluate": (evaluate.evaluate, marks, {}),
    }[command]
