"""Which tickets have due times that may have to move, and the callbacks that move with them."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from shared.contracts.envelope import adapter
from shared.contracts.parts import DeadlineKind
from shared.contracts.tickets import TicketDueChange
from shared.contracts.values import Due
from shared.dues.moved import Moving
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "moved_dues.sql")
DUE = adapter(Due)


async def next_tickets(
    connection: Connection, moving: Moving, after: UUID, limit: int
) -> list[UUID]:
    """Those that it may concern, from above `after`, in the order of their ids."""
    if moving.outage is None:
        rows = await connection.fetch(SQL.provisional_tickets, after, limit)
    else:
        span = (moving.outage.from_at, moving.outage.to_at)
        rows = await connection.fetch(SQL.tickets_due_within, after, *span, limit)
    return [row["ticket_id"] for row in rows]


async def starts_of(connection: Connection, ticket_ids: Sequence[UUID]) -> dict[UUID, Due]:
    """Until when callbacks that nobody has begun are to be."""
    rows = await connection.fetch(SQL.callback_starts, ticket_ids)
    return {row["ticket_id"]: DUE.validate_json(row["start_by"]) for row in rows}


async def move_callbacks(
    connection: Connection, callbacks: Sequence[tuple[UUID, TicketDueChange]]
) -> None:
    """Give open callbacks their new due times: when they are to begin, when they are to be done."""
    if not callbacks:
        return
    ends = [change.kind is DeadlineKind.CALLBACK for _, change in callbacks]
    await connection.execute(
        SQL.move_callbacks,
        [ticket_id for ticket_id, _ in callbacks],
        [change.round for _, change in callbacks],
        [c.due.by if end else None for (_, c), end in zip(callbacks, ends, strict=True)],
        [
            None if end else DUE.dump_json(c.due).decode()
            for (_, c), end in zip(callbacks, ends, strict=True)
        ],
    )
