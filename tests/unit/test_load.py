"""What a process takes on: the least urgent is refused first, and the limits are those stated."""

import pytest

from shared.runtime.load import LOOK_SECONDS, Limits, Load, Priority, Reason

LIMITS = Limits(
    requests_at_once=100,
    critical_at_once=300,
    wait_seconds=1.0,
    outbox_rows=1000,
    outbox_age_seconds=600,
)
IN_ORDER = [Priority.LOOK, Priority.ORDINARY, Priority.WORK]


def refused(load: Load, *, writes: bool = True, now: float = 0.0) -> list[Priority]:
    """Those that may not begin."""
    asked = {each: load.refusal(each, writes=writes, now=now) for each in IN_ORDER}
    return [each for each, refusal in asked.items() if refusal is not None]


@pytest.mark.parametrize(
    ("in_work", "wanted"),
    [(0, 0), (49, 0), (50, 1), (99, 1), (100, 2), (199, 2), (200, 3), (100_000, 3)],
)
def test_places_are_taken_up_to_each_share(in_work, wanted):
    load = Load(LIMITS)
    load.in_work = in_work
    assert refused(load) == IN_ORDER[:wanted]


@pytest.mark.parametrize(
    ("seconds", "wanted"), [(0.0, 0), (0.5, 0), (0.51, 1), (1.0, 1), (1.01, 2), (2.01, 3), (60, 3)]
)
def test_a_long_wait_refuses_the_least_urgent_first(seconds, wanted):
    load = Load(LIMITS)
    load.looks += [lambda: 0.0, lambda: seconds]
    assert refused(load) == IN_ORDER[:wanted]


def test_a_critical_ticket_is_refused_for_others_that_are_and_for_nothing_else():
    load = Load(LIMITS)
    load.in_work, load.places = 10**6, 1.0
    load.looks.append(lambda: 3600.0)
    load.outbox(rows=10**9, age_seconds=10**9)
    load.critical_in_work = 299
    assert load.refusal_of_critical() is None
    load.critical_in_work = 300
    refusal = load.refusal_of_critical()
    assert refusal is not None
    assert refusal.reason is Reason.CRITICAL
    assert 2 <= refusal.retry_after <= 5


def test_whoever_waits_is_looked_at_now_and_then():
    load, seen = Load(LIMITS), []
    load.looks.append(lambda: seen.append(1) or 0.0)
    for number in range(100):
        load.refusal(Priority.LOOK, writes=False, now=number * LOOK_SECONDS / 10)
    assert 9 <= len(seen) <= 11


@pytest.mark.parametrize(
    ("rows", "age", "wanted"),
    [
        (1000, 600, []),
        (1001, 0, [Priority.ORDINARY]),
        (0, 601, [Priority.ORDINARY]),
        (2001, 0, [Priority.ORDINARY, Priority.WORK]),
        (10**9, 10**9, [Priority.ORDINARY, Priority.WORK]),
    ],
)
def test_a_full_outbox_refuses_what_writes(rows, age, wanted):
    load = Load(LIMITS)
    load.outbox(rows=rows, age_seconds=age)
    assert [each for each in refused(load) if each is not Priority.LOOK] == wanted
    assert refused(load, writes=False) == []
    reasons = {load.refusal(each, writes=True, now=0.0).reason for each in wanted}
    assert reasons <= {Reason.DISK}


def test_places_shrink_while_answers_are_late_and_come_back_when_they_are_not():
    load, now = Load(LIMITS), 0.0
    for _ in range(20):  # a second each in which a full house is answered late
        load.in_work = int(load.places)
        for _ in range(load.in_work):
            load.answered(1.5, now=now)
        now += 1.0
    least = pytest.approx(100 / 3)
    assert load.places == least
    assert load.in_work == 0
    load.in_work = 1
    load.answered(5.0, now=now)  # one that is slow by itself
    assert load.places == least
    load.in_work = 1000
    for _ in range(1000):
        load.answered(0.2, now=now)
    assert load.places == 100


def test_a_batch_of_late_answers_is_one_cut():
    load = Load(LIMITS)
    load.in_work = 100
    for _ in range(50):
        load.answered(1.5, now=7.0)
    assert load.places == 70


def test_those_who_are_refused_do_not_all_come_back_at_once():
    load = Load(LIMITS)
    load.in_work = 1000
    pauses = [load.refusal(Priority.ORDINARY, writes=True, now=0.0).retry_after for _ in range(8)]
    assert sorted(set(pauses)) == [2, 3, 4, 5]
