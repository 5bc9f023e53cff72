"""Facts of the router about units, and of intake about ratings.

Topic `units` is compacted by unit code; topic `ratings` counts answers and keeps nothing of who.
"""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from shared.contracts.tickets import Satisfaction


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingRecorded:
    """One anonymous answer about one subject."""

    TYPE: ClassVar[str] = "shaodao.rating.recorded.v1"

    rating_id: UUID
    subject_kind: str
    subject: str
    evaluator_class: str
    answer: Satisfaction
    campaign: str | None = None
