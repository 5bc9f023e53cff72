"""A lifecycle as one table: (state, command) → state; what is not in it is refused.

The diagrams in the docs and the CHECKs of the database are made from, or tested against, the table.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

S = TypeVar("S", bound=StrEnum)
C = TypeVar("C", bound=StrEnum)


class IllegalMoveError(ValueError):
    """The command is not allowed in this state."""

    def __init__(self, state: StrEnum, command: StrEnum) -> None:
        super().__init__(f"{command} is not allowed in state {state}")
        self.state = state
        self.command = command


class Lifecycle(Generic[S, C]):
    """The moves of one kind of aggregate."""

    def __init__(self, moves: Mapping[tuple[S, C], S]) -> None:
        self._moves = dict(moves)

    def next(self, state: S, command: C) -> S:
        """The state after `command`; raises IllegalMoveError."""
        try:
            return self._moves[state, command]
        except KeyError:
            raise IllegalMoveError(state, command) from None

    def allows(self, state: S, command: C) -> bool:
        """Whether `command` may be given in `state`."""
        return (state, command) in self._moves

    def commands(self, state: S) -> frozenset[C]:
        """What may be done in `state`."""
        return frozenset(c for s, c in self._moves if s == state)

    def moves(self) -> list[tuple[S, C, S]]:
        """Every row of the table, in the order it was written."""
        return [(s, c, after) for (s, c), after in self._moves.items()]

    def mermaid(self) -> str:
        """The table as a Mermaid state diagram."""
        rows = [f"    {s} --> {after}: {c}" for s, c, after in self.moves()]
        return "\n".join(["stateDiagram-v2", *rows])
