"""What the notifier seals, where people are reached, sealed anew under its current key."""

from pathlib import Path

from shared.runtime.database import Connection, queries
from shared.sealing import Sealed, Seals

SQL = queries(Path(__file__).parents[1] / "sql" / "seals.sql")


async def reseal(connection: Connection, *, seals: Seals, limit: int) -> int:
    """Seal some addresses anew; how many, 0 when none is left that nobody else holds."""
    rows = await connection.fetch(SQL.addresses_under_other_keys, seals.key_id, limit)
    sealed = []
    for row in rows:
        owner = row["person_id"]
        opened = seals.open(owner, Sealed(key_id=row["key_id"], data=row["sealed"]))
        sealed.append(seals.seal(owner, opened).data)
    if rows:
        owners = [row["person_id"] for row in rows]
        await connection.execute(SQL.reseal_addresses, owners, seals.key_id, sealed)
    return len(rows)


async def left(connection: Connection, *, seals: Seals) -> int:
    """How many rows are sealed under other keys than the current one."""
    number: int = await connection.fetchval(SQL.sealed_under_other_keys, seals.key_id)
    return number
