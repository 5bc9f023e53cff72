"""Every rule of what a unit reports: what counts, what is late, what is refused and why."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.assignment import ASSIGNMENT
from services.router.domain.case import Precedent
from services.router.domain.deeming import deem
from services.router.domain.ending import close
from services.router.domain.outcome import Outcome
from services.router.domain.reports.judgement import Refused
from services.router.domain.whistle import Whistle
from shared.contracts import bureaus, reports, whistles
from shared.contracts.bureaus import RefusalCode
from shared.contracts.parts import Actor, AssignmentState, Role, WhistleState
from shared.contracts.tickets import CallbackResult, Satisfaction
from shared.contracts.values import Relation, Urgency, WhistleKind
from tests.unit.router.samples import (
    MONDAY,
    STREET,
    assisting,
    blown,
    counted,
    informed,
    lead,
    matter,
    refused,
    said,
)

S = AssignmentState
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def fact_of(answer: object) -> whistles.WhistleFact:
    assert isinstance(answer, Outcome), answer
    fact = answer.steps[0].fact
    assert fact is not None
    return fact


def facts_of(answer: object) -> list[whistles.WhistleFact]:
    assert isinstance(answer, Outcome), answer
    return [step.fact for step in answer.steps if step.fact is not None]


def state_of(whistle: Whistle, unit: str = "BH-CGJ") -> AssignmentState:
    part = whistle.part_of(unit)
    assert part is not None
    return part.state


def acknowledged(whistle: Whistle | None = None, *units: str) -> Whistle:
    whistle = whistle or blown()
    for unit in units or ("BH-CGJ",):
        whistle = counted(said(whistle, reports.Acknowledged, by=unit))
    return whistle


def with_part(whistle: Whistle, unit: str, **changes: object) -> Whistle:
    part = whistle.part_of(unit)
    assert part is not None
    changed = replace(part, **changes)  # type: ignore[arg-type]
    return replace(whistle, assignments=whistle.with_assignment(changed))


def test_an_acknowledgement_counts_and_is_told_to_city_and_unit() -> None:
    before = blown()
    answer = said(before, reports.Acknowledged)
    after = counted(answer)
    fact = fact_of(answer)
    assert isinstance(fact, whistles.Acknowledged)
    assert (fact.seq, fact.state, fact.late) == (2, S.ACKNOWLEDGED, False)
    assert fact.received_at == MONDAY + timedelta(minutes=10)
    assert fact.actor == Actor(role=Role.DEPARTMENT, unit="BH-CGJ", name="王工")
    assert after.seq == 2
    assert isinstance(answer, Outcome)
    ((unit, view),) = answer.steps[0].views
    assert unit == "BH-CGJ"
    assert isinstance(view, bureaus.ReportAccepted)
    assert (view.report_id, view.seq, view.state) == ("r-1", 2, S.ACKNOWLEDGED)
    assert view.assignment.resolve == before.assignments[0].dues.resolve
    assert view.assignment.state is S.ACKNOWLEDGED


def test_the_reporters_own_time_does_not_count() -> None:
    answer = said(blown(), reports.Acknowledged, after=5 * HOUR, at=MONDAY)
    fact = fact_of(answer)
    assert isinstance(fact, whistles.Acknowledged)
    assert fact.late


def test_late_counts_and_is_marked() -> None:
    whistle = blown(lead(), about=matter(urgency=Urgency.URGENT))
    late = said(whistle, reports.Acknowledged, after=timedelta(minutes=31))
    assert getattr(fact_of(late), "late", None) is True
    in_time = said(whistle, reports.Acknowledged, after=timedelta(minutes=30))
    assert getattr(fact_of(in_time), "late", None) is False


def test_the_second_acknowledgement_is_refused() -> None:
    answer = refused(said(acknowledged(), reports.Acknowledged))
    assert answer.code is RefusalCode.WRONG_STATE
    assert answer.state is S.ACKNOWLEDGED
    assert answer.seq == 2
    assert "已签收" in answer.zh


def test_an_unknown_whistle() -> None:
    answer = refused(said(None, reports.Acknowledged))
    assert answer.code is RefusalCode.UNKNOWN_WHISTLE
    assert answer.state is None
    assert answer.seq is None


@pytest.mark.parametrize("unit", ["BH-ZJJ", "C-CGJ", "NO-SUCH-UNIT"])
def test_a_unit_without_a_part(unit: str) -> None:
    answer = refused(said(blown(), reports.Acknowledged, by=unit))
    assert answer.code is RefusalCode.WRONG_UNIT
    assert answer.state is None, "another unit's state is not told"


def test_a_held_whistle_has_no_units_yet() -> None:
    held = replace(blown(), assignments=(), state=WhistleState.HELD)
    assert refused(said(held, reports.Acknowledged)).code is RefusalCode.WRONG_UNIT


def test_an_ended_whistle_is_stale() -> None:
    ended = close(
        acknowledged(),
        at=MONDAY,
        policy="p",
        actor=Actor(role=Role.SYSTEM),
        result=CallbackResult.UNSOLVED,
        satisfaction=Satisfaction.UNSATISFIED,
    ).whistle
    for kind in (reports.Acknowledged, reports.Resolved):
        answer = refused(said(ended, kind))
        assert answer.code is RefusalCode.STALE
        assert answer.seq == ended.seq


def test_the_ordinary_way_of_a_lead() -> None:
    whistle = acknowledged()
    for kind, state in (
        (reports.Contacted, S.ACKNOWLEDGED),
        (reports.Arrived, S.ARRIVED),
        (reports.Contacted, S.ARRIVED),
        (reports.Progressed, S.WORKING),
        (reports.Progressed, S.WORKING),
    ):
        whistle = counted(said(whistle, kind))
        assert state_of(whistle) is state
    part = whistle.part_of("BH-CGJ")
    assert part is not None
    assert part.contacted_at == part.arrived_at == MONDAY + timedelta(minutes=10)
    assert whistle.seq == 7


@pytest.mark.parametrize(
    "kind",
    [
        reports.Contacted,
        reports.Arrived,
        reports.Progressed,
        reports.Resolved,
        reports.ExtensionRequested,
        reports.SuspensionRequested,
    ],
)
def test_nothing_but_acknowledge_and_return_before_acknowledging(
    kind: type[reports.Report],
) -> None:
    answer = refused(said(blown(lead()), kind))
    assert answer.code is RefusalCode.WRONG_STATE
    assert answer.state is S.OFFERED


def test_one_arrives_once_also_after_work_began() -> None:
    working = counted(said(acknowledged(), reports.Progressed))
    there = counted(said(working, reports.Arrived, head_count=3))
    assert state_of(there) is S.WORKING
    assert refused(said(there, reports.Arrived)).code is RefusalCode.WRONG_STATE


def test_only_the_first_contact_can_be_late() -> None:
    whistle = acknowledged()
    first = said(whistle, reports.Contacted, after=4 * DAY)
    assert getattr(fact_of(first), "late", None) is True
    second = said(counted(first), reports.Contacted, after=5 * DAY)
    assert getattr(fact_of(second), "late", None) is False


def test_a_confidential_matter_has_no_contact_clock() -> None:
    whistle = acknowledged(blown(about=matter(confidential=True)))
    assert getattr(fact_of(said(whistle, reports.Contacted, after=9 * DAY)), "late", None) is False


def test_an_informed_unit_may_acknowledge_and_nothing_else() -> None:
    whistle = counted(said(blown(), reports.Acknowledged, by=STREET))
    assert state_of(whistle, STREET) is S.ACKNOWLEDGED
    for kind in (reports.Resolved, reports.Progressed, reports.ReturnRequested):
        answer = refused(said(whistle, kind, by=STREET))
        assert answer.code is RefusalCode.WRONG_STATE
        assert "知会" in answer.zh


def test_the_lead_resolves_last() -> None:
    whistle = acknowledged(None, "BH-CGJ", "BH-SCJ")
    answer = refused(said(whistle, reports.Resolved))
    assert answer.code is RefusalCode.WRONG_STATE
    assert "BH-SCJ" in answer.zh
    part = said(whistle, reports.Resolved, by="BH-SCJ")
    fact = fact_of(part)
    assert isinstance(fact, whistles.Resolved)
    assert (fact.final, fact.relation, fact.review) == (False, Relation.ASSISTING, "none")
    whole = said(counted(part), reports.Resolved)
    contact, fact = facts_of(whole)
    assert isinstance(contact, whistles.Contacted), "the resolution tells of the contact"
    assert isinstance(fact, whistles.Resolved)
    assert (contact.seq, fact.seq) == (fact.seq - 1, counted(whole).seq)
    assert (fact.final, fact.review, fact.risk) == (True, "none", ())
    assert counted(whole).state is WhistleState.OPEN, "the citizen's word ends it"


@pytest.mark.parametrize("state", [S.RETURNED, S.RELEASED, S.DONE])
def test_the_lead_waits_for_nobody_who_is_done_or_gone(state: AssignmentState) -> None:
    whistle = with_part(acknowledged(), "BH-SCJ", state=state)
    assert state_of(counted(said(whistle, reports.Resolved))) is S.DONE


@pytest.mark.parametrize("state", [S.OFFERED, S.WORKING, S.RETURN_REQUESTED, S.PAUSED])
def test_the_lead_waits_for_everybody_else(state: AssignmentState) -> None:
    whistle = with_part(acknowledged(), "BH-SCJ", state=state)
    assert refused(said(whistle, reports.Resolved)).code is RefusalCode.WRONG_STATE


def test_a_streets_whistle_waits_for_acceptance_when_its_lead_is_done() -> None:
    whistle = blown(lead(), kind=WhistleKind.JOINT_ENFORCEMENT, ticket_id=None)
    done = counted(said(acknowledged(whistle), reports.Resolved))
    assert done.state is WhistleState.AWAITING_ACCEPTANCE
    assert refused(said(done, reports.Progressed)).code is RefusalCode.WRONG_STATE


def test_a_streets_demand_without_ticket_is_let_go_on_resolve() -> None:
    whistle = blown(lead(), informed(), ticket_id=None)
    answer = said(acknowledged(whistle), reports.Resolved)
    assert isinstance(answer, Outcome)
    kinds = [type(step.fact) for step in answer.steps]
    assert kinds == [whistles.Contacted, whistles.Resolved, whistles.Closed]
    assert [step.seq for step in answer.steps] == [3, 4, 5]
    assert answer.whistle.state is WhistleState.CLOSED
    assert answer.whistle.seq == 5
    assert {unit for unit, _ in answer.steps[2].views} == {"BH-CGJ", STREET}


# -- returns


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


# -- deemed acknowledged


def test_a_silent_unit_is_deemed_and_may_still_confirm_once() -> None:
    whistle = blown()
    part = whistle.assignments[0]
    outcome = deem(whistle, part.assignment_id, at=MONDAY + 8 * HOUR, policy="p")
    assert outcome is not None
    assert isinstance(outcome.steps[0].fact, whistles.DeemedAcknowledged)
    assert state_of(outcome.whistle) is S.ACKNOWLEDGED
    assert outcome.steps[0].views[0][0] == "BH-CGJ"
    confirmed = said(outcome.whistle, reports.Acknowledged, after=9 * HOUR)
    assert getattr(fact_of(confirmed), "late", None) is True
    assert refused(said(counted(confirmed), reports.Acknowledged))


def test_nobody_is_deemed_who_spoke_or_whose_whistle_ended() -> None:
    whistle = acknowledged()
    part = whistle.assignments[0]
    assert deem(whistle, part.assignment_id, at=MONDAY, policy="p") is None
    assert deem(blown(), uuid4(), at=MONDAY, policy="p") is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["BH-CGJ", "BH-SCJ", STREET, "BH-ZJJ"]),
            st.sampled_from(
                [
                    reports.Acknowledged,
                    reports.Contacted,
                    reports.Arrived,
                    reports.Progressed,
                    reports.ReturnRequested,
                    reports.ExtensionRequested,
                    reports.Departed,
                    reports.HandedOver,
                    reports.Disputed,
                    reports.SuspensionRequested,
                    reports.AssistingRequested,
                    reports.ReleaseRequested,
                    reports.Resolved,
                ]
            ),
        ),
        max_size=15,
    )
)
def test_whatever_units_say_the_facts_count_on_and_refusals_change_nothing(
    story: list[tuple[str, type[reports.Report]]],
) -> None:
    whistle = blown(lead(), assisting(), informed())
    for unit, kind in story:
        answer = said(whistle, kind, by=unit)
        if isinstance(answer, Refused):
            assert answer.code in RefusalCode
            continue
        assert [step.seq for step in answer.steps] == list(
            range(whistle.seq + 1, answer.whistle.seq + 1)
        )
        before, after = whistle.part_of(unit), answer.whistle.part_of(unit)
        assert before is not None
        assert after is not None
        assert any(moved == after.state for s, _, moved in ASSIGNMENT.moves() if s is before.state)
        whistle = answer.whistle
    leader = whistle.lead()
    if leader is not None and leader.state is S.DONE:
        helper = whistle.part_of("BH-SCJ")
        assert helper is not None
        assert helper.state in (S.DONE, S.RETURNED, S.RELEASED)
