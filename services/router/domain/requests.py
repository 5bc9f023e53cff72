"""What a unit asks for: to return the matter, or more time. A reviewer decides (`ruling`).

A return: once a unit and ticket, inside the acknowledge limit, with a clause; the ticket's second
goes to adjudication (DOMAIN decision 3). An extension: before the due time, within the limits of
the urgency (DOMAIN §5).
"""

from services.router.domain.assignment import Assignment
from services.router.domain.case import Case, Changes, RefusedError
from services.router.domain.dues import Promises
from services.router.domain.jurisdiction import breach
from services.router.domain.whistle import Whistle
from shared.catalogue.limits import ExtensionStep, LimitError, Rule, parse_rule
from shared.catalogue.terms import ReviewKind
from shared.contracts import reports, whistles
from shared.contracts.bureaus import RefusalCode
from shared.contracts.parts import AssignmentState
from shared.contracts.values import Due, Relation
from shared.contracts.whistles import UnitFact


def return_requested(case: Case, state: AssignmentState) -> tuple[Changes, UnitFact]:
    """The unit says it is not its duty; raises RefusedError."""
    report = case.of(reports.ReturnRequested)
    _may_return(case)
    _lawful_suggestion(case, report.suggested_unit)
    adjudicate = bool(case.precedent.asked)
    limits = case.promises.city.limits
    rule = (
        limits.review(ReviewKind.ADJUDICATION)
        if adjudicate
        else limits.ruling(case.whistle.urgency)
    )
    fact = whistles.ReturnRequested(
        **case.about(state),
        reason=report.reason,
        clause=report.clause,
        suggested_unit=report.suggested_unit,
        rule_by=case.promises.due(rule, case.received_at),
        adjudicate=adjudicate,
    )
    return {"return_asked_at": case.received_at, "adjudicate": adjudicate}, fact


def _may_return(case: Case) -> None:
    limit = case.part.dues.acknowledge
    if case.part.unit in case.precedent.asked:
        raise RefusedError(
            RefusalCode.WRONG_STATE,
            "同一工单每个单位只能申请退单一次",
            "a unit may ask to return a ticket once only",
        )
    if limit is not None and case.received_at > limit.by:
        raise RefusedError(
            RefusalCode.WRONG_STATE,
            "已超过签收时限，不能退单",
            "the acknowledge limit has passed: it cannot be returned any more",
        )
    if not case.of(reports.ReturnRequested).clause.strip():
        raise RefusedError(
            RefusalCode.INVALID, "退单须写明依据条款", "a return needs the clause it stands on"
        )


def _lawful_suggestion(case: Case, suggested: str | None) -> None:
    """The unit that is proposed instead must exist and be allowed to lead (decision 5)."""
    if suggested is None:
        return
    city = case.promises.city
    if suggested not in city.catalogue.units or suggested == case.part.unit:
        raise RefusedError(
            RefusalCode.INVALID,
            f"建议承办单位 {suggested} 不存在或为本单位",
            f"the suggested unit {suggested} is not known, or the unit itself",
        )
    if case.part.relation is not Relation.LEAD:
        return
    found = breach(city, case.whistle.category, suggested)
    if found is not None:
        raise RefusedError(RefusalCode.INVALID, found.zh, found.en)


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
