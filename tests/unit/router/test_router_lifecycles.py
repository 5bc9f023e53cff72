"""The tables of DOMAIN §3 are the lifecycles: every row is there and nothing else is allowed."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.assignment import (
    ASSIGNMENT,
    BACK,
    FINISHED,
    GONE,
    INTERRUPTED,
    AssignmentCommand,
    moved,
)
from services.router.domain.reports.judgement import JUDGED
from services.router.domain.whistle import ENDED, WHISTLE, WhistleCommand
from services.router.domain.words import COMMAND_ZH, STATE_ZH, WHISTLE_ZH, not_allowed
from shared.contracts.parts import AssignmentState, WhistleState
from shared.contracts.topics import UNIT_REPORTS
from shared.lifecycle import IllegalMoveError
from tests.unit.router.samples import blown

C, S = AssignmentCommand, AssignmentState

# DOMAIN §3: command, the states it may be given in, what it leads to (None: the state stays)
ROWS: list[tuple[AssignmentCommand, set[AssignmentState], AssignmentState | None]] = [
    (C.ACKNOWLEDGE, {S.OFFERED}, S.ACKNOWLEDGED),
    (C.DEEM_ACKNOWLEDGED, {S.OFFERED}, S.ACKNOWLEDGED),
    (C.CONFIRM, {S.ACKNOWLEDGED}, None),
    (C.CONTACT, {S.ACKNOWLEDGED, S.ARRIVED, S.WORKING}, None),
    (C.DEPART, {S.ACKNOWLEDGED, S.WORKING}, None),
    (C.HAND_OVER, {S.ACKNOWLEDGED, S.ARRIVED, S.WORKING}, None),
    (C.ARRIVE, {S.ACKNOWLEDGED}, S.ARRIVED),
    (C.ARRIVE, {S.WORKING}, None),
    (C.PROGRESS, {S.ACKNOWLEDGED, S.ARRIVED, S.WORKING}, S.WORKING),
    (
        C.REQUEST_RETURN,
        {S.OFFERED, S.ACKNOWLEDGED, S.ARRIVED, S.WORKING},
        S.RETURN_REQUESTED,
    ),
    (C.GRANT_RETURN, {S.RETURN_REQUESTED, S.DISPUTED}, S.RETURNED),
    (C.BACK_TO_OFFERED, {S.RETURN_REQUESTED, S.DISPUTED}, S.OFFERED),
    (C.BACK_TO_ACKNOWLEDGED, {S.RETURN_REQUESTED, S.DISPUTED, S.PAUSED}, S.ACKNOWLEDGED),
    (C.BACK_TO_ARRIVED, {S.RETURN_REQUESTED, S.DISPUTED, S.PAUSED}, S.ARRIVED),
    (C.BACK_TO_WORKING, {S.RETURN_REQUESTED, S.DISPUTED, S.PAUSED}, S.WORKING),
    (C.DISPUTE, {S.OFFERED, S.ACKNOWLEDGED, S.ARRIVED, S.WORKING}, S.DISPUTED),
    (C.REQUEST_EXTENSION, {S.ACKNOWLEDGED, S.ARRIVED, S.WORKING}, None),
    (C.REQUEST_SUSPENSION, {S.ACKNOWLEDGED, S.ARRIVED, S.WORKING}, None),
    (C.REQUEST_ASSISTING, {S.ACKNOWLEDGED, S.ARRIVED, S.WORKING}, None),
    (C.REQUEST_RELEASE, {S.ACKNOWLEDGED, S.ARRIVED, S.WORKING}, None),
    (C.SUSPEND, {S.ACKNOWLEDGED, S.ARRIVED, S.WORKING}, S.PAUSED),
    (C.RESOLVE, {S.ACKNOWLEDGED, S.ARRIVED, S.WORKING}, S.DONE),
    (C.REJECT_REVIEW, {S.DONE}, S.WORKING),
    (C.FAIL_ACCEPTANCE, {S.DONE}, S.WORKING),
    (
        C.RELEASE,
        {S.OFFERED, S.ACKNOWLEDGED, S.ARRIVED, S.WORKING}
        | {S.RETURN_REQUESTED, S.DISPUTED, S.PAUSED},
        S.RELEASED,
    ),
]

WC, WS = WhistleCommand, WhistleState
WHISTLE_ROWS = [
    (WC.BLOW, {WS.HELD}, WS.OPEN),
    (WC.SUPPLEMENT, {WS.HELD, WS.OPEN}, None),
    (WC.ADD_ASSISTING, {WS.OPEN}, None),
    (WC.TAKE_OVER, {WS.OPEN, WS.AWAITING_ACCEPTANCE}, None),
    (WC.CONSULT, {WS.OPEN}, None),
    (WC.NOTE_EFFORT, {WS.OPEN, WS.AWAITING_ACCEPTANCE}, None),
    (WC.LINK_TICKET, {WS.HELD, WS.OPEN}, None),
    (WC.HAND_OVER, {WS.HELD}, None),
    (WC.EVALUATE, {WS.ACCEPTED}, None),
    (WC.REJECT_REVIEW, {WS.OPEN, WS.AWAITING_ACCEPTANCE}, WS.OPEN),
    (WC.FINISH, {WS.OPEN}, WS.AWAITING_ACCEPTANCE),
    (WC.ACCEPT, {WS.AWAITING_ACCEPTANCE}, WS.ACCEPTED),
    (WC.FAIL_ACCEPTANCE, {WS.AWAITING_ACCEPTANCE}, WS.OPEN),
    (WC.CLOSE, {WS.OPEN, WS.ACCEPTED}, WS.CLOSED),
    (WC.WITHDRAW, {WS.HELD, WS.OPEN, WS.AWAITING_ACCEPTANCE}, WS.WITHDRAWN),
]


def test_the_assignment_table_is_that_of_the_domain() -> None:
    wanted = {(s, c, after or s) for c, states, after in ROWS for s in states}
    assert set(ASSIGNMENT.moves()) == wanted


def test_the_whistle_table_is_that_of_the_domain() -> None:
    wanted = {(s, c, after or s) for c, states, after in WHISTLE_ROWS for s in states}
    assert set(WHISTLE.moves()) == wanted


def test_every_command_stands_in_a_table_and_has_words() -> None:
    assert {c for _, c, _ in ASSIGNMENT.moves()} == set(AssignmentCommand)
    assert {c for _, c, _ in WHISTLE.moves()} == set(WhistleCommand)
    assert set(COMMAND_ZH) == set(AssignmentCommand)
    assert set(STATE_ZH) == set(AssignmentState)
    assert set(WHISTLE_ZH) == set(WhistleState)


def test_every_state_is_reached_and_only_ends_are_left_by_nothing() -> None:
    reached = {after for _, _, after in ASSIGNMENT.moves()} | {S.OFFERED}
    assert reached == set(AssignmentState)
    assert {s for s in AssignmentState if not ASSIGNMENT.commands(s)} == GONE
    assert {s for s in WhistleState if not WHISTLE.commands(s)} == ENDED
    assert GONE < FINISHED


@pytest.mark.parametrize(
    ("state", "command"),
    [
        (s, c)
        for s, c in itertools.product(AssignmentState, AssignmentCommand)
        if not ASSIGNMENT.allows(s, c)
    ],
)
def test_what_is_not_in_the_table_is_refused_in_words(
    state: AssignmentState, command: AssignmentCommand
) -> None:
    with pytest.raises(IllegalMoveError):
        ASSIGNMENT.next(state, command)
    zh, en = not_allowed(state, command)
    assert STATE_ZH[state] in zh
    assert command.value in en


def test_every_report_of_the_contract_is_judged() -> None:
    assert set(UNIT_REPORTS.events) == JUDGED


@given(st.lists(st.sampled_from(list(AssignmentCommand)), max_size=12))
def test_an_interrupted_assignment_always_knows_where_it_goes_back_to(
    commands: list[AssignmentCommand],
) -> None:
    part = blown().assignments[0]
    for command in commands:
        if ASSIGNMENT.allows(part.state, command):
            part = moved(part, command)
        assert (part.back_to is not None) == (part.state in INTERRUPTED)
        if part.back_to is not None:
            assert ASSIGNMENT.allows(part.state, BACK[part.back_to])
