"""Whether a unit's report counts: the one judgement for Kafka and HTTP alike.

Pure: whistle, report, unit and the time it was received go in, what changes or why it is refused
comes out. In time is judged by `received_at`, the broker's or the server's (DOMAIN §2.11); what is
late counts and is marked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from services.router.domain import requests
from services.router.domain.assignment import (
    ASSIGNMENT,
    FINISHED,
    Assignment,
    AssignmentCommand,
    moved,
)
from services.router.domain.case import Case, Changes, Precedent, RefusedError
from services.router.domain.dues import Promises
from services.router.domain.ending import closed_on_resolve
from services.router.domain.outcome import Outcome, part_text, step, words_text
from services.router.domain.whistle import WHISTLE, Whistle, WhistleCommand
from services.router.domain.words import not_allowed
from shared.contracts import bureaus, reports, whistles
from shared.contracts.bureaus import RefusalCode
from shared.contracts.parts import Actor, AssignmentState
from shared.contracts.values import Due, Relation, WhistleKind
from shared.contracts.whistles import UnitFact


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The report does not count, and why; state and seq are the current ones, where it may know."""

    code: RefusalCode
    zh: str
    en: str
    state: AssignmentState | None = None
    seq: int | None = None


def judge(
    whistle: Whistle | None,
    report: reports.Report,
    *,
    unit: str,
    actor: Actor,
    report_id: str,
    received_at: datetime,
    promises: Promises,
    precedent: Precedent,
) -> Outcome | Refused:
    """What a unit's report changes, or why it is refused."""
    if whistle is None:
        return Refused(
            code=RefusalCode.UNKNOWN_WHISTLE, zh="哨单不存在", en="there is no such whistle"
        )
    part = whistle.part_of(unit)
    if part is None:
        return Refused(
            code=RefusalCode.WRONG_UNIT,
            zh="本单位不在该哨单的承办单位之列",
            en=f"{unit} has no part in this whistle",
        )
    if whistle.ended:
        return Refused(
            code=RefusalCode.STALE,
            zh=f"哨单第 {whistle.round} 轮已结束，不再受理报告",
            en=f"the whistle (round {whistle.round}) is {whistle.state.value}",
            state=part.state,
            seq=whistle.seq,
        )
    case = Case(
        whistle=whistle,
        part=part,
        report=report,
        actor=actor,
        received_at=received_at,
        promises=promises,
        precedent=precedent,
    )
    try:
        return _accept(case, report_id)
    except RefusedError as refused:
        return Refused(
            code=refused.code,
            zh=refused.zh,
            en=refused.en,
            state=part.state,
            seq=whistle.seq,
        )


def _accept(case: Case, report_id: str) -> Outcome:
    rule = _RULES[type(case.report)]
    if case.part.relation is Relation.INFORMED and type(case.report) is not reports.Acknowledged:
        raise RefusedError(
            RefusalCode.WRONG_STATE,
            "知会单位只需知悉，无需办理",
            "an informed unit has nothing to do but acknowledge",
        )
    command = rule.command(case.part)
    if not ASSIGNMENT.allows(case.part.state, command):
        raise RefusedError(RefusalCode.WRONG_STATE, *not_allowed(case.part.state, command))
    changes, fact = rule.decide(case, ASSIGNMENT.next(case.part.state, command))
    part = moved(case.part, command, **changes)
    whistle = case.whistle.replaced(seq=fact.seq, assignments=case.whistle.with_assignment(part))
    view = bureaus.ReportAccepted(
        whistle_id=whistle.whistle_id,
        seq=fact.seq,
        report_id=report_id,
        state=part.state,
        received_at=case.received_at,
        late=getattr(fact, "late", False),
        assignment=part.shown(),
    )
    made = step(
        fact,
        case.received_at,
        before=part_text(part.unit, case.part.state),
        after=part_text(part.unit, part.state, rule.words(case.report)),
        views=((part.unit, view),),
    )
    outcome = Outcome(whistle=whistle, steps=(made,))
    return _after_resolving(outcome, case) if getattr(fact, "final", False) else outcome


def _after_resolving(outcome: Outcome, case: Case) -> Outcome:
    """The lead is done: a street's whistle waits for acceptance, a bare demand is let go."""
    whistle = outcome.whistle
    if whistle.kind is not WhistleKind.CITIZEN_DEMAND:
        state = WHISTLE.next(whistle.state, WhistleCommand.FINISH)
        return replace(outcome, whistle=replace(whistle, state=state))
    if whistle.demand_ticket is not None:
        return outcome  # the citizen's word ends it
    end = closed_on_resolve(whistle, at=case.received_at, policy=case.promises.city.version)
    return Outcome(whistle=end.whistle, steps=(*outcome.steps, *end.steps))


def _is_late(due: Due | None, received_at: datetime, kept_at: datetime | None = None) -> bool:
    """Whether the first report that keeps a promise came after it; later ones are never late."""
    return due is not None and kept_at is None and received_at > due.by


def _acknowledged(case: Case, state: AssignmentState) -> tuple[Changes, UnitFact]:
    late = _is_late(case.part.dues.acknowledge, case.received_at)
    fact = whistles.Acknowledged(**case.about(state), late=late, handler=case.report.handler)
    return {"acknowledged_at": case.received_at, "deemed": False}, fact


def _contacted(case: Case, state: AssignmentState) -> tuple[Changes, UnitFact]:
    report = case.of(reports.Contacted)
    before = case.part.contacted_at
    late = _is_late(case.part.dues.contact, case.received_at, before)
    fact = whistles.Contacted(**case.about(state), late=late, how=report.how)
    return {"contacted_at": before or case.received_at}, fact


def _arrived(case: Case, state: AssignmentState) -> tuple[Changes, UnitFact]:
    report = case.of(reports.Arrived)
    if case.part.arrived_at is not None:
        raise RefusedError(
            RefusalCode.WRONG_STATE, "本单位已经报到", "the unit has arrived already"
        )
    fact = whistles.Arrived(
        **case.about(state),
        late=_is_late(case.part.dues.arrive, case.received_at),
        mode=report.mode,
        head_count=report.head_count,
    )
    return {"arrived_at": case.received_at}, fact


def _progressed(case: Case, state: AssignmentState) -> tuple[Changes, UnitFact]:
    report = case.of(reports.Progressed)
    return {}, whistles.Progressed(**case.about(state), text=report.text)


def _resolved(case: Case, state: AssignmentState) -> tuple[Changes, UnitFact]:
    report = case.of(reports.Resolved)
    final = case.part.relation is Relation.LEAD
    if final:
        _all_assisting_finished(case.whistle)
    fact = whistles.Resolved(
        **case.about(state),
        late=_is_late(case.part.dues.resolve, case.received_at),
        final=final,
        review="none",
        result=report.result,
        facts_true=report.facts_true,
        public_reply=report.public_reply,
        measures=report.measures,
        evidence=report.evidence,
    )
    return {"done_at": case.received_at, "extension_asked": None}, fact


def _all_assisting_finished(whistle: Whistle) -> None:
    """The lead resolves last: every assisting unit is done, returned or released."""
    waiting = [
        a.unit
        for a in whistle.assignments
        if a.relation is Relation.ASSISTING and a.state not in FINISHED
    ]
    if waiting:
        raise RefusedError(
            RefusalCode.WRONG_STATE,
            f"协办单位尚未办结：{'、'.join(waiting)}",
            f"assisting units are not done yet: {', '.join(waiting)}",
        )


def _no_suspension_yet(case: Case, state: AssignmentState) -> tuple[Changes, UnitFact]:
    raise RefusedError(
        RefusalCode.INVALID,
        "暂不受理挂账申请，请申请延期",
        "suspensions are not taken yet: ask for an extension",
    )


def _no_words(report: reports.Report) -> str | None:
    return None


def _words(report: reports.Report) -> str:
    """What the history keeps of a report, besides the state."""
    names = (
        "how",
        "mode",
        "text",
        "reason",
        "clause",
        "suggested_unit",
        "amount",
        "unit",
        "result",
        "measures",
        "public_reply",
        "internal_reply",
    )
    return words_text(
        handler=report.handler.name, **{name: getattr(report, name, None) for name in names}
    )


def _acknowledge_command(part: Assignment) -> AssignmentCommand:
    """A unit that was silent until it was deemed to have acknowledged may still say so, once."""
    return AssignmentCommand.CONFIRM if part.deemed else AssignmentCommand.ACKNOWLEDGE


def _always(command: AssignmentCommand) -> Callable[[Assignment], AssignmentCommand]:
    return lambda part: command


@dataclass(frozen=True, slots=True)
class _Rule:
    """How one verb is judged: its command, what it changes, what the history keeps of it."""

    command: Callable[[Assignment], AssignmentCommand]
    decide: Callable[[Case, AssignmentState], tuple[Changes, UnitFact]]
    words: Callable[[Any], str | None] = _words


_RULES: Final[Mapping[type[reports.Report], _Rule]] = {
    reports.Acknowledged: _Rule(_acknowledge_command, _acknowledged, _no_words),
    reports.Contacted: _Rule(_always(AssignmentCommand.CONTACT), _contacted),
    reports.Arrived: _Rule(_always(AssignmentCommand.ARRIVE), _arrived),
    reports.Progressed: _Rule(_always(AssignmentCommand.PROGRESS), _progressed),
    reports.ReturnRequested: _Rule(
        _always(AssignmentCommand.REQUEST_RETURN), requests.return_requested
    ),
    reports.ExtensionRequested: _Rule(
        _always(AssignmentCommand.REQUEST_EXTENSION), requests.extension_requested
    ),
    reports.SuspensionRequested: _Rule(_always(AssignmentCommand.SUSPEND), _no_suspension_yet),
    reports.Resolved: _Rule(_always(AssignmentCommand.RESOLVE), _resolved),
}

JUDGED: Final = frozenset(_RULES)
"""The reports that are judged; a test holds it against the contract."""

NEED_ALL: Final = (reports.Resolved, reports.ExtensionRequested)
"""The reports that are judged by what the whistle's other units do or promise."""
