"""What facts do to the promises, in whatever order the topics bring them."""

from dataclasses import replace
from uuid import UUID

import pytest

from services.notifier.domain.deadline import DeadlineState
from services.notifier.domain.hearing import MEANINGS
from shared.contracts import joint, rulings, tickets, whistles
from shared.contracts.ids import deadline_id
from shared.contracts.parts import DeadlineKind, DueChange, Result
from shared.contracts.reports import FactsTrue
from shared.contracts.tickets import CallbackResult, Satisfaction
from shared.contracts.topics import TICKETS, WHISTLES
from shared.contracts.values import Urgency, WhistleKind
from tests.unit.notifier import samples
from tests.unit.notifier.samples import HOUR, PART, TICKET, WHISTLE, due_of, local
from tests.unit.notifier.world import START, World, states

K, S = DeadlineKind, DeadlineState
OTHER_PART = UUID("01900000-0000-7000-8000-000000000009")


@pytest.fixture
def called() -> World:
    """A ticket registered and its whistle blown an hour later."""
    world = World()
    world.hear((samples.registered(START), START), (samples.blown(START + HOUR), START + HOUR))
    return world


def test_registration_promises_dispatch_and_an_answer():
    world = World()
    world.hear((samples.registered(START), START))
    assert states(world) == {K.DISPATCH: S.RUNNING, K.CITIZEN: S.RUNNING}
    assert world.ticket(K.DISPATCH).number == "T1"
    assert world.ticket(K.DISPATCH).subject == TICKET


def test_blowing_meets_dispatch_and_starts_the_units_promises(called):
    assert states(called) == {
        K.DISPATCH: S.MET,
        K.CITIZEN: S.RUNNING,
        **dict.fromkeys((K.ACKNOWLEDGE, K.DEEMED, K.CONTACT, K.RESOLVE), S.RUNNING),
    }
    assert called.ticket(K.DISPATCH).met_at == START + HOUR
    part = called.part(K.RESOLVE)
    assert (part.unit, part.number, part.subject) == (samples.UNIT, "W1", WHISTLE)
    assert part.ticket_ids == (TICKET,)


def test_what_nobody_owns_is_ruled_on_by_then_and_met_when_units_are_called():
    world = World()
    due = due_of("4wh", START)
    held = samples.whistle_fact(whistles.Held, why=("11:",), candidates=(), rule_by=due)
    world.hear((samples.registered(START), START), (held, START))
    ruling = world.deadlines[deadline_id(WHISTLE, K.RULING, 1)]
    assert (ruling.state, ruling.due, ruling.unit, ruling.number) == (S.RUNNING, due, None, "T1")
    plain = samples.whistle_fact(whistles.Held, why=("12:",), candidates=())
    other = World()
    other.hear((samples.registered(START), START), (plain, START))
    assert K.RULING not in states(other)
    world.hear((samples.blown(START + HOUR), START + HOUR))
    assert states(world)[K.RULING] is S.MET


def test_a_streets_own_whistle_does_not_dispatch_its_tickets():
    world = World()
    blown = samples.blown(START + HOUR, kind=WhistleKind.KEY_WORK)
    world.hear((samples.registered(START), START), (blown, START + HOUR))
    assert world.ticket(K.DISPATCH).state is S.RUNNING


def test_a_whistle_without_tickets_has_the_whistle_as_its_key():
    world = World()
    world.hear((samples.blown(START, ticket_ids=(), kind=WhistleKind.EMERGENCY), START))
    assert {d.subject for d in world.deadlines.values()} == {WHISTLE}
    assert world.part(K.RESOLVE).ticket_id is None


def test_a_confidential_matter_has_no_contact_promise():
    world = World()
    part = samples.an_assignment(START, contact=False)
    world.hear((samples.blown(START, assignments=(part,)), START))
    assert K.CONTACT not in states(world)
    world.hear((samples.contacted(START + HOUR), START + HOUR))  # passed over
    assert K.CONTACT not in states(world)


def test_each_report_meets_its_promise_by_when_it_was_received(called):
    reports = {
        K.ACKNOWLEDGE: samples.acknowledged,
        K.CONTACT: samples.contacted,
        K.RESOLVE: samples.resolved,
    }
    for hours, (kind, make) in enumerate(reports.items(), start=2):
        received = START + hours * HOUR
        called.hear((make(received), received + HOUR))  # judged an hour after it was received
        assert (called.part(kind).state, called.part(kind).met_at) == (S.MET, received)
    assert called.part(K.DEEMED).state is S.MET


def test_arriving_meets_arrival():
    world = World()
    part = replace(samples.an_assignment(START), arrive=due_of("4h", START))
    world.hear((samples.blown(START, assignments=(part,)), START))
    world.hear((samples.arrived(START + HOUR), START + HOUR))
    assert world.part(K.ARRIVE).state is S.MET


def test_silence_is_missed_and_climbs_on_after_it_counts_as_acknowledged(called):
    deemed = called.part(K.DEEMED).due.by
    called.watch(deemed)
    called.hear((samples.deemed_acknowledged(deemed), deemed))
    acknowledge = called.part(K.ACKNOWLEDGE)
    assert (acknowledge.state, acknowledge.next_rung) == (S.MISSED, "district_supervision")
    assert (called.part(K.DEEMED).state, called.part(K.DEEMED).ended_at) == (S.MISSED, deemed)
    called.hear((samples.contacted(deemed + HOUR), deemed + HOUR))  # a sign of life
    assert (called.part(K.ACKNOWLEDGE).state, called.part(K.ACKNOWLEDGE).fire_at) == (
        S.MISSED,
        None,
    )


def test_a_returned_units_promises_end_and_the_next_ones_begin_in_full(called):
    at = START + 3 * HOUR
    offered = samples.whistle_fact(
        rulings.UnitOffered,
        assignment=samples.an_assignment(at, assignment_id=OTHER_PART, unit="C-CGJ"),
        in_place_of=samples.UNIT,
    )
    called.hear((samples.returned(at), at), (offered, at))
    assert {called.part(k).state for k in (K.ACKNOWLEDGE, K.DEEMED, K.CONTACT, K.RESOLVE)} == {
        S.CANCELLED
    }
    other = called.deadlines[deadline_id(OTHER_PART, K.RESOLVE, 1)]
    assert (other.state, other.due.started_at, other.number) == (S.RUNNING, at, "W1")


def test_an_assisting_unit_gets_its_own_promises_with_the_whistles_urgency():
    world = World()
    world.hear((samples.blown(START, urgency=Urgency.URGENT), START))
    assisting = samples.an_assignment(START + HOUR, assignment_id=OTHER_PART, unit="C-GR")
    world.hear((samples.whistle_fact(rulings.AssistingAdded, assignment=assisting), START + HOUR))
    other = world.deadlines[deadline_id(OTHER_PART, K.RESOLVE, 1)]
    assert (other.unit, other.urgency) == ("C-GR", Urgency.URGENT)


def test_suspending_pauses_the_unit_and_never_the_citizens_clock(called):
    at = START + 3 * HOUR
    called.hear((samples.acknowledged(at), at), (samples.suspended(at + HOUR), at + HOUR))
    assert called.part(K.RESOLVE).state is S.PAUSED
    assert called.ticket(K.CITIZEN).state is S.RUNNING
    due = replace(called.part(K.RESOLVE).due, by=local("2026-09-30 17:30"))
    change = DueChange(assignment_id=PART, unit=samples.UNIT, kind=K.RESOLVE, due=due)
    resumed = rulings.Resumed(**samples.part(at + 48 * HOUR), changes=(change,))
    called.hear((resumed, at + 48 * HOUR))
    assert (called.part(K.RESOLVE).state, called.part(K.RESOLVE).due) == (S.RUNNING, due)
    assert called.part(K.CONTACT).state is S.RUNNING


def test_due_changes_move_promises_make_and_end_them(called):
    at = START + 3 * HOUR
    due = due_of("10WD", START)
    changes = (
        DueChange(assignment_id=PART, unit=samples.UNIT, kind=K.RESOLVE, due=due),
        DueChange(assignment_id=PART, unit=samples.UNIT, kind=K.CONTACT, due=None),
        DueChange(assignment_id=PART, unit=samples.UNIT, kind=K.ARRIVE, due=due),
    )
    called.hear((samples.whistle_fact(rulings.DueChanged, changes=changes, reason="延期"), at))
    assert called.part(K.RESOLVE).due == called.part(K.ARRIVE).due == due
    assert called.part(K.CONTACT).state is S.CANCELLED
    assert called.ticket(K.CITIZEN).due == samples.registered(START).citizen_by


def test_a_rejected_review_and_a_failed_acceptance_start_the_unit_again(called):
    at = START + 3 * HOUR
    before = called.part(K.RESOLVE)
    called.hear((samples.resolved(at), at), (samples.review_rejected(at + HOUR), at + HOUR))
    assert called.part(K.RESOLVE).state is S.RUNNING
    assert called.part(K.RESOLVE).fire_at == before.fire_at
    due = due_of("3WD", at)
    change = DueChange(assignment_id=PART, unit=samples.UNIT, kind=K.RESOLVE, due=due)
    failed = samples.whistle_fact(joint.AcceptanceFailed, changes=(change,), reason="未清理")
    called.hear((samples.resolved(at + 2 * HOUR), at + 2 * HOUR), (failed, at + 3 * HOUR))
    assert (called.part(K.RESOLVE).state, called.part(K.RESOLVE).due) == (S.RUNNING, due)


@pytest.mark.parametrize(
    "fact",
    [
        samples.whistle_fact(whistles.Withdrawn, reason="重复"),
        samples.whistle_fact(whistles.Closed),
    ],
)
def test_the_end_of_a_whistle_ends_its_promises(called, fact):
    called.hear((fact, START + 2 * HOUR))
    assert {called.part(k).state for k in (K.ACKNOWLEDGE, K.DEEMED, K.CONTACT, K.RESOLVE)} == {
        S.CANCELLED
    }
    assert called.ticket(K.CITIZEN).state is S.RUNNING


def test_the_callback_and_the_close(called):
    at = START + 5 * HOUR
    called.hear((samples.callback_opened(at), at))
    assert called.ticket(K.CALLBACK).state is S.RUNNING
    called.hear((samples.called_back(final=False), at + HOUR))
    assert called.ticket(K.CALLBACK).state is S.RUNNING
    called.hear((samples.called_back(), at + 2 * HOUR), (samples.closed(), at + 2 * HOUR))
    assert called.ticket(K.CALLBACK).state is S.MET
    assert (called.ticket(K.CITIZEN).state, called.ticket(K.CITIZEN).met_at) == (
        S.MET,
        at + 2 * HOUR,
    )


def test_rework_opens_a_second_callback_and_leaves_the_citizens_clock(called):
    at = START + 5 * HOUR
    rework = samples.ticket_fact(
        tickets.ReworkRequested,
        round=2,
        result=CallbackResult.UNSOLVED,
        satisfaction=Satisfaction.UNSATISFIED,
    )
    called.hear((samples.callback_opened(at), at), (rework, at + HOUR))
    called.hear((samples.callback_opened(at + 9 * HOUR, round_=2), at + 9 * HOUR))
    assert called.ticket(K.CALLBACK).state is S.MET
    assert called.ticket(K.CALLBACK, 2).state is S.RUNNING
    assert called.ticket(K.CITIZEN).state is S.RUNNING
    assert called.ticket(K.CITIZEN).due == samples.registered(START).citizen_by


@pytest.mark.parametrize(
    ("cls", "values"),
    [
        (tickets.Answered, {}),
        (tickets.Transferred, {"to": "110"}),
        (tickets.Rejected, {"reason": "not_ours"}),
        (tickets.Voided, {"reason": "test"}),
        (tickets.Merged, {"into": WHISTLE}),
        (tickets.Withdrawn, {"ex_officio": False}),
    ],
)
def test_what_ends_a_ticket_ends_its_promises(cls, values):
    world = World()
    end = samples.ticket_fact(cls, **values)
    world.hear((samples.registered(START), START), (end, START + HOUR / 2))
    assert set(states(world).values()) == {S.CANCELLED}


def test_the_dispatch_limit_waits_for_the_answer_and_the_citizens_clock_does_not():
    world = World()
    first = samples.registered(START)
    asked = samples.ticket_fact(tickets.InfoRequested, missing=("哪个小区",), dispatch_waits=True)
    world.hear((first, START), (asked, START + HOUR))
    assert (world.ticket(K.DISPATCH).state, world.ticket(K.CITIZEN).state) == (S.PAUSED, S.RUNNING)
    due = replace(first.dispatch_by, by=START + 9 * HOUR, started_at=START + 8 * HOUR)
    told = samples.ticket_fact(tickets.Supplemented, text="河湾锦苑", dispatch_by=due)
    world.hear((told, START + 8 * HOUR))
    assert (world.ticket(K.DISPATCH).state, world.ticket(K.DISPATCH).due) == (S.RUNNING, due)
    more = samples.ticket_fact(tickets.Supplemented, text="南门")
    world.hear((more, START + 8 * HOUR))
    assert world.ticket(K.DISPATCH).due == due


def test_an_urgent_question_leaves_the_dispatch_limit_running():
    world = World()
    asked = samples.ticket_fact(tickets.InfoRequested, missing=("哪个小区",))
    world.hear((samples.registered(START), START), (asked, START + HOUR))
    assert world.ticket(K.DISPATCH).state is S.RUNNING


def test_an_appeal_gives_a_new_dispatch_limit_and_leaves_the_citizens_clock():
    world = World()
    first = samples.registered(START)
    rejected = samples.ticket_fact(tickets.Rejected, reason="unclear")
    due = replace(first.dispatch_by, by=START + 9 * HOUR, started_at=START + 7 * HOUR)
    appealed = samples.ticket_fact(tickets.Appealed, dispatch_by=due)
    world.hear((first, START), (rejected, START + HOUR / 2), (appealed, START + 7 * HOUR))
    assert (world.ticket(K.DISPATCH).state, world.ticket(K.DISPATCH).due) == (S.RUNNING, due)
    assert (world.ticket(K.CITIZEN).state, world.ticket(K.CITIZEN).due) == (
        S.RUNNING,
        first.citizen_by,
    )


def test_withdrawn_ex_officio_goes_on_and_an_undone_merge_goes_on_again():
    world = World()
    world.hear((samples.registered(START), START))
    ex_officio = samples.ticket_fact(tickets.Withdrawn, ex_officio=True)
    world.hear((ex_officio, START + HOUR))
    assert set(states(world).values()) == {S.RUNNING}
    world.hear((samples.ticket_fact(tickets.Merged, into=WHISTLE), START + HOUR))
    world.hear((samples.ticket_fact(tickets.MergeUndone, into=WHISTLE), START + HOUR))
    assert set(states(world).values()) == {S.RUNNING}


@pytest.mark.parametrize("flagged_first", [True, False])
def test_a_group_matter_reaches_the_units_whenever_it_is_heard(flagged_first):
    flagged = (
        samples.ticket_fact(tickets.GroupFlagged, callers=5, urgency=Urgency.URGENT),
        START + HOUR,
    )
    blown = (samples.blown(START), START)
    world = World()
    for fact in (flagged, blown) if flagged_first else (blown, flagged):
        world.hear(fact)
    assert all(d.group_matter for d in world.deadlines.values())


def test_every_fact_of_the_two_topics_is_heard_or_knowingly_passed_over():
    passed_over = {
        *(tickets.Linked, tickets.Reopened, tickets.Archived),
        *(whistles.MergeConflict, whistles.PartHandedOver),
        *(whistles.TicketLinked, whistles.TicketUnlinked, rulings.HeldHandedOver),
    }
    everything = {*TICKETS.events, *WHISTLES.events}
    assert set(MEANINGS) == everything - passed_over


def test_results_are_not_judged_by_the_units_own_word():
    """`late` of the fact is the router's; the promise goes by when the report was received."""
    world = World()
    world.hear((samples.blown(START), START))
    due = world.part(K.RESOLVE).due.by
    lying = replace(
        samples.resolved(due + HOUR), late=False, result=Result.SOLVED, facts_true=FactsTrue.YES
    )
    world.hear((lying, due + HOUR))
    assert (world.part(K.RESOLVE).state, world.part(K.RESOLVE).late) == (S.MET, True)
