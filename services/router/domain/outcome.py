"""What a decision leads to: the whistle after it, its new facts, and what each unit is told."""

from datetime import datetime
from typing import Any

from pydantic_core import to_json

from services.router.domain.assignment import Assignment
from services.router.domain.whistle import Whistle
from shared.contracts.bureaus import View
from shared.contracts.parts import Actor, AssignmentState
from shared.contracts.whistles import WhistleFact
from shared.records import record


@record
class Step:
    """One entry of a whistle's history, effective `at`: the fact said, and the views of it.

    A citizen's supplement is told to the units and kept in the history, but is no fact of the
    router's: `fact` is None.
    """

    seq: int
    what: str
    actor: Actor
    at: datetime
    fact: WhistleFact | None
    before: str | None = None
    after: str | None = None
    views: tuple[tuple[str, View], ...] = ()  # (unit, what it is told)


@record
class Outcome:
    """A whistle after its new facts, in order."""

    whistle: Whistle
    steps: tuple[Step, ...]


def step(
    fact: WhistleFact,
    at: datetime,
    *,
    before: str | None = None,
    after: str | None = None,
    views: tuple[tuple[str, View], ...] = (),
) -> Step:
    """The step of a fact."""
    return Step(
        seq=fact.seq,
        what=fact.TYPE.split(".")[2],
        actor=fact.actor,
        at=at,
        fact=fact,
        before=before,
        after=after,
        views=views,
    )


def about_part(
    whistle: Whistle, part: Assignment, *, actor: Actor, policy: str, at: datetime
) -> dict[str, Any]:
    """The fields that a fact about a unit's part carries; whistle and part as they are after it."""
    return {
        "seq": whistle.seq,
        "actor": actor,
        "policy": policy,
        "whistle_id": whistle.whistle_id,
        "ticket_ids": whistle.ticket_ids,
        "round": whistle.round,
        "assignment_id": part.assignment_id,
        "unit": part.unit,
        "relation": part.relation,
        "state": part.state,
        "received_at": at,
    }


def part_text(unit: str, state: AssignmentState, words: str | None = None) -> str:
    """One unit's part for the history: short JSON. Unit codes need no escaping."""
    more = f',"words":{words}' if words else ""
    return f'{{"unit":"{unit}","state":"{state.value}"{more}}}'


def words_text(**words: object) -> str:
    """Words for the history as short JSON, without those that are absent."""
    present = {key: value for key, value in words.items() if value not in (None, "", ())}
    return to_json(present).decode()
