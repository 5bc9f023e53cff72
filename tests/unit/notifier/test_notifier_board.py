"""The board's own rules: ages, the worst first, rising topics, what a scope lets through."""

from datetime import timedelta
from itertools import pairwise

from services.notifier.domain.board.ageing import Age, UnitStand, bounds, worst_first
from services.notifier.domain.board.reached import level_of
from services.notifier.domain.board.rising import LOOKED_AT, Counted, Window, rising
from services.notifier.domain.board.scope import scope_of
from services.notifier.domain.promises import fire
from services.notifier.domain.sight import Sight
from tests.unit.notifier.samples import ESCALATION, a_deadline, local

NOW = local("2026-09-14 09:00")
LONG_AGO = NOW - timedelta(days=100)


def stand(unit: str | None, *late: int, soon: int = 0) -> UnitStand:
    return UnitStand(
        unit=unit,
        open=10,
        soon=soon,
        late=dict(zip(Age, late or (0, 0, 0, 0), strict=True)),
        paused=0,
        oldest=None,
    )


def counted(*, day: int = 0, week: int = 0, before_day: int = 0, before_week: int = 0) -> Counted:
    return Counted(
        category="0205",
        n={Window.DAY: day, Window.WEEK: week},
        before={Window.DAY: before_day, Window.WEEK: before_week},
    )


def test_ages_meet_without_a_gap_and_without_overlap():
    edges = [bounds(age, NOW) for age in Age]
    assert edges[0][0] == NOW
    assert edges[-1][1] is None
    for (_, until), (since, _) in pairwise(edges):
        assert until == since
    assert bounds(None, NOW) == (None, None)


def test_the_worst_unit_is_that_with_most_overdue_then_with_the_oldest():
    most, old, young = stand("A", 3, 0, 0, 0), stand("B", 0, 0, 0, 2), stand("C", 2, 0, 0, 0)
    idle, pressed = stand("D"), stand(None, soon=4)
    shuffled = [idle, young, pressed, old, most]
    assert worst_first(shuffled) == [most, old, young, pressed, idle]


def test_a_topic_rises_when_it_is_well_beyond_its_usual():
    # 34 days before at 2 a day: 2 are usual, 6.2 is three roots above
    usual = counted(day=6, before_day=68)
    assert rising([usual], since=LONG_AGO, now=NOW) == []
    (found,) = rising([counted(day=7, before_day=68)], since=LONG_AGO, now=NOW)
    assert (found.window, found.n, round(found.usual, 1)) == (Window.DAY, 7, 2.0)


def test_few_tickets_or_a_short_history_make_nothing_rise():
    assert rising([counted(day=4)], since=LONG_AGO, now=NOW) == []
    sudden = counted(day=50, week=50)
    assert rising([sudden], since=NOW - timedelta(days=7), now=NOW) == []
    assert rising([sudden], since=None, now=NOW) == []
    (found,) = rising([sudden], since=NOW - timedelta(days=8, seconds=1), now=NOW)
    assert found.window is Window.DAY, "a week before the week is not known yet"


def test_each_topic_is_told_once_by_its_steeper_window_and_the_steepest_first():
    slow = counted(day=5, week=40, before_day=34, before_week=28)
    found = rising([slow], since=NOW - LOOKED_AT, now=NOW)
    assert [(each.window, each.n) for each in found] == [(Window.WEEK, 40)]


def test_a_promise_has_the_level_of_its_highest_rung():
    deadline = a_deadline()
    assert level_of(deadline, ESCALATION) == 0
    missed, _ = fire(deadline, deadline.due.by, ESCALATION)
    assert level_of(missed, ESCALATION) == 1
    climbed, _ = fire(missed, deadline.due.by + timedelta(days=30), ESCALATION)
    assert level_of(climbed, ESCALATION) == 5


def test_nobody_looks_beyond_what_is_theirs():
    of_unit, of_street = Sight(unit="BH-CGJ"), Sight(unit="S-1", region="159902001")
    assert scope_of(of_unit, unit="BH-ZJJ").unit == "BH-CGJ"
    assert scope_of(Sight(), unit="BH-ZJJ").unit == "BH-ZJJ"
    wide = scope_of(of_street, region="159902")
    assert (wide.region, wide.local) == ("159902001", "S-1")
    narrow = scope_of(of_street, region="159902001001", unit="BH-CGJ")
    assert (narrow.region, narrow.local, narrow.unit) == ("159902001001", None, "BH-CGJ")
