"""Facts of the router about units, and of intake about ratings.

Topic `units` is compacted by unit code; topic `ratings` counts answers and keeps nothing of who.
"""

from typing import ClassVar
from uuid import UUID

from shared.contracts.tickets import Satisfaction
from shared.records import record


@record
class UnitDeclared:
    """A unit as it stands now; `reachable` once its topics and rights exist."""

    TYPE: ClassVar[str] = "shaodao.unit.declared.v1"

    code: str
    name: str
    parent: str | None
    level: str
    kind: str
    function_codes: tuple[str, ...]
    region: str
    can_whistle: bool
    duty_24h: bool
    active: bool
    reachable: bool


@record
class Score:
    """One question's mark, 1 to 5."""

    question: str
    score: int


@record
class RatingRecorded:
    """One anonymous answer about one subject.

    Its time is the hour's beginning, and it is said after the hour in no order of arrival. Classes
    that are not asked for the four answers have `scores`, and `unknown` as their answer.
    """

    TYPE: ClassVar[str] = "shaodao.rating.recorded.v1"

    rating_id: UUID
    subject_kind: str
    subject: str
    evaluator_class: str
    answer: Satisfaction
    campaign: str | None = None
    scores: tuple[Score, ...] = ()
