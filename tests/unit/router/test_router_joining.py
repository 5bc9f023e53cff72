"""Two whistles about one matter, and one more unit beside the lead."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.router import close, merge
from services.router.domain import joining
from services.router.domain.assisting import add_assisting
from services.router.domain.matter import Content, Ticket, TicketState
from shared.catalogue.limits import parse_rule
from shared.contracts import reports, tickets
from shared.contracts.parts import Actor, AssignmentState, Role, WhistleState
from shared.contracts.values import Relation
from shared.errors import ConflictError, InvalidError
from tests.unit.router import samples
from tests.unit.router.samples import MONDAY, STREET, TICKET

OTHER = UUID("01990000-0000-7000-8000-000000000002")
LATER = MONDAY + timedelta(days=1)
DISPATCHER = Actor(role=Role.DISPATCHER, unit="C-RXZX", name="白桦")


def ticket(ticket_id: UUID) -> Ticket:
    return Ticket(
        ticket_id=ticket_id,
        state=TicketState.OPEN,
        round=1,
        registered_at=MONDAY,
        registered=samples.registered(ticket_id=ticket_id),
    )


def world(own_lead="BH-CGJ", parent_lead="BH-CGJ", *, taken=True):
    """A book with the ticket's whistle, blown a day before the parent's."""
    book = samples.book(LATER)
    own = samples.blown(samples.lead(own_lead), ticket_id=OTHER)
    if taken:
        own = samples.counted(samples.said(own, reports.Acknowledged, by=own_lead))
    parent = samples.blown(samples.lead(parent_lead), samples.informed(), now=LATER)
    book.has_read([ticket(TICKET), ticket(OTHER)], [(own, b""), (parent, b"")])
    return book, own.whistle_id, parent.whistle_id


def merged(book):
    fact = tickets.Merged(seq=2, actor=DISPATCHER, ticket_id=OTHER, into=TICKET)
    merge.merged(book, fact, at=LATER, traceparent=None)


def undone(book):
    fact = tickets.MergeUndone(seq=3, actor=DISPATCHER, ticket_id=OTHER, into=TICKET)
    merge.undone(book, fact, at=LATER, traceparent=None)


def finished(whistle, by="BH-CGJ"):
    whistle = samples.counted(samples.said(whistle, reports.Contacted, by=by))
    return samples.counted(samples.said(whistle, reports.Resolved, by=by))


def said(book):
    return [each.step.what for each in book.said]


def test_what_nobody_took_is_withdrawn():
    book, own, parent = world(taken=False)
    merged(book)
    assert book.whistles[own].state is WhistleState.WITHDRAWN
    assert book.whistles[parent].ticket_ids == (TICKET,)
    assert not book.questions


def test_the_same_lead_goes_on_with_one_whistle_and_the_earlier_clocks():
    book, own, parent = world()
    early = book.whistles[own].lead().dues
    merged(book)
    kept = book.whistles[parent]
    assert book.whistles[own].state is WhistleState.WITHDRAWN
    assert kept.ticket_ids == (TICKET, OTHER)
    assert [w.whistle_id for w in book.of_ticket(OTHER)] == [own, parent]
    dues = kept.lead().dues
    assert dues.resolve == early.resolve
    assert dues.contact == early.contact
    assert dues.acknowledge.started_at == LATER  # still to be acknowledged itself
    assert said(book) == ["withdrawn", "ticket_linked", "due_changed"]
    linked = book.said[1].step
    assert (linked.fact.ticket_id, linked.fact.into) == (OTHER, TICKET)
    assert {unit for unit, _ in linked.views} == {"BH-CGJ", STREET}


def test_a_promise_that_was_kept_is_not_moved():
    book, own, parent = world()
    contacted = samples.counted(samples.said(book.whistles[own], reports.Contacted, by="BH-CGJ"))
    book.whistles[own] = contacted
    before = book.whistles[parent].lead().dues.contact
    merged(book)
    assert book.whistles[parent].lead().dues.contact == before


def test_another_lead_is_a_question_and_both_go_on():
    book, own, parent = world("BH-GAJ")
    merged(book)
    assert [w.state for w in book.whistles.values()] == [WhistleState.OPEN, WhistleState.OPEN]
    (question,) = book.questions
    assert (question.whistle_id, question.into_whistle_id) == (own, parent)
    assert question.due.rule == "4wh"
    assert said(book) == ["merge_held"]


def test_a_lead_that_finished_is_a_conflict():
    book, own, _ = world("BH-GAJ")
    done = finished(book.whistles[own], by="BH-GAJ")
    book.whistles[own] = done
    merged(book)
    assert said(book) == ["merge_conflict"]
    assert book.tickets[OTHER].state is TicketState.OPEN


def test_undone_the_ticket_leaves_the_parents_whistle_and_is_dispatched_anew():
    book, _, parent = world()
    merged(book)
    undone(book)
    assert book.whistles[parent].ticket_ids == (TICKET,)
    assert said(book)[-2] == "ticket_unlinked"
    assert said(book)[-1] in ("blown", "held")
    assert book.tickets[OTHER].state is TicketState.OPEN
    assert book.of_ticket(OTHER)[-1].demand_ticket == OTHER


def test_a_merged_ticket_that_is_closed_follows_no_other_any_more():
    book, own, parent = world("BH-GAJ")
    merged(book)
    settled = merge.carry_over(
        book,
        book.whistles[parent],
        book.whistles[own],
        into=OTHER,
        actor=DISPATCHER,
        at=LATER,
        traceparent=None,
    )
    assert settled.ticket_ids == (TICKET, OTHER)
    fact = tickets.Closed(
        seq=9,
        actor=DISPATCHER,
        ticket_id=OTHER,
        result=tickets.CallbackResult.SOLVED,
        satisfaction=tickets.Satisfaction.SATISFIED,
    )
    close.closed(book, fact, at=LATER, traceparent=None)
    ticket = book.tickets[OTHER]
    assert (ticket.state, ticket.merged_into) == (TicketState.CLOSED, None)
    assert book.whistles[own].state is WhistleState.CLOSED


def test_undone_while_two_work_nothing_is_called_again():
    book, own, _ = world("BH-GAJ")
    merged(book)
    undone(book)
    assert said(book) == ["merge_held"]
    assert isinstance(book.questions[-1], joining.Settled)
    assert book.whistles[own].state is WhistleState.OPEN


def add(whistle, unit, **more):
    made = {
        "task": "协助清理",
        "matter": samples.matter(),
        "content": Content(),
        "actor": DISPATCHER,
        "promises": samples.promises(LATER),
        "at": LATER,
    }
    return add_assisting(whistle, unit, **(made | more))


def test_an_added_unit_gets_its_call_and_the_others_learn_of_it():
    whistle = samples.blown(samples.lead())
    outcome = add(whistle, "BH-GAJ")
    (step,) = outcome.steps
    assert [(unit, view.TYPE.split(".")[2]) for unit, view in step.views] == [
        ("BH-GAJ", "whistled"),
        ("BH-CGJ", "units_changed"),
    ]
    part = outcome.whistle.part_of("BH-GAJ")
    assert (part.relation, part.state) == (Relation.ASSISTING, AssignmentState.OFFERED)
    assert part.dues.contact is None


def test_its_limit_is_the_leads_less_a_fifth_of_what_is_left():
    whistle = samples.blown(samples.lead())
    lead = whistle.lead()
    calendar = samples.city().calendar
    late = lead.dues.resolve.by - timedelta(hours=5)
    promises = samples.promises(late)
    due = add(whistle, "BH-GAJ", promises=promises, at=late).whistle.part_of("BH-GAJ").dues.resolve
    left = calendar.working_seconds_between(late, lead.dues.resolve.by)
    given = calendar.working_seconds_between(late, due.by)
    assert 0 < given <= 0.8 * left
    assert due == samples.city().due(parse_rule(due.rule), due.started_at)


def test_a_lead_that_is_late_leaves_the_added_unit_its_own_limit():
    whistle = samples.blown(samples.lead())
    late = whistle.lead().dues.resolve.by + timedelta(days=1)
    added = add(whistle, "BH-GAJ", promises=samples.promises(late), at=late).whistle
    assert added.part_of("BH-GAJ").dues.resolve.by > late


def test_a_unit_that_was_informed_now_assists():
    whistle = samples.blown(samples.lead(), samples.informed())
    outcome = add(whistle, STREET)
    assert [each.what for each in outcome.steps] == ["released", "assisting_added"]
    assert outcome.whistle.part_of(STREET).relation is Relation.ASSISTING


@pytest.mark.parametrize("unit", ["NO-SUCH", "BH-CGJ", "BH-SCJ"])
def test_nobody_is_added_twice_or_without_being_known(unit):
    with pytest.raises(InvalidError):
        add(samples.blown(), unit)


def test_what_a_bureau_must_do_does_not_bind_who_assists():
    whistle = samples.blown(samples.lead(), about=samples.matter(category="2601"))
    assert add(whistle, "Q-159902001001").whistle.part_of("Q-159902001001")


def test_nobody_is_added_when_the_lead_is_done_or_the_whistle_is_over():
    whistle = samples.blown(samples.lead())
    took = samples.counted(samples.said(whistle, reports.Acknowledged))
    done = finished(took)
    for over in (done, replace(whistle, state=WhistleState.WITHDRAWN)):
        with pytest.raises(ConflictError):
            add(over, "BH-GAJ")
