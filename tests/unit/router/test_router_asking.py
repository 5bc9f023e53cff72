"""Every rule of what a unit asks for: to return the matter, or for more time."""

from datetime import timedelta

import pytest

from services.router.domain.case import Precedent
from shared.contracts import reports, whistles
from shared.contracts.bureaus import RefusalCode
from shared.contracts.parts import AssignmentState
from shared.contracts.values import Urgency, WhistleKind
from tests.unit.router.judged import acknowledged, fact_of, state_of, with_part
from tests.unit.router.samples import MONDAY, STREET, blown, counted, lead, matter, refused, said

S = AssignmentState
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_a_return_goes_to_a_reviewer_by_the_urgencys_limit() -> None:
    answer = said(blown(), reports.ReturnRequested, suggested_unit="BH-ZJJ")
    fact = fact_of(answer)
    assert isinstance(fact, whistles.ReturnRequested)
    assert (fact.rule_by.rule, fact.adjudicate, fact.suggested_unit) == ("4wh", False, "BH-ZJJ")
    part = counted(answer).part_of("BH-CGJ")
    assert part is not None
    assert (part.state, part.back_to) == (S.RETURN_REQUESTED, S.OFFERED)
    assert part.return_asked_at == MONDAY + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("urgency", "rule"),
    [(Urgency.CRITICAL, "30m"), (Urgency.URGENT, "2h"), (Urgency.NORMAL, "4wh")],
)
def test_a_ruling_is_due_by_urgency(urgency: Urgency, rule: str) -> None:
    fact = fact_of(said(blown(about=matter(urgency=urgency)), reports.ReturnRequested))
    assert isinstance(fact, whistles.ReturnRequested)
    assert fact.rule_by.rule == rule


def test_resolving_is_refused_while_a_return_is_pending() -> None:
    whistle = counted(said(acknowledged(), reports.ReturnRequested))
    assert refused(said(whistle, reports.Resolved)).code is RefusalCode.WRONG_STATE


def test_a_unit_returns_a_ticket_once_in_any_round() -> None:
    again = said(blown(), reports.ReturnRequested, precedent=Precedent(asked=("BH-CGJ",)))
    assert refused(again).code is RefusalCode.WRONG_STATE


def test_the_tickets_second_return_goes_to_adjudication() -> None:
    answer = said(blown(), reports.ReturnRequested, precedent=Precedent(asked=("BH-ZJJ",)))
    fact = fact_of(answer)
    assert isinstance(fact, whistles.ReturnRequested)
    assert (fact.adjudicate, fact.rule_by.rule) == (True, "1WD")


def test_a_return_after_the_acknowledge_limit_is_refused() -> None:
    answer = refused(said(blown(), reports.ReturnRequested, after=6 * HOUR))
    assert answer.code is RefusalCode.WRONG_STATE
    assert "签收时限" in answer.zh


def test_a_return_after_work_began_is_refused() -> None:
    working = counted(said(acknowledged(), reports.Progressed))
    assert refused(said(working, reports.ReturnRequested)).code is RefusalCode.WRONG_STATE


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ({"clause": "   "}, "条款"),
        ({"suggested_unit": "NO-SUCH"}, "NO-SUCH"),
        ({"suggested_unit": "BH-CGJ"}, "本单位"),
        ({"suggested_unit": STREET}, "不得下派"),
        ({"suggested_unit": "Q-159902001001"}, "不得下派"),
        ({"suggested_unit": "P-01"}, "不得下派"),
    ],
)
def test_a_return_needs_a_clause_and_a_lawful_suggestion(data: dict[str, str], word: str) -> None:
    answer = refused(said(blown(), reports.ReturnRequested, **data))
    assert answer.code is RefusalCode.INVALID
    assert word in answer.zh


def test_an_assisting_unit_may_suggest_the_street() -> None:
    answer = said(blown(), reports.ReturnRequested, by="BH-SCJ", suggested_unit=STREET)
    assert state_of(counted(answer), "BH-SCJ") is S.RETURN_REQUESTED


# -- extensions


def test_an_extension_waits_for_a_reviewer() -> None:
    answer = said(acknowledged(), reports.ExtensionRequested)
    fact = fact_of(answer)
    assert isinstance(fact, whistles.ExtensionRequested)
    assert (fact.amount, fact.amount_unit, fact.rule_by.rule) == (3, "WD", "4wh")
    part = counted(answer).part_of("BH-CGJ")
    assert part is not None
    assert (part.state, part.extension_asked) == (S.ACKNOWLEDGED, "3WD")
    again = refused(said(counted(answer), reports.ExtensionRequested))
    assert again.code is RefusalCode.WRONG_STATE


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"amount": 6}, RefusalCode.INVALID),  # the first at most 5
        ({"amount": 2, "unit": "h"}, RefusalCode.INVALID),
        ({"amount": 2, "unit": "xx"}, RefusalCode.INVALID),
        ({"after": 9 * DAY}, RefusalCode.WRONG_STATE),  # past due
    ],
)
def test_an_extension_within_the_limits(data: dict[str, object], code: RefusalCode) -> None:
    answer = refused(said(acknowledged(), reports.ExtensionRequested, **data))  # type: ignore[arg-type]
    assert answer.code is code


def test_the_second_extension_is_longer_but_all_together_at_most_fifteen_days() -> None:
    once = with_part(acknowledged(), "BH-CGJ", extended="5WD")
    assert counted(said(once, reports.ExtensionRequested, amount=10))
    assert refused(said(once, reports.ExtensionRequested, amount=11)).code is RefusalCode.INVALID
    twice = with_part(acknowledged(), "BH-CGJ", extended="5WD+2WD")
    answer = refused(said(twice, reports.ExtensionRequested, amount=1))
    assert answer.code is RefusalCode.WRONG_STATE


def test_extensions_by_urgency() -> None:
    critical = acknowledged(blown(about=matter(urgency=Urgency.CRITICAL)))
    assert refused(said(critical, reports.ExtensionRequested)).code is RefusalCode.WRONG_STATE
    urgent = acknowledged(blown(about=matter(urgency=Urgency.URGENT)))
    assert counted(said(urgent, reports.ExtensionRequested, amount=24, unit="h"))


def test_no_extension_without_a_resolve_limit() -> None:
    joint = acknowledged(blown(lead(), kind=WhistleKind.JOINT_ENFORCEMENT, ticket_id=None))
    assert refused(said(joint, reports.ExtensionRequested)).code is RefusalCode.WRONG_STATE


def test_an_assisting_unit_gets_no_longer_than_the_lead() -> None:
    whistle = acknowledged(None, "BH-CGJ", "BH-SCJ")
    assert counted(said(whistle, reports.ExtensionRequested, by="BH-SCJ", amount=1))
    answer = refused(said(whistle, reports.ExtensionRequested, by="BH-SCJ", amount=3))
    assert answer.code is RefusalCode.INVALID
