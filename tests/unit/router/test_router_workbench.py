"""The workbench's rules: lists, clocks, what may be done, what is left, a unit's own figures."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.router.domain.assignment import ASSIGNMENT, Assignment
from services.router.domain.whistle import Whistle
from services.router.domain.workbench.asking import (
    Extending,
    WhyNot,
    extending,
    longest,
    suspending,
)
from services.router.domain.workbench.figures import Figure, Row, figures
from services.router.domain.workbench.part import (
    Action,
    ClockState,
    Tab,
    actions_of,
    clocks_of,
    next_due,
    tabs_of,
)
from shared.calendar import WorkCalendar
from shared.contracts import reports
from shared.contracts.parts import AssignmentState, DeadlineKind, WhistleState
from shared.contracts.values import Relation, Urgency
from shared.countdown import amounts, countdown
from tests.unit.router.samples import (
    MONDAY,
    blown,
    city,
    counted,
    informed,
    lead,
    matter,
    promises,
    said,
)

CGJ = "BH-CGJ"


def part(whistle: Whistle, unit: str = CGJ) -> Assignment:
    found = whistle.part_of(unit)
    assert found is not None
    return found


def test_a_new_part_waits_to_be_acknowledged_first() -> None:
    whistle = blown()
    assert tabs_of(whistle, part(whistle), MONDAY) == {Tab.TODO, Tab.OFFERED, Tab.JOINT}
    due = next_due(part(whistle), MONDAY)
    assert due is not None
    assert (due.kind, due.state) == (DeadlineKind.ACKNOWLEDGE, ClockState.RUNNING)


def test_what_is_past_is_late_and_counted_up() -> None:
    whistle, later = blown(), MONDAY + timedelta(days=1)
    assert Tab.OVERDUE in tabs_of(whistle, part(whistle), later)
    due = next_due(part(whistle), later)
    assert due is not None
    assert due.state is ClockState.LATE
    left = countdown(due.due, later, WorkCalendar())
    # due at 13:00, now the next day at 9:00: 4.5 h of the Monday and half an hour of the Tuesday
    assert (left.seconds, left.working, left.runs, left.late) == (-5 * 3600, True, True, True)


def test_working_time_stands_still_at_night_and_natural_time_does_not() -> None:
    whistle = blown()
    acknowledge = part(whistle).dues.acknowledge
    assert acknowledge is not None
    evening = MONDAY + timedelta(hours=12)
    assert not countdown(acknowledge, evening, WorkCalendar()).runs
    natural = replace(acknowledge, rule="30m", by=MONDAY + timedelta(minutes=30))
    left = countdown(natural, MONDAY + timedelta(minutes=10), WorkCalendar())
    assert (left.seconds, left.working, left.runs) == (1200, False, True)


@pytest.mark.parametrize(
    ("rule", "parts"),
    [
        ("4wh", [(4, "working_hour", 100)]),
        ("5WD*0.8", [(5, "working_day", 80)]),
        ("2wh+5WD", [(2, "working_hour", 100), (5, "working_day", 100)]),
        ("15m", [(15, "minute", 100)]),
        ("24h", [(24, "hour", 100)]),
        ("2d", [(2, "day", 100)]),
    ],
)
def test_a_limit_is_said_in_its_own_units(rule: str, parts: list[tuple[int, str, int]]) -> None:
    assert [(a.number, a.unit, a.percent) for a in amounts(rule)] == parts


def test_what_is_offered_is_what_the_lifecycle_allows() -> None:
    whistle = counted(said(blown(), reports.Acknowledged))
    offered = actions_of(whistle, part(whistle))
    assert Action.RESOLVE in offered
    assert Action.ACKNOWLEDGE not in offered
    for state in AssignmentState:
        held = replace(part(whistle), state=state, back_to=None)
        if not ASSIGNMENT.commands(state):
            assert actions_of(whistle, held) == ()
    asked = counted(said(whistle, reports.ReturnRequested, after=timedelta(minutes=20)))
    assert Action.RESOLVE not in actions_of(asked, part(asked))


def test_an_informed_unit_has_but_to_know() -> None:
    whistle = blown(lead(), informed())
    street = next(a for a in whistle.assignments if a.relation is Relation.INFORMED)
    assert actions_of(whistle, street) == (Action.ACKNOWLEDGE,)
    assert clocks_of(street, MONDAY) == ()
    assert tabs_of(whistle, street, MONDAY) == {Tab.INFORMED, Tab.TODO}


def test_what_may_be_asked_for_is_told_before() -> None:
    whistle = counted(said(blown(), reports.Acknowledged))
    asked = extending(whistle, part(whistle), promises(MONDAY))
    assert isinstance(asked, Extending)
    assert longest(asked.up_to) == (5, "WD")
    assert asked.by_role == "reviewer"
    past = promises(MONDAY + timedelta(days=30))
    assert extending(whistle, part(whistle), past) is WhyNot.PAST
    here = city()
    assert suspending(whistle, part(whistle), matter(), here, MONDAY) is None
    critical = replace(whistle, urgency=Urgency.CRITICAL)
    assert suspending(critical, part(whistle), matter(), here, MONDAY) is WhyNot.CRITICAL
    secret = matter(confidential=True)
    assert suspending(whistle, part(whistle), secret, here, MONDAY) is WhyNot.CONFIDENTIAL


def test_a_share_counts_what_was_kept_or_is_past() -> None:
    whistle = blown()
    in_time = counted(said(whistle, reports.Acknowledged))
    silent = blown()
    rows = [
        Row(whistle_id=w.whistle_id, round=w.round, state=WhistleState.OPEN, part=part(w))
        for w in (in_time, silent)
    ]
    now = MONDAY + timedelta(days=1)
    found = figures(rows, now=now, sent_back=(), template=())
    share = found[Figure.ACKNOWLEDGED]
    assert share.whistle_ids == (in_time.whistle_id,)
    assert share.percent == 50
    assert found[Figure.RESOLVED].percent is None  # not due yet: not judged yet
    assert found[Figure.OPEN].n == 2
    late = figures(rows, now=MONDAY + timedelta(days=8), sent_back=(), template=())
    assert late[Figure.OVERDUE].n == 2
    assert late[Figure.OVERDUE_3].n + late[Figure.OVERDUE_DAY].n == 2
