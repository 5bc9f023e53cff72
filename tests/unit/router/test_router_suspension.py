"""Suspensions: what may wait, who says so, and that the time left is kept to the second."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.assignment import AssignmentCommand, moved
from services.router.domain.case import Grounds
from services.router.domain.outcome import Outcome
from services.router.domain.rulings.suspension import (
    Resumption,
    Suspension,
    SuspensionDecision,
    decide_suspension,
    resume,
)
from services.router.domain.whistle import Whistle
from shared.catalogue.limits import LimitError, due, limit_of_seconds, moment_of
from shared.contracts import bureaus, reports, rulings, whistles
from shared.contracts.parts import Actor, AssignmentState, DeadlineKind, Role, SuspensionCode
from shared.contracts.values import Urgency
from shared.errors import ConflictError, ForbiddenError, InvalidError
from tests.unit.router.judged import acknowledged, fact_of
from tests.unit.router.samples import MONDAY, blown, city, counted, matter, promises, refused, said

S = AssignmentState
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SUPERVISOR = Actor(role=Role.SUPERVISOR, unit="C-RXZX", name="赵督办")
REVIEWER = Actor(role=Role.REVIEWER, unit="C-RXZX", name="李审核")


def asked(whistle: Whistle | None = None) -> Whistle:
    return counted(said(whistle or acknowledged(), reports.SuspensionRequested))


def decide(
    whistle: Whistle,
    decision: SuspensionDecision = SuspensionDecision.GRANTED,
    *,
    actor: Actor = SUPERVISOR,
    after: timedelta = 3 * HOUR,
    days: int | None = None,
) -> Outcome:
    suspension = Suspension(
        unit="BH-CGJ", decision=decision, reason="等待财政拨款", review_days=days
    )
    return decide_suspension(whistle, suspension, actor=actor, promises=promises(MONDAY + after))


def resumed(whistle: Whistle, *, after: timedelta, actor: Actor = SUPERVISOR) -> Outcome:
    resumption = Resumption(unit="BH-CGJ", reason="资金已到位")
    return resume(whistle, resumption, actor=actor, promises=promises(MONDAY + after))


def test_a_unit_asks_with_a_code_and_waits_for_the_supervisor() -> None:
    answer = said(acknowledged(), reports.SuspensionRequested)
    fact = fact_of(answer)
    assert isinstance(fact, whistles.SuspensionRequested)
    assert (fact.code, fact.plan, fact.rule_by.rule) == (
        SuspensionCode.FUNDS, "列入明年计划", "1WD",
    )  # fmt: skip
    part = counted(answer).part_of("BH-CGJ")
    assert part is not None
    assert (part.state, part.suspension_asked) == (S.ACKNOWLEDGED, "funds")
    assert "待审批" in refused(said(counted(answer), reports.SuspensionRequested)).zh


def test_a_reason_needs_its_code() -> None:
    assert "挂账原因" in refused(said(acknowledged(), reports.SuspensionRequested, code=None)).zh


WINTER = datetime(2026, 1, 12, 2, 0, tzinfo=UTC) - MONDAY
SPRING = datetime(2026, 4, 15, 15, 0, tzinfo=UTC) - MONDAY  # 23:00 of the last day


@pytest.mark.parametrize(
    ("changes", "after", "word"),
    [
        ({"urgency": Urgency.CRITICAL}, HOUR, "特急"),
        ({"confidential": True}, HOUR, "保密"),
        ({"category": "0203"}, HOUR, "安全"),  # a manhole without cover
        ({"category": "2501"}, HOUR, "安全"),
        ({"category": "0701"}, WINTER, "供热"),
        ({"category": "0701"}, SPRING, "供热"),
    ],
)
def test_what_cannot_wait_is_never_suspended(
    changes: dict[str, object], after: timedelta, word: str
) -> None:
    about = matter(**changes)
    whistle = acknowledged(blown(about=about))
    answer = said(whistle, reports.SuspensionRequested, after=after, grounds=Grounds(matter=about))
    assert word in refused(answer).zh


@pytest.mark.parametrize(
    ("category", "after"), [("0701", HOUR), ("0904", HOUR), ("2503", HOUR), ("0704", WINTER)]
)
def test_what_is_no_danger_and_no_heat_in_season_may_wait(category: str, after: timedelta) -> None:
    about = matter(category=category)
    whistle = acknowledged(blown(about=about))
    assert counted(
        said(whistle, reports.SuspensionRequested, after=after, grounds=Grounds(matter=about))
    )


def test_granted_it_is_paused_and_the_day_of_review_is_set() -> None:
    outcome = decide(asked())
    (step,) = outcome.steps
    fact = step.fact
    assert isinstance(fact, rulings.Suspended)
    assert (fact.state, fact.code, fact.review_by.rule) == (S.PAUSED, SuspensionCode.FUNDS, "30d")
    assert fact.reason.startswith("资金未落实")
    part = outcome.whistle.part_of("BH-CGJ")
    assert part is not None
    assert (part.paused_at, part.back_to) == (MONDAY + 3 * HOUR, S.ACKNOWLEDGED)
    assert part.suspension_asked is None
    assert isinstance(step.views[0][1], bureaus.Suspended)
    for kind in (reports.Resolved, reports.Progressed, reports.ExtensionRequested):
        assert refused(said(outcome.whistle, kind))


def test_refused_the_work_goes_on() -> None:
    outcome = decide(asked(), SuspensionDecision.REFUSED)
    assert isinstance(outcome.steps[0].fact, rulings.SuspensionRefused)
    part = outcome.whistle.part_of("BH-CGJ")
    assert part is not None
    assert (part.state, part.suspension_asked) == (S.ACKNOWLEDGED, None)
    assert counted(said(outcome.whistle, reports.SuspensionRequested)), "it may ask again"


def test_only_the_supervisor_and_only_what_was_asked_for() -> None:
    with pytest.raises(ForbiddenError):
        decide(asked(), actor=REVIEWER)
    with pytest.raises(ConflictError) as conflict:
        decide(acknowledged())
    assert (conflict.value.state, conflict.value.version) == (S.ACKNOWLEDGED, 2)
    with pytest.raises(InvalidError):
        decide(asked(), days=31)
    with pytest.raises(ConflictError):
        resumed(asked(), after=DAY)


def test_nothing_is_paused_while_its_return_waits_for_a_ruling() -> None:
    returning = counted(said(asked(), reports.ReturnRequested))
    with pytest.raises(ConflictError) as conflict:
        decide(returning)
    assert conflict.value.state == S.RETURN_REQUESTED
    assert decide(returning, SuspensionDecision.REFUSED), "no is always possible"


def test_a_pause_may_go_on_to_another_day_but_is_ended_not_refused() -> None:
    paused = decide(asked(), days=10).whistle
    longer = decide(paused, after=9 * DAY, days=20)
    fact = longer.steps[0].fact
    assert isinstance(fact, rulings.Suspended)
    assert fact.review_by.by == MONDAY + 29 * DAY
    part, before = longer.whistle.part_of("BH-CGJ"), paused.part_of("BH-CGJ")
    assert part == before, "still paused since the same hour"
    with pytest.raises(ConflictError):
        decide(paused, SuspensionDecision.REFUSED)


def test_resumed_the_working_time_that_was_left_runs_on() -> None:
    paused = decide(asked()).whistle
    before = paused.part_of("BH-CGJ")
    assert before is not None
    assert before.dues.resolve is not None
    outcome = resumed(paused, after=10 * DAY)
    fact = outcome.steps[0].fact
    assert isinstance(fact, rulings.Resumed)
    assert {change.kind for change in fact.changes} == {DeadlineKind.CONTACT, DeadlineKind.RESOLVE}
    calendar, now = city().calendar, MONDAY + 10 * DAY
    for change in fact.changes:
        old = getattr(before.dues, change.kind.value)
        assert change.due is not None
        left = calendar.working_seconds_between(MONDAY + 3 * HOUR, old.by)
        assert calendar.working_seconds_between(now, change.due.by) == left
        again = due(change.due.rule, change.due.started_at, calendar, policy="p")
        assert again.by == change.due.by, "can be computed again from its rule"
    part = outcome.whistle.part_of("BH-CGJ")
    assert part is not None
    assert (part.state, part.paused_at) == (S.ACKNOWLEDGED, None)
    assert counted(said(outcome.whistle, reports.Progressed, after=10 * DAY))


def test_an_urgent_matter_keeps_its_natural_seconds() -> None:
    urgent = acknowledged(blown(about=matter(urgency=Urgency.URGENT)))
    paused = decide(asked(urgent), after=3 * HOUR).whistle
    fact = resumed(paused, after=5 * DAY + 2 * HOUR).steps[0].fact
    assert isinstance(fact, rulings.Resumed)
    found = {change.kind: change.due for change in fact.changes}
    assert found[DeadlineKind.RESOLVE] is not None
    assert found[DeadlineKind.RESOLVE].by == MONDAY + 5 * DAY + 2 * HOUR + 21 * HOUR
    assert DeadlineKind.CONTACT not in found, "its hour was over before the pause: a miss stands"


def test_who_is_let_go_is_paused_no_more() -> None:
    part = decide(asked()).whistle.part_of("BH-CGJ")
    assert part is not None
    assert part.paused_at is not None
    assert moved(part, AssignmentCommand.RELEASE).paused_at is None


@given(st.integers(min_value=1, max_value=400 * 3600), st.booleans())
def test_any_rest_is_written_as_a_limit_to_the_second(seconds: int, working: bool) -> None:
    rule = limit_of_seconds(seconds, working=working)
    assert rule.working is working
    calendar = city().calendar
    end = moment_of(rule, MONDAY, calendar).at
    wanted = calendar.resume(rule, seconds, MONDAY).at
    assert abs(end - wanted) < timedelta(milliseconds=1)


def test_no_time_is_no_limit() -> None:
    with pytest.raises(LimitError):
        limit_of_seconds(0, working=True)
