"""What is cast from a mould is, letter for letter, what the contract would have written."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier import channels
from services.notifier.channels import load_wording
from services.notifier.domain.promises import Change, fire
from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Urgency
from tests.unit.notifier.samples import ESCALATION, a_deadline

WORDING = load_wording()
POLICY = "limits-1"
TRACE = f"00-{'a1' * 16}-{'b2' * 8}-01"


def fired(deadline, rung: str) -> Change:
    """The promise after the rung of that name alone."""
    while deadline.next_rung != rung:
        deadline, _ = fire(deadline, deadline.fire_at, ESCALATION)
    after, steps = fire(deadline, deadline.fire_at, ESCALATION)
    return Change(before=deadline, after=after, steps=tuple(steps))


def same(change: Change) -> None:
    cast = channels.fired(change, WORDING, policy=POLICY)
    written = list(channels.facts(change, policy=POLICY)), channels.notice(change, WORDING)
    assert cast == written


@pytest.mark.parametrize("rung", ["yellow", "red", "due", "district_supervision", "city_leader"])
@pytest.mark.parametrize("kind", [DeadlineKind.ACKNOWLEDGE, DeadlineKind.RESOLVE])
def test_each_rung_is_cast_as_it_is_written(kind, rung):
    for number in ("W1", "W2", 'S"20\\%d 50%(seq)s'):
        promise = replace(a_deadline(kind), deadline_id=uuid4(), seq=7, number=number)
        same(fired(promise, rung))


@pytest.mark.parametrize("kind", list(DeadlineKind))
def test_what_a_promise_has_not_its_events_have_not(kind):
    plain = a_deadline(kind, "24h", urgency=Urgency.URGENT)
    for promise in (
        plain,
        replace(plain, ticket_id=None, ticket_ids=()),
        replace(plain, ticket_ids=(uuid4(), uuid4(), uuid4())),
        replace(plain, unit=None, assignment_id=None),
        replace(plain, unit="C-GR", assignment_id=None),
        replace(plain, whistle_id=None, unit=None, assignment_id=None),
        replace(plain, canary=True, traceparent=TRACE),
    ):
        same(fired(promise, "due"))


@given(
    hours=st.integers(1, 300),
    seq=st.integers(1, 10**6),
    number=st.text(min_size=1, max_size=30),
    round_=st.integers(1, 3),
)
def test_moulds_are_not_mixed_up(hours, seq, number, round_):
    promise = a_deadline(DeadlineKind.ARRIVE, f"{hours}h", round_=round_)
    promise = replace(promise, deadline_id=uuid4(), whistle_id=uuid4(), seq=seq, number=number)
    same(fired(promise, "due"))


def test_several_rungs_at_once_are_told_together():
    promise = a_deadline()
    after, steps = fire(promise, promise.due.by + timedelta(days=30), ESCALATION)
    change = Change(before=promise, after=after, steps=tuple(steps))
    assert len(steps) == 7
    same(change)
