"""Tickets as the public reads them by Open311."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from services.intake.domain.open311_view import MOST, Published, Span, lowest_id
from services.intake.domain.ticket import Ticket
from services.intake.store.rows import ticket_of
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "open311.sql")
_LAST_BITS = (1 << 80) - 1


async def published_in(connection: Connection, span: Span) -> list[Published]:
    """The first thousand of a span, newest first."""
    codes = list(span.service_codes) if span.service_codes is not None else None
    highest = UUID(int=lowest_id(span.end).int | _LAST_BITS)
    rows = await connection.fetch(
        SQL.published_in_span,
        *(lowest_id(span.start), highest, span.start, span.end, codes, span.closed, MOST),
    )
    return await _published(connection, rows)


async def published_of(connection: Connection, numbers: Sequence[str]) -> list[Published]:
    """Those of these numbers that the public may see, newest first."""
    rows = await connection.fetch(SQL.published_by_number, numbers)
    return await _published(connection, rows)


async def number_of_token(connection: Connection, ticket_id: UUID) -> str | None:
    """The number of a request that was answered with a token."""
    number: str | None = await connection.fetchval(SQL.number_of_token, ticket_id)
    return number


async def _published(connection: Connection, rows: Sequence[Any]) -> list[Published]:
    tickets = [ticket_of(row) for row in rows]
    details = await connection.fetch(
        SQL.published_details,
        [each.ticket_id for each in tickets],
        [each.whistle_id for each in tickets],
    )
    known = {row["ticket_id"]: row for row in details}
    return [_whole(each, known[each.ticket_id]) for each in tickets]


def _whole(ticket: Ticket, details: Mapping[str, Any]) -> Published:
    return Published(
        ticket=ticket,
        updated_at=ticket.ended_at or details["changed_at"] or ticket.registered_at,
        expected_at=details["expected_at"],
        unit=details["unit"],
        photo_id=details["photo_id"],
    )
