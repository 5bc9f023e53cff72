"""Everything that intake's vault seals, sealed anew under its current key, some rows at a time."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from services.intake.store import privacy
from services.intake.store.desk_seals import reseal_desk
from services.intake.store.vault import Vault
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "seals.sql")
_STEPS: Final[tuple[Callable[..., Awaitable[int]], ...]] = (
    privacy.reseal_persons,
    privacy.reseal_supplements,
    privacy.reseal_secrets,
    reseal_desk,
)


async def reseal(connection: Connection, *, seals: Vault, limit: int) -> int:
    """Seal rows of one table anew; how many, 0 when none is left that nobody else holds."""
    for step in _STEPS:
        if done := await step(connection, vault=seals, limit=limit):
            return done
    return 0


async def left(connection: Connection, *, seals: Vault) -> int:
    """How many rows are sealed under other keys than the current one.

    Not counted: what ends within a day by itself, access codes and marks of repeated requests.
    """
    number: int = await connection.fetchval(SQL.sealed_under_other_keys, seals.key_id)
    return number
