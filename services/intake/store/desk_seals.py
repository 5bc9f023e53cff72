"""Seals what the desk keeps under the vault's current key, with its number's blind index."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from pydantic_core import from_json

from services.intake.domain.person import normal_phone
from services.intake.store.calls import opened
from services.intake.store.vault import Vault
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "desk_seals.sql")
Phone = Callable[[bytes], str | None]


def _of_field(data: bytes) -> str | None:
    """The number among the fields that a row keeps as JSON."""
    return normal_phone(from_json(data)["phone"])


_TABLES: Final[tuple[tuple[str, str, Phone], ...]] = (
    (SQL.calls_under_other_keys, SQL.reseal_calls, bytes.decode),
    (SQL.drafts_under_other_keys, SQL.reseal_drafts, _of_field),
    (SQL.marks_under_other_keys, SQL.reseal_marks, bytes.decode),
    (SQL.notes_under_other_keys, SQL.reseal_notes, _of_field),
)


async def reseal_desk(connection: Connection, *, vault: Vault, limit: int) -> int:
    """Some rows of the first table that has any under an old key; how many."""
    for under_other_keys, reseal, phone_of in _TABLES:
        rows = await connection.fetch(under_other_keys, vault.key_id, limit)
        if not rows:
            continue
        sealed, indexes = [], []
        for row in rows:
            data = opened(row, row["owner_id"], vault)
            phone = phone_of(data)
            sealed.append(vault.seal(row["owner_id"], data).data)
            indexes.append(vault.phone_index(phone) if phone else None)
        owners = [row["owner_id"] for row in rows]
        await connection.execute(reseal, owners, vault.key_id, sealed, indexes)
        return len(rows)
    return 0
