"""Which whistles have due times that may have to move, and what is owed besides their parts'."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from services.router import rows
from services.router.domain.moving import ASKED, Owed
from services.router.domain.rulings.pending import ReviewKind
from shared.contracts.envelope import adapter
from shared.contracts.ids import new_id
from shared.contracts.parts import Asked, DeadlineKind
from shared.contracts.values import Due
from shared.dues.moved import Moving
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "moved_dues.sql")

# What was kept late is looked for no further back than this; ids go by time. What runs, for ever.
LONGEST: Final = timedelta(days=400)
MERGE: Final = "merge"
OF_WHISTLE: Final = frozenset({DeadlineKind.OWN_EFFORT, DeadlineKind.EVALUATION})


async def next_whistles(
    connection: Connection, moving: Moving, after: UUID, limit: int
) -> list[UUID]:
    """Those that it may concern, from above `after`, in the order of their ids."""
    if moving.outage is None:
        found = await connection.fetch(SQL.provisional_whistles, after, limit)
    else:
        from_at, to_at = moving.outage.from_at, moving.outage.to_at
        ended = new_id(from_at - LONGEST)
        found = await connection.fetch(SQL.whistles_due_within, after, from_at, to_at, limit, ended)
    return [row["whistle_id"] for row in found]


async def owed_of(connection: Connection, whistle_ids: Sequence[UUID]) -> dict[UUID, list[Owed]]:
    """What is owed of these whistles besides their parts' promises."""
    found: dict[UUID, list[Owed]] = {}
    for row in await connection.fetch(SQL.owed_of, whistle_ids):
        found.setdefault(row["whistle_id"], []).append(_owed(row))
    return found


def _owed(row: Any) -> Owed:
    kind, asked = _meaning(row["kind"])
    return Owed(
        key=row["key"],
        kind=kind,
        due=adapter(Due).validate_json(row["due"]),
        asked=asked,
        assignment_id=row["assignment_id"],
        unit=row["unit"],
    )


def _meaning(kind: str) -> tuple[DeadlineKind, Asked | None]:
    if kind == MERGE:
        return DeadlineKind.RULING, Asked.MERGE
    return (DeadlineKind(kind), None) if kind in OF_WHISTLE else ASKED[ReviewKind(kind)]


async def move_owed(connection: Connection, moved: Iterable[tuple[UUID, Owed]]) -> None:
    """Give what moved its new due times: reviews, questions about merges, notes and marks."""
    reviews, merges, others = [], [], []
    for whistle_id, each in moved:
        due = rows.json_of(each.due)
        if each.kind in OF_WHISTLE:
            others.append((whistle_id, each.kind.value, each.unit, due, each.due.by))
        elif each.asked is Asked.MERGE:
            merges.append((each.key, due))
        else:
            reviews.append((each.key, due, each.due.by))
    for sql, columns in (
        (SQL.move_reviews, reviews),
        (SQL.move_merge_questions, merges),
        (SQL.move_owed, others),
        (SQL.move_evaluations, others),
    ):
        if columns:
            await connection.execute(sql, *map(list, zip(*columns, strict=True)))
