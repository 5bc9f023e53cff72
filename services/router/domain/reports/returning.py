"""A unit says "not mine": its return, once, and its dispute of the ruling, once.

A return comes inside the acknowledge limit with a clause; the ticket's second one goes to
adjudication, and so does a late one of a unit that came and saw (DOMAIN decision 3, §3). A dispute
comes within a working day of the ruling. The resolve clock keeps running through both.
"""

from services.router.domain.case import Case, Changes, RefusedError
from services.router.domain.jurisdiction import breach
from services.router.domain.reports.evidence import badly_hashed
from shared.catalogue.model import UnitKind
from shared.catalogue.terms import ReviewKind, Term
from shared.contracts import reports, whistles
from shared.contracts.bureaus import RefusalCode
from shared.contracts.parts import AssignmentState, Evidence
from shared.contracts.values import Relation
from shared.contracts.whistles import UnitFact

BEGUN = (AssignmentState.ARRIVED, AssignmentState.WORKING)


def return_requested(case: Case, state: AssignmentState) -> tuple[Changes, UnitFact]:
    """The unit says it is not its duty; raises RefusedError."""
    report = case.of(reports.ReturnRequested)
    _once(case)
    _with_a_clause(case, report.clause)
    _not_for_who_blew_it(case, report.clause)
    lawful_suggestion(case, report.suggested_unit)
    well_hashed(report.evidence)
    adjudicate = _is_late(case) or bool(case.grounds.precedent.asked)
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
        evidence=report.evidence,
    )
    return {"return_asked_at": case.received_at, "adjudicate": adjudicate}, fact


def _once(case: Case) -> None:
    if case.part.unit in case.grounds.precedent.asked or case.part.return_asked_at is not None:
        raise RefusedError(
            RefusalCode.WRONG_STATE,
            "同一工单每个单位只能申请退单一次",
            "a unit may ask to return a ticket once only",
        )


def _is_late(case: Case) -> bool:
    """After the limit or the beginning of work; raises RefusedError without an arrival."""
    limit = case.part.dues.acknowledge
    passed = limit is not None and case.received_at > limit.by
    begun = case.part.state in BEGUN
    if not passed and not begun:
        return False
    if case.part.arrived_at is not None:
        return True
    if passed:
        raise RefusedError(
            RefusalCode.WRONG_STATE,
            "已超过签收时限，没有到场核实记录，不能退单",
            "the acknowledge limit has passed, and the unit has not been on the spot",
        )
    raise RefusedError(
        RefusalCode.WRONG_STATE,
        "已开始办理，没有到场核实记录，不能退单",
        "work has begun, and the unit has not been on the spot",
    )


def _with_a_clause(case: Case, clause: str) -> None:
    if not clause.strip():
        raise RefusedError(
            RefusalCode.INVALID, "退单须写明依据条款", "a return needs the clause it stands on"
        )


def _not_for_who_blew_it(case: Case, clause: str) -> None:
    """A community may whistle a bureau directly (DOMAIN §4): that is no reason to return it."""
    city = case.promises.city
    blower = city.catalogue.units.get(case.whistle.blower or "")
    if blower is None or blower.kind is not UnitKind.COMMUNITY:
        return
    if any(words in clause for words in city.policy.judging.never_returned_because):
        raise RefusedError(
            RefusalCode.INVALID,
            "社区可以直接吹哨，不得以来自社区为由退单",
            "a community may whistle directly: that it did is no reason for a return",
        )


def lawful_suggestion(case: Case, suggested: str | None) -> None:
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


def well_hashed(evidence: tuple[Evidence, ...]) -> None:
    """Raises RefusedError where a hash is given that is none."""
    wrong = badly_hashed(evidence)
    if wrong is not None:
        raise RefusedError(
            RefusalCode.INVALID,
            f"佐证“{wrong.kind}”的 sha256 应为 64 位十六进制",
            f"the sha256 of evidence {wrong.kind!r} must be 64 hexadecimal digits",
        )


def disputed(case: Case, state: AssignmentState) -> tuple[Changes, UnitFact]:
    """The ruling is wrong, the unit says: the supervisor decides; raises RefusedError."""
    report, part = case.of(reports.Disputed), case.part
    limits = case.promises.city.limits
    if part.disputed:
        raise RefusedError(
            RefusalCode.WRONG_STATE,
            "已复核或终裁，裁定为最终决定",
            "the ruling was disputed or adjudicated already: it is final",
        )
    if part.ruled_at is None:
        raise RefusedError(
            RefusalCode.WRONG_STATE,
            "没有可申请复核的裁定",
            "there is no ruling to dispute",
        )
    until = case.promises.due(limits.term(Term.DISPUTE), part.ruled_at)
    if case.received_at > until.by:
        raise RefusedError(
            RefusalCode.WRONG_STATE,
            "已超过申请复核期限，裁定为最终决定",
            f"a ruling is disputed within {until.rule}",
        )
    lawful_suggestion(case, report.suggested_unit)
    well_hashed(report.evidence)
    fact = whistles.Disputed(
        **case.about(state),
        reason=report.reason,
        rule_by=case.promises.due(limits.review(ReviewKind.ADJUDICATION), case.received_at),
        evidence=report.evidence,
        clause=report.clause,
        suggested_unit=report.suggested_unit,
    )
    return {"disputed": True}, fact
