"""How many promises are open, and when the last audit was done, for the metrics."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "stand.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Open promises by (kind, state), and by (unit, its region, state)."""

    by_kind: dict[tuple[str, str], int] = field(default_factory=dict)
    by_unit: dict[tuple[str, str | None, str], int] = field(default_factory=dict)
    overdue_since: dict[str, datetime] = field(default_factory=dict)


async def open_deadlines(connection: Connection) -> Stand:
    """All of them at once."""
    stand = Stand()
    for row in await connection.fetch(SQL.open_deadlines):
        if row["kind"] is None:
            stand.by_unit[row["unit"], row["region"], row["state"]] = row["n"]
            continue
        stand.by_kind[row["kind"], row["state"]] = row["n"]
        if row["overdue_since"] is not None:
            stand.overdue_since[row["kind"]] = row["overdue_since"]
    return stand


async def audit_finished(connection: Connection) -> datetime | None:
    """When any copy last finished an audit, in wall time."""
    at: datetime | None = await connection.fetchval(SQL.audit_finished)
    return at
