"""How long a promise ran, told again from its history alone."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json

from services.notifier.domain.deadline import Command, Deadline
from services.notifier.domain.promises import Order, Step, obey, opened
from services.notifier.domain.segments import Segment, seconds_run, segments
from services.notifier.store.deadlines import _told
from shared.contracts.values import Due
from tests.unit.notifier.samples import ACTOR, CALENDAR, ESCALATION, HOUR, a_deadline, due_of, local

START = local("2026-09-18 16:00")  # Friday; the Sunday after is worked


@dataclass(frozen=True)
class Line:
    at: datetime
    what: str
    after: dict[str, Any]


@dataclass
class Life:
    """A promise and the lines its steps would leave."""

    deadline: Deadline
    lines: list[Line]

    @classmethod
    def of(cls, rule: str) -> "Life":
        promise = replace(a_deadline(rule=rule, started="2026-09-18 16:00"))
        order = Order(command=Command.CHANGE, at=START, actor=ACTOR)
        life = cls(promise, [])
        life.deadline, steps = opened(promise, order, ESCALATION)
        life.write(steps)
        return life

    def write(self, steps: list[Step]) -> None:
        self.lines += [Line(s.at, s.what, from_json(_told(s, None))) for s in steps]

    def do(self, command: Command, at: datetime, due: Due | None = None) -> None:
        order = Order(command=command, at=at, actor=ACTOR, due=due)
        self.deadline, steps = obey(self.deadline, order, ESCALATION)
        self.write(steps)

    def ran(self, now: datetime) -> int:
        found = segments(self.lines)
        return seconds_run(found, rule=self.deadline.due.rule, now=now, calendar=CALENDAR)


def test_a_promise_runs_from_its_start_until_it_is_kept():
    life = Life.of("5WD")
    assert segments(life.lines) == (Segment(since=START, to=None),)
    assert life.ran(START + HOUR) == 3600
    monday = local("2026-09-21 08:30")
    assert life.ran(monday) == (1.5 + 9) * 3600  # the rest of Friday, and the worked Sunday
    life.do(Command.MEET, monday)
    assert life.ran(monday + 99 * HOUR) == 10.5 * 3600


def test_a_pause_is_a_gap_and_the_time_left_is_what_the_router_gave():
    life = Life.of("5WD")
    whole = CALENDAR.working_seconds_between(START, life.deadline.due.by)
    life.do(Command.PAUSE, START + HOUR)
    assert life.ran(START + 500 * HOUR) == 3600
    on = local("2026-12-21 10:00")
    left = due_of("44wh*0.988636363636", on)
    life.do(Command.RESUME, on, left)
    assert len(segments(life.lines)) == 2
    given = CALENDAR.working_seconds_between(on, left.by)
    assert life.ran(left.by) == 3600 + given
    assert whole > given


def test_what_is_owed_as_if_never_stopped_has_run_on():
    life = Life.of("5WD")
    life.do(Command.MEET, START + HOUR)
    assert life.ran(START + 90 * HOUR) == 3600
    monday = local("2026-09-21 08:30")
    life.do(Command.REOPEN, monday)
    assert segments(life.lines) == (Segment(since=START, to=None),)
    life.do(Command.MEET, monday)
    life.do(Command.REOPEN, monday + HOUR, due_of("2WD", monday + HOUR))  # with time of its own
    assert segments(life.lines) == (Segment(since=monday + HOUR, to=None),)


def test_what_is_renewed_begins_anew():
    life = Life.of("5WD")
    on = local("2026-09-21 09:00")
    life.do(Command.RENEW, on, due_of("5WD", on))
    assert segments(life.lines) == (Segment(since=on, to=None),)


@given(
    gaps=st.lists(st.integers(60, 400_000), min_size=2, max_size=8),
    natural=st.booleans(),
)
def test_the_time_run_is_all_time_less_the_pauses(gaps, natural):
    life = Life.of("900h" if natural else "90WD")
    moments = [START]
    for gap in gaps:
        moments.append(moments[-1] + timedelta(seconds=gap))
    for place, at in enumerate(moments[1:]):
        due = replace(life.deadline.due, by=life.deadline.due.by + HOUR)
        life.do(*((Command.RESUME, at, due) if place % 2 else (Command.PAUSE, at)))
    stretches = [pair for place, pair in enumerate(pairwise(moments)) if place % 2 == 0]
    now = moments[-1]
    expected = sum(
        int((to - since).total_seconds())
        if natural
        else CALENDAR.working_seconds_between(since, to)
        for since, to in stretches
    )
    assert life.ran(now) == expected
