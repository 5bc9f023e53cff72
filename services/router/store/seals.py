"""What the router seals, the signing secrets of webhooks, sealed anew under its current key."""

from pathlib import Path
from typing import Any

from services.router.domain.department import seal_id
from shared.runtime.database import Connection, queries
from shared.sealing import Sealed, Seals

SQL = queries(Path(__file__).parents[1] / "sql" / "seals.sql")


async def reseal(connection: Connection, *, seals: Seals, limit: int) -> int:
    """Seal some secrets anew; how many, 0 when none is left that nobody else holds."""
    rows = await connection.fetch(SQL.secrets_under_other_keys, seals.key_id, limit)
    for row in rows:
        now = _anew(row, "key_id", "sealed", seals=seals)
        former = _anew(row, "former_key_id", "former_sealed", seals=seals)
        await connection.execute(SQL.reseal_secret, row["unit"], *now, *former)
    return len(rows)


async def left(connection: Connection, *, seals: Seals) -> int:
    """How many rows are sealed under other keys than the current one."""
    number: int = await connection.fetchval(SQL.sealed_under_other_keys, seals.key_id)
    return number


def _anew(row: Any, key_id: str, sealed: str, *, seals: Seals) -> tuple[str | None, bytes | None]:
    if row[sealed] is None:
        return None, None
    owner = seal_id(row["unit"])
    opened = seals.open(owner, Sealed(key_id=row[key_id], data=row[sealed]))
    made = seals.seal(owner, opened)
    return made.key_id, made.data
