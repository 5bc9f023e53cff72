"""How far routing has come: what the steps have found so far, and the trace of it."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from services.router.domain.city import City
from services.router.domain.routing.answer import Summons, Unclear
from services.router.domain.routing.question import Question
from services.router.domain.routing.trace import line
from shared.catalogue.model import Category, Unit
from shared.contracts.values import Urgency
from shared.contracts.whistles import Candidate
from shared.records import record

SURE = 1.0


@record
class Way:
    """Between two steps: once there is a lead, no later step looks for another.

    `confidence` is the rule's own; `in_place` says that the lead hangs on where it is. `doubts`
    are what a person must look at, whoever was found; `rivals` the units that they name.
    """

    question: Question
    urgency: Urgency
    category: Category | None = None
    lead: Summons | None = None
    beside: tuple[Summons, ...] = ()
    confidence: float = SURE
    in_place: bool = True
    doubts: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    trace: tuple[str, ...] = ()

    def told(self, kind: str, **words: object) -> "Way":
        """With one more line in the trace."""
        return replace(self, trace=(*self.trace, line(kind, **words)))

    def doubted(self, kind: str, **words: object) -> "Way":
        """With something that a person must look at."""
        return replace(self, doubts=(*self.doubts, line(kind, **words)))

    def led_by(self, lead: Summons, kind: str, **words: object) -> "Way":
        """With the lead, and why."""
        return replace(self, lead=lead, trace=(*self.trace, line(kind, **words)))

    def stopped(
        self, *why: str, candidates: Iterable[Candidate] = (), convene: bool = False
    ) -> Unclear:
        """No single lead: a person decides."""
        urgency = self.urgency if self.urgency is not self.question.urgency else None
        return Unclear(
            why=(*self.trace, *self.doubts, *why),
            candidates=tuple(candidates),
            convene=convene,
            urgency=urgency,
        )


Step = Callable[[City, Way, datetime], Way | Unclear]
"""One rule: it goes on with more, or stops because a person must decide."""


def candidate(unit: Unit, confidence: float, why: str) -> Candidate:
    """A unit that a dispatcher may choose, and why it is there."""
    return Candidate(unit=unit.code, confidence=confidence, why=(why, unit.name))
