"""Outages over HTTP: what was declared, what moved for it, and a new one."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query
from pydantic import AwareDatetime

from services.notifier import outages
from services.notifier.api.edge import Context, Operating
from services.notifier.store import outages as store
from services.notifier.store.outages import DeclaredOutage
from shared.web.commands import CommandRouter
from shared.web.identity import Caller, allow

router = CommandRouter(prefix="/api/v1", tags=["outages"])

Declaring = Annotated[Caller, Depends(allow("outages.declare"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A window that is over, and why nobody could work."""

    from_at: AwareDatetime
    to_at: AwareDatetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageList:
    """Outages, the latest first."""

    items: list[DeclaredOutage]


@router.post("/outages", status_code=201)
async def post_outage(body: Declaration, here: Context, caller: Declaring) -> DeclaredOutage:
    """Declare an outage: router and intake move the due times inside it by its length."""
    outage = outages.Outage(from_at=body.from_at, to_at=body.to_at, reason=body.reason)
    async with here.runtime.transaction() as connection:
        return await outages.declare(
            connection,
            outage,
            by=caller.actor(),
            policy=here.escalation.limits.version,
            now=here.runtime.clock.now(),
        )


@router.get("/outages")
async def list_outages(
    here: Context, _caller: Operating, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> OutageList:
    """What was declared, with how many due times moved."""
    async with here.runtime.pool.acquire() as connection:
        return OutageList(items=await store.listed(connection, limit))
