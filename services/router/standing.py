"""How a joint matter stands: acceptance, marks, scores, and what the caller may do now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.joint import evaluation as rules
from services.router.domain.joint.doing import may_do
from services.router.domain.whistle import Whistle
from services.router.look import Sight
from services.router.store import joint as store
from services.router.store import whistles
from services.router.store.joint import AcceptanceItem, EvaluationItem
from shared.contracts.parts import Actor
from shared.errors import NotFoundError
from shared.runtime.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitScore:
    """One unit's score of this whistle, out of 100; None until somebody rated it."""

    unit: str
    score: float | None
    weight: float
    complete: bool  # every evaluator class has rated it


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A joint matter as its convener sees it; a unit sees its own marks only."""

    now: datetime
    whistle_id: UUID
    in_charge: str | None
    takeover_by: datetime | None
    cross_district: bool
    repeats: int
    evaluators: dict[str, str]  # class → unit
    acceptance: AcceptanceItem | None
    evaluations: tuple[EvaluationItem, ...]
    scores: tuple[UnitScore, ...]
    may: tuple[str, ...]


async def standing(
    connection: Connection,
    whistle_id: UUID,
    *,
    actor: Actor,
    sight: Sight,
    city: City,
    now: datetime,
) -> Standing:
    """Raises NotFoundError also for a caller whom it does not concern."""
    found = await whistles.read_whistles(connection, [whistle_id])
    if not found or not sight.sees(found[0]):
        raise NotFoundError("没有这张哨单", "there is no such whistle")
    whistle = found[0]
    given = await store.evaluations(connection, whistle_id)
    if sight.unit is not None and sight.region is None:  # a bureau: its own
        given = [each for each in given if each.unit == sight.unit]
    return Standing(
        now=now,
        whistle_id=whistle_id,
        in_charge=whistle.in_charge,
        takeover_by=whistle.takeover_by,
        cross_district=whistle.cross_district,
        repeats=await store.repeats(connection, whistle_id, days=city.policy.joint.repeats_days),
        evaluators=dict(rules.evaluators(city, whistle)) if whistle.in_charge else {},
        acceptance=await store.acceptance(connection, whistle_id),
        evaluations=tuple(given),
        scores=tuple(_scores(city, whistle, given, sight)),
        may=may_do(whistle, actor=actor, promises=Promises(city, now), marks=store.marks(given)),
    )


def _scores(
    city: City, whistle: Whistle, given: Iterable[EvaluationItem], sight: Sight
) -> list[UnitScore]:
    marks: dict[str, dict[str, float]] = {}
    for each in given:
        marks.setdefault(each.unit, {})[each.evaluator_class] = each.score
    wanted = set(rules.evaluators(city, whistle))
    local = sight.unit is None or sight.region is not None
    return [
        UnitScore(
            unit=part.unit,
            score=rules.together(city, marks.get(part.unit, {})),
            weight=city.policy.joint.weight_of_kind[whistle.kind],
            complete=wanted <= set(marks.get(part.unit, {})),
        )
        for part in rules.subjects(whistle)
        if local or part.unit == sight.unit
    ]
