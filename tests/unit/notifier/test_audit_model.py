"""The auditor and the engine agree on any story, and every planted fault is found."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.domain.audit.found import MismatchKind
from services.notifier.domain.audit.timing import Gap, Timing
from shared.contracts import joint, rulings, tickets, whistles
from shared.contracts.ids import deadline_id
from shared.contracts.parts import DeadlineKind, DueChange
from shared.contracts.values import Urgency
from tests.unit.notifier import samples
from tests.unit.notifier.audited import SETTLE, TIMING, City
from tests.unit.notifier.samples import HOUR, PART, UNIT, due_of, local

K = DeadlineKind
START = local("2026-09-10 09:00")
MINUTE = timedelta(minutes=1)
ACKNOWLEDGE = deadline_id(PART, K.ACKNOWLEDGE, 1)
RESOLVE = deadline_id(PART, K.RESOLVE, 1)


def change(at, kind, due):
    changes = (DueChange(assignment_id=PART, unit=UNIT, kind=kind, due=due),)
    return samples.whistle_fact(rulings.DueChanged, changes=changes, reason="extended")


def resumed(at, by_hours):
    later = due_of("5WD", at + by_hours * HOUR)
    changes = tuple(
        DueChange(assignment_id=PART, unit=UNIT, kind=kind, due=later) for kind in (K.RESOLVE,)
    )
    return rulings.Resumed(**samples.part(at), changes=changes)


MAKERS = {
    "acknowledged": samples.acknowledged,
    "deemed": samples.deemed_acknowledged,
    "contacted": samples.contacted,
    "arrived": samples.arrived,
    "resolved": samples.resolved,
    "suspended": samples.suspended,
    "resumed": lambda at: resumed(at, 30),
    "resumed_same": lambda at: rulings.Resumed(**samples.part(at), changes=()),
    "returned": samples.returned,
    "rejected": samples.review_rejected,
    "longer": lambda at: change(at, K.RESOLVE, due_of("10WD", at)),
    "shorter": lambda at: change(at, K.RESOLVE, due_of("1WD", at - 100 * HOUR)),
    "no_contact": lambda at: change(at, K.CONTACT, None),
    "failed": lambda at: samples.whistle_fact(
        joint.AcceptanceFailed,
        changes=(DueChange(assignment_id=PART, unit=UNIT, kind=K.RESOLVE, due=due_of("2WD", at)),),
        units=(UNIT,),
        reason="未完成",
    ),
    "progressed": lambda at: whistles.Progressed(
        **samples.part(at), text="施工中", progress_by=due_of("5WD", at)
    ),
    "acknowledged_on": lambda at: replace(samples.acknowledged(at), progress_by=due_of("5WD", at)),
    "resumed_on": lambda at: replace(resumed(at, 8), progress_by=due_of("5WD", at)),
    "return": lambda at: whistles.ReturnRequested(
        **samples.part(at), reason="not_duty", clause="三定方案", rule_by=due_of("4wh", at)
    ),
    "back": lambda at: rulings.ReturnRefused(
        **samples.part(at), ruled_by=samples.ACTOR, reason="属本单位职责"
    ),
    "wants_more": lambda at: whistles.ExtensionRequested(
        **samples.part(at), amount=3, amount_unit="WD", reason="等配件", rule_by=due_of("4wh", at)
    ),
    "no_more": lambda at: rulings.ExtensionRefused(
        **samples.part(at), ruled_by=samples.ACTOR, reason="理由不充分"
    ),
    "granted": lambda at: replace(change(at, K.RESOLVE, due_of("8WD", at)), granted=True),
    "wants_pause": lambda at: whistles.SuspensionRequested(
        **samples.part(at), code="funds", reason="资金", plan="月底", rule_by=due_of("4wh", at)
    ),
    "reviewed": lambda at: replace(samples.resolved(at), review_by=due_of("1WD", at)),
    "passed": lambda at: rulings.ReviewPassed(**samples.part(at)),
    "released": lambda at: joint.Released(**samples.part(at), reason="已完成"),
    "blown": lambda at: samples.blown(at),
    "withdrawn": lambda at: samples.whistle_fact(whistles.Withdrawn, reason="撤回"),
    "group": lambda at: samples.ticket_fact(
        tickets.GroupFlagged, callers=6, urgency=Urgency.URGENT
    ),
    "asked": lambda at: samples.ticket_fact(
        tickets.InfoRequested, missing=("place",), dispatch_waits=True
    ),
    "supplied": lambda at: samples.ticket_fact(
        tickets.Supplemented, text="三号楼", dispatch_by=due_of("2wh", at)
    ),
    "merged": lambda at: samples.ticket_fact(tickets.Merged, into=PART),
    "unmerged": lambda at: samples.ticket_fact(tickets.MergeUndone, into=PART),
    "callback": samples.callback_opened,
    "called_back": lambda at: samples.called_back(),
    "closed": lambda at: samples.closed(),
}

STEPS = st.lists(
    st.tuples(
        st.sampled_from(sorted(MAKERS)),
        st.integers(min_value=0, max_value=72 * 60),  # minutes until it happens
        st.sampled_from([0, 0, 0, 1, 45, 60 * 26]),  # minutes until it is heard
        st.booleans(),  # the watch came before it was heard
    ),
    max_size=12,
)


def play(steps, *, urgency=Urgency.NORMAL, blown_first=False) -> City:
    city = City()
    first = [(samples.registered(START, urgency=urgency), START)]
    first.insert(0 if blown_first else 1, (samples.blown(START, urgency=urgency), START))
    for data, at in first:
        city.hear(data, at, heard_at=START)
    at = now = START
    for name, minutes, delay, watched in steps:
        at = at + minutes * MINUTE
        heard_at = max(now, at + delay * MINUTE)
        if watched:
            catch_up(city, now, heard_at)
        now = heard_at
        city.hear(MAKERS[name](at), at, heard_at=now)
        if watched:
            city.watch(now)
    catch_up(city, now, now + timedelta(hours=3))
    return city


def catch_up(city: City, since, until) -> None:
    """The watch as it works: at each rung's own moment, in order."""
    while True:
        fires = [d.fire_at for d in city.deadlines.values() if d.fire_at and d.fire_at <= until]
        if not fires:
            break
        city.watch(max(since, min(fires)))
    city.watch(until)


@settings(max_examples=400, deadline=None)
@given(STEPS, st.sampled_from(list(Urgency)), st.booleans())
def test_engine_and_auditor_agree_on_any_story(steps, urgency, blown_first):
    always = [(name, minutes, delay, True) for name, minutes, delay, _ in steps]
    city = play(always, urgency=urgency, blown_first=blown_first)
    assert city.audit() == []
