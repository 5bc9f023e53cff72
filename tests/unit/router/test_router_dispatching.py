"""What facts about tickets lead to, on a book without a database."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from services.router import close, dispatch
from services.router.domain.book import Book, Said
from services.router.domain.matter import Content, TicketState
from services.router.follow import FOLLOWED
from shared.catalogue.limits import parse_rule
from shared.contracts import bureaus, rulings, tickets, whistles
from shared.contracts.parts import (
    Actor,
    AssignmentState,
    Attachment,
    DeadlineKind,
    Place,
    Role,
    WhistleState,
)
from shared.contracts.tickets import CallbackResult, Satisfaction
from shared.contracts.values import Relation, Urgency
from shared.contracts.whistles import Candidate
from tests.unit.router.samples import (
    COMMUNITY,
    MONDAY,
    NIGHT,
    STREET,
    TICKET,
    book,
    promises,
    registered,
)

DESK = Actor(role=Role.CALLBACK_CLERK)
LATER = MONDAY + timedelta(days=3)


def dispatched(**changes: object) -> Book:
    filled = book()
    dispatch.registered(filled, registered(**changes), at=MONDAY, traceparent="t")
    return filled


def heard(filled: Book, fact: tickets.TicketFact) -> None:
    FOLLOWED[type(fact)](filled, fact, at=LATER, traceparent=None)


def facts(filled: Book) -> list[whistles.WhistleFact]:
    return [s.step.fact for s in filled.said if isinstance(s, Said) and s.step.fact]


def views(filled: Book) -> list[tuple[str, bureaus.View]]:
    return [view for s in filled.said if isinstance(s, Said) for view in s.step.views]


def rework(**changes: object) -> tickets.ReworkRequested:
    plain = tickets.ReworkRequested(
        seq=5,
        actor=DESK,
        ticket_id=TICKET,
        round=2,
        result=CallbackResult.UNSOLVED,
        satisfaction=Satisfaction.UNSATISFIED,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


CLOSED = tickets.Closed(
    seq=6,
    actor=DESK,
    ticket_id=TICKET,
    result=CallbackResult.SOLVED,
    satisfaction=Satisfaction.SATISFIED,
)
WITHDRAWN = tickets.Withdrawn(seq=2, actor=DESK, ticket_id=TICKET, ex_officio=False)


def test_a_registered_ticket_whistles_its_units_each_with_its_own_view() -> None:
    filled = dispatched()
    (fact,) = facts(filled)
    assert isinstance(fact, whistles.Blown)
    assert (fact.seq, fact.round, fact.ticket_ids) == (1, 1, (TICKET,))
    assert [a.unit for a in fact.assignments] == ["BH-CGJ", STREET, "BH-SCJ"]
    assert fact.dispatched_by == Actor(role=Role.SYSTEM)
    assert fact.blown_by.unit == "C-RXZX"
    told = dict(views(filled))
    assert set(told) == {"BH-CGJ", STREET, "BH-SCJ"}
    for unit, view in told.items():
        assert isinstance(view, bureaus.Whistled)
        assert view.assignment.unit == unit
        assert view.number == fact.number
        assert [u.unit for u in view.units] == ["BH-CGJ", STREET, "BH-SCJ"]
    assert filled.said[0].traceparent == "t"


def test_the_same_ticket_registered_twice_is_whistled_once() -> None:
    filled = dispatched()
    dispatch.registered(filled, registered(), at=MONDAY, traceparent=None)
    assert len(facts(filled)) == 1


def test_without_category_it_is_held() -> None:
    filled = dispatched(category=None)
    (fact,) = facts(filled)
    assert isinstance(fact, whistles.Held)
    assert fact.why[0] == "5:no category"
    assert fact.rule_by is None
    (whistle,) = filled.whistles.values()
    assert whistle.state is WhistleState.HELD
    assert not views(filled)


def test_a_confidential_matter_at_home_tells_units_the_street_only() -> None:
    home = Place(region=COMMUNITY, address="河湾锦苑", compound="河湾锦苑", lat=41.6, lon=108.3)
    filled = dispatched(confidential=True, place=home)
    for _, view in views(filled):
        assert isinstance(view, bureaus.Whistled)
        assert view.place == Place(region="159902001")
        assert view.assignment.contact is None
    road = Place(region=COMMUNITY, address="河湾路")
    open_road = dispatched(confidential=True, place=road)
    assert all(getattr(view, "place", None) == road for _, view in views(open_road))


def test_unsolved_the_round_ends_and_the_same_units_come_again_in_half_the_time() -> None:
    filled = dispatched()
    heard(filled, rework())
    blown, closed, again = facts(filled)
    assert isinstance(blown, whistles.Blown)
    assert isinstance(closed, whistles.Closed)
    assert isinstance(again, whistles.Blown)
    assert (closed.round, closed.result) == (1, CallbackResult.UNSOLVED)
    assert (again.round, again.whistle_id != blown.whistle_id) == (2, True)
    assert [a.unit for a in again.assignments] == [a.unit for a in blown.assignments]
    assert again.assignments[0].resolve is not None
    assert again.assignments[0].resolve.rule == "5WD*0.5"
    assert again.trace[0].startswith("round 2:same units")
    ended = filled.whistles[blown.whistle_id]
    assert ended.state is WhistleState.CLOSED
    assert all(a.state is AssignmentState.RELEASED for a in ended.assignments)
    assert filled.tickets[TICKET].round == 2


def test_units_that_returned_do_not_come_again() -> None:
    filled = dispatched()
    (whistle,) = filled.whistles.values()
    gone = replace(whistle.assignments[2], state=AssignmentState.RETURNED)
    filled.whistles[whistle.whistle_id] = replace(
        whistle, assignments=whistle.with_assignment(gone)
    )
    heard(filled, rework())
    again = facts(filled)[-1]
    assert isinstance(again, whistles.Blown)
    assert [a.unit for a in again.assignments] == ["BH-CGJ", STREET]


def test_a_round_that_was_never_dispatched_is_resolved_anew() -> None:
    filled = dispatched(category=None)
    heard(filled, rework())
    assert [type(f) for f in facts(filled)] == [
        whistles.Held,
        whistles.Withdrawn,
        whistles.Held,
    ]


def test_a_reopened_ticket_comes_again_after_its_whistle_closed() -> None:
    filled = dispatched()
    heard(filled, CLOSED)
    heard(
        filled,
        tickets.Reopened(seq=7, actor=DESK, ticket_id=TICKET, round=2, reason="又坏了"),
    )
    assert [type(f) for f in facts(filled)] == [whistles.Blown, whistles.Closed, whistles.Blown]
    assert filled.tickets[TICKET].state is TicketState.OPEN


def test_an_old_round_changes_nothing() -> None:
    filled = dispatched()
    heard(filled, rework(round=1))
    assert len(facts(filled)) == 1


def test_closed_the_units_learn_the_citizens_word() -> None:
    filled = dispatched()
    heard(filled, CLOSED)
    fact = facts(filled)[-1]
    assert isinstance(fact, whistles.Closed)
    assert (fact.result, fact.satisfaction) == (CallbackResult.SOLVED, Satisfaction.SATISFIED)
    assert {unit for unit, view in views(filled) if isinstance(view, bureaus.Closed)} == {
        "BH-CGJ",
        STREET,
        "BH-SCJ",
    }
    heard(filled, CLOSED)
    heard(filled, WITHDRAWN)
    assert facts(filled)[-1] is fact, "what crosses an ended whistle changes nothing"


def test_withdrawn_unless_ex_officio() -> None:
    filled = dispatched()
    heard(filled, replace(WITHDRAWN, ex_officio=True))
    assert len(facts(filled)) == 1
    heard(filled, WITHDRAWN)
    assert isinstance(facts(filled)[-1], whistles.Withdrawn)
    assert filled.tickets[TICKET].state is TicketState.WITHDRAWN


@pytest.mark.parametrize(
    "fact",
    [
        tickets.Answered(seq=2, actor=DESK, ticket_id=TICKET),
        tickets.Transferred(seq=2, actor=DESK, ticket_id=TICKET, to="110"),
        tickets.Rejected(seq=2, actor=DESK, ticket_id=TICKET, reason="unclear"),
        tickets.Voided(seq=2, actor=DESK, ticket_id=TICKET, reason="registered_twice"),
        tickets.Merged(seq=2, actor=DESK, ticket_id=TICKET, into=uuid4()),
        WITHDRAWN,
        CLOSED,
    ],
)
def test_what_ends_at_the_desk_leaves_the_dispatchers_list(fact: tickets.TicketFact) -> None:
    filled = dispatched(category=None)
    heard(filled, fact)
    (whistle,) = filled.whistles.values()
    assert whistle.state is WhistleState.WITHDRAWN


def merged(**changes: object) -> tickets.Merged:
    plain = tickets.Merged(seq=2, actor=DESK, ticket_id=TICKET, into=uuid4())
    return replace(plain, **changes)  # type: ignore[arg-type]


UNDONE = tickets.MergeUndone(seq=3, actor=DESK, ticket_id=TICKET, into=uuid4())


def lead_at(filled: Book, state: AssignmentState) -> None:
    """The lead of the one whistle has come so far."""
    (whistle,) = filled.whistles.values()
    lead = whistle.lead()
    assert lead is not None
    came = replace(lead, state=state, acknowledged_at=LATER, done_at=LATER)
    filled.whistles[whistle.whistle_id] = replace(
        whistle, assignments=whistle.with_assignment(came)
    )


def test_a_merge_takes_back_what_nobody_acknowledged_and_undone_it_is_whistled_again() -> None:
    filled = dispatched()
    fact = merged()
    heard(filled, fact)
    assert filled.tickets[TICKET].merged_into == fact.into
    assert isinstance(facts(filled)[-1], whistles.Withdrawn)
    heard(filled, UNDONE)
    assert filled.tickets[TICKET].state is TicketState.OPEN
    assert filled.tickets[TICKET].merged_into is None
    again = facts(filled)[-1]
    assert isinstance(again, whistles.Blown)
    assert again.round == 1
    assert [a.unit for a in again.assignments] == ["BH-CGJ", STREET, "BH-SCJ"]


def test_a_merge_leaves_a_unit_at_work_and_undone_it_goes_on() -> None:
    filled = dispatched()
    lead_at(filled, AssignmentState.WORKING)
    heard(filled, merged())
    assert filled.tickets[TICKET].state is TicketState.MERGED
    heard(filled, UNDONE)
    assert filled.tickets[TICKET].state is TicketState.OPEN
    assert [type(fact) for fact in facts(filled)] == [whistles.Blown]


def test_a_merge_that_comes_after_the_unit_had_finished_is_a_conflict() -> None:
    filled = dispatched()
    lead_at(filled, AssignmentState.DONE)
    fact = merged()
    heard(filled, fact)
    conflict = facts(filled)[-1]
    assert isinstance(conflict, whistles.MergeConflict)
    assert (conflict.ticket_id, conflict.into, conflict.seq) == (TICKET, fact.into, 2)
    assert filled.tickets[TICKET].state is TicketState.OPEN


def test_what_was_settled_as_it_was_registered_is_whistled_by_nobody() -> None:
    filled = dispatched(settled=True)
    heard(filled, tickets.Answered(seq=2, actor=DESK, ticket_id=TICKET))
    assert facts(filled) == []
    joined = dispatched(settled=True)
    heard(joined, merged())
    assert facts(joined) == []
    heard(joined, UNDONE)
    assert isinstance(facts(joined)[-1], whistles.Blown)


def test_an_appealed_rejection_goes_out_after_all() -> None:
    filled = dispatched(category=None)
    heard(filled, tickets.Rejected(seq=2, actor=DESK, ticket_id=TICKET, reason="unclear"))
    due = filled.tickets[TICKET].registered.dispatch_by
    appeal = tickets.Appealed(seq=3, actor=DESK, ticket_id=TICKET, dispatch_by=due)
    heard(filled, appeal)
    assert [type(fact) for fact in facts(filled)] == [
        whistles.Held,
        whistles.Withdrawn,
        whistles.Held,
    ]
    assert filled.tickets[TICKET].state is TicketState.OPEN


def test_a_group_matter_is_more_urgent_for_those_called_later() -> None:
    filled = dispatched()
    heard(
        filled,
        tickets.GroupFlagged(
            seq=2, actor=DESK, ticket_id=TICKET, callers=5, urgency=Urgency.URGENT
        ),
    )
    heard(filled, rework())
    again = facts(filled)[-1]
    assert isinstance(again, whistles.Blown)
    assert again.urgency is Urgency.URGENT


def test_what_is_held_is_due_by_the_time_that_intake_moved_it_to() -> None:
    filled = dispatched(category=None)
    later, citizens = promises().due(parse_rule("6wh")), promises().due(parse_rule("2wh+6WD"))
    changes = (
        tickets.TicketDueChange(kind=DeadlineKind.DISPATCH, round=1, due=later),
        tickets.TicketDueChange(kind=DeadlineKind.CITIZEN, round=1, due=citizens),
    )
    about = {"seq": 2, "actor": DESK, "ticket_id": TICKET}
    heard(filled, tickets.DueChanged(**about, changes=changes, reason="停运"))
    assert filled.tickets[TICKET].registered.dispatch_by == later


def test_further_words_reach_the_units_and_those_called_later() -> None:
    filled = dispatched()
    photo = Attachment(url="/files/1", media_type="image/jpeg", sha256="0" * 64)
    heard(
        filled,
        tickets.Supplemented(
            seq=2, actor=DESK, ticket_id=TICKET, text="又来了十几个摊", attachments=(photo,)
        ),
    )
    told = [(unit, v) for unit, v in views(filled) if isinstance(v, bureaus.Supplemented)]
    assert {unit for unit, _ in told} == {"BH-CGJ", STREET, "BH-SCJ"}
    assert {v.seq for _, v in told} == {2}
    (whistle,) = filled.whistles.values()
    assert whistle.seq == 2
    heard(filled, rework())
    again = facts(filled)[-1]
    assert isinstance(again, whistles.Blown)
    assert "又来了十几个摊" in again.summary
    assert again.attachments == (photo,)


@pytest.mark.parametrize("kind", sorted(FOLLOWED, key=lambda kind: kind.TYPE))
def test_a_fact_about_an_unknown_ticket_changes_nothing(kind: type[tickets.TicketFact]) -> None:
    if kind is tickets.Registered:
        return
    filled = book()
    stranger = object.__new__(kind)
    object.__setattr__(stranger, "ticket_id", uuid4())
    object.__setattr__(stranger, "round", 2)
    for name in ("ex_officio",):
        if name in getattr(kind, "__slots__", ()):
            object.__setattr__(stranger, name, False)
    heard(filled, stranger)
    assert not filled.said
    assert not filled.tickets


def test_a_held_urgent_ticket_past_its_limit_goes_to_the_best_candidate() -> None:
    filled = dispatched(category=None, urgency=Urgency.URGENT)
    (whistle,) = filled.whistles.values()
    content = Content(candidates=(Candidate(unit="U-TX1", confidence=0.33, why=()),))
    dispatch.overdue(filled, whistle, content, filled.tickets[TICKET])
    fact = facts(filled)[-1]
    assert isinstance(fact, whistles.Blown)
    assert fact.provisional
    assert [(a.unit, a.relation) for a in fact.assignments] == [
        ("U-TX1", Relation.LEAD),
        ("BH-RXZX", Relation.ASSISTING),
        (STREET, Relation.INFORMED),
    ]


def test_a_held_urgent_ticket_without_candidates_goes_to_the_centre() -> None:
    filled = dispatched(category=None, urgency=Urgency.CRITICAL)
    (whistle,) = filled.whistles.values()
    dispatch.overdue(filled, whistle, Content(), filled.tickets[TICKET])
    fact = facts(filled)[-1]
    assert isinstance(fact, whistles.Blown)
    assert fact.assignments[0].unit == "BH-RXZX"


def test_a_held_ticket_past_its_limit_never_goes_to_whom_it_may_not() -> None:
    filled = dispatched(category="0101", urgency=Urgency.URGENT, place=Place(no_location=True))
    (whistle,) = filled.whistles.values()
    candidates = (
        Candidate(unit=STREET, confidence=0.9, why=()),  # a bureau's duty is no street's
        Candidate(unit="GONE", confidence=0.8, why=()),
        Candidate(unit="XS-CGJ", confidence=0.3, why=()),
    )
    dispatch.overdue(filled, whistle, Content(candidates=candidates), filled.tickets[TICKET])
    fact = facts(filled)[-1]
    assert isinstance(fact, whistles.Blown)
    assert fact.assignments[0].unit == "XS-CGJ"
    assert fact.trace[-2 if fact.trace[-1].startswith("10:") else -1].startswith("11:")


def test_a_normal_held_ticket_past_its_limit_goes_to_the_shift_lead() -> None:
    normal = dispatched(category=None)
    (whistle,) = normal.whistles.values()
    dispatch.overdue(normal, whistle, Content(), normal.tickets[TICKET])
    fact = facts(normal)[-1]
    assert isinstance(fact, rulings.HeldHandedOver)
    assert (fact.to_role, fact.actor.role) == ("shift_lead", Role.SYSTEM)
    assert normal.whistles[whistle.whistle_id].state is WhistleState.HELD


def test_dispatch_at_night_has_the_nights_duty() -> None:
    filled = book(NIGHT)
    dispatch.registered(
        filled, registered(category="0111", urgency=Urgency.URGENT), at=NIGHT, traceparent=None
    )
    fact = facts(filled)[0]
    assert isinstance(fact, whistles.Blown)
    centre = next(a for a in fact.assignments if a.unit == "BH-RXZX")
    assert centre.arrive is None
    assert centre.resolve is not None


def test_a_streets_own_whistle_goes_on_when_a_ticket_closes() -> None:
    filled = dispatched()
    (whistle,) = filled.whistles.values()
    own = replace(whistle, demand_ticket=None)
    filled.whistles[whistle.whistle_id] = own
    close.closed(filled, CLOSED, at=LATER, traceparent=None)
    assert filled.whistles[whistle.whistle_id] is own
