"""What a unit asks for while it works: more time, a pause, more hands, to be rid of some.

An extension: before the due time, within the limits of the urgency (DOMAIN §5). A pause: for a
named reason, never of what cannot wait. Others decide (`extension`, `suspension`); an assisting
unit is called at once.
"""

from services.router.domain.assignment import FINISHED, Assignment
from services.router.domain.assisting import add_assisting
from services.router.domain.case import Case, Changes, RefusedError, refusal
from services.router.domain.dues import Promises
from services.router.domain.outcome import Outcome
from services.router.domain.whistle import Whistle
from shared.catalogue.limits import ExtensionStep, LimitError, Rule, parse_rule
from shared.catalogue.terms import ReviewKind
from shared.contracts import reports, whistles
from shared.contracts.bureaus import RefusalCode
from shared.contracts.parts import AssignmentState
from shared.contracts.values import Due, Relation, Urgency
from shared.contracts.whistles import UnitFact
from shared.errors import ShaodaoError


def extension_requested(case: Case, state: AssignmentState) -> tuple[Changes, UnitFact]:
    """The unit asks for more time; raises RefusedError."""
    report = case.of(reports.ExtensionRequested)
    _in_time(case, case.part)
    asked = _asked(case, case.part, report)
    _not_past_the_lead(case, case.part, asked)
    limits = case.promises.city.limits
    fact = whistles.ExtensionRequested(
        **case.about(state),
        amount=report.amount,
        amount_unit=report.unit,
        reason=report.reason,
        rule_by=case.promises.due(limits.review(ReviewKind.EXTENSION), case.received_at),
    )
    return {"extension_asked": asked.text}, fact


def _in_time(case: Case, part: Assignment) -> None:
    due = part.dues.resolve
    if due is None:
        raise RefusedError(
            RefusalCode.WRONG_STATE,
            "本单位没有办结时限，无需延期",
            "there is no resolve limit to extend",
        )
    if part.extension_asked is not None:
        raise RefusedError(
            RefusalCode.WRONG_STATE,
            "已有延期申请待审批",
            "an extension is asked for already and not decided",
        )
    if case.received_at > due.by:
        raise RefusedError(
            RefusalCode.WRONG_STATE,
            "已超过办结时限，延期须在到期前申请",
            "the resolve limit has passed: an extension is asked for before",
        )


def next_step(whistle: Whistle, part: Assignment, promises: Promises) -> ExtensionStep | None:
    """The extension that may be asked for next, None when there is no more."""
    steps = promises.city.limits.extension(whistle.urgency).steps
    granted = part.extended.count("+") + 1 if part.extended else 0
    return steps[granted] if granted < len(steps) else None


def _asked(case: Case, part: Assignment, report: reports.ExtensionRequested) -> Rule:
    """The extension as a limit, within what the urgency allows."""
    next_ = next_step(case.whistle, part, case.promises)
    if next_ is None:
        raise RefusedError(
            RefusalCode.WRONG_STATE,
            "该紧急程度不可再延期",
            f"no more extension for {case.whistle.urgency.value} matters",
        )
    try:
        asked = parse_rule(f"{report.amount}{report.unit}")
    except LimitError:
        asked = None
    if asked is None or asked.unit is not next_.up_to.unit:
        raise RefusedError(
            RefusalCode.INVALID,
            f"延期单位应与 {next_.up_to.text} 一致",
            f"an extension is asked for in the unit of {next_.up_to.text}",
        )
    total = case.promises.city.limits.extension(case.whistle.urgency).total
    so_far = sum(parse_rule(text).amount for text in part.extended.split("+") if text)
    if asked.amount > next_.up_to.amount or (total and so_far + asked.amount > total.amount):
        raise RefusedError(
            RefusalCode.INVALID,
            f"延期超出上限：本次最多 {next_.up_to.text}，累计最多 {total}",
            f"too long: at most {next_.up_to.text} now and {total} in all",
        )
    return asked


def extended_due(part: Assignment, asked: Rule, promises: Promises) -> Due:
    """The resolve promise with the extension; raises ValueError where there is none."""
    if part.dues.resolve is None:
        raise ValueError("an assignment without resolve limit has no extension")
    return promises.extended(part.dues.resolve, asked)


def _not_past_the_lead(case: Case, part: Assignment, asked: Rule) -> None:
    """An assisting unit never gets longer than the lead."""
    lead = case.whistle.lead()
    if part.relation is not Relation.ASSISTING or lead is None or lead.dues.resolve is None:
        return
    if extended_due(part, asked, case.promises).by > lead.dues.resolve.by:
        raise RefusedError(
            RefusalCode.INVALID,
            "协办时限不得晚于主办办结时限",
            "an assisting unit's limit may not pass the lead's",
        )


def suspension_requested(case: Case, state: AssignmentState) -> tuple[Changes, UnitFact]:
    """Work cannot go on for a reason outside the unit; raises RefusedError."""
    report = case.of(reports.SuspensionRequested)
    if case.part.suspension_asked is not None:
        raise RefusedError(
            RefusalCode.WRONG_STATE,
            "已有挂账申请待审批",
            "a suspension is asked for already and not decided",
        )
    if report.code is None:
        raise RefusedError(
            RefusalCode.INVALID,
            "请选择挂账原因：历史遗留、资金未落实、涉法涉诉、冻土期无法施工、暂无政策依据",
            "a suspension needs its reason code",
        )
    _may_wait(case)
    limits = case.promises.city.limits
    fact = whistles.SuspensionRequested(
        **case.about(state),
        code=report.code,
        reason=report.reason,
        plan=report.plan,
        # the supervisor's decision, as an adjudication is
        rule_by=case.promises.due(limits.review(ReviewKind.ADJUDICATION), case.received_at),
    )
    return {"suspension_asked": report.code.value}, fact


def _may_wait(case: Case) -> None:
    """Never a critical, confidential or safety matter, nor heat in season (DOMAIN §3)."""
    judging, category = case.promises.city.policy.judging, case.whistle.category
    matter = case.grounds.matter
    if case.whistle.urgency is Urgency.CRITICAL:
        zh, en = "特急件不得挂账", "a critical matter is never suspended"
    elif matter is not None and matter.confidential:
        zh, en = "保密件不得挂账", "a confidential matter is never suspended"
    elif judging.is_safety(category):
        zh, en = "涉及安全的事项不得挂账", "a safety matter is never suspended"
    elif judging.is_heat_in_season(category, case.received_at):
        zh, en = "供热期内供热事项不得挂账", "heat is never suspended in its season"
    else:
        return
    raise RefusedError(RefusalCode.INVALID, zh, en)


def _leads(case: Case) -> None:
    if case.part.relation is not Relation.LEAD:
        raise RefusedError(
            RefusalCode.WRONG_STATE,
            "只有主办单位可以提请增加或放行协办",
            "only the lead asks for assisting units to be added or released",
        )


def release_requested(case: Case, state: AssignmentState) -> tuple[Changes, UnitFact]:
    """The lead asks to let an assisting unit go that holds the matter up; raises RefusedError."""
    _leads(case)
    report = case.of(reports.ReleaseRequested)
    helper = case.whistle.part_of(report.unit)
    if (
        helper is None
        or helper.relation is not Relation.ASSISTING
        or helper.state in FINISHED
        or helper.unit == case.part.unit
    ):
        raise RefusedError(
            RefusalCode.INVALID,
            f"{report.unit} 没有尚在办理的协办任务",
            f"{report.unit} has no assisting part that is under way",
        )
    limits = case.promises.city.limits
    about = case.about(helper.state) | {
        "assignment_id": helper.assignment_id,
        "unit": helper.unit,
        "relation": helper.relation,
    }
    fact = whistles.ReleaseRequested(
        **about,
        by=case.part.unit,
        reason=report.reason,
        # who leads is decided in this time, so is who need not assist
        rule_by=case.promises.due(limits.review(ReviewKind.RETURN), case.received_at),
    )
    return {}, fact


def assisting_requested(case: Case) -> Outcome:
    """The lead calls one more unit, which is whistled at once; raises RefusedError."""
    _leads(case)
    report = case.of(reports.AssistingRequested)
    matter, content = case.grounds.matter, case.grounds.content
    if matter is None or content is None:
        raise ValueError("a request for assistance is judged with the whistle's words")
    try:
        return add_assisting(
            case.whistle,
            report.unit,
            task=report.task,
            matter=matter,
            content=content,
            actor=case.actor,
            promises=case.promises,
            at=case.received_at,
        )
    except ShaodaoError as error:
        raise refusal(error) from None
