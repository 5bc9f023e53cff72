"""Acceptances, evaluations, earlier whistles of a place, and the street console's board."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from services.router import rows
from services.router.domain.joint.evaluation import Evaluation, Mark
from services.router.domain.matter import Content
from shared.contracts import joint
from shared.contracts.parts import Actor, DeadlineKind
from shared.contracts.values import Due
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "joint.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptanceItem:
    """The acceptance that stands."""

    accepted_at: datetime
    unit: str
    name: str | None
    words: str
    photos: tuple[UUID, ...]
    attended: tuple[str, ...]
    resident_joined: bool
    evaluate_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationItem:
    """What one evaluator class gave one unit of a whistle."""

    whistle_id: UUID
    unit: str
    evaluator_class: str
    by_unit: str
    by_name: str | None
    evaluated_at: datetime
    timely: int
    present: int
    effect: int
    cooperation: int
    score: float
    weight: float
    rating: str | None
    solved: bool | None
    words: str


def evaluation_of(row: rows.Row) -> EvaluationItem:
    """A row of the table."""
    return EvaluationItem(
        **{name: row[name] for name in EvaluationItem.__slots__ if name not in ("score", "weight")},
        score=round(row["score"], 1),
        weight=round(row["weight"], 2),
    )


async def accepted(connection: Connection, fact: joint.Accepted, *, at: datetime) -> None:
    """Keep what the acceptance says."""
    assert fact.evaluate_by is not None, "every acceptance asks for evaluations"
    await connection.execute(
        SQL.acceptance_add,
        fact.whistle_id,
        at,
        fact.actor.unit,
        fact.actor.name,
        fact.words,
        [UUID(photo) for photo in fact.photos],
        list(fact.attended),
        fact.resident_joined,
        fact.evaluate_by.by,
    )
    whistle_id, due = fact.whistle_id, fact.evaluate_by
    await owe(connection, whistle_id, DeadlineKind.EVALUATION, fact.evaluators, due)


async def owe(
    connection: Connection, whistle_id: UUID, kind: DeadlineKind, units: Iterable[str], due: Due
) -> None:
    """These units owe it by then: their evaluations, or the note of their own effort."""
    values = (whistle_id, kind.value, list(units), rows.json_of(due), due.by)
    await connection.execute(SQL.owe, *values)


async def owed_by(
    connection: Connection, whistle_id: UUID, kind: DeadlineKind, unit: str | None
) -> datetime | None:
    """Until when the unit owes it; None where it does not."""
    by: datetime | None = await connection.fetchval(SQL.owed_by, whistle_id, kind.value, unit)
    return by


async def kept(
    connection: Connection, whistle_id: UUID, kind: DeadlineKind, unit: str | None
) -> None:
    """The unit owes it no more."""
    await connection.execute(SQL.kept, whistle_id, kind.value, unit)


async def acceptance(connection: Connection, whistle_id: UUID) -> AcceptanceItem | None:
    """The acceptance of a whistle, if there is one."""
    row = await connection.fetchrow(SQL.acceptance, whistle_id)
    if row is None:
        return None
    return AcceptanceItem(
        **{
            name: row[name]
            for name in AcceptanceItem.__slots__
            if name not in ("photos", "attended")
        },
        photos=tuple(row["photos"]),
        attended=tuple(row["attended"]),
    )


async def add_evaluation(
    connection: Connection,
    whistle_id: UUID,
    evaluation: Evaluation,
    mark: Mark,
    *,
    actor: Actor,
    weight: float,
    at: datetime,
) -> None:
    """Keep one evaluator's marks for one unit."""
    await connection.execute(
        SQL.evaluation_add,
        whistle_id,
        evaluation.unit,
        mark.evaluator_class,
        actor.unit,
        actor.name,
        at,
        evaluation.timely,
        evaluation.present,
        evaluation.effect,
        evaluation.cooperation,
        mark.score,
        weight,
        evaluation.rating.value if evaluation.rating else None,
        evaluation.solved,
        evaluation.words,
    )


async def evaluations(connection: Connection, whistle_id: UUID) -> list[EvaluationItem]:
    """All marks of a whistle, by unit and class."""
    return [evaluation_of(row) for row in await connection.fetch(SQL.evaluations, whistle_id)]


async def evaluations_of_unit(
    connection: Connection, unit: str, *, most: int
) -> list[EvaluationItem]:
    """The unit's marks, newest whistle first."""
    found = await connection.fetch(SQL.evaluations_of_unit, unit, most)
    return [evaluation_of(row) for row in found]


def marks(items: Iterable[EvaluationItem]) -> list[Mark]:
    """What the rules need of them."""
    return [
        Mark(unit=each.unit, evaluator_class=each.evaluator_class, score=each.score)
        for each in items
    ]


async def rewrite(connection: Connection, whistle_id: UUID, content: Content) -> None:
    """The words of a whistle, changed."""
    await connection.execute(SQL.content_update, whistle_id, rows.json_of(content))


async def blown_at(connection: Connection, whistle_id: UUID) -> datetime:
    """When its units were called."""
    at: datetime = await connection.fetchval(SQL.blown_at, whistle_id)
    return at


async def repeats(connection: Connection, whistle_id: UUID, *, days: int) -> int:
    """How often the place was whistled in the days before."""
    found: int = await connection.fetchval(SQL.repeats_counted, whistle_id, days)
    return found
