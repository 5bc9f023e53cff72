"""Every rule of what a unit reports: what counts, what is late, what is refused and why."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.assignment import ASSIGNMENT
from services.router.domain.deeming import deem
from services.router.domain.ending import close
from services.router.domain.outcome import Outcome
from services.router.domain.reports.judgement import Refused
from shared.contracts import bureaus, reports, whistles
from shared.contracts.bureaus import RefusalCode
from shared.contracts.parts import Actor, AssignmentState, Role, WhistleState
from shared.contracts.tickets import CallbackResult, Satisfaction
from shared.contracts.values import Relation, Urgency, WhistleKind
from tests.unit.router.judged import acknowledged, fact_of, facts_of, state_of, with_part
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
