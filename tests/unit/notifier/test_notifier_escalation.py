"""When each rung of a promise fires, by the real calendar."""

from dataclasses import replace

import pytest

from services.notifier.domain.deadline import DeadlineState
from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Urgency
from tests.unit.notifier.samples import ESCALATION, a_deadline, local

LADDER = ("district_supervision", "district_leader", "city", "city_leader")


def rungs(deadline):
    return [(r.name, r.fire_at, r.level) for r in ESCALATION.rungs_of(deadline)]


def at(*rows):
    return [(name, local(moment), level) for name, moment, level in rows]


def test_normal_resolve_over_a_worked_sunday():
    """Due Friday 2026-09-18; Sunday 09-20 is worked, 09-25 is the Mid-Autumn holiday."""
    deadline = a_deadline(rule="5WD", started="2026-09-11 16:00")
    assert rungs(deadline) == at(
        ("yellow", "2026-09-16 17:30", 0),
        ("red", "2026-09-17 17:30", 0),
        ("due", "2026-09-18 17:30", 1),
        ("district_supervision", "2026-09-20 17:30", 2),
        ("district_leader", "2026-09-22 17:30", 3),
        ("city", "2026-09-24 17:30", 4),
        ("city_leader", "2026-09-29 17:30", 5),
    )


def test_normal_resolve_over_spring_festival():
    """Due 2026-02-13; 02-14 is worked, 02-15 to 02-23 are off, Saturday 02-28 is worked."""
    deadline = a_deadline(rule="3WD", started="2026-02-10 10:00")
    assert rungs(deadline)[2:] == at(
        ("due", "2026-02-13 17:30", 1),
        ("district_supervision", "2026-02-14 17:30", 2),
        ("district_leader", "2026-02-25 17:30", 3),
        ("city", "2026-02-27 17:30", 4),
        ("city_leader", "2026-03-02 17:30", 5),
    )


def test_normal_acknowledge_warns_at_half_and_four_fifths_of_its_working_hours():
    """4 wh from Thursday 16:00: 1.5 h on Thursday, 2.5 h on Friday."""
    deadline = a_deadline(DeadlineKind.ACKNOWLEDGE, "4wh", started="2026-09-10 16:00")
    assert rungs(deadline)[:4] == at(
        ("yellow", "2026-09-11 09:00", 0),
        ("red", "2026-09-11 10:12", 0),
        ("due", "2026-09-11 11:00", 1),
        ("district_supervision", "2026-09-14 17:30", 2),
    )


@pytest.mark.parametrize(
    ("urgency", "offsets"),
    [(Urgency.URGENT, (1, 4, 12, 24)), (Urgency.CRITICAL, (0.25, 0.5, 1, 2))],
)
def test_natural_ladders_run_day_and_night(urgency, offsets):
    deadline = a_deadline(rule="24h", started="2026-09-18 20:00", urgency=urgency)
    by = deadline.due.by
    found = ESCALATION.rungs_of(deadline)
    assert [r.name for r in found] == ["yellow", "red", "due", *LADDER]
    assert [(r.fire_at - by).total_seconds() / 3600 for r in found[3:]] == list(offsets)
    assert [(by - r.fire_at).total_seconds() / 3600 for r in found[:3]] == pytest.approx(
        [12, 4.8, 0]
    )


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        (DeadlineKind.CONTACT, "1WD"),
        (DeadlineKind.ARRIVE, "4h"),
        (DeadlineKind.DISPATCH, "2wh"),
        (DeadlineKind.CALLBACK, "3WD"),
        (DeadlineKind.CITIZEN, "2wh+5WD"),
    ],
)
def test_what_does_not_climb_warns_and_is_missed(kind, rule):
    found = ESCALATION.rungs_of(a_deadline(kind, rule))
    assert [(r.name, r.level) for r in found] == [("yellow", 0), ("red", 0), ("due", 0)]
    assert found[-1].audience == ("handler", "liaison")


@pytest.mark.parametrize(
    ("kind", "rule", "audiences"),
    [
        (DeadlineKind.DISPATCH, "2wh", [("dispatcher",), ("shift_lead",)]),
        (DeadlineKind.CALLBACK, "3WD", [("callback_clerk",), ("shift_lead",)]),
        (DeadlineKind.RULING, "4wh", [("reviewer",), ("reviewer", "supervisor")]),
        (DeadlineKind.REVIEW, "1WD", [("reviewer",), ("reviewer", "supervisor")]),
        (DeadlineKind.EXTENSION, "4wh", [("reviewer",), ("reviewer", "supervisor")]),
        (DeadlineKind.SUSPENSION, "30d", [("supervisor",), ("supervisor",)]),
    ],
)
def test_what_no_unit_owes_is_told_to_those_whose_desk_it_is_on(kind, rule, audiences):
    owed = replace(a_deadline(kind, rule), unit=None, assignment_id=None)
    found = ESCALATION.rungs_of(owed)
    assert [r.audience for r in found[:2]] == audiences
    assert "supervisor" in found[-1].audience


def test_a_timer_between_services_only_ends():
    assert [r.name for r in ESCALATION.rungs_of(a_deadline(DeadlineKind.DEEMED, "4wh*2"))] == [
        "due"
    ]


def test_audiences_are_those_of_the_file():
    found = {r.name: r.audience for r in ESCALATION.rungs_of(a_deadline())}
    assert found["yellow"] == ("handler", "liaison")
    assert found["red"] == ("section_head", "supervisor")
    assert found["due"] == ("unit_leader",)
    assert found["city"] == ("city_supervisor",)


@pytest.mark.parametrize(
    ("values", "at_once"),
    [
        ({"round_": 2}, ("district_supervision", "district_leader")),
        ({"round_": 3}, ("district_supervision", "district_leader", "city")),
        ({"group_matter": True}, ("district_supervision", "district_leader", "city")),
    ],
)
def test_a_later_round_or_a_group_matter_reaches_a_step_at_once_and_all_below(values, at_once):
    deadline = a_deadline(**values)
    found = [r.name for r in ESCALATION.rungs_of(deadline)[3:] if r.fire_at == deadline.due.by]
    assert tuple(found) == at_once


def test_the_next_rung_is_the_first_that_has_not_fired():
    deadline = a_deadline()
    for name in ("yellow", "red", "due"):
        assert ESCALATION.next_rung(deadline).name == name
        deadline = replace(deadline, fired=(*deadline.fired, name))
    deadline = replace(deadline, state=DeadlineState.MISSED, late=True)
    for name in LADDER:
        assert ESCALATION.next_rung(deadline).name == name
        deadline = replace(deadline, fired=(*deadline.fired, name))
    assert ESCALATION.next_rung(deadline) is None


@pytest.mark.parametrize(
    "values",
    [
        {"state": DeadlineState.MET, "ended_at": local("2026-09-18 17:00")},
        {"state": DeadlineState.CANCELLED, "ended_at": local("2026-09-18 17:00")},
        {"state": DeadlineState.MISSED, "ended_at": local("2026-09-25 17:00")},
        {"state": DeadlineState.PAUSED, "paused_at": local("2026-09-18 17:00")},
        {"state": DeadlineState.MISSED, "paused_at": local("2026-09-25 17:00")},
    ],
)
def test_what_has_ended_or_stands_still_fires_nothing(values):
    assert ESCALATION.next_rung(replace(a_deadline(), **values)) is None


def test_a_due_time_set_by_hand_warns_by_natural_shares():
    deadline = a_deadline(DeadlineKind.ARRIVE, "4h", started="2026-09-18 08:00")
    by_hand = replace(deadline, due=replace(deadline.due, rule="muster"))
    assert rungs(by_hand) == rungs(deadline)
