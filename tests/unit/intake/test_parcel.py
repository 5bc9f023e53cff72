"""The way of a parcel: which steps are past, in progress, ahead; who, when, until when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.intake.domain.case import Call, Line
from services.intake.domain.parcel import Parcel, StepKind, StepState, Story, parcel
from services.intake.domain.parcel_lines import TOLD, plain_lines
from services.intake.domain.promises import Promise, PromiseState
from services.intake.domain.ticket import ENDED, WHISTLED, Ticket, TicketState
from shared.contracts.parts import AssignmentState, DeadlineKind, Place
from shared.contracts.values import Channel, Due, Relation, TicketType, Urgency

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
TICKET, WHISTLE, PART = (UUID(int=n) for n in (1, 2, 3))
K, S = StepKind, StepState
NAMES = {"SZZ": "市政养护中心", "GD": "供电公司"}


def ticket(state: TicketState, **more: Any) -> Ticket:
    made = Ticket(
        ticket_id=TICKET,
        number="1599202611210000012",
        state=state,
        seq=3,
        round=1,
        channel=Channel.ONE_TAP,
        type=TicketType.HELP,
        urgency=Urgency.NORMAL,
        category="0205",
        title="路灯不亮",
        summary="路灯不亮",
        place=Place(no_location=True),
        line=None,
        choice="grid",
        source=None,
        confidential=False,
        contactable=True,
        hard_case=False,
        registered_at=NOW,
        whistle_id=WHISTLE if state in WHISTLED else None,
        ended_at=NOW if state in ENDED else None,
        history_hash=b"",
    )
    return replace(made, **more)


def line(what: str, zh: str = "", *, who: str = "系统", minutes: int = 1) -> Line:
    return Line(ticket_id=TICKET, at=NOW + timedelta(minutes=minutes), who=who, what=what, zh=zh)


def promise(kind: DeadlineKind, *, hours: int, **more: Any) -> Promise:
    due = Due(by=NOW + timedelta(hours=hours), rule="4wh", started_at=NOW, calendar="c", policy="p")
    own = kind in {DeadlineKind.DISPATCH, DeadlineKind.CITIZEN, DeadlineKind.CALLBACK}
    made = Promise(
        ticket_id=TICKET,
        owner_id=TICKET if own else PART,
        kind=kind,
        round=1,
        due=due,
        unit=None if own else "SZZ",
    )
    return replace(made, **more)


def call(unit: str = "SZZ", **more: Any) -> Call:
    made = Call(
        ticket_id=TICKET,
        assignment_id=PART,
        whistle_id=WHISTLE,
        unit=unit,
        relation=Relation.LEAD,
        state=AssignmentState.WORKING,
    )
    return replace(made, **more)


BLOWN = line("blown", "已派单：市政养护中心（主办）", minutes=10)
TAKEN = line("acknowledged", "市政养护中心已签收", who="市政养护中心", minutes=30)
DONE = line(
    "resolved", "市政养护中心办结：已解决。答复：灯已换好。", who="市政养护中心", minutes=90
)
ASKED = line("callback_opened", minutes=91)
PROMISES = (
    promise(DeadlineKind.DISPATCH, hours=2),
    promise(DeadlineKind.ACKNOWLEDGE, hours=5),
    promise(DeadlineKind.RESOLVE, hours=24),
    promise(DeadlineKind.CITIZEN, hours=30),
    promise(DeadlineKind.CALLBACK, hours=60),
)


def told(state: TicketState, *lines: Line, **more: Any) -> Parcel:
    """The way of a ticket in that state with these lines after its first."""
    calls = (call(),) if state in WHISTLED else ()
    made = {"promises": PROMISES, "calls": calls, "names": NAMES, "ticket": ticket(state)}
    return parcel(Story(lines=(line("registered", minutes=0), *lines), **{**made, **more}))


def kinds(way: Parcel) -> list[tuple[StepKind, StepState]]:
    return [(step.kind, step.state) for step in way.steps]


def test_registered_waits_for_a_unit_until_it_must_be_dispatched() -> None:
    way = told(TicketState.REGISTERED)
    assert kinds(way) == [
        (K.RECEIVED, S.PAST), (K.ASSIGNED, S.NOW), (K.WORKING, S.AHEAD), (K.DONE, S.AHEAD),
        (K.RATE, S.AHEAD),
    ]  # fmt: skip
    assert way.now.until == NOW + timedelta(hours=2)
    assert way.steps[0].at == NOW


def test_dispatched_names_the_unit_that_must_take_it() -> None:
    way = told(TicketState.DISPATCHED, BLOWN)
    assert kinds(way)[1:3] == [(K.ASSIGNED, S.PAST), (K.TAKING, S.NOW)]
    assert way.steps[1].who == ("市政养护中心",)
    assert way.steps[1].at == BLOWN.at
    assert way.now.until == NOW + timedelta(hours=5)


def test_processing_promises_until_the_lead_must_resolve() -> None:
    assisting = promise(DeadlineKind.RESOLVE, hours=90, owner_id=UUID(int=9), unit="GD")
    way = told(TicketState.PROCESSING, BLOWN, TAKEN, promises=(*PROMISES, assisting))
    assert (way.now.kind, way.now.at) == (K.WORKING, TAKEN.at)
    assert way.now.until == NOW + timedelta(hours=24)
    assert not way.now.late


def test_what_was_not_kept_is_told() -> None:
    late = promise(DeadlineKind.RESOLVE, hours=1, state=PromiseState.MISSED)
    way = told(TicketState.PROCESSING, BLOWN, TAKEN, promises=(late,))
    assert way.now.late


def test_without_a_units_promise_the_citizens_own_is_told() -> None:
    citizen = promise(DeadlineKind.CITIZEN, hours=30)
    way = told(TicketState.PROCESSING, BLOWN, TAKEN, promises=(citizen,))
    assert way.now.until == citizen.due.by


def test_suspended_says_why_in_place_of_working() -> None:
    why = line("suspended", "暂缓办理，原因：冻土；1月5日前复查", minutes=50)
    way = told(TicketState.SUSPENDED, BLOWN, TAKEN, why)
    assert (way.now.kind, way.now.text) == (K.PAUSED, why.zh)
    assert K.WORKING not in [step.kind for step in way.steps]


def test_the_reply_stands_by_done_and_the_person_is_asked() -> None:
    way = told(TicketState.CALLBACK, BLOWN, TAKEN, DONE, ASKED)
    done = next(step for step in way.steps if step.kind is K.DONE)
    assert (done.state, done.text) == (S.PAST, "灯已换好。")
    assert way.now.kind is K.RATE
    assert way.now.until == NOW + timedelta(hours=60)


def test_an_assisting_units_part_is_not_the_end() -> None:
    part = line("resolved", "供电公司已完成协办部分：已解决", who="供电公司", minutes=40)
    way = told(TicketState.PROCESSING, BLOWN, TAKEN, part)
    assert (K.DONE, S.AHEAD) in kinds(way)


def test_a_review_keeps_done_in_progress() -> None:
    assert told(TicketState.RESOLVED, BLOWN, TAKEN, DONE).now.kind is K.DONE


def test_closed_is_all_past_with_what_the_person_said() -> None:
    said = line("called_back", "回访结果：已解决，满意度：满意", minutes=100)
    way = told(TicketState.CLOSED, BLOWN, TAKEN, DONE, ASKED, said, line("closed", minutes=101))
    assert {state for _, state in kinds(way)} == {S.PAST}
    assert len(way.steps) == 6
    assert way.ended
    archived = told(
        TicketState.ARCHIVED, BLOWN, TAKEN, DONE, ASKED, said, line("closed", minutes=101)
    )
    assert kinds(archived) == kinds(way)


def test_a_rework_shows_the_newest_round_alone() -> None:
    again = line("rework_requested", minutes=120)
    sent = line("blown", minutes=130)
    way = told(
        TicketState.DISPATCHED,
        BLOWN, TAKEN, DONE, ASKED, again, sent,
        ticket=ticket(TicketState.DISPATCHED, round=2),
    )  # fmt: skip
    assert way.round == 2
    assert way.steps[1].at == sent.at
    assert all(step.text is None for step in way.steps)
    assert way.now.kind is K.TAKING


def test_the_unit_that_took_over_leads() -> None:
    gone = call(state=AssignmentState.RETURNED)
    new = call("GD", assignment_id=UUID(int=8), state=AssignmentState.OFFERED)
    moved = line("unit_offered", "已改派：供电公司（主办）", minutes=60)
    way = told(TicketState.DISPATCHED, BLOWN, moved, calls=(gone, new))
    assert way.now.who == ("供电公司",)
    assert way.steps[1].at == moved.at


def test_what_is_missing_is_told() -> None:
    asked = line("info_requested", "请补充：哪一盏灯", minutes=5)
    way = told(TicketState.PENDING_INFO, asked)
    assert (way.now.kind, way.now.text) == (K.SUPPLY, asked.zh)
    assert len(way.steps) == 6


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (TicketState.ANSWERED, K.ANSWERED),
        (TicketState.TRANSFERRED, K.TRANSFERRED),
        (TicketState.REJECTED, K.REJECTED),
        (TicketState.WITHDRAWN, K.WITHDRAWN),
        (TicketState.VOIDED, K.VOIDED),
        (TicketState.MERGED, K.MERGED),
    ],
)
def test_other_ends_come_after_what_had_happened(state: TicketState, kind: StepKind) -> None:
    end = line(state.value, "说明", minutes=40)
    assert kinds(told(state, end))[-1][0] is kind
    assert told(state, end).steps[-1].at == end.at
    if state is not TicketState.MERGED:
        way = told(state, BLOWN, TAKEN, end)
        assert [each for each, _ in kinds(way)] == [K.RECEIVED, K.ASSIGNED, K.WORKING, kind]
        archived = told(TicketState.ARCHIVED, BLOWN, TAKEN, end)
        assert kinds(archived) == kinds(way)


@pytest.mark.parametrize("state", list(TicketState))
def test_every_state_has_two_to_six_steps_and_words(state: TicketState) -> None:
    way = told(state)
    assert 2 <= len(way.steps) <= 6
    assert way.now.state is not S.AHEAD


def test_lines_are_told_without_jargon_newest_first() -> None:
    lines = plain_lines(
        [
            line("registered", "诉求已登记（一键报事）", minutes=0),
            line("whistled", "x", minutes=1),
            line("blown", "已派单：市政养护中心（主办）、滨河街道（知会）", minutes=2),
            line("disclosed", "市政养护中心查看了联系方式", minutes=3),
            line("supplemented", "补充：工单写错了", who="诉求人", minutes=4),
            line("rung_climbed", "办结超时，已升级督办（3级）", minutes=5),
        ]
    )
    assert [each.what for each in lines] == ["rung_climbed", "supplemented", "blown", "registered"]
    assert lines[2].text == "已派单：市政养护中心（负责）、滨河街道（知晓）"
    assert lines[1].text == "补充：工单写错了"  # the person's own words stay
    assert lines[1].own
    assert lines[0].told
    assert {"acknowledged", "rework_requested"} <= TOLD
