"""What is asked of reviewers and the supervisor, and reports on progress: owed, met, overtaken."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.notifier.domain.asking_facts import asking_id
from services.notifier.domain.deadline import Deadline, DeadlineState
from services.notifier.domain.promises import What
from shared.contracts import joint, rulings, whistles
from shared.contracts.ids import deadline_id
from shared.contracts.parts import Asked, DeadlineKind, DueChange, SuspensionCode
from shared.contracts.reports import ReturnReason
from shared.contracts.values import Due
from tests.unit.notifier import samples
from tests.unit.notifier.samples import ACTOR, HOUR, PART, WHISTLE, due_of, local
from tests.unit.notifier.world import World

K, S = DeadlineKind, DeadlineState
START = local("2026-09-10 09:00")
DAY = timedelta(days=1)


@pytest.fixture
def called() -> World:
    world = World()
    world.hear((samples.registered(START), START), (samples.blown(START), START))
    return world


def said(world: World, cls: type, at: datetime, **values: Any) -> None:
    unit_fact = issubclass(cls, whistles.UnitFact)
    about = samples.part(at) if unit_fact else {"whistle_id": WHISTLE, "ticket_ids": ()}
    world.hear((cls(**({"seq": 7, "actor": ACTOR} | about | values)), at))


def promise(world: World, kind: DeadlineKind, owner_id: UUID = PART) -> Deadline:
    return world.deadlines[deadline_id(owner_id, kind, 1)]


RULE_BY = due_of("4wh", START + HOUR)
RULED = {"ruled_by": ACTOR, "reason": "不属实"}
ASKS: dict[Asked, tuple[type, dict[str, Any], DeadlineKind]] = {
    Asked.RETURN: (
        whistles.ReturnRequested,
        {"reason": ReturnReason.NOT_DUTY, "clause": "第三条"},
        K.RULING,
    ),
    Asked.DISPUTE: (whistles.Disputed, {"reason": "不服"}, K.RULING),
    Asked.EXTENSION: (
        whistles.ExtensionRequested,
        {"amount": 5, "amount_unit": "WD", "reason": "缺料"},
        K.EXTENSION,
    ),
    Asked.SUSPENSION: (
        whistles.SuspensionRequested,
        {"code": SuspensionCode.FROZEN_GROUND, "reason": "冻土", "plan": "四月复工"},
        K.RULING,
    ),
    Asked.RELEASE: (whistles.ReleaseRequested, {"by": "BH-ZJJ", "reason": "已完成"}, K.RULING),
}
ANSWERS = [
    (Asked.RETURN, rulings.ReturnRefused, RULED),
    (Asked.RETURN, rulings.UnitReturned, RULED),
    (Asked.RETURN, rulings.Adjudicated, RULED),
    (Asked.DISPUTE, rulings.Adjudicated, RULED),
    (Asked.EXTENSION, rulings.ExtensionRefused, RULED),
    (Asked.SUSPENSION, rulings.SuspensionRefused, RULED),
    (Asked.SUSPENSION, rulings.Suspended, {"reason": "冻土", "review_by": due_of("30d", START)}),
    (Asked.RELEASE, rulings.ReleaseRefused, RULED | {"by": "BH-ZJJ"}),
    (Asked.RELEASE, joint.Released, {}),
]


def ask(world: World, asked: Asked, at: datetime, by: Due) -> Deadline:
    cls, words, kind = ASKS[asked]
    said(world, cls, at, rule_by=by, **words)
    return promise(world, kind, asking_id(PART, asked))


@pytest.mark.parametrize(("asked", "answer", "words"), ANSWERS)
def test_what_is_asked_is_owed_by_the_city_and_met_by_the_answer(called, asked, answer, words):
    owed = ask(called, asked, START + HOUR, RULE_BY)
    assert (owed.state, owed.due, owed.unit, owed.number) == (S.RUNNING, RULE_BY, None, "W1")
    said(called, answer, START + 2 * HOUR, **words)
    kept = called.deadlines[owed.deadline_id]
    assert (kept.state, kept.late, kept.met_at) == (S.MET, False, START + 2 * HOUR)


@pytest.mark.parametrize("asked", [Asked.EXTENSION, Asked.SUSPENSION, Asked.RELEASE])
@pytest.mark.parametrize("how", ["resolved", "returned", "withdrawn"])
def test_what_another_fact_overtook_is_called_off(called, asked, how):
    owed = ask(called, asked, START + HOUR, RULE_BY)
    at = START + 2 * HOUR
    match how:
        case "resolved":
            called.hear((samples.resolved(at), at))
        case "returned":
            called.hear((samples.returned(at), at))
        case "withdrawn":
            said(called, whistles.Withdrawn, at, reason="重复")
    assert called.deadlines[owed.deadline_id].state is S.CANCELLED


def test_a_late_ruling_is_missed_and_then_met_late(called):
    owed = ask(called, Asked.RETURN, START + HOUR, RULE_BY)
    called.watch(RULE_BY.by)
    assert called.deadlines[owed.deadline_id].state is S.MISSED
    said(called, rulings.ReturnRefused, RULE_BY.by + HOUR, **RULED)
    kept = called.deadlines[owed.deadline_id]
    assert (kept.state, kept.late) == (S.MET, True)


def test_an_extension_that_is_granted_is_decided_and_another_one_is_asked_anew(called):
    first = ask(called, Asked.EXTENSION, START + HOUR, RULE_BY)
    called.watch(RULE_BY.by + HOUR)
    longer = due_of("5WD+5WD", START)
    change = DueChange(assignment_id=PART, unit=samples.UNIT, kind=K.RESOLVE, due=longer)
    at = RULE_BY.by + 2 * HOUR
    said(called, rulings.DueChanged, at, changes=(change,), reason="缺料", granted=True)
    assert (called.part(K.EXTENSION).state, called.part(K.EXTENSION).late) == (S.MET, True)
    assert called.part(K.RESOLVE).due == longer
    again = ask(called, Asked.EXTENSION, at + DAY, due_of("4wh", at + DAY))
    assert again.deadline_id == first.deadline_id
    assert (again.state, again.late, again.term, again.fired) == (S.RUNNING, False, 2, ())


def test_a_due_time_that_moved_for_another_reason_decides_no_extension(called):
    ask(called, Asked.EXTENSION, START + HOUR, RULE_BY)
    change = DueChange(
        assignment_id=PART, unit=samples.UNIT, kind=K.RESOLVE, due=due_of("6WD", START)
    )
    said(called, rulings.DueChanged, START + 2 * HOUR, changes=(change,), reason="日历")
    assert called.part(K.EXTENSION).state is S.RUNNING


def test_work_is_looked_at_by_then_where_the_router_says_so(called):
    at = START + HOUR
    by = due_of("1WD", at)
    called.hear((replace(samples.resolved(at), review="pending", review_by=by), at))
    assert (called.part(K.REVIEW).state, called.part(K.REVIEW).due) == (S.RUNNING, by)
    called.hear((samples.review_rejected(at + HOUR), at + HOUR))
    assert called.part(K.REVIEW).state is S.MET
    assert called.part(K.RESOLVE).state is S.RUNNING
    later = due_of("1WD", at + DAY)
    done = replace(samples.resolved(at + DAY), review="pending", review_by=later)
    called.hear((done, at + DAY))
    assert (called.part(K.REVIEW).state, called.part(K.REVIEW).due) == (S.RUNNING, later)
    said(called, rulings.ReviewPassed, at + DAY + HOUR)
    assert called.part(K.REVIEW).state is S.MET


def test_work_that_the_street_does_not_accept_needs_no_review(called):
    at = START + HOUR
    done = replace(samples.resolved(at), review="pending", review_by=due_of("1WD", at))
    called.hear((done, at))
    due = due_of("2WD", at)
    change = DueChange(assignment_id=PART, unit=samples.UNIT, kind=K.RESOLVE, due=due)
    said(called, joint.AcceptanceFailed, at + HOUR, changes=(change,), reason="未清理")
    assert called.part(K.REVIEW).state is S.CANCELLED


def test_a_pause_is_looked_at_again_and_never_resumed_by_time(called):
    at = START + HOUR
    called.hear((samples.suspended(at), at))
    review = called.part(K.SUSPENSION)
    assert (review.state, review.due, review.unit) == (S.RUNNING, due_of("30d", at), None)
    called.watch(at + 31 * DAY)
    assert called.part(K.SUSPENSION).state is S.MISSED
    assert called.part(K.RESOLVE).state is S.PAUSED
    on = at + 32 * DAY
    called.hear((samples.suspended(on), on))  # the supervisor lets it go on
    review = called.part(K.SUSPENSION)
    assert (review.state, review.due, review.late) == (S.RUNNING, due_of("30d", on), False)
    said(called, rulings.Resumed, on + DAY, changes=())
    assert called.part(K.SUSPENSION).state is S.MET
    assert called.part(K.RESOLVE).state is S.RUNNING


def test_two_leads_of_one_matter_are_ruled_on(called):
    about = {"ticket_id": samples.TICKET, "into": PART, "into_whistle_id": PART}
    said(called, whistles.MergeHeld, START + HOUR, rule_by=RULE_BY, **about)
    owed = promise(called, K.RULING, asking_id(WHISTLE, Asked.MERGE))
    assert owed.state is S.RUNNING
    said(called, whistles.MergeSettled, START + 2 * HOUR, decision="kept_own", **about)
    assert called.deadlines[owed.deadline_id].state is S.MET


def progressed(at: datetime, by: Due | None) -> whistles.Progressed:
    return whistles.Progressed(**samples.part(at), text="已进场", progress_by=by)


def test_progress_is_owed_from_the_acknowledgement_and_anew_with_each_report(called):
    at = START + HOUR
    called.hear((samples.acknowledged(at), at))
    assert K.PROGRESS not in {d.kind for d in called.deadlines.values()}
    first, second = due_of("5WD", at), due_of("5WD", at + 5 * DAY)
    called.hear((replace(samples.acknowledged(at), progress_by=first), at))
    assert (called.part(K.PROGRESS).due, called.part(K.PROGRESS).unit) == (first, samples.UNIT)
    on = at + 5 * DAY
    called.hear((progressed(on, second), on))
    assert (called.part(K.PROGRESS).state, called.part(K.PROGRESS).due) == (S.RUNNING, second)
    called.watch(second.by)
    assert called.part(K.PROGRESS).state is S.MISSED
    assert called.part(K.PROGRESS).next_rung is None  # it warns and does not climb
    late = second.by + HOUR
    called.hear((progressed(late, None), late))
    assert (called.part(K.PROGRESS).state, called.part(K.PROGRESS).late) == (S.MET, True)


def test_a_report_received_in_time_and_judged_after_the_miss_was_in_time(called):
    at = START + HOUR
    by, after = due_of("5WD", at), due_of("5WD", at + 5 * DAY)
    called.hear((replace(samples.acknowledged(at), progress_by=by), at))
    called.watch(by.by)
    assert called.part(K.PROGRESS).state is S.MISSED
    received = by.by - HOUR
    batch_steps = [
        step.what
        for change in called.changes((progressed(received, after), by.by + HOUR))
        for step in change.steps
    ]
    assert batch_steps == [What.CORRECTED, What.MET, What.RENEWED]
    assert (called.part(K.PROGRESS).state, called.part(K.PROGRESS).due) == (S.RUNNING, after)


def test_progress_is_not_owed_while_paused_nor_when_done(called):
    at = START + HOUR
    called.hear((replace(samples.acknowledged(at), progress_by=due_of("5WD", at)), at))
    called.hear((samples.suspended(at + HOUR), at + HOUR))
    assert called.part(K.PROGRESS).state is S.PAUSED
    on = at + 20 * DAY
    by = due_of("5WD", on)
    said(called, rulings.Resumed, on, changes=(), progress_by=by)
    assert (called.part(K.PROGRESS).state, called.part(K.PROGRESS).due) == (S.RUNNING, by)
    called.hear((samples.resolved(on + HOUR), on + HOUR))
    assert called.part(K.PROGRESS).state is S.CANCELLED
    again = due_of("5WD", on + DAY)
    called.hear((replace(samples.review_rejected(on + DAY), progress_by=again), on + DAY))
    assert (called.part(K.PROGRESS).state, called.part(K.PROGRESS).due) == (S.RUNNING, again)


@pytest.mark.parametrize("outage_id", [None, UUID(int=7)])
def test_only_a_declared_outage_takes_a_late_end_back(called, outage_id):
    due = called.part(K.RESOLVE).due
    done = due.by + HOUR
    called.hear((samples.resolved(done), done))
    assert called.part(K.RESOLVE).late
    later = replace(due, by=due.by + 2 * HOUR)
    change = DueChange(assignment_id=PART, unit=samples.UNIT, kind=K.RESOLVE, due=later)
    at = done + DAY
    said(called, rulings.DueChanged, at, changes=(change,), reason="停电", outage_id=outage_id)
    resolve = called.part(K.RESOLVE)
    assert (resolve.state, resolve.late) == (S.MET, outage_id is None)
    assert resolve.due == (due if outage_id is None else later)
