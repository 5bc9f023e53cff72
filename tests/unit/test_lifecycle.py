"""A lifecycle table refuses what is not in it."""

from enum import StrEnum

import pytest

from shared.lifecycle import IllegalMoveError, Lifecycle


class Door(StrEnum):
    OPEN = "open"
    SHUT = "shut"


class Act(StrEnum):
    CLOSE = "close"
    OPEN = "open"


DOORS = Lifecycle({(Door.OPEN, Act.CLOSE): Door.SHUT, (Door.SHUT, Act.OPEN): Door.OPEN})


def test_a_move_of_the_table_is_made():
    assert DOORS.next(Door.OPEN, Act.CLOSE) is Door.SHUT


def test_a_move_outside_the_table_is_refused_with_state_and_command():
    with pytest.raises(IllegalMoveError) as refusal:
        DOORS.next(Door.SHUT, Act.CLOSE)
    assert (refusal.value.state, refusal.value.command) == (Door.SHUT, Act.CLOSE)
    assert not DOORS.allows(Door.SHUT, Act.CLOSE)


def test_the_diagram_has_every_row():
    assert DOORS.mermaid().splitlines()[1:] == [
        "    open --> shut: close",
        "    shut --> open: open",
    ]
    assert DOORS.commands(Door.OPEN) == {Act.CLOSE}
