"""Proposed rows of the duty list over HTTP: listed, added, taken into the draft, dismissed."""

from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from annotated_types import Ge, Le, Len
from fastapi import Depends, Query

from services.router import proposals
from services.router.api.duties import Drafting, Reading
from services.router.api.edge import Context
from services.router.domain.duty.proposal import ProposalState, Proposed, Taking
from services.router.proposals import Proposing
from services.router.store import duties as store
from shared.web.commands import CommandRouter
from shared.web.identity import Caller, allow

router = CommandRouter(prefix="/api/v1", tags=["duties"])

ProposedBy = Annotated[Caller, Depends(allow("duties.propose"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalPage:
    """Proposals, oldest first; `next` is the cursor of those that follow."""

    items: list[Proposed]
    next: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakingInto:
    """Which draft takes it, and how the row is to read where it differs from what was proposed."""

    version: Annotated[int, Ge(1), Le(1_000_000)]
    row: Taking = field(default_factory=Taking)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dismissal:
    """Why it is not wanted."""

    reason: Annotated[str, Len(2, 500)]


@router.get("/duties/proposals")
async def list_proposals(
    here: Context,
    caller: Reading,
    state: ProposalState | None = ProposalState.PROPOSED,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ProposalPage:
    """What rulings and people propose for the list."""
    async with here.runtime.pool.acquire() as connection:
        items = await store.proposals(connection, state, cursor, limit)
    return ProposalPage(items=items, next=items[-1].proposal_id if len(items) == limit else None)


@router.post("/duties/proposals", status_code=201)
async def post_proposal(body: Proposing, here: Context, caller: ProposedBy) -> Proposed:
    """Propose a row; the same as one that waits is that one."""
    async with here.runtime.transaction() as connection:
        return await proposals.propose(
            connection,
            body,
            actor=caller.actor(),
            city=here.city,
            now=here.runtime.clock.now(),
        )


@router.post("/duties/proposals/{proposal_id}/taking")
async def post_taking(
    proposal_id: UUID, body: TakingInto, here: Context, caller: Drafting
) -> Proposed:
    """Take it into the draft; the equal row it replaces ends on the eve."""
    async with here.runtime.transaction() as connection:
        return await proposals.take(
            connection,
            proposal_id,
            body.version,
            body.row,
            actor=caller.actor(),
            city=here.city,
            now=here.runtime.clock.now(),
        )


@router.post("/duties/proposals/{proposal_id}/dismissal")
async def post_dismissal(
    proposal_id: UUID, body: Dismissal, here: Context, caller: Drafting
) -> Proposed:
    """Not wanted, and why."""
    async with here.runtime.transaction() as connection:
        return await proposals.dismiss(
            connection,
            proposal_id,
            body.reason,
            actor=caller.actor(),
            now=here.runtime.clock.now(),
        )
