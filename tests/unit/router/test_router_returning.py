"""Returns and disputes: when a unit may say "not mine", and what the last word on it does."""

from datetime import timedelta

import pytest

from services.router.domain.case import NO_PRECEDENT, Precedent
from services.router.domain.matter import Content
from services.router.domain.outcome import Outcome
from services.router.domain.rulings.deciding import blocked
from services.router.domain.rulings.ruling import ReturnDecision, Ruling, adjudicate, rule_on_return
from services.router.domain.whistle import Whistle
from shared.contracts import bureaus, reports, rulings, whistles
from shared.contracts.bureaus import RefusalCode
from shared.contracts.parts import Actor, AssignmentState, DeadlineKind, Evidence, Role
from shared.contracts.values import Urgency
from shared.errors import ConflictError, ForbiddenError
from tests.unit.router.judged import acknowledged, fact_of
from tests.unit.router.samples import (
    BY_CITY,
    MONDAY,
    blown,
    counted,
    matter,
    promises,
    refused,
    said,
)

S = AssignmentState
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REVIEWER = Actor(role=Role.REVIEWER, unit="C-RXZX", name="李审核")
SUPERVISOR = Actor(role=Role.SUPERVISOR, unit="C-RXZX", name="赵督办")


def decided(
    whistle: Whistle,
    decision: ReturnDecision = ReturnDecision.REFUSED,
    *,
    actor: Actor = REVIEWER,
    new_unit: str | None = None,
    after: timedelta = 2 * HOUR,
    final: bool = False,
    precedent: Precedent = NO_PRECEDENT,
) -> Outcome:
    ruling = Ruling(unit="BH-CGJ", decision=decision, reason="依据权责清单", new_unit=new_unit)
    return (adjudicate if final else rule_on_return)(
        whistle,
        ruling,
        matter=matter(),
        content=Content(blown_by=BY_CITY),
        actor=actor,
        promises=promises(MONDAY + after),
        precedent=precedent,
    )


def ruled() -> Whistle:
    """The unit's return was refused two hours into Monday."""
    return decided(counted(said(blown(), reports.ReturnRequested))).whistle


# -- late returns


def test_who_came_and_saw_may_return_late_and_only_the_supervisor_decides() -> None:
    arrived = counted(said(acknowledged(), reports.Arrived))
    asked = said(arrived, reports.ReturnRequested, after=6 * HOUR)
    fact = fact_of(asked)
    assert isinstance(fact, whistles.ReturnRequested)
    assert (fact.adjudicate, fact.rule_by.rule) == (True, "1WD")
    with pytest.raises(ForbiddenError):
        decided(counted(asked), after=7 * HOUR)
    outcome = decided(counted(asked), actor=SUPERVISOR, after=7 * HOUR, final=True)
    assert isinstance(outcome.steps[0].fact, rulings.Adjudicated)


def test_within_the_limit_but_after_the_arrival_it_is_late_too() -> None:
    arrived = counted(said(acknowledged(), reports.Arrived))
    fact = fact_of(said(arrived, reports.ReturnRequested))
    assert isinstance(fact, whistles.ReturnRequested)
    assert fact.adjudicate


def test_a_return_carries_its_evidence_and_a_hash_must_be_one() -> None:
    good = Evidence(kind="photo", sha256="ab" * 32)
    fact = fact_of(said(blown(), reports.ReturnRequested, evidence=(good,)))
    assert isinstance(fact, whistles.ReturnRequested)
    assert fact.evidence == (good,)
    bad = refused(
        said(blown(), reports.ReturnRequested, evidence=(Evidence(kind="photo", sha256="abc"),))
    )
    assert bad.code is RefusalCode.INVALID
    assert "sha256" in bad.zh


@pytest.mark.parametrize("clause", ["该哨来自社区，不应直接派我局", "社区无权对我局吹哨"])
def test_that_a_community_blew_it_is_no_reason(clause: str) -> None:
    by_community = blown()
    object.__setattr__(by_community, "blower", "Q-159902001001")
    answer = refused(said(by_community, reports.ReturnRequested, clause=clause))
    assert answer.code is RefusalCode.INVALID
    assert "社区可以直接吹哨" in answer.zh
    assert counted(said(by_community, reports.ReturnRequested)), "a real clause is one"
    assert counted(said(blown(), reports.ReturnRequested, clause=clause)), "not from a community"


def test_a_provisional_units_return_counts_for_nobody_else_but_is_made_once() -> None:
    asked = counted(said(blown(provisional=True), reports.ReturnRequested))
    back = decided(asked).whistle
    again = refused(said(back, reports.ReturnRequested))
    assert "一次" in again.zh


# -- disputes


def test_a_ruling_may_be_disputed_once_within_a_working_day() -> None:
    whistle = ruled()
    asked = said(whistle, reports.Disputed, after=5 * HOUR, suggested_unit="BH-ZJJ")
    fact = fact_of(asked)
    assert isinstance(fact, whistles.Disputed)
    assert (fact.rule_by.rule, fact.state, fact.suggested_unit) == ("1WD", S.DISPUTED, "BH-ZJJ")
    part = counted(asked).part_of("BH-CGJ")
    assert part is not None
    assert (part.disputed, part.back_to) == (True, S.OFFERED)
    for kind in (reports.Resolved, reports.Acknowledged, reports.Disputed):
        assert refused(said(counted(asked), kind, after=5 * HOUR))
    late = refused(said(whistle, reports.Disputed, after=2 * DAY))
    assert "期限" in late.zh


@pytest.mark.parametrize("whistle", [blown(), acknowledged()])
def test_without_a_ruling_there_is_nothing_to_dispute(whistle: Whistle) -> None:
    assert "没有可申请复核的裁定" in refused(said(whistle, reports.Disputed)).zh


def test_the_supervisors_word_on_a_dispute_is_final() -> None:
    disputed = counted(said(ruled(), reports.Disputed, after=3 * HOUR))
    with pytest.raises(ForbiddenError):
        decided(disputed, final=True)
    with pytest.raises(ConflictError):
        decided(disputed, actor=SUPERVISOR)  # a dispute is adjudicated, not ruled on
    outcome = decided(disputed, actor=SUPERVISOR, final=True, after=4 * HOUR)
    (step,) = outcome.steps
    fact = step.fact
    assert isinstance(fact, rulings.Adjudicated)
    assert (fact.decision, fact.state, fact.ruled_by) == ("refused", S.OFFERED, SUPERVISOR)
    assert step.views[0][1] == bureaus.Ruling(
        whistle_id=disputed.whistle_id,
        seq=fact.seq,
        decision="refused",
        reason="依据权责清单",
        state=S.OFFERED,
    )
    again = refused(said(outcome.whistle, reports.Disputed, after=5 * HOUR))
    assert "最终" in again.zh
    with pytest.raises(ConflictError) as conflict:
        decided(outcome.whistle, actor=SUPERVISOR, final=True)
    assert (conflict.value.state, conflict.value.version) == (S.OFFERED, outcome.whistle.seq)


def test_adjudicated_away_the_new_lead_gets_the_rest_of_the_time_at_least_half() -> None:
    disputed = counted(said(ruled(), reports.Disputed, after=3 * HOUR))
    outcome = decided(
        disputed,
        ReturnDecision.RETURNED,
        actor=SUPERVISOR,
        new_unit="BH-ZJJ",
        after=4 * HOUR,
        final=True,
    )
    adjudicated, offered = (step.fact for step in outcome.steps)
    assert isinstance(adjudicated, rulings.Adjudicated)
    assert adjudicated.decision == "returned"
    assert isinstance(offered, rulings.UnitOffered)
    assert offered.assignment.resolve == blown().assignments[0].dues.resolve, "the rest"


def test_who_stays_by_adjudication_has_at_least_half_of_the_time_too() -> None:
    disputed = counted(said(ruled(), reports.Disputed, after=3 * HOUR))
    outcome = decided(disputed, actor=SUPERVISOR, final=True, after=5 * DAY)
    changed = outcome.steps[1].fact
    assert isinstance(changed, rulings.DueChanged)
    (change,) = changed.changes
    assert change.kind is DeadlineKind.RESOLVE
    assert change.due is not None
    assert change.due.rule == "5WD*0.5"
    part = outcome.whistle.part_of("BH-CGJ")
    assert part is not None
    assert part.dues.resolve == change.due
    assert outcome.whistle.seq == changed.seq


def test_a_first_return_is_ruled_on_and_not_adjudicated() -> None:
    pending = counted(said(blown(), reports.ReturnRequested))
    with pytest.raises(ConflictError):
        decided(pending, actor=SUPERVISOR, final=True)
    assert decided(pending, actor=SUPERVISOR), "the supervisor on rota stands in for the reviewer"


# -- who may decide


@pytest.mark.parametrize(
    ("for_role", "dispatcher", "caller", "free"),
    [
        (Role.REVIEWER, Actor(role=Role.SYSTEM), REVIEWER, True),
        (Role.REVIEWER, Actor(role=Role.SYSTEM), SUPERVISOR, True),
        (Role.SUPERVISOR, Actor(role=Role.SYSTEM), REVIEWER, False),
        (Role.REVIEWER, Actor(role=Role.DISPATCHER, name="李审核"), REVIEWER, False),
        (Role.REVIEWER, Actor(role=Role.DISPATCHER, name="钱派单"), REVIEWER, True),
        (Role.REVIEWER, Actor(role=Role.SUPERVISOR, name="赵督办"), SUPERVISOR, False),
        (Role.REVIEWER, Actor(role=Role.SUPERVISOR), Actor(role=Role.SUPERVISOR), False),
        (Role.REVIEWER, Actor(role=Role.DISPATCHER), Actor(role=Role.REVIEWER), True),
        (Role.REVIEWER, Actor(role=Role.SYSTEM), Actor(role=Role.DISPATCHER), False),
        (Role.STREET_OFFICER, Actor(role=Role.STREET_OFFICER), SUPERVISOR, False),
    ],
)
def test_never_who_dispatched(for_role: Role, dispatcher: Actor, caller: Actor, free: bool) -> None:
    found = blocked(for_role, dispatched_by=dispatcher, caller=caller, judges_dispatch=True)
    assert (found is None) is free
    if found is not None:
        assert found.zh
        assert found.en


def test_an_urgent_return_is_ruled_on_within_two_hours_even_when_work_waits() -> None:
    urgent = blown(about=matter(urgency=Urgency.URGENT))
    fact = fact_of(said(urgent, reports.ReturnRequested))
    assert isinstance(fact, whistles.ReturnRequested)
    assert fact.rule_by.by == fact.received_at + 2 * HOUR
