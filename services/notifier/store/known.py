"""What is known of tickets and whistles beside their promises."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from services.notifier.domain.known import Known, TicketKnown, WhistleKnown
from shared.contracts.values import Urgency
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "known.sql")


async def known(
    connection: Connection,
    *,
    ticket_ids: Iterable[UUID],
    whistle_ids: Iterable[UUID],
    marked_tickets: Sequence[UUID],
) -> Known:
    """What is known of these tickets (locked) and whistles, and of `marked_tickets`' whistles."""
    result = Known()
    if tickets := sorted(set(ticket_ids)):
        await connection.execute(SQL.know_tickets, tickets)
        for row in await connection.fetch(SQL.tickets_known, tickets):
            result.tickets[row["ticket_id"]] = TicketKnown(**row)
    rows = []
    if whistles := sorted(set(whistle_ids)):
        rows += await connection.fetch(SQL.whistles_known, whistles)
    if marked_tickets:
        rows += await connection.fetch(SQL.whistles_of_tickets, marked_tickets)
    for row in rows:
        result.whistles[row["whistle_id"]] = _whistle(row)
    return result


async def urged_tickets(
    connection: Connection, ticket_ids: Sequence[UUID]
) -> dict[UUID, TicketKnown]:
    """Those of the tickets that were urged, as last urged."""
    rows = await connection.fetch(SQL.urged_tickets, ticket_ids)
    return {row["ticket_id"]: TicketKnown(**row) for row in rows}


def _whistle(row: Any) -> WhistleKnown:
    return WhistleKnown(
        whistle_id=row["whistle_id"],
        number=row["number"],
        urgency=Urgency(row["urgency"]),
        group_matter=row["group_matter"],
        ticket_ids=tuple(row["ticket_ids"]),
        blown_at=row["blown_at"],
    )


async def save_known(connection: Connection, known: Known) -> None:
    """Keep what a batch learnt of tickets and whistles."""
    if known.changed_tickets:
        tickets = [known.tickets[each] for each in sorted(known.changed_tickets)]
        rows = [
            (
                *(t.ticket_id, t.number, t.dispatched_at, t.group_matter),
                *(t.urged_at, t.urged_count, t.urged_seq),
            )
            for t in tickets
        ]
        await connection.execute(SQL.save_tickets, *zip(*rows, strict=True))
    if known.changed_whistles:
        whistles = [known.whistles[each] for each in sorted(known.changed_whistles)]
        calls = [
            (
                *(w.whistle_id, w.number, w.urgency, w.group_matter),
                *(" ".join(map(str, w.ticket_ids)), w.blown_at),
            )
            for w in whistles
        ]
        await connection.execute(SQL.save_whistles, *zip(*calls, strict=True))


async def forget_tickets(connection: Connection, ticket_ids: Sequence[UUID]) -> None:
    """Drop what is known of archived tickets; nothing comes after that."""
    await connection.execute(SQL.forget_tickets, ticket_ids)
