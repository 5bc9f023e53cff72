"""Keeps the keys of departments' systems.

A key is long-lived and good for one thing: to fetch a token of its unit, which all services know.
"""

import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

from services.router.domain.city import City
from services.router.domain.department import DepartmentKey
from services.router.store import department as store
from shared.contracts.ids import new_id
from shared.errors import FieldError, InvalidError, NotFoundError
from shared.runtime.database import Connection

KEY_BEGINS: Final = "shaodao_"
PREFIX_CHARACTERS: Final = len(KEY_BEGINS) + 6


async def add_key(
    connection: Connection, unit: str, *, by: str | None, city: City, wall: datetime
) -> tuple[DepartmentKey, str]:
    """A new key of a unit, and the key itself, which is told this once."""
    if unit not in city.catalogue.units:
        raise InvalidError(
            FieldError(field="unit", zh=f"unit：没有单位 {unit}", en=f"unit: no unit {unit}")
        )
    text = KEY_BEGINS + secrets.token_urlsafe(32)
    key = DepartmentKey(
        key_id=new_id(wall),
        unit=unit,
        prefix=text[:PREFIX_CHARACTERS],
        created_at=wall,
        created_by=by,
        revoked_at=None,
        last_used=None,
    )
    await store.add_key(connection, key, hashed=store.key_hash(text))
    return key, text


async def revoke_key(connection: Connection, key_id: UUID, *, wall: datetime) -> None:
    """The key gives no tokens any more; those it gave last their hour."""
    if not await store.revoke_key(connection, key_id, wall=wall):
        raise NotFoundError("没有这个密钥，或已吊销", "there is no such key, or it was revoked")


async def holder_of(connection: Connection, text: str, *, wall: datetime) -> DepartmentKey | None:
    """The key that holds now, noted as used today; None for anything else."""
    return await store.find_key(connection, store.key_hash(text), today=wall.date())
