"""At once, bundled or daily; quiet hours; what an outage holds back."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.promises import Change, fire
from services.notifier.domain.telling.addressing import Addressing
from services.notifier.domain.telling.gap import Beat, Gap, GapWhy, unwatched
from services.notifier.domain.telling.message import MessageState, Occasion, Subject, Way
from services.notifier.domain.telling.posts import Post
from shared.calendar import SHANGHAI
from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Urgency
from tests.unit.notifier.samples import ESCALATION, UNIT, WHISTLE, a_deadline, local
from tests.unit.notifier.telling_samples import RULES, roster

MINUTE = timedelta(minutes=1)


def subject(
    urgency=Urgency.NORMAL, rung="red", due="2026-09-18 17:30", occasion=Occasion.WARNING, at=None
):
    return Subject(
        about=WHISTLE,
        number="W1",
        unit=UNIT,
        urgency=urgency,
        occasion=occasion,
        at=at or local("2026-09-14 10:00"),
        kind=DeadlineKind.RESOLVE,
        rung=rung,
        due_by=local(due),
        deadline_id=uuid4(),
        term=1,
    )


@pytest.mark.parametrize(
    ("urgency", "rung", "occasion", "due", "way", "sent"),
    [
        # a yellow card of an ordinary matter waits for the digest of the next working day
        ("normal", "yellow", "warning", "2026-09-18 17:30", "daily", "2026-09-15 08:30"),
        # but not where it would be due before that
        ("normal", "yellow", "warning", "2026-09-14 13:00", "bundle", "2026-09-14 10:10"),
        ("normal", "red", "warning", "2026-09-18 17:30", "bundle", "2026-09-14 10:10"),
        ("normal", "due", "overdue", "2026-09-14 10:00", "bundle", "2026-09-14 10:10"),
        ("urgent", "yellow", "warning", "2026-09-14 11:00", "at_once", "2026-09-14 10:00"),
        ("critical", "city", "overdue", "2026-09-14 09:00", "at_once", "2026-09-14 10:00"),
    ],
)
def test_how_and_when_a_matter_is_told(urgency, rung, occasion, due, way, sent):
    now = local("2026-09-14 10:00")  # a Monday
    one = subject(Urgency(urgency), rung, due, Occasion(occasion))
    assert RULES.way(one, now) == way
    assert RULES.send_at(Way(way), Post.HANDLER, one.urgency, now) == local(sent)


@pytest.mark.parametrize(
    ("at", "urgency", "heard"),
    [
        ("2026-09-14 20:59", "normal", "2026-09-14 20:59"),
        ("2026-09-14 21:00", "normal", "2026-09-15 07:30"),
        ("2026-09-15 03:00", "urgent", "2026-09-15 07:30"),
        ("2026-09-15 07:29", "urgent", "2026-09-15 07:30"),
        ("2026-09-15 07:30", "normal", "2026-09-15 07:30"),
        ("2026-09-15 03:00", "critical", "2026-09-15 03:00"),
    ],
)
def test_quiet_hours_wait_but_for_critical_matters(at, urgency, heard):
    assert RULES.heard_at(local(at), Urgency(urgency)) == local(heard)


def test_a_window_that_ends_in_the_quiet_hours_ends_in_the_morning():
    at = RULES.send_at(Way.BUNDLE, Post.HANDLER, Urgency.NORMAL, local("2026-09-14 20:55"))
    assert at == local("2026-09-15 07:30")
    leaders = RULES.send_at(Way.BUNDLE, Post.CITY_LEADER, Urgency.NORMAL, local("2026-09-14 10:00"))
    assert leaders == local("2026-09-14 10:30")


@pytest.mark.parametrize(
    ("at", "digest"),
    [
        ("2026-09-14 08:29", "2026-09-14 08:30"),
        ("2026-09-14 08:30", "2026-09-15 08:30"),
        ("2026-09-19 12:00", "2026-09-20 08:30"),  # the Sunday is worked
        ("2026-09-30 18:00", "2026-10-08 08:30"),  # the National Day holidays
    ],
)
def test_the_digest_comes_on_working_days(at, digest):
    assert RULES.next_daily(local(at)) == local(digest)


@given(
    minutes=st.integers(0, 60 * 24 * 400),
    urgency=st.sampled_from(Urgency),
    way=st.sampled_from(Way),
)
def test_nobody_is_told_before_it_fired_nor_in_the_quiet_hours(minutes, urgency, way):
    now = local("2026-01-01 00:00") + minutes * MINUTE
    at = RULES.send_at(way, Post.LIAISON, urgency, now)
    assert at >= now
    assert urgency is Urgency.CRITICAL or not RULES.is_quiet(at)
    assert at - now < timedelta(days=14)


START = Beat(at=local("2026-09-14 10:00"), wall=local("2026-09-14 10:00"))


def beat(*, domain: timedelta, wall: timedelta) -> Beat:
    return Beat(at=START.at + domain, wall=START.wall + wall)


@pytest.mark.parametrize(
    ("domain", "wall", "moved", "why"),
    [
        (2 * MINUTE, 2 * MINUTE, timedelta(), None),  # short
        (9 * MINUTE, 9 * MINUTE, timedelta(), None),
        (11 * MINUTE, 11 * MINUTE, timedelta(), GapWhy.OUTAGE),
        (timedelta(hours=3), timedelta(hours=3), timedelta(), GapWhy.OUTAGE),
        (timedelta(days=3), timedelta(seconds=2), timedelta(days=3), GapWhy.JUMP),
        # 60x for 20 s: so it was watched
        (20 * MINUTE, timedelta(seconds=20), timedelta(), None),
        # 1000x, a beat every 2 s
        (33 * MINUTE, timedelta(seconds=2), timedelta(), None),
        # 60x, and nobody watched for a minute
        (60 * MINUTE, MINUTE, timedelta(), GapWhy.OUTAGE),
        # set ahead by less than is allowed
        (9 * MINUTE, timedelta(seconds=2), 9 * MINUTE, None),
        # a stack that stood still while it was down
        (5 * MINUTE, timedelta(hours=9), timedelta(), None),
    ],
)
def test_what_counts_as_unwatched(domain, wall, moved, why):
    found = unwatched(START, beat(domain=domain, wall=wall), moved=moved, longest=RULES.longest_gap)
    assert found == why


def a_gap(from_: str, to: str) -> Gap:
    wall = local("2026-09-14 13:00")
    return Gap(
        gap_id=uuid4(), from_at=local(from_), to_at=local(to), found_wall=wall, why=GapWhy.OUTAGE
    )


def addressing(now: str, *gaps: Gap, wall: str = "2026-09-14 13:00") -> Addressing:
    return Addressing(
        on_duty=roster().at(local(now)),
        rules=RULES,
        gaps=gaps,
        now=local(now),
        wall=local(wall),
    )


def fired(now: str, **fields) -> Change:
    before = a_deadline(**fields)
    after, steps = fire(before, local(now), ESCALATION)
    return Change(before=before, after=after, steps=tuple(steps))


def states(at, change):
    return {each.post: each.state for each in at.of_change(change)}


def test_what_fell_due_while_nobody_watched_is_held():
    gap = a_gap("2026-09-14 10:00", "2026-09-14 13:00")
    change = fired(
        "2026-09-14 13:00", kind=DeadlineKind.ACKNOWLEDGE, rule="4wh", started="2026-09-14 09:00"
    )
    assert set(states(addressing("2026-09-14 13:00", gap), change).values()) == {MessageState.HELD}
    assert set(states(addressing("2026-09-14 13:00"), change).values()) == {MessageState.WAITING}
    released = replace(gap, released=True)
    found = states(addressing("2026-09-14 13:00", released), change)
    assert set(found.values()) == {MessageState.WAITING}
    later = addressing("2026-09-14 13:00", gap, wall="2026-09-14 13:31")  # long caught up
    assert set(states(later, change).values()) == {MessageState.WAITING}


def test_young_critical_matters_go_all_the_same():
    gap = a_gap("2026-09-14 10:00", "2026-09-14 13:00")
    old, young = "2026-09-14 12:00", "2026-09-14 12:50"
    for due_at, state in ((old, MessageState.HELD), (young, MessageState.WAITING)):
        started = local(due_at) - 15 * MINUTE
        change = fired(
            due_at,
            kind=DeadlineKind.ACKNOWLEDGE,
            rule="15m",
            started=f"{started.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
            urgency=Urgency.CRITICAL,
        )
        assert set(states(addressing("2026-09-14 13:00", gap), change).values()) == {state}
