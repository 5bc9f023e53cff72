"""What was done to a ticket, read from its history: since a version, or ever."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from services.intake.domain.changes import change_of
from shared.catalogue.model import Catalogue
from shared.contracts.parts import Actor, Role
from shared.errors import Change
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "changes.sql")


async def since(
    connection: Connection, ticket_id: UUID, version: int, *, catalogue: Catalogue
) -> tuple[Change, ...]:
    """Who did what after that version, oldest first, at most 50."""
    rows = await connection.fetch(SQL.changes_since, ticket_id, version)
    changes, told = [], set[datetime]()
    for row in rows:
        actor = Actor(role=Role(row["role"]), unit=row["unit"], name=row["actor_name"])
        zh = row["zh"] if row["at"] not in told else None  # one moment's words once
        told.add(row["at"])
        state = json.loads(row["after"])["state"] if row["after"] else ""
        changes.append(
            change_of(
                catalogue,
                actor,
                version=row["seq"],
                at=row["at"],
                what=row["what"],
                state=state,
                zh=zh,
            )
        )
    return tuple(changes)


async def was_done(connection: Connection, ticket_id: UUID, what: str) -> bool:
    """Whether this was ever done to the ticket."""
    return bool(await connection.fetchval(SQL.was_done, ticket_id, what))


async def to_archive(
    connection: Connection, ended_before: datetime, *, limit: int
) -> Sequence[UUID]:
    """Tickets to be archived, locked, the oldest first."""
    return [row["ticket_id"] for row in await connection.fetch(SQL.to_archive, ended_before, limit)]
