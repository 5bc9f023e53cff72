"""Rows proposed for the duty list, by rulings or by hand: taken into the draft, or dismissed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from annotated_types import Len

from services.router import duties
from services.router.domain.city import City
from services.router.domain.duty.proposal import Proposed, Taking
from services.router.domain.duty.proposing import Proposal
from services.router.domain.duty.rows import DutyRow, RowWords, checked, in_place_of
from services.router.domain.duty.version import who
from services.router.store import duties as store
from shared.calendar import SHANGHAI
from shared.contracts.ids import new_id
from shared.contracts.parts import Actor
from shared.errors import NotFoundError
from shared.runtime.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposing:
    """A row that a dispatcher or reviewer would have in the list."""

    subject: Annotated[str, Len(1, 16)]
    region: Annotated[str, Len(6, 15)]
    unit: Annotated[str, Len(1, 64)]
    clause: Annotated[str, Len(1, 500)]
    whistle_id: UUID | None = None


async def propose(
    connection: Connection, proposing: Proposing, *, actor: Actor, city: City, now: datetime
) -> Proposed:
    """Add a proposal by hand; raises InvalidError naming every wrong field."""
    words = RowWords(
        subject=proposing.subject,
        region=proposing.region,
        unit=proposing.unit,
        clause=proposing.clause,
        valid_from=now.astimezone(SHANGHAI).date(),
    )
    proposal_id = new_id(now)
    checked(words, city)
    proposal = Proposal(
        proposal_id=proposal_id,
        subject=proposing.subject,
        region=proposing.region,
        unit=proposing.unit,
        clause=proposing.clause,
        whistle_id=proposing.whistle_id,
        proposed_by=who(actor),
        proposed_at=now,
    )
    await store.propose(connection, [proposal])
    return await store.same_proposal(connection, proposal)


async def take(
    connection: Connection,
    proposal_id: UUID,
    number: int,
    taking: Taking,
    *,
    actor: Actor,
    city: City,
    now: datetime,
) -> Proposed:
    """Into the draft: an equal row that holds at the same time ends on the eve.

    Raises NotFoundError, ConflictError, InvalidError naming every wrong field.
    """
    proposed = await _find(connection, proposal_id)
    taken = proposed.taken(number, who(actor), now)
    words = taking.row(proposed, now.astimezone(SHANGHAI).date())
    row = DutyRow(duty_id=new_id(now), duty=checked(words, city))

    def after(rows: Sequence[DutyRow]) -> Sequence[DutyRow]:
        return in_place_of(rows, row)

    await duties.change(connection, number, after, seen=None, actor=actor, city=city, now=now)
    await store.update_proposal(connection, taken)
    return taken


async def dismiss(
    connection: Connection, proposal_id: UUID, reason: str, *, actor: Actor, now: datetime
) -> Proposed:
    """Not wanted, and why; raises NotFoundError, ConflictError."""
    proposed = await _find(connection, proposal_id)
    dismissed = proposed.dismissed(reason, who(actor), now)
    await store.update_proposal(connection, dismissed)
    return dismissed


async def _find(connection: Connection, proposal_id: UUID) -> Proposed:
    found = await store.proposal(connection, proposal_id)
    if found is None:
        raise NotFoundError("没有这条建议", "there is no such proposal")
    return found
