"""Who owes what no called unit does: the owner of a decision, of an evaluator's marks."""

from typing import Any, Final
from uuid import UUID, uuid5

from shared.contracts.parts import DeadlineKind, OwedChange
from shared.contracts.rulings import DueChanged

K = DeadlineKind
Promise = tuple[UUID, DeadlineKind]  # owner_id, kind

# What is asked for of others: the answers that are no ruling, and those owed beside the return's.
_ANSWER: Final = {"extension": K.EXTENSION, "pause": K.SUSPENSION, "resolution": K.REVIEW}
_BESIDES: Final = frozenset({"dispute", "suspension", "release", "merge"})


def promise_of(fact: Any, wish: str) -> Promise:
    """Who owes the answer to a wish: its owner and kind; some wishes have an owner of their own."""
    owner_id: UUID = getattr(fact, "assignment_id", fact.whistle_id)
    return _answer_to(owner_id, wish), _ANSWER.get(wish, K.RULING)


def owner_of(fact: DueChanged, owed: OwedChange) -> UUID:
    """Decisions are of the part or whistle that they are about, marks of who gives them."""
    owner_id = owed.assignment_id or fact.whistle_id
    if owed.asked is not None:
        return _answer_to(owner_id, owed.asked.value)
    if owed.kind is K.EVALUATION and owed.unit is not None:
        return evaluator(fact.whistle_id, owed.unit)
    return owner_id


def evaluator(whistle_id: UUID, unit: str) -> UUID:
    """The owner of one evaluator's promise."""
    return uuid5(whistle_id, unit)


def _answer_to(owner_id: UUID, wish: str) -> UUID:
    return uuid5(owner_id, wish) if wish in _BESIDES else owner_id
