"""Facts of the router about joint matters: conferred, accepted, evaluated, taken over.

They are said on the topic `whistles`, as those of `shared.contracts.whistles` are.
"""

from typing import ClassVar

from shared.contracts.parts import (
    BlownBy,
    DueChange,
    UnitDecision,
)
from shared.contracts.values import Due
from shared.contracts.whistles import UnitFact, WhistleFact
from shared.records import record


@record
class Accepted(WhistleFact):
    """The street accepted the joint work."""

    TYPE: ClassVar[str] = "shaodao.whistle.accepted.v1"

    words: str = ""
    photos: tuple[str, ...] = ()
    attended: tuple[str, ...] = ()  # units that took part
    resident_joined: bool = False
    evaluate_by: Due | None = None
    evaluators: tuple[str, ...] = ()  # units that owe their evaluation by then


@record
class AcceptanceFailed(WhistleFact):
    """The street found work undone: the named units work again."""

    TYPE: ClassVar[str] = "shaodao.whistle.acceptance_failed.v1"

    changes: tuple[DueChange, ...]
    reason: str
    units: tuple[str, ...] = ()
    photos: tuple[str, ...] = ()


@record
class Evaluated(WhistleFact):
    """Street or community rated a bureau's part."""

    TYPE: ClassVar[str] = "shaodao.whistle.evaluated.v1"

    unit: str
    evaluator_class: str
    timely: int
    present: int
    effect: int
    cooperation: int
    by_unit: str | None = None
    score: float | None = None  # 0 to 100, by the weights of the time
    weight: float = 1.0  # an emergency weighs more
    rating: str | None = None
    solved: bool | None = None
    words: str = ""
    complete: bool = False  # the evaluator has rated every unit now


@record
class Consulted(WhistleFact):
    """The units conferred: who does what by when."""

    TYPE: ClassVar[str] = "shaodao.whistle.consulted.v1"

    words: str
    decisions: tuple[UnitDecision, ...]
    changes: tuple[DueChange, ...] = ()


@record
class EffortNoted(WhistleFact):
    """What the community did itself, told after an emergency whistle."""

    TYPE: ClassVar[str] = "shaodao.whistle.effort_noted.v1"

    own_effort: str
    late: bool = False


@record
class Released(UnitFact):
    """The blower let the unit go."""

    TYPE: ClassVar[str] = "shaodao.whistle.released.v1"

    reason: str | None = None


@record
class TakenOver(WhistleFact):
    """The street took over a community's whistle."""

    TYPE: ClassVar[str] = "shaodao.whistle.taken_over.v1"

    by: BlownBy
    reason: str
