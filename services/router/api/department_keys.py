"""Keys of departments' systems over HTTP, for ops: made, listed, revoked."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from services.router import department_keys
from services.router.api.department import PATH
from services.router.api.edge import Context
from services.router.domain.department import DepartmentKey
from services.router.store.department import keys_of
from shared.runtime.clock import wall_now
from shared.web.identity import Caller, allow

router = APIRouter(prefix=f"{PATH}/keys", tags=["department"])

Ops = Annotated[Caller, Depends(allow("department.keys"))]


class KeyBody(BaseModel):
    """Whose system the key is for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    unit: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyView:
    """A key by its first characters; `key` itself only where it is new, and never again."""

    key_id: UUID
    unit: str
    prefix: str
    created_at: datetime
    created_by: str | None
    revoked_at: datetime | None
    last_used: date | None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Keys, oldest first."""

    items: tuple[KeyView, ...]


@router.get("")
async def get_keys(here: Context, _caller: Ops, unit: str | None = None) -> Keys:
    """The keys of a unit, or of all, also revoked ones."""
    async with here.runtime.pool.acquire() as connection:
        found = await keys_of(connection, unit)
    return Keys(items=tuple(_view(each) for each in found))


@router.post("", status_code=201)
async def post_key(body: KeyBody, here: Context, caller: Ops) -> KeyView:
    """A new key of a unit, told this once."""
    async with here.runtime.transaction() as connection:
        key, text = await department_keys.add_key(
            connection, body.unit, by=caller.name, city=here.city, wall=wall_now()
        )
    return _view(key, text)


@router.delete("/{key_id}", status_code=204)
async def delete_key(key_id: UUID, here: Context, _caller: Ops) -> Response:
    """Revoke a key; a token that it gave last holds for its hour."""
    async with here.runtime.transaction() as connection:
        await department_keys.revoke_key(connection, key_id, wall=wall_now())
    return Response(status_code=204)


def _view(key: DepartmentKey, text: str | None = None) -> KeyView:
    return KeyView(
        key_id=key.key_id,
        unit=key.unit,
        prefix=key.prefix,
        created_at=key.created_at,
        created_by=key.created_by,
        revoked_at=key.revoked_at,
        last_used=key.last_used,
        key=text,
    )
