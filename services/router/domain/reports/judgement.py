"""Whether a unit's report counts: the one judgement for Kafka and HTTP alike.

Pure: whistle, report, unit and the time it was received go in, what changes or why it is refused
comes out. In time is judged by `received_at`, the broker's or the server's (DOMAIN §2.11); what is
late counts and is marked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final

from services.router.domain.assignment import ASSIGNMENT, Assignment, AssignmentCommand, moved
from services.router.domain.case import BARE, Case, Changes, Grounds, RefusedError
from services.router.domain.dues import Promises
from services.router.domain.outcome import Outcome, Step, part_text, step, words_text
from services.router.domain.reports import handling, requests, resolving, returning
from services.router.domain.whistle import Whistle
from services.router.domain.words import not_allowed
from shared.contracts import bureaus, reports
from shared.contracts.bureaus import RefusalCode
from shared.contracts.parts import Actor, AssignmentState
from shared.contracts.values import Relation
from shared.contracts.whistles import UnitFact, WhistleFact
from shared.records import record


@record
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
    grounds: Grounds = BARE,
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
        grounds=grounds,
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
    if rule.whole is not None:
        return _answered(rule.whole(case), case, report_id)
    case, first = rule.first(case) if rule.first is not None else (case, ())
    changes, fact = rule.decide(case, ASSIGNMENT.next(case.part.state, command))
    part = moved(case.part, command, **changes)
    whistle = case.whistle.replaced(seq=fact.seq, assignments=case.whistle.with_assignment(part))
    made = step(
        fact,
        case.received_at,
        before=part_text(part.unit, case.part.state),
        after=part_text(part.unit, part.state, rule.words(case.report)),
        views=((part.unit, _told(case, whistle, part, fact, report_id)),),
    )
    outcome = Outcome(whistle=whistle, steps=(*first, made))
    return rule.then(outcome, case) if rule.then is not None else outcome


def _told(
    case: Case, whistle: Whistle, part: Assignment, fact: WhistleFact, report_id: str
) -> bureaus.ReportAccepted:
    """The answer to the unit: its report counts, and where it stands now."""
    return bureaus.ReportAccepted(
        whistle_id=whistle.whistle_id,
        seq=fact.seq,
        report_id=report_id,
        state=part.state,
        received_at=case.received_at,
        late=getattr(fact, "late", False),
        assignment=part.shown(),
    )


def _answered(outcome: Outcome, case: Case, report_id: str) -> Outcome:
    """What a report led to for others, with the answer to the unit that made it."""
    *before, last = outcome.steps
    part = outcome.whistle.part_of(case.part.unit)
    if part is None or last.fact is None:
        raise ValueError("a report that counts leads to a fact")
    view = _told(case, outcome.whistle, part, last.fact, report_id)
    last = replace(last, views=(*last.views, (part.unit, view)))
    return replace(outcome, steps=(*before, last))


def _no_words(report: reports.Report) -> str | None:
    return None


def _words(report: reports.Report) -> str:
    """What the history keeps of a report, besides the state."""
    kept = {name: getattr(report, name) for name in _KEPT_OF[type(report)]}
    return words_text(handler=report.handler.name, **kept)


_KEPT: Final = (
    *("how", "mode", "head_count", "duty_phone", "eta_minutes", "text", "to", "note"),
    *("reason", "code", "plan", "clause", "suggested_unit", "amount", "unit", "task"),
    *("result", "measures", "public_reply", "internal_reply", "follow_up"),
    *("contacted_how", "contacted_at"),
)
"""The fields of reports that go into the history."""


def _acknowledge_command(part: Assignment) -> AssignmentCommand:
    """A unit that was silent until it was deemed to have acknowledged may still say so, once."""
    return AssignmentCommand.CONFIRM if part.deemed else AssignmentCommand.ACKNOWLEDGE


def _always(command: AssignmentCommand) -> Callable[[Assignment], AssignmentCommand]:
    return lambda part: command


def _no_decision(case: Case, state: AssignmentState) -> tuple[Changes, UnitFact]:
    raise TypeError(f"{type(case.report).__name__} is decided as a whole")


@dataclass(frozen=True, slots=True)
class _Rule:
    """How one verb is judged: its command, what it changes, what the history keeps of it.

    `first` and `then`: further facts before and after its own. `whole`: what it leads to is not
    about the unit's own part.
    """

    command: Callable[[Assignment], AssignmentCommand]
    decide: Callable[[Case, AssignmentState], tuple[Changes, UnitFact]] = _no_decision
    words: Callable[[Any], str | None] = _words
    first: Callable[[Case], tuple[Case, tuple[Step, ...]]] | None = None
    then: Callable[[Outcome, Case], Outcome] | None = None
    whole: Callable[[Case], Outcome] | None = None


_RULES: Final[Mapping[type[reports.Report], _Rule]] = {
    reports.Acknowledged: _Rule(_acknowledge_command, handling.acknowledged, _no_words),
    reports.Contacted: _Rule(_always(AssignmentCommand.CONTACT), handling.contacted),
    reports.Departed: _Rule(_always(AssignmentCommand.DEPART), handling.departed),
    reports.Arrived: _Rule(_always(AssignmentCommand.ARRIVE), handling.arrived),
    reports.Progressed: _Rule(_always(AssignmentCommand.PROGRESS), handling.progressed),
    reports.HandedOver: _Rule(_always(AssignmentCommand.HAND_OVER), handling.handed_over),
    reports.ReturnRequested: _Rule(
        _always(AssignmentCommand.REQUEST_RETURN), returning.return_requested
    ),
    reports.Disputed: _Rule(_always(AssignmentCommand.DISPUTE), returning.disputed),
    reports.ExtensionRequested: _Rule(
        _always(AssignmentCommand.REQUEST_EXTENSION), requests.extension_requested
    ),
    reports.SuspensionRequested: _Rule(
        _always(AssignmentCommand.REQUEST_SUSPENSION), requests.suspension_requested
    ),
    reports.AssistingRequested: _Rule(
        _always(AssignmentCommand.REQUEST_ASSISTING), whole=requests.assisting_requested
    ),
    reports.ReleaseRequested: _Rule(
        _always(AssignmentCommand.REQUEST_RELEASE), requests.release_requested
    ),
    reports.Resolved: _Rule(
        _always(AssignmentCommand.RESOLVE),
        resolving.resolved,
        first=resolving.contact_told,
        then=resolving.after_resolving,
    ),
}

_KEPT_OF: Final[Mapping[type[reports.Report], tuple[str, ...]]] = {
    kind: tuple(name for name in _KEPT if name in {field.name for field in fields(kind)})
    for kind in _RULES
}
"""Those of them that each kind has."""

JUDGED: Final = frozenset(_RULES)
"""The reports that are judged; a test holds it against the contract."""

NEED_ALL: Final = (
    reports.Resolved,
    reports.ExtensionRequested,
    reports.AssistingRequested,
    reports.ReleaseRequested,
)
"""The reports that are judged by what the whistle's other units do or promise."""

NEED_WORDS: Final = (
    reports.Resolved,
    reports.SuspensionRequested,
    reports.AssistingRequested,
)
"""The reports that are judged by what the whistle is about; an arrival with a point is, too."""


def needs_words(report: reports.Report) -> bool:
    """Whether the report is judged with `Grounds.matter` and `Grounds.content`."""
    if isinstance(report, reports.Arrived):
        return report.lat is not None and report.lon is not None
    return isinstance(report, NEED_WORDS)
