"""Supervision as rules: levels, words, the ladder's questions, and when none is wanted."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.notifier.domain import supervision as rules
from services.notifier.domain.promises import Change, fire
from services.notifier.domain.supervision import Matter, Source, SupervisionState
from shared.contracts.parts import Actor, DeadlineKind, Role
from shared.contracts.values import Urgency
from shared.errors import ConflictError, InvalidError
from tests.unit.notifier.samples import CALENDAR as WORKDAYS
from tests.unit.notifier.samples import ESCALATION, LIMITS, TICKET, UNIT, WHISTLE, a_deadline, local

AT = local("2026-09-18 16:00")
LEADER = Actor(role=Role.LEADER, name="王建国")
MATTER = Matter(number="W1", round=1, whistle_id=WHISTLE, ticket_ids=(TICKET,), unit=UNIT)
ID = UUID("01900000-0000-7000-8000-0000000000aa")


def asked(level: int = 5, source: Source = Source.LEADER) -> rules.Supervision:
    return rules.asked(
        ID,
        MATTER,
        source=source,
        level=level,
        words="请说明进展",
        by=LEADER,
        at=AT,
        answer_by=rules.answer_due(AT, LIMITS, WORKDAYS),
        traceparent=None,
    )


@pytest.mark.parametrize(
    ("role", "wanted", "level"),
    [
        (Role.LEADER, None, 5),
        (Role.LEADER, 1, 1),
        (Role.SUPERVISOR, None, 2),
        (Role.SUPERVISOR, 4, 4),
    ],
)
def test_the_level_somebody_asks_at(role, wanted, level):
    assert rules.level_for(role, wanted) == level


@pytest.mark.parametrize(
    ("role", "wanted"),
    [(Role.SUPERVISOR, 5), (Role.LEADER, 6), (Role.LEADER, 0), (Role.OPERATOR, None)],
)
def test_a_level_above_ones_own_is_refused(role, wanted):
    with pytest.raises(InvalidError):
        rules.level_for(role, wanted)


@pytest.mark.parametrize("words", ["", "  \n ", "长" * 2001])
def test_words_are_wanted_and_not_without_end(words):
    with pytest.raises(InvalidError):
        rules.words_of("words", words)


def test_the_answer_is_due_in_24_hours_of_natural_time_over_a_weekend():
    friday = local("2026-09-25 17:00")
    due = rules.answer_due(friday, LIMITS, WORKDAYS)
    assert due.by == friday + timedelta(hours=24)


def test_an_answer_counts_late_too_and_once():
    late = rules.answered(
        asked(), words="已办", by=Actor(role=Role.LIAISON, unit=UNIT), at=AT + timedelta(hours=25)
    )
    assert (late.state, late.late) == (SupervisionState.ANSWERED, True)
    just = rules.answered(asked(), words="已办", by=LEADER, at=AT + timedelta(hours=24))
    assert just.late is False
    with pytest.raises(ConflictError):
        rules.answered(late, words="再答", by=LEADER, at=AT)
    with pytest.raises(ConflictError):
        rules.answered(replace(asked(), ended_at=AT), words="答", by=LEADER, at=AT)


def climbing(urgency: Urgency, hours: float) -> Change:
    """A resolve promise nobody kept, as the watch finds it so long after it was due."""
    before = a_deadline(DeadlineKind.RESOLVE, "24h", urgency=urgency)
    at = before.due.by + timedelta(hours=hours)
    after, steps = fire(before, at, ESCALATION)
    return Change(before=before, after=after, steps=tuple(steps))


def test_the_first_step_of_the_ladder_asks_for_no_answer():
    assert rules.climbs_of([climbing(Urgency.URGENT, 0.5)]) == []


@pytest.mark.parametrize(("hours", "level"), [(1, 2), (4, 3), (12, 4), (24, 5)])
def test_the_highest_step_reached_asks(hours, level):
    (climb,) = rules.climbs_of([climbing(Urgency.URGENT, hours)])
    assert climb.level == level
    told_at = climb.at + timedelta(hours=3)  # the watch had been away
    answer_by = rules.answer_due(told_at, LIMITS, WORKDAYS)
    made = rules.by_ladder(ID, climb, answer_by=answer_by)
    assert (made.source, made.level, made.unit) == (Source.LADDER, level, UNIT)
    assert made.answer_by.by == told_at + timedelta(hours=24)
    assert made.asked_at == climb.at


def test_two_promises_of_one_part_ask_once():
    one, other = climbing(Urgency.URGENT, 1), climbing(Urgency.URGENT, 12)
    assert [each.level for each in rules.climbs_of([one, other])] == [4]


def test_a_higher_step_raises_and_keeps_the_time():
    open_ = asked(2, Source.LADDER)
    higher = rules.raised(open_, 4)
    assert (higher.level, higher.answer_by) == (4, open_.answer_by)
    assert higher.words == rules.LADDER_WORDS[4]


def test_every_level_that_asks_has_words():
    levels = {rung.level for urgency in Urgency for rung in LIMITS.ladder(urgency)}
    wanted = {level for level in levels if level >= rules.WRITTEN_ANSWER_FROM}
    assert wanted == set(rules.LADDER_WORDS)
