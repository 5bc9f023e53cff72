"""The verbs of a ticket without any server: asking, settling, merging, reopening."""

import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.intake.domain import asking, follow_up, merging, reopening, settle
from services.intake.domain.case import Call, Case
from services.intake.domain.doing import Doing
from services.intake.domain.promises import PromiseState, missed
from services.intake.domain.registration import Rules, draft, open_ticket
from services.intake.domain.request import AskedPlace, Request
from services.intake.domain.settle import Answer, Article, Settlements, Transfer, read_settlements
from services.intake.domain.ticket import TicketState
from shared.calendar import WorkCalendar
from shared.catalogue.gazetteer import Gazetteer
from shared.catalogue.load import load_catalogue
from shared.catalogue.load_limits import load_time_limits
from shared.contracts import tickets
from shared.contracts.parts import Actor, AssignmentState, DeadlineKind, Role
from shared.contracts.values import Channel, Relation, TicketType, Urgency
from shared.errors import ConflictError, InvalidError

NOW = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai, a working Monday
HOUR = timedelta(hours=1)
_S = TicketState


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


@pytest.fixture(scope="module")
def settlements() -> Settlements:
    path = Path(__file__).parents[3] / "services/intake/settlements.toml"
    return read_settlements(tomllib.loads(path.read_text("utf-8")))


def opened(rules: Rules, *, number: int = 1, **fields: Any) -> Case:
    wanted = {
        "channel": Channel.HOTLINE,
        "description": "楼下的路灯已经三天不亮了，请来修。",
        "place": AskedPlace(region="159902001001"),
        **fields,
    }
    return open_ticket(
        draft(Request(**wanted), rules),
        ticket_id=UUID(int=number),
        running=number,
        now=NOW,
        actor=Actor(role=Role.OPERATOR),
        rules=rules,
        same_caller_30d=0,
        history_hash=b"",
        traceparent=None,
    )


def doing(rules: Rules, *, at: datetime = NOW, role: Role = Role.OPERATOR) -> Doing:
    return Doing(now=at, actor=Actor(role=role), policy=rules.policy)


def said(case: Case) -> tickets.TicketFact:
    """The last fact."""
    return case.facts[-1].fact


def state_of(case: Case, kind: DeadlineKind) -> PromiseState:
    own = case.own(kind)
    assert own is not None
    return own.state


def refused(code: str, command: Callable[[], object]) -> ConflictError:
    with pytest.raises(ConflictError) as caught:
        command()
    assert caught.value.code == code
    return caught.value


# Asking


def test_the_dispatch_limit_keeps_what_was_left_and_the_citizens_clock_runs(rules: Rules) -> None:
    case = opened(rules)
    request = asking.ask(
        case, ("哪一盏", "从哪天起"), doing(rules, at=NOW + HOUR), rules, asked=False
    )
    assert case.ticket.state is _S.PENDING_INFO
    assert said(case) == tickets.InfoRequested(
        seq=2,
        actor=Actor(role=Role.OPERATOR),
        policy=rules.policy,
        ticket_id=case.ticket.ticket_id,
        missing=("哪一盏", "从哪天起"),
        dispatch_waits=True,
    )
    assert state_of(case, DeadlineKind.DISPATCH) is PromiseState.PAUSED
    assert state_of(case, DeadlineKind.CITIZEN) is PromiseState.RUNNING
    tomorrow = NOW + timedelta(days=1)
    due = asking.supplied(case, doing(rules, at=tomorrow), rules, request)
    assert due is not None
    assert (due.rule, due.by) == ("2wh*0.5", tomorrow + HOUR)
    assert case.ticket.state is _S.REGISTERED
    assert state_of(case, DeadlineKind.DISPATCH) is PromiseState.RUNNING


@pytest.mark.parametrize("urgency", [Urgency.URGENT, Urgency.CRITICAL])
def test_urgent_matters_do_not_wait_for_an_answer(rules: Rules, urgency: Urgency) -> None:
    case = opened(rules, urgency=urgency)
    request = asking.ask(case, ("几号楼",), doing(rules), rules, asked=False)
    assert request.dispatch_share is None
    assert state_of(case, DeadlineKind.DISPATCH) is PromiseState.RUNNING
    assert asking.supplied(case, doing(rules), rules, request) is None


def test_a_missed_limit_stays_missed_whatever_is_asked(rules: Rules) -> None:
    case = opened(rules)
    own = case.own(DeadlineKind.DISPATCH)
    assert own is not None
    case.promise(missed(own, own.due))
    request = asking.ask(case, ("几号楼",), doing(rules, at=NOW + 9 * HOUR), rules, asked=False)
    assert asking.supplied(case, doing(rules), rules, request) is None
    assert state_of(case, DeadlineKind.DISPATCH) is PromiseState.MISSED


def test_a_person_is_asked_once(rules: Rules) -> None:
    case = opened(rules)
    refused("asked_already", lambda: asking.ask(case, ("几号楼",), doing(rules), rules, asked=True))
    assert case.ticket.state is _S.REGISTERED


# Settling


def test_the_citys_lists_name_the_emergencies_and_the_lawful_ways(
    settlements: Settlements,
) -> None:
    codes = {"110", "119", "120", "122", "court", "arbitration", "discipline", "petition"}
    assert codes <= set(settlements.targets)
    assert settlements.rejections
    assert settlements.voidings
    for each in settlements.targets.values():
        assert all((each.zh, each.en, each.way_zh, each.way_en))


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"transfer": {}, "reject": {}, "void": {}, "more": {}},
        {"transfer": {"110": {"kind": "x"}}, "reject": {}, "void": {}},
        {"transfer": {}, "reject": {"a": {"zh": "甲"}}, "void": {}},
    ],
)
def test_a_wrong_list_is_refused(table: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        read_settlements(table)


def test_an_answer_needs_an_article_unless_asked_or_praised(rules: Rules) -> None:
    for type_ in TicketType:
        case = opened(rules, type=type_)
        answer = Answer(text="三日内来修")
        if type_ in {TicketType.CONSULT, TicketType.PRAISE}:
            settle.end(case, answer, doing(rules), rules)
        else:
            with pytest.raises(InvalidError):
                settle.end(case, answer, doing(rules), rules)
            article = Article(article_id=UUID(int=1), version=3)
            settle.end(case, replace(answer, article=article), doing(rules), rules)
            fact = said(case)
            assert isinstance(fact, tickets.Answered)
            assert (fact.article, fact.article_version) == (str(UUID(int=1)), 3)
        assert case.ticket.state is _S.ANSWERED
        assert case.ticket.ended_at == NOW
        assert state_of(case, DeadlineKind.CITIZEN) is PromiseState.MET
        assert state_of(case, DeadlineKind.DISPATCH) is PromiseState.CANCELLED
        assert "三日内来修" in case.lines[-1].zh


def test_a_transfer_tells_the_way(rules: Rules, settlements: Settlements) -> None:
    fire, court = opened(rules), opened(rules)
    settle.end(fire, Transfer(target=settlements.target("119")), doing(rules), rules)
    settle.end(
        court, Transfer(target=settlements.target("court"), note="已立案"), doing(rules), rules
    )
    assert (fire.ticket.state, court.ticket.state) == (_S.TRANSFERRED, _S.TRANSFERRED)
    assert fire.lines[-1].zh.startswith("已转119 消防救援。")
    assert "已立案" in court.lines[-1].zh
    assert "12368" in court.lines[-1].zh
    with pytest.raises(InvalidError) as caught:
        settlements.target("911")
    assert caught.value.errors[0].field == "to"


def test_a_rejection_is_appealed_once(rules: Rules, settlements: Settlements) -> None:
    case = opened(rules)
    lead = doing(rules, role=Role.SHIFT_LEAD)
    settle.reject(case, settlements.rejection("unclear"), "三次联系无果", lead, rules)
    assert case.ticket.state is _S.REJECTED
    assert state_of(case, DeadlineKind.CITIZEN) is PromiseState.CANCELLED
    later = doing(rules, at=NOW + 5 * HOUR)
    due = settle.appeal(case, "写明了地点", later, rules, appealed=False)
    assert case.ticket.state is _S.REGISTERED
    assert case.ticket.ended_at is None
    assert said(case) == tickets.Appealed(
        seq=3,
        actor=Actor(role=Role.OPERATOR),
        policy=rules.policy,
        ticket_id=case.ticket.ticket_id,
        dispatch_by=due,
    )
    assert state_of(case, DeadlineKind.CITIZEN) is PromiseState.RUNNING
    dispatch = case.own(DeadlineKind.DISPATCH)
    assert dispatch is not None
    assert (dispatch.state, dispatch.due) == (PromiseState.RUNNING, due)
    settle.reject(case, settlements.rejection("unclear"), None, lead, rules)
    refused("appealed_already", lambda: settle.appeal(case, "再看", later, rules, appealed=True))


def test_only_what_nobody_was_called_for_is_voided(rules: Rules, settlements: Settlements) -> None:
    case, reason = opened(rules), settlements.voiding("test")
    settle.void(case, reason, None, doing(rules, role=Role.SHIFT_LEAD), rules)
    assert case.ticket.state is _S.VOIDED
    called = at(opened(rules), _S.DISPATCHED)
    refused("conflict", lambda: settle.void(called, reason, None, doing(rules), rules))


# Merging


def at(case: Case, state: TicketState, **changes: Any) -> Case:
    """The case with its ticket in that state, whistled where it must be."""
    ended = {"ended_at": NOW} if state in {_S.CLOSED, _S.WITHDRAWN} else {}
    case.ticket = replace(case.ticket, state=state, whistle_id=uuid4(), **ended, **changes)
    return case


def pair(rules: Rules, **fields: Any) -> tuple[Case, Case]:
    return opened(rules, number=1, **fields), opened(rules, number=2)


def test_a_merged_ticket_follows_and_is_told_of(rules: Rules) -> None:
    child, parent = pair(rules)
    merging.merge(child, parent, doing(rules), rules)
    assert child.ticket.state is _S.MERGED
    fact = said(child)
    assert isinstance(fact, tickets.Merged)
    assert fact.into == parent.ticket.ticket_id
    assert parent.ticket.number in child.lines[-1].zh
    assert child.ticket.number in parent.lines[-1].zh
    assert state_of(child, DeadlineKind.CITIZEN) is PromiseState.CANCELLED
    merging.undo(child, parent.ticket.ticket_id, doing(rules))
    assert child.ticket.state is _S.REGISTERED
    assert state_of(child, DeadlineKind.CITIZEN) is PromiseState.RUNNING


@pytest.mark.parametrize("state", sorted(TicketState))
def test_only_an_open_ticket_is_followed(rules: Rules, state: TicketState) -> None:
    child, parent = pair(rules)
    at(parent, state)
    if state in merging.PARENTS:
        merging.merge(child, parent, doing(rules), rules)
        return
    with pytest.raises(InvalidError) as caught:
        merging.merge(child, parent, doing(rules), rules)
    assert caught.value.errors[0].field == "into"


def test_what_is_confidential_is_neither_merged_nor_linked(rules: Rules) -> None:
    child, parent = pair(rules, type=TicketType.TIP_OFF)
    for a, b in ((child, parent), (parent, child)):
        for command in (merging.merge, merging.link):
            with pytest.raises(InvalidError):
                command(a, b, doing(rules), rules)


def test_a_ticket_is_not_merged_into_itself(rules: Rules) -> None:
    case = opened(rules)
    with pytest.raises(InvalidError):
        merging.merge(case, case, doing(rules), rules)


def test_what_a_unit_has_taken_is_the_dispatchers_to_merge(rules: Rules) -> None:
    child, parent = pair(rules)
    at(child, _S.PROCESSING)
    refused("dispatcher_merges", lambda: merging.merge(child, parent, doing(rules), rules))
    merging.merge(child, parent, doing(rules, role=Role.DISPATCHER), rules)
    assert child.ticket.state is _S.MERGED


@pytest.mark.parametrize(
    ("lead", "state"),
    [
        (None, _S.REGISTERED),
        (AssignmentState.RELEASED, _S.REGISTERED),
        (AssignmentState.OFFERED, _S.DISPATCHED),
        (AssignmentState.WORKING, _S.PROCESSING),
        (AssignmentState.PAUSED, _S.SUSPENDED),
        (AssignmentState.DONE, _S.RESOLVED),
    ],
)
def test_an_undone_merge_goes_on_where_its_own_whistle_stands(
    rules: Rules, lead: AssignmentState | None, state: TicketState
) -> None:
    case = at(opened(rules), _S.MERGED)
    whistle_id = case.ticket.whistle_id
    assert whistle_id is not None
    if lead is not None:
        case.call(
            Call(
                ticket_id=case.ticket.ticket_id,
                assignment_id=uuid4(),
                whistle_id=whistle_id,
                unit="BH-CGJ",
                relation=Relation.LEAD,
                state=lead,
            )
        )
    merging.undo(case, UUID(int=2), doing(rules))
    assert case.ticket.state is state


# Following up


def test_a_supplement_says_how_the_dispatch_limit_runs_on(rules: Rules) -> None:
    case = opened(rules)
    due = rules.dispatch_by(Urgency.NORMAL, NOW)
    follow_up.supplement(case, "南门外", doing(rules), dispatch_by=due)
    fact = said(case)
    assert isinstance(fact, tickets.Supplemented)
    assert (fact.text, fact.dispatch_by) == ("南门外", due)


def test_a_merged_ticket_may_be_withdrawn(rules: Rules) -> None:
    case = at(opened(rules), _S.MERGED)
    follow_up.withdraw(case, doing(rules, role=Role.CITIZEN), rules.catalogue)
    assert case.ticket.state is _S.WITHDRAWN


# Reopening


def test_a_closed_ticket_is_reopened_within_the_term_once(rules: Rules) -> None:
    term = timedelta(days=15)
    case = at(opened(rules), _S.CLOSED)
    on_time = doing(rules, at=NOW + term, role=Role.CITIZEN)
    late = doing(rules, at=NOW + term + HOUR, role=Role.CITIZEN)
    refused("too_late", lambda: reopening.reopen(case, "又坏", late, within=term, reopened=False))
    refused(
        "once_only", lambda: reopening.reopen(case, "又坏", on_time, within=term, reopened=True)
    )
    reopening.reopen(case, "又坏了", on_time, within=term, reopened=False)
    assert (case.ticket.state, case.ticket.round, case.ticket.ended_at) == (_S.DISPATCHED, 2, None)
    fact = said(case)
    assert isinstance(fact, tickets.Reopened)
    assert (fact.round, fact.reason) == (2, "又坏了")


def test_the_archive_keeps_when_it_ended(rules: Rules) -> None:
    case = at(opened(rules), _S.CLOSED)
    reopening.archive(case, doing(rules, at=NOW + timedelta(days=30), role=Role.SYSTEM))
    assert (case.ticket.state, case.ticket.ended_at) == (_S.ARCHIVED, NOW)
