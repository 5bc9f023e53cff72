"""The lifecycle of a ticket: its table, and that the database refuses the same states."""

import re
from pathlib import Path

import pytest

from services.intake.domain.case import STATE_ZH
from services.intake.domain.promises import PromiseState
from services.intake.domain.ticket import (
    ENDED,
    LIFECYCLE,
    WHISTLED,
    Command,
    TicketState,
)
from shared.contracts.parts import AssignmentState
from shared.contracts.values import Channel, Relation, TicketType, Urgency
from shared.lifecycle import IllegalMoveError

SQL = (Path(__file__).parents[3] / "services/intake/sql/migrations/0001_intake.sql").read_text(
    "utf-8"
)


def test_every_state_is_reached_and_every_command_is_used() -> None:
    reached = {TicketState.DRAFT} | {after for _, _, after in LIFECYCLE.moves()}
    assert reached == set(TicketState)
    assert {command for _, command, _ in LIFECYCLE.moves()} == set(Command)
    assert set(STATE_ZH) == set(TicketState)


def test_what_has_ended_moves_no_more_but_to_the_archive() -> None:
    onward = {
        (state, command)
        for state, command, after in LIFECYCLE.moves()
        if state in ENDED and after not in ENDED
    }
    assert onward == {
        (TicketState.CLOSED, Command.REOPEN),
        (TicketState.REJECTED, Command.APPEAL),
    }


def test_an_illegal_move_is_refused() -> None:
    with pytest.raises(IllegalMoveError):
        LIFECYCLE.next(TicketState.CLOSED, Command.DISPATCH)


def _check(pattern: str) -> set[str]:
    found = re.search(pattern + r" in \(([^)]*)\)", SQL)
    assert found is not None, pattern
    return set(re.findall(r"'(\w+)'", found[1]))


def test_the_database_knows_the_same_states() -> None:
    assert _check(r"state text not null check \(state") == set(TicketState)
    assert _check(r"\(ended_at is not null\) = \(state") == ENDED
    assert _check(r"whistle_id is not null or state not") == WHISTLED
    assert _check(r"channel text not null check \(channel") == set(Channel)
    assert _check(r"type text not null check \(type") == set(TicketType)
    assert _check(r"urgency text not null check \(urgency") == set(Urgency)
    assert _check(r"relation text not null check \(relation") == set(Relation)
    table = SQL[SQL.index("create table promise") :]
    assert set(
        re.findall(r"'(\w+)'", table[table.index("state text") : table.index("due_by")])
    ) == {*PromiseState}
    table = SQL[SQL.index("create table unit_call") :]
    states = table[table.index("state text") : table.index("primary key")]
    assert set(re.findall(r"'(\w+)'", states)) == set(AssignmentState)
