"""A canary's round from its facts: what each says, how long each hop took, when it is alarming."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.notifier.domain.canary import (
    DEAD,
    LATE,
    NAMES,
    CanaryState,
    Hop,
    Round,
    Times,
    hops,
    sign_of,
    state_of,
)
from shared.contracts import tickets, whistles
from tests.unit.notifier import samples
from tests.unit.notifier.samples import TICKET, WHISTLE, local

AT = local("2026-09-10 09:00")
SECOND = timedelta(seconds=1)
FACTS = {
    "registered_at": samples.registered(AT),
    "blown_at": samples.blown(AT),
    "acknowledged_at": samples.acknowledged(AT),
    "withdrawn_at": samples.ticket_fact(tickets.Withdrawn, ex_officio=False),
    "ended_at": samples.whistle_fact(whistles.Withdrawn, reason="撤回"),
}


@pytest.mark.parametrize("name", NAMES)
def test_each_fact_of_the_path_says_one_time(name):
    sign = sign_of(replace(FACTS[name], canary=True), AT)
    assert sign is not None
    assert (sign.name, sign.ticket_id, sign.at) == (name, TICKET, AT)
    assert sign.whistle_id == (None if name in ("registered_at", "withdrawn_at") else WHISTLE)


def test_what_is_no_canarys_says_nothing():
    assert [sign_of(fact, AT) for fact in FACTS.values()] == [None] * len(FACTS)
    assert sign_of(replace(samples.contacted(AT), canary=True), AT) is None
    street = replace(samples.blown(AT, ticket_ids=()), canary=True)
    assert sign_of(street, AT) is None


def a_round(*seconds: int | None) -> Round:
    times = [None if each is None else AT + each * SECOND for each in seconds]
    return Round(
        ticket_id=TICKET,
        whistle_id=WHISTLE,
        times=Times(**dict(zip(NAMES, times, strict=True))),
        heard_at=AT,
        completed_at=AT + 12 * SECOND,
    )


def test_hops_are_told_as_far_as_they_are_known():
    whole = a_round(0, 1, 3, 6, 10)
    assert hops(whole, ended=whole.times.ended_at) == {
        Hop.DISPATCH: 1 * SECOND,
        Hop.DEPARTMENT: 2 * SECOND,
        Hop.WITHDRAW: 3 * SECOND,
        Hop.RELEASE: 4 * SECOND,
        Hop.HEAR: 2 * SECOND,
    }
    assert hops(a_round(0, 1, None, None, None), ended=None) == {Hop.DISPATCH: SECOND}


def test_two_clocks_that_differ_a_little_make_no_hop_below_nothing():
    assert hops(a_round(1, 0, 0, 0, 0), ended=None)[Hop.DISPATCH] == timedelta()


def test_the_alarm_rises_with_the_silence():
    assert state_of(None, AT) is CanaryState.NEVER
    assert state_of(AT, AT + LATE) is CanaryState.OK
    assert state_of(AT, AT + LATE + SECOND) is CanaryState.LATE
    assert state_of(AT, AT + DEAD + SECOND) is CanaryState.DEAD
