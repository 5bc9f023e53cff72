"""The auditor and the engine agree on any story, and every planted fault is found."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.notifier.domain import hearing
from services.notifier.domain.audit import meanings
from services.notifier.domain.audit.timing import Gap, Timing
from shared.contracts import deadlines, joint, rulings, tickets, whistles
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


def outage(at, kind, due):
    return replace(change(at, kind, due), outage_id=UUID(int=7))


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
    "outage": lambda at: outage(at, K.RESOLVE, due_of("7WD", START)),
    "outage_taken": lambda at: outage(at, K.ACKNOWLEDGE, due_of("2WD", START)),
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


TWICE_SHORTER = [
    ("shorter", 129, 0, False),
    ("acknowledged", 217, 0, True),
    ("acknowledged", 1845, 0, False),
    ("shorter", 0, 0, False),
]


@settings(max_examples=300, deadline=None)
@given(STEPS, st.sampled_from(list(Urgency)))
@example(TWICE_SHORTER, Urgency.NORMAL)
def test_what_fell_due_while_nobody_watched_may_fire_or_not(steps, urgency):
    """Each silence ends with a fact that is heard before the watch comes back."""
    city = play(steps, urgency=urgency)
    assert city.audit(timing=replace(TIMING, gaps=tuple(gaps_of(steps)))) == []


def gaps_of(steps):
    at = now = START
    since = None
    for _, minutes, delay, watched in steps:
        at = at + minutes * MINUTE
        heard_at = max(now, at + delay * MINUTE)
        if not watched and since is None:
            since = now
        if watched and since is not None:
            yield Gap(since=since, until=now + SETTLE)
            since = None
        now = heard_at
    if since is not None:
        yield Gap(since=since, until=now + SETTLE)


LONG = [("acknowledged", 60 * 24, 0, True), ("wants_more", 30, 0, True), ("no_more", 60, 0, True)]


def at_work() -> City:
    """A unit that took the matter late, asked for more time and got none; nothing after that."""
    city = play(LONG)
    end = city.now + timedelta(days=30)
    catch_up(city, city.now, end)
    return city


def test_a_whole_ladder_is_as_it_should_be():
    city = at_work()
    assert city.audit() == []
    climbed = [e.rung for e in city.histories()[RESOLVE] if e.rung]
    assert climbed[:3] == ["yellow", "red", "due"]
    assert climbed[-1] == "city_leader"


def kinds(found) -> set[tuple[str, str]]:
    return {(each.kind.value, each.what) for each in found}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"state": "running", "late": False}, {("wrong_state", "state")}),
        ({"late": False}, {("wrong_state", "late")}),
        ({"met_at": START}, {("wrong_state", "met_at")}),
        ({"due_by": START}, {("wrong_due", "due")}),
        ({"next_rung": "yellow", "fire_at": START}, {("wrong_next", "next")}),
        ({"seq": 1}, {("broken_history_hash", "chain")}),
        ({"history_hash": b"x" * 32}, {("broken_history_hash", "chain")}),
    ],
)
def test_a_row_that_was_changed_is_found(changes, expected):
    city = at_work()
    rows = city.rows()
    rows[RESOLVE] = replace(rows[RESOLVE], **changes)
    assert kinds(city.audit(rows=rows)) == expected


def test_a_row_that_is_gone_and_one_too_many_are_found():
    city = at_work()
    rows = city.rows()
    lost = rows.pop(RESOLVE)
    rows[UNKNOWN] = replace(lost, deadline_id=UNKNOWN)
    assert kinds(city.audit(rows=rows)) == {
        ("missing_deadline", "resolve"),
        ("extra_deadline", "resolve"),
    }


UNKNOWN = deadline_id(PART, "nothing", 1)


@pytest.mark.parametrize("place", range(1, 8))
def test_any_step_of_the_history_that_is_lost_doubled_moved_or_late_is_found(place):
    city = at_work()
    histories = city.histories()
    whole = histories[RESOLVE]
    entry = whole[place]
    assert entry.rung is not None
    broken = ("broken_history_hash", "chain")
    for rows, wanted in (
        ([*whole[:place], *whole[place + 1 :]], ("missing_rung", entry.rung)),
        ([*whole, entry], ("extra_rung", f"{entry.rung} #{entry.seq}")),
        (moved(whole, place, at=entry.at + MINUTE), ("wrong_time", entry.rung)),
    ):
        assert kinds(city.audit(histories=histories | {RESOLVE: rows})) == {wanted, broken}
    late = moved(whole, place, fired_at=entry.at + 3 * MINUTE)
    assert kinds(city.audit(histories=histories | {RESOLVE: late})) == {("late_fired", entry.rung)}


def moved(entries, place, **changes):
    return [*entries[:place], replace(entries[place], **changes), *entries[place + 1 :]]


def test_a_fact_that_corrects_is_taken_in():
    """The acknowledgement had been received in time, and was heard when the miss was marked."""
    city = City()
    city.hear(samples.registered(START), START)
    city.hear(samples.blown(START), START)
    catch_up(city, START, START + 5 * HOUR)
    city.hear(samples.acknowledged(START + HOUR), START + HOUR, heard_at=START + 5 * HOUR)
    assert [e.what for e in city.histories()[ACKNOWLEDGE]] == [
        *("opened", "warned", "warned", "missed", "corrected", "met")
    ]
    assert city.audit() == []


@pytest.mark.parametrize("name", ["outage", "outage_taken"])
def test_a_declared_outage_excuses_what_was_met_late(name):
    late = [("acknowledged", 3 * 24 * 60, 0, True), ("resolved", 5 * 24 * 60, 0, True)]
    for steps in (late, [*late, ("rejected", 60, 0, True)]):
        city = play([*steps, (name, 60, 0, True), ("resolved", 24 * 60, 0, True)])
        assert city.audit() == []


def test_what_is_in_flight_is_not_judged_yet():
    city = City()
    city.hear(samples.blown(START), START)
    yellow = START + 2 * HOUR
    assert city.audit(as_of=yellow + SETTLE / 2) == []
    assert kinds(city.audit(as_of=yellow + SETTLE)) >= {("missing_rung", "yellow")}


def test_a_clock_that_leaps_reaches_all_it_skipped_at_once():
    """Three days in one moment: the watch and the next fact meet, and either may be first."""
    leap = START + timedelta(days=3)

    def wall(moment):
        return moment if moment <= START else START + max(timedelta(), moment - leap)

    city = City()
    city.hear(samples.blown(START), START)
    city.hear(samples.acknowledged(leap), leap)  # before the watch came
    assert city.audit() != []
    assert city.audit(timing=Timing(wall=wall, settle=SETTLE)) == []


def test_every_fact_that_the_engine_acts_on_is_read_by_the_auditor():
    """But an urging, which says nothing of a promise; supervisions are the notifier's own."""
    assert set(hearing.MEANINGS) - set(meanings.READ) == {tickets.Urged}
    own = {deadlines.Supervised, deadlines.SupervisionAnswered}
    assert set(meanings.READ) - set(hearing.MEANINGS) == own
    assert set(K) == meanings.AUDITED
