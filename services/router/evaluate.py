"""Takes the marks of street and community for the units of an accepted matter."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.router.conclude import conclude
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.joint import evaluation as rules
from services.router.domain.joint.evaluation import Evaluation
from services.router.domain.outcome import Outcome
from services.router.domain.whistle import Whistle
from services.router.look import Sight
from services.router.store import joint as store
from services.router.store import whistles as whistle_store
from services.router.store.joint import EvaluationItem
from shared.contracts import joint
from shared.contracts.parts import Actor, DeadlineKind
from shared.runtime.database import Connection

MOST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitEvaluations:
    """A unit's marks, newest whistle first; `score` is None while `n` whistles are too few."""

    now: datetime
    unit: str
    n: int
    score: float | None
    items: tuple[EvaluationItem, ...]


async def evaluate(
    connection: Connection,
    whistle_id: UUID,
    evaluation: Evaluation,
    *,
    actor: Actor,
    city: City,
    now: datetime,
    traceparent: str | None,
) -> Whistle:
    """One unit is rated; the last of all marks closes the whistle. Raises ShaodaoError."""
    book, whistle = await whistle_store.one(connection, whistle_id, Promises(city, now))
    outcome, mark = rules.evaluate(
        whistle,
        evaluation,
        given=store.marks(await store.evaluations(connection, whistle_id)),
        actor=actor,
        promises=book.promises,
    )
    after = await conclude(connection, book, outcome, traceparent)
    await store.add_evaluation(
        connection,
        whistle_id,
        evaluation,
        mark,
        actor=actor,
        weight=city.policy.joint.weight_of_kind[whistle.kind],
        at=now,
    )
    if _complete(outcome):
        await store.kept(connection, whistle_id, DeadlineKind.EVALUATION, actor.unit)
    return after


def _complete(outcome: Outcome) -> bool:
    """Whether the evaluator has rated every unit now."""
    facts = (each.fact for each in outcome.steps)
    return any(isinstance(fact, joint.Evaluated) and fact.complete for fact in facts)


async def of_unit(
    connection: Connection, unit: str, *, sight: Sight, city: City, now: datetime
) -> UnitEvaluations:
    """What streets and communities gave a unit, whistle by whistle, and in all (DOMAIN §8).

    A street or community reads the score, and the marks of the whistles that its region rated.
    """
    items = await store.evaluations_of_unit(connection, unit, most=MOST)
    of_whistle: dict[UUID, dict[str, float]] = {}
    weights: dict[UUID, float] = {}
    for each in items:
        of_whistle.setdefault(each.whistle_id, {})[each.evaluator_class] = each.score
        weights[each.whistle_id] = each.weight
    scores = [
        (score, weights[whistle_id])
        for whistle_id, marks in of_whistle.items()
        if (score := rules.together(city, marks)) is not None
    ]
    found = rules.overall(city, scores)
    if sight.region is not None:
        own = {each.whistle_id for each in items if _is_of(city, each.by_unit, sight.region)}
        items = [each for each in items if each.whistle_id in own or sight.unit == unit]
    return UnitEvaluations(now=now, unit=unit, n=found.n, score=found.score, items=tuple(items))


def _is_of(city: City, unit: str, region: str) -> bool:
    known = city.catalogue.units.get(unit)
    return known is not None and (known.region_code or "").startswith(region)
