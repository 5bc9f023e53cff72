"""What routing answers: the units that must come, or why a person must decide."""

from shared.catalogue.terms import OneTapTaker
from shared.contracts.values import Relation, Urgency
from shared.contracts.whistles import Candidate
from shared.records import record


@record
class Summons:
    """One unit that must come.

    `handler` and `handler_post`: whose desk inside the unit, where that is known already.
    `one_tap`: by whose limits of a one-tap report it goes. `coordinating`: it holds the threads
    and need neither call nor come.
    """

    unit: str
    relation: Relation
    task: str | None = None
    clause: str | None = None
    coordinating: bool = False
    handler: str | None = None
    handler_post: str | None = None
    one_tap: OneTapTaker | None = None


@record
class Found:
    """One lead and those beside it; `urgency` where the matter is more urgent than was said."""

    summonses: tuple[Summons, ...]
    trace: tuple[str, ...]
    urgency: Urgency | None = None


@record
class Unclear:
    """No single lead: for a dispatcher, with the best candidates first.

    `convene`: nobody owns the matter, so the supervisor convenes (step 11).
    """

    why: tuple[str, ...]
    candidates: tuple[Candidate, ...] = ()
    convene: bool = False
    urgency: Urgency | None = None
