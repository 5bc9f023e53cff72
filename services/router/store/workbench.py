"""What a unit's workbench reads: its whistles that run, those that ended, its parts of a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from services.router import rows
from services.router.domain.assignment import Assignment
from shared.contracts.parts import WhistleState
from shared.contracts.values import Urgency, WhistleKind
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "workbench.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPart:
    """One part of a unit with what the figures need of its whistle."""

    whistle_id: UUID
    number: str
    kind: WhistleKind
    round: int
    urgency: Urgency
    state: WhistleState
    category: str | None
    blown_at: datetime
    part: Assignment


async def running(connection: Connection, unit: str) -> list[UUID]:
    """The whistles a unit has a part in that are not over."""
    return [row["whistle_id"] for row in await connection.fetch(SQL.unit_running, unit)]


async def ended(
    connection: Connection, unit: str, *, cursor: UUID | None, limit: int
) -> list[UUID]:
    """The whistles that are over for a unit, newest first."""
    found = await connection.fetch(SQL.unit_ended, unit, cursor, limit)
    return [row["whistle_id"] for row in found]


async def parts_between(
    connection: Connection, unit: str, since: datetime, until: datetime
) -> list[UnitPart]:
    """The unit's parts in the whistles blown in a time, those routed provisionally left out."""
    found = await connection.fetch(SQL.unit_parts, unit, since, until)
    return [
        UnitPart(
            whistle_id=row["whistle_id"],
            number=row["number"],
            kind=WhistleKind(row["kind"]),
            round=row["round"],
            urgency=Urgency(row["urgency"]),
            state=WhistleState(row["whistle_state"]),
            category=row["category"],
            blown_at=row["blown_at"],
            part=rows.assignments_of([row])[row["whistle_id"]][0],
        )
        for row in found
    ]


async def said_of(
    connection: Connection, unit: str, whistle_ids: Iterable[UUID], whats: Sequence[str]
) -> list[tuple[UUID, str, bool]]:
    """Each fact of these kinds said of the unit's parts: (whistle_id, kind, by the system)."""
    found = await connection.fetch(SQL.said_of_unit, list(whistle_ids), list(whats), unit)
    return [(row["whistle_id"], row["what"], row["by_system"]) for row in found]


async def since(connection: Connection, whistle_id: UUID, seq: int) -> list[rows.Row]:
    """The history of a whistle after `seq`."""
    return list(await connection.fetch(SQL.since_seq, whistle_id, seq))
