"""How many tickets are open, for the metrics."""

from pathlib import Path
from typing import Final

from services.intake.domain.ticket import ENDED, TicketState
from shared.runtime.database import Connection, queries
from shared.runtime.instruments import district_of_place

SQL = queries(Path(__file__).parents[1] / "sql" / "open_tickets.sql")
NOT_OPEN: Final = ENDED | {TicketState.DRAFT, TicketState.MERGED}
OPEN: Final = tuple(state for state in TicketState if state not in NOT_OPEN)


async def count_open(connection: Connection) -> dict[tuple[str, str, str], int]:
    """By channel, state and district."""
    rows = await connection.fetch(SQL.open_tickets, OPEN)
    return {
        (row["channel"], row["state"], district_of_place(row["district"])): row["n"] for row in rows
    }
