"""The lifecycle of a promise: every row of the table, and judged by when things happened."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.deadline import LIFECYCLE, Command, DeadlineState
from services.notifier.domain.promises import Order, What, fire, mark_group_matter, obey
from shared.contracts.parts import DeadlineKind
from shared.lifecycle import IllegalMoveError
from tests.unit.notifier.samples import (
    ACTOR,
    CALENDAR,
    ESCALATION,
    HOUR,
    a_deadline,
    due_of,
    local,
)

S, C = DeadlineState, Command
ROWS = {
    (S.RUNNING, C.MEET): S.MET,
    (S.RUNNING, C.MISS): S.MISSED,
    (S.RUNNING, C.CANCEL): S.CANCELLED,
    (S.RUNNING, C.PAUSE): S.PAUSED,
    (S.RUNNING, C.CHANGE): S.RUNNING,
    (S.PAUSED, C.RESUME): S.RUNNING,
    (S.PAUSED, C.MEET): S.MET,
    (S.PAUSED, C.CANCEL): S.CANCELLED,
    (S.PAUSED, C.CHANGE): S.PAUSED,
    (S.MISSED, C.MEET): S.MET,
    (S.MISSED, C.CORRECT): S.RUNNING,
    (S.MISSED, C.CANCEL): S.MISSED,
    (S.MISSED, C.PAUSE): S.MISSED,
    (S.MISSED, C.RESUME): S.MISSED,
    (S.MISSED, C.CHANGE): S.MISSED,
    (S.MISSED, C.RESTORE): S.MISSED,
    (S.MET, C.REOPEN): S.RUNNING,
    (S.MET, C.CHANGE): S.MET,
    (S.MET, C.CORRECT): S.MET,
    (S.MET, C.RELAPSE): S.MISSED,
    (S.CANCELLED, C.RESTORE): S.RUNNING,
    **{(state, C.RENEW): S.RUNNING for state in S},
}
BEFORE, AFTER = timedelta(minutes=-1), timedelta(minutes=1)


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("command", C)
def test_every_move_is_the_tables(state, command):
    if (state, command) in ROWS:
        assert LIFECYCLE.next(state, command) is ROWS[state, command]
    else:
        with pytest.raises(IllegalMoveError):
            LIFECYCLE.next(state, command)


def do(deadline, command, at, due=None):
    return obey(deadline, Order(command=command, at=at, actor=ACTOR, due=due), ESCALATION)


def words(steps):
    return [step.what for step in steps]


def missed(deadline, after=AFTER):
    return fire(deadline, deadline.due.by + after, ESCALATION)[0]


def test_met_in_time():
    deadline = a_deadline()
    at = deadline.due.by  # the due instant itself is in time
    after, steps = do(deadline, C.MEET, at)
    assert (after.state, after.late, after.met_at, after.fire_at) == (S.MET, False, at, None)
    assert words(steps) == [What.MET]


def test_met_late_before_the_watch_came_by_is_missed_at_the_due_time_and_met_late():
    deadline = a_deadline()
    at = deadline.due.by + HOUR
    after, steps = do(deadline, C.MEET, at)
    assert (after.state, after.late, after.met_at) == (S.MET, True, at)
    assert [(s.what, s.at) for s in steps] == [(What.MISSED, deadline.due.by), (What.MET_LATE, at)]


def test_met_late_after_the_watch():
    deadline = missed(a_deadline())
    after, steps = do(deadline, C.MEET, deadline.due.by + HOUR)
    assert (after.state, after.late) == (S.MET, True)
    assert words(steps) == [What.MET_LATE]


def test_a_miss_is_corrected_when_the_report_was_received_in_time():
    deadline = missed(a_deadline())
    at = deadline.due.by + BEFORE
    after, steps = do(deadline, C.MEET, at)
    assert (after.state, after.late, after.met_at) == (S.MET, False, at)
    assert words(steps) == [What.CORRECTED, What.MET]


def test_a_miss_does_not_stand_when_the_unit_had_been_let_go_or_paused_before():
    deadline = missed(a_deadline())
    at = deadline.due.by + BEFORE
    cancelled, steps = do(deadline, C.CANCEL, at)
    assert (cancelled.state, cancelled.late) == (S.CANCELLED, False)
    assert words(steps) == [What.CORRECTED, What.CANCELLED]
    paused, steps = do(deadline, C.PAUSE, at)
    assert (paused.state, paused.late, paused.fire_at) == (S.PAUSED, False, None)
    assert words(steps) == [What.CORRECTED, What.PAUSED]


def test_a_miss_stands_when_the_unit_is_let_go_after_it_and_its_ladder_ends():
    for deadline in (a_deadline(), missed(a_deadline())):  # with and without the watch before
        at = deadline.due.by + HOUR
        after, _ = do(deadline, C.CANCEL, at)
        assert (after.state, after.late, after.ended_at, after.fire_at) == (
            S.MISSED,
            True,
            at,
            None,
        )


def test_a_pause_stops_every_rung_and_resuming_goes_on():
    deadline = a_deadline(rule="24h", started="2026-09-18 16:00")
    paused, _ = do(deadline, C.PAUSE, deadline.due.started_at + HOUR)
    assert (paused.state, paused.fire_at) == (S.PAUSED, None)
    assert fire(paused, deadline.due.by + 100 * HOUR, ESCALATION) == (paused, [])
    due = replace(deadline.due, by=deadline.due.by + 48 * HOUR)
    resumed, _ = do(paused, C.RESUME, deadline.due.started_at + 49 * HOUR, due)
    assert (resumed.state, resumed.due) == (S.RUNNING, due)
    assert resumed.fire_at == deadline.fire_at + 48 * HOUR


def test_what_is_met_while_paused_is_in_time():
    deadline = a_deadline()
    paused, _ = do(deadline, C.PAUSE, deadline.due.by + BEFORE)
    after, _ = do(paused, C.MEET, deadline.due.by + HOUR)
    assert (after.state, after.late) == (S.MET, False)


def test_the_ladder_of_a_miss_waits_while_paused():
    deadline = missed(a_deadline())
    paused, _ = do(deadline, C.PAUSE, deadline.due.by + HOUR)
    assert (paused.state, paused.fire_at) == (S.MISSED, None)
    again = deadline.due.by + 240 * HOUR
    resumed, _ = do(paused, C.RESUME, again, replace(deadline.due, by=again))
    assert (resumed.state, resumed.next_rung) == (S.MISSED, "district_supervision")
    assert resumed.fire_at > again


def test_a_changed_due_time_is_a_new_promise_whose_rungs_fire_anew():
    deadline = a_deadline()
    warned, _ = fire(deadline, deadline.fire_at, ESCALATION)
    due = due_of("10WD", deadline.due.started_at)
    after, steps = do(warned, C.CHANGE, deadline.fire_at + HOUR, due)
    assert (after.due, after.term, after.fired, after.next_rung) == (due, 2, (), "yellow")
    assert words(steps) == [What.DUE_CHANGED]


def test_an_extension_granted_after_the_due_time_takes_the_miss_back():
    deadline = missed(a_deadline())
    due = due_of("10WD", deadline.due.started_at)
    after, steps = do(deadline, C.CHANGE, deadline.due.by + HOUR, due)
    assert (after.state, after.late, after.due) == (S.RUNNING, False, due)
    assert words(steps) == [What.CORRECTED, What.DUE_CHANGED]


def test_a_due_time_taken_away_cancels():
    deadline = a_deadline()
    after, _ = do(deadline, C.CHANGE, deadline.due.started_at + HOUR, None)
    assert after.state is S.CANCELLED


def test_a_rejected_resolution_runs_as_if_never_stopped():
    deadline = a_deadline()
    met, _ = do(deadline, C.MEET, deadline.due.started_at + HOUR)
    again, steps = do(met, C.REOPEN, deadline.due.started_at + 2 * HOUR)
    assert (again.state, again.due, again.next_rung) == (S.RUNNING, deadline.due, "yellow")
    assert (again.met_at, again.fire_at) == (None, deadline.fire_at)
    assert words(steps) == [What.REOPENED]


def test_a_rejected_late_resolution_is_missed_still_and_climbs_on():
    deadline = missed(a_deadline())
    met, _ = do(deadline, C.MEET, deadline.due.by + HOUR)
    again, _ = do(met, C.REOPEN, deadline.due.by + 2 * HOUR)
    assert (again.state, again.late, again.next_rung) == (S.MISSED, True, "district_supervision")


def test_failed_acceptance_gives_a_new_due_time():
    deadline = missed(a_deadline())
    met, _ = do(deadline, C.MEET, deadline.due.by + HOUR)
    due = due_of("3WD", deadline.due.by + 24 * HOUR)
    again, steps = do(met, C.REOPEN, deadline.due.by + 24 * HOUR, due)
    assert (again.state, again.late, again.due, again.term) == (S.RUNNING, False, due, 2)
    assert words(steps) == [What.REOPENED]


def test_what_was_called_off_may_be_owed_after_all():
    deadline = a_deadline(DeadlineKind.CITIZEN, "2wh+5WD")
    cancelled, _ = do(deadline, C.CANCEL, deadline.due.started_at + HOUR)
    assert (cancelled.state, cancelled.fire_at) == (S.CANCELLED, None)
    again, _ = do(cancelled, C.RESTORE, deadline.due.started_at + 2 * HOUR)
    assert (again.state, again.fire_at, again.ended_at) == (S.RUNNING, deadline.fire_at, None)


def test_commands_that_mean_nothing_any_more_change_nothing():
    deadline = a_deadline()
    met, _ = do(deadline, C.MEET, deadline.due.started_at + HOUR)
    late = deadline.due.by + HOUR
    for command in (C.MEET, C.CANCEL, C.PAUSE, C.RESUME, C.RESTORE):
        assert do(met, command, late) == (met, [])
    assert do(met, C.CHANGE, late, due_of("10WD", late)) == (met, [])
    for command in (C.RESUME, C.REOPEN, C.RESTORE):
        assert do(deadline, command, late) == (deadline, [])


def test_rungs_past_at_once_fire_in_order_in_one_pass():
    deadline = a_deadline(rule="24h", started="2026-09-18 16:00")
    last = ESCALATION.rungs_of(deadline)[-1].fire_at
    after, steps = fire(deadline, last + HOUR, ESCALATION)
    assert [step.rung.name for step in steps] == [
        *("yellow", "red", "due"),
        *("district_supervision", "district_leader", "city", "city_leader"),
    ]
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    assert (after.state, after.fire_at) == (S.MISSED, None)
    assert words(steps) == [What.WARNED] * 2 + [What.MISSED] + [What.CLIMBED] * 4
    assert fire(after, last + 1000 * HOUR, ESCALATION) == (after, [])


def test_a_rung_fires_once():
    deadline = a_deadline()
    now, fired = deadline.due.started_at, []
    while deadline.fire_at is not None:
        now = deadline.fire_at
        deadline, steps = fire(deadline, now, ESCALATION)
        fired += [step.rung.name for step in steps]
        assert fire(deadline, now, ESCALATION) == (deadline, [])
    assert len(fired) == len(set(fired)) == 7


def test_a_group_matter_climbs_faster_from_then_on():
    deadline = missed(a_deadline())
    after, steps = mark_group_matter(deadline, deadline.due.by + HOUR, ACTOR, ESCALATION)
    assert (after.next_rung, after.fire_at) == ("district_supervision", deadline.due.by)
    assert words(steps) == [What.GROUP_MATTER]
    assert mark_group_matter(after, deadline.due.by + HOUR, ACTOR, ESCALATION) == (after, [])


@given(
    rule=st.sampled_from(["15m", "4h", "24h", "4wh", "1WD", "5WD", "2wh+5WD", "5WD*0.8"]),
    started=st.integers(0, 400 * 24 * 60).map(lambda m: local("2025-06-01 00:00") + m * HOUR / 60),
    used=st.floats(0.0, 0.999),
    paused_for=st.integers(0, 30 * 24 * 60).map(lambda m: m * HOUR / 60),
)
def test_a_pause_conserves_the_time_to_every_rung(rule, started, used, paused_for):
    due = due_of(rule, started)
    deadline = replace(a_deadline(rule="24h"), due=due, counted_from=started)
    paused_at = started + (due.by - started) * used
    deadline, _ = fire(deadline, paused_at, ESCALATION)
    resumed_at = paused_at + paused_for
    left = CALENDAR.remaining(rule, due.by, paused_at)
    new_due = replace(due, by=CALENDAR.resume(rule, left, resumed_at).at)
    paused, _ = do(deadline, C.PAUSE, paused_at)
    resumed, _ = do(paused, C.RESUME, resumed_at, new_due)
    assert resumed.fired == deadline.fired

    def counted(start, rung):
        return CALENDAR.remaining(rule, rung.fire_at, start)

    shares = {"yellow", "red"} if warns_by_share(rule) else set()
    before = {r.name: counted(paused_at, r) for r in ESCALATION.rungs_of(deadline)[:3]}
    after = {r.name: counted(resumed_at, r) for r in ESCALATION.rungs_of(resumed)[:3]}
    for name in (shares | {"due"}) - set(deadline.fired):
        assert after[name] == pytest.approx(before[name], abs=2)


def warns_by_share(rule: str) -> bool:
    return ESCALATION.limits.warnings(rule) == ESCALATION.limits.short_warnings


def test_what_is_renewed_runs_anew_and_a_miss_before_stays_in_the_history():
    promise = a_deadline(rule="5WD", started="2026-09-18 16:00")
    by = promise.due.by
    later = due_of("5WD", by + HOUR)
    late, steps = do(promise, C.RENEW, by + HOUR, later)  # nobody looked in between
    assert [step.what for step in steps] == [What.MISSED, What.RENEWED]
    assert (late.state, late.late, late.due, late.fired) == (S.RUNNING, False, later, ())
    assert (late.term, late.next_rung) == (2, "yellow")
    same, steps = do(late, C.RENEW, by + HOUR, later)
    assert (same, steps) == (late, [])
    kept, _ = do(late, C.MEET, by + 2 * HOUR)
    again, steps = do(kept, C.RENEW, by + 3 * HOUR, due_of("5WD", by + 3 * HOUR))
    assert [step.what for step in steps] == [What.RENEWED]
    assert (again.state, again.met_at, again.ended_at, again.term) == (S.RUNNING, None, None, 3)


def met_late(kind=DeadlineKind.RESOLVE):
    promise = a_deadline(kind, rule="5WD", started="2026-09-18 16:00")
    return do(promise, C.MEET, promise.due.by + HOUR)[0]


def moved_by_outage(promise, hours):
    due = replace(promise.due, by=promise.due.by + hours * HOUR)
    order = Order(command=C.CHANGE, at=due.by + 9 * HOUR, actor=ACTOR, due=due, outage=True)
    return due, *obey(promise, order, ESCALATION)


def test_a_declared_outage_takes_a_lateness_back_where_it_reaches_so_far():
    late = met_late()
    due, after, steps = moved_by_outage(late, 2)
    assert [step.what for step in steps] == [What.CORRECTED]
    assert (after.state, after.late, after.due, after.met_at) == (S.MET, False, due, late.met_at)
    assert (after.ended_at, after.fire_at, after.term) == (late.ended_at, None, late.term + 1)


def test_a_declared_outage_moves_the_due_time_of_what_was_later_still():
    late = met_late()
    due, after, steps = moved_by_outage(late, 0.5)
    assert [step.what for step in steps] == [What.DUE_CHANGED]
    assert (after.state, after.late, after.due, after.met_at) == (S.MET, True, due, late.met_at)


def test_no_other_change_moves_what_was_met_and_no_outage_what_was_in_time():
    late = met_late()
    later = replace(late.due, by=late.due.by + 9 * HOUR)
    assert do(late, C.CHANGE, later.by, later) == (late, [])
    deemed = met_late(DeadlineKind.DEEMED)
    assert moved_by_outage(deemed, 2)[1:] == (deemed, [])
    promise = a_deadline(rule="5WD", started="2026-09-18 16:00")
    in_time, _ = do(promise, C.MEET, promise.due.by - HOUR)
    assert moved_by_outage(in_time, 2)[1:] == (in_time, [])
