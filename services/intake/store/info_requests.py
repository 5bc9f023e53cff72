"""What a person was asked to add to a ticket, kept beside it."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

from services.intake.domain.asking import InfoRequest
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "info_requests.sql")


async def keep(connection: Connection, ticket_id: UUID, request: InfoRequest) -> None:
    """Remember what is missing."""
    await connection.execute(
        SQL.keep_info_request,
        ticket_id,
        request.asked_at,
        list(request.missing),
        request.dispatch_share,
    )


async def of_ticket(connection: Connection, ticket_id: UUID) -> InfoRequest | None:
    """What the person was asked for; None where nothing was."""
    row = await connection.fetchrow(SQL.info_request_of, ticket_id)
    if row is None:
        return None
    return InfoRequest(
        asked_at=row["asked_at"],
        missing=tuple(row["missing"]),
        dispatch_share=row["dispatch_share"],
    )


async def supplied(connection: Connection, ticket_id: UUID, *, at: datetime) -> None:
    """It was told."""
    await connection.execute(SQL.info_supplied, ticket_id, at)
