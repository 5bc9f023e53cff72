"""The decisions of intake without any server: drafting, hearing, calling back, promises."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.intake.domain import promises
from services.intake.domain.callback import Answer, call_back
from services.intake.domain.case import Case
from services.intake.domain.doing import Doing
from services.intake.domain.follow_up import goes_on
from services.intake.domain.heard import Heard
from services.intake.domain.hearing import HEARD, hear
from services.intake.domain.promises import Promise, PromiseState
from services.intake.domain.registration import Draft, Rules, draft, open_ticket
from services.intake.domain.request import AskedPlace, Reporter, Request
from services.intake.domain.ticket import TicketState
from services.intake.domain.words import ROLE_ZH, local
from shared.calendar import WorkCalendar
from shared.catalogue.gazetteer import Gazetteer
from shared.catalogue.load import load_catalogue
from shared.catalogue.load_limits import load_time_limits
from shared.contracts import joint, rulings, whistles
from shared.contracts.deadlines import OutageDeclared
from shared.contracts.parts import (
    Actor,
    Assignment,
    AssignmentState,
    BlownBy,
    DeadlineKind,
    DueChange,
    Handler,
    Place,
    Result,
    Role,
)
from shared.contracts.reports import FactsTrue
from shared.contracts.tickets import CallbackResult, Satisfaction
from shared.contracts.topics import DEADLINES, WHISTLES
from shared.contracts.values import Channel, Due, Relation, TicketType, Urgency, WhistleKind
from shared.errors import InvalidError

NOW = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai, a working Monday
CLERK = Actor(role=Role.CALLBACK_CLERK)
SYSTEM = Actor(role=Role.SYSTEM)
TICKET = UUID(int=1)
LEAD = "BH-CGJ"


@pytest.fixture(scope="module")
def rules() -> Rules:
    catalogue = load_catalogue()
    return Rules(
        catalogue=catalogue,
        gazetteer=Gazetteer(catalogue),
        limits=load_time_limits(),
        calendar=WorkCalendar(),
        city_prefix="1599",
    )


def request(**fields: Any) -> Request:
    wanted = {
        "channel": Channel.HOTLINE,
        "description": "楼下的路灯已经三天不亮了，请来修。",
        "place": AskedPlace(address="河湾锦苑3号楼2单元501"),
        **fields,
    }
    return Request(**wanted)


def opened(drafted: Draft, rules: Rules) -> Case:
    return open_ticket(
        drafted,
        ticket_id=TICKET,
        running=1,
        now=NOW,
        actor=Actor(role=Role.OPERATOR),
        rules=rules,
        same_caller_30d=0,
        history_hash=b"",
        traceparent=None,
    )


def test_type_and_urgency_come_from_the_category_else_complain(rules: Rules) -> None:
    found = draft(request(category="0103"), rules)
    assert (found.type, found.urgency) == (TicketType.TIP_OFF, Urgency.NORMAL)
    assert draft(request(), rules).type is TicketType.COMPLAIN
    said = draft(request(category="0103", type=TicketType.HELP, urgency=Urgency.URGENT), rules)
    assert (said.type, said.urgency) == (TicketType.HELP, Urgency.URGENT)


def test_the_place_is_found_and_the_door_left_out(rules: Rules) -> None:
    found = draft(request(), rules)
    assert found.place.region == "159902001001"
    assert (found.place.address, found.place.compound) == ("河湾锦苑3号楼", "河湾锦苑")
    assert found.person.address == "河湾锦苑3号楼2单元501"
    nowhere = draft(request(place=AskedPlace(no_location=True)), rules)
    assert nowhere.place == Place(no_location=True)
    assert nowhere.person.is_empty


@pytest.mark.parametrize(
    ("reporter", "confidential", "contactable"),
    [
        (Reporter(phone="13900001111"), True, False),
        (Reporter(phone="13900001111", agrees_to_contact=True), False, True),
        (Reporter(phone="13900001111", confidential=False), False, True),
        (Reporter(phone="13900001111", confidential=True, agrees_to_contact=True), True, True),
        (Reporter(agrees_to_contact=True), False, False),  # nobody to call
    ],
)
def test_a_tip_off_is_confidential_by_default(
    rules: Rules, reporter: Reporter, confidential: bool, contactable: bool
) -> None:
    found = draft(request(type=TicketType.TIP_OFF, reporter=reporter), rules)
    assert (found.confidential, found.contactable) == (confidential, contactable)
    assert (found.place.address is None) == confidential
    assert found.place.region == "159902001001"


def test_the_two_promises_of_a_new_ticket(rules: Rules) -> None:
    case = opened(draft(request(type=TicketType.HELP), rules), rules)
    dispatch, citizen = case.own(DeadlineKind.DISPATCH), case.own(DeadlineKind.CITIZEN)
    assert dispatch is not None
    assert citizen is not None
    assert local(dispatch.due.by) == "9月14日 11:00"
    assert (citizen.due.rule, local(citizen.due.by)) == ("2wh+3WD", "9月17日 17:30")
    assert (case.ticket.state, case.ticket.seq) == (TicketState.REGISTERED, 1)
    assert [(move.what, move.seq) for move in case.moves] == [("register", 1)]


def test_every_fact_of_router_and_notifier_is_heard() -> None:
    of_no_ticket = {OutageDeclared}  # what it moves is worked off by itself
    assert set(HEARD) == {*WHISTLES.events, *DEADLINES.events} - of_no_ticket


def test_every_role_has_a_name() -> None:
    assert set(ROLE_ZH) == set(Role)


def due(hours: float) -> Due:
    by = NOW + timedelta(hours=hours)
    return Due(by=by, rule="1h", started_at=NOW, calendar="cn", policy="p")


def promise(state: PromiseState) -> Promise:
    return Promise(
        ticket_id=TICKET,
        owner_id=uuid4(),
        kind=DeadlineKind.RESOLVE,
        round=1,
        due=due(1),
        state=state,
    )


@pytest.mark.parametrize("state", PromiseState)
def test_missed_only_what_runs(state: PromiseState) -> None:
    before = promise(state)
    after = promises.missed(before, before.due)
    expected = PromiseState.MISSED if state is PromiseState.RUNNING else state
    assert after.state is expected
    assert promises.missed(before, due(0.5)) == before  # of a due time that has moved on


def test_promises_through_their_changes() -> None:
    running = promise(PromiseState.RUNNING)
    assert promises.kept(running, late=False).state is PromiseState.MET
    assert promises.kept_at(running, NOW + timedelta(hours=2)).state is PromiseState.MET_LATE
    late = promises.kept(running, late=True)
    assert promises.again(late).state is PromiseState.MISSED
    assert promises.again(promises.kept(running, late=False)) == running
    paused = promises.paused(running)
    assert (paused.state, promises.moved(paused, due(9)).state) == (
        PromiseState.PAUSED,
        PromiseState.RUNNING,
    )
    assert promises.moved(late, due(9)).state is PromiseState.MET_LATE
    assert promises.cancelled(late) == late
    assert promises.cancelled(paused).state is PromiseState.CANCELLED
    assert promises.corrected(promise(PromiseState.MISSED)).state is PromiseState.MET


def in_callback(rules: Rules, *, tries: int = 0) -> Case:
    case = opened(draft(request(), rules), rules)
    state = TicketState.CALLBACK
    case.ticket = replace(case.ticket, state=state, callback_tries=tries, whistle_id=uuid4())
    case.facts.clear()
    return case


@pytest.mark.parametrize(
    ("result", "satisfaction", "note", "state"),
    [
        ("solved", "satisfied", None, "closed"),
        ("solved", "unsatisfied", None, "closed"),
        ("solved", "unsatisfied", "修了又坏", "dispatched"),
        ("partly", "basically", None, "closed"),
        ("partly", "unsatisfied", None, "dispatched"),
        ("unsolved", "basically", None, "dispatched"),
        ("unreachable", "unknown", None, "callback"),
    ],
)
def test_what_an_answer_leads_to(
    rules: Rules, result: str, satisfaction: str, note: str | None, state: str
) -> None:
    case = in_callback(rules)
    answer = Answer(
        result=CallbackResult(result), satisfaction=Satisfaction(satisfaction), note=note
    )
    call_back(case, answer, Doing(now=NOW, actor=CLERK, policy="p"))
    assert case.ticket.state == state
    assert case.ticket.round == (2 if state == "dispatched" else 1)
    said = [type(each.fact).__name__ for each in case.facts]
    assert said[0] == "CalledBack"
    assert said[1:] == {"closed": ["Closed"], "dispatched": ["ReworkRequested"]}.get(state, [])
    assert [each.fact.seq for each in case.facts] == list(range(2, 2 + len(said)))


def test_the_third_try_ends_it(rules: Rules) -> None:
    case = in_callback(rules, tries=2)
    answer = Answer(result=CallbackResult.UNREACHABLE, satisfaction=Satisfaction.UNKNOWN)
    call_back(case, answer, Doing(now=NOW, actor=CLERK, policy="p"))
    assert case.ticket.state is TicketState.CLOSED


def test_nobody_reached_is_never_satisfied() -> None:
    with pytest.raises(InvalidError):
        Answer(result=CallbackResult.UNREACHABLE, satisfaction=Satisfaction.SATISFIED)


def test_reports_and_safety_go_on_ex_officio(rules: Rules) -> None:
    for fields, goes in (
        ({}, False),
        ({"type": TicketType.TIP_OFF}, True),
        ({"urgency": Urgency.CRITICAL}, True),
        ({"category": "2501"}, True),
        ({"category": "0205"}, False),
    ):
        case = opened(draft(request(**fields), rules), rules)
        assert goes_on(case, rules.catalogue) is goes, fields


def blown(whistle_id: UUID, *, seq: int = 1, round_: int = 1, lead: UUID) -> whistles.Blown:
    return whistles.Blown(
        seq=seq,
        actor=SYSTEM,
        whistle_id=whistle_id,
        ticket_ids=(TICKET,),
        round=round_,
        number="1",
        kind=WhistleKind.CITIZEN_DEMAND,
        urgency=Urgency.NORMAL,
        title="路灯",
        summary="路灯",
        place=Place(region="159902001001"),
        blown_by=BlownBy(unit="RXZX", level="city"),
        dispatched_by=SYSTEM,
        assignments=(
            Assignment(
                assignment_id=lead,
                unit=LEAD,
                relation=Relation.LEAD,
                acknowledge=due(4),
                resolve=due(40),
            ),
        ),
        trace=(),
    )


def of_unit(cls: Any, whistle_id: UUID, lead: UUID, state: AssignmentState, **more: Any) -> Any:
    return cls(
        seq=2,
        actor=SYSTEM,
        whistle_id=whistle_id,
        ticket_ids=(TICKET,),
        assignment_id=lead,
        unit=LEAD,
        relation=Relation.LEAD,
        state=state,
        received_at=NOW,
        **more,
    )


def heard(rules: Rules) -> Heard:
    return Heard(
        at=NOW,
        now=NOW,
        catalogue=rules.catalogue,
        policy="p",
        callback_dues=rules.callback_dues,
    )


def test_a_replaced_lead_sends_the_ticket_back_to_dispatched(rules: Rules) -> None:
    case, whistle, lead, other = opened(draft(request(), rules), rules), uuid4(), uuid4(), uuid4()
    hear(case, blown(whistle, lead=lead), heard(rules))
    acknowledged = of_unit(
        whistles.Acknowledged,
        whistle,
        lead,
        AssignmentState.ACKNOWLEDGED,
        late=False,
        handler=Handler(name="王工"),
    )
    hear(case, acknowledged, heard(rules))
    assert case.ticket.state is TicketState.PROCESSING
    returned = of_unit(
        rulings.UnitReturned,
        whistle,
        lead,
        AssignmentState.RETURNED,
        ruled_by=SYSTEM,
        reason="不属于职责",
    )
    hear(case, returned, heard(rules))
    assert case.promises[lead, DeadlineKind.RESOLVE, 1].state is PromiseState.CANCELLED
    offered = rulings.UnitOffered(
        seq=3,
        actor=SYSTEM,
        whistle_id=whistle,
        ticket_ids=(TICKET,),
        assignment=Assignment(assignment_id=other, unit="BH-SCJ", relation=Relation.LEAD),
    )
    hear(case, offered, heard(rules))
    assert case.ticket.state is TicketState.DISPATCHED
    assert {call.unit: call.state for call in case.calls.values()} == {
        LEAD: AssignmentState.RETURNED,
        "BH-SCJ": AssignmentState.OFFERED,
    }


def test_an_older_whistle_and_an_ended_ticket_are_told_but_not_moved(rules: Rules) -> None:
    case, old, new, lead = opened(draft(request(), rules), rules), uuid4(), uuid4(), uuid4()
    hear(case, blown(old, lead=lead), heard(rules))
    case.ticket = replace(case.ticket, round=2)
    hear(case, blown(new, round_=2, lead=uuid4()), heard(rules))
    before = case.ticket
    withdrawn = whistles.Withdrawn(
        seq=5, actor=SYSTEM, whistle_id=old, ticket_ids=(TICKET,), reason="重办"
    )
    hear(case, withdrawn, heard(rules))
    assert case.ticket == before
    case.ticket = replace(case.ticket, state=TicketState.WITHDRAWN, ended_at=NOW)
    before, lines = case.ticket, len(case.lines)
    hear(case, replace(withdrawn, whistle_id=new), heard(rules))
    hear(case, blown(uuid4(), round_=3, lead=uuid4()), heard(rules))
    assert case.ticket == before
    assert len(case.lines) == lines + 2


def test_a_whistle_taken_back_recalls_the_ticket(rules: Rules) -> None:
    case, whistle, lead = opened(draft(request(), rules), rules), uuid4(), uuid4()
    hear(case, blown(whistle, lead=lead), heard(rules))
    withdrawn = whistles.Withdrawn(
        seq=5, actor=SYSTEM, whistle_id=whistle, ticket_ids=(TICKET,), reason="派错"
    )
    hear(case, withdrawn, heard(rules))
    assert case.ticket.state is TicketState.REGISTERED
    assert case.calls[lead].state is AssignmentState.RELEASED


def test_a_street_s_own_whistle_about_a_ticket_is_told_and_moves_nothing(rules: Rules) -> None:
    case, own, other, lead = opened(draft(request(), rules), rules), uuid4(), uuid4(), uuid4()
    hear(case, blown(own, lead=uuid4()), heard(rules))
    before = case.ticket
    joint_matter = replace(blown(other, lead=lead), kind=WhistleKind.JOINT_ENFORCEMENT)
    about = {"seq": 5, "actor": SYSTEM, "whistle_id": other, "ticket_ids": (TICKET,)}
    resolved = of_unit(
        whistles.Resolved,
        other,
        lead,
        AssignmentState.DONE,
        late=False,
        final=True,
        review="none",
        result=Result.SOLVED,
        facts_true=FactsTrue.YES,
        public_reply="已清理",
        measures="已清理",
    )
    again = DueChange(assignment_id=lead, unit=LEAD, kind=DeadlineKind.RESOLVE, due=due(20))
    for fact in (
        joint_matter,
        resolved,
        joint.AcceptanceFailed(**about, changes=(again,), reason="仍有占道", units=(LEAD,)),
        joint.Accepted(**about, words="到位"),
        whistles.Closed(**about),
    ):
        hear(case, fact, heard(rules))
        assert case.ticket == before, type(fact)
    assert [line.zh for line in case.lines][-3:] == [
        "联合验收未通过，继续办理：仍有占道",
        "联合验收通过",
        "相关哨单办理结束",
    ]
