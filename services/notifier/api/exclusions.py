"""Exclusions over HTTP: a supervisor rules which tickets count in no figure, all can see which."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query

from services.notifier import exclude
from services.notifier.api.edge import Context, Looking, Trace
from services.notifier.domain.figures.derive import local_day
from services.notifier.figures import Wanted, scope_of
from services.notifier.store import exclusions as store
from services.notifier.store.exclusions import Exclusion, ExclusionFilter, ListedExclusion
from shared.contracts.figures import ExclusionReason
from shared.contracts.values import Instant
from shared.web.commands import CommandRouter
from shared.web.cursors import Cursor
from shared.web.identity import Caller, allow

router = CommandRouter(prefix="/api/v1", tags=["exclusions"])
Ruling = Annotated[Caller, Depends(allow("exclusions.rule"))]
PAGE: Final = 100
CURSOR: Final = Cursor(tuple[Instant, UUID])


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which ticket, why, and on what grounds."""

    ticket_id: UUID
    reason: ExclusionReason
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Why the ruling is taken back."""

    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionItem:
    """One ruling as it is shown; `day` is that of the ticket's first dispatch."""

    exclusion_id: UUID
    ticket_id: UUID
    reason: ExclusionReason
    words: str
    ruled_by: str
    ruled_at: datetime
    ended_at: datetime | None
    ended_words: str | None
    ended_by: str | None
    number: str | None
    unit: str | None
    day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionPage:
    """A page of rulings, newest first; `next` is the cursor of the next page."""

    now: datetime
    items: list[ExclusionItem]
    next: str | None


@router.post("/exclusions", status_code=201)
async def post_exclusion(here: Context, caller: Ruling, trace: Trace, body: Rule) -> ExclusionItem:
    """Rule a ticket out of all figures."""
    now = here.runtime.clock.now()
    async with here.runtime.transaction() as connection:
        made = await exclude.exclude(
            connection,
            body.ticket_id,
            reason=body.reason,
            words=body.words,
            actor=caller.actor(),
            policy=here.escalation.limits.version,
            now=now,
            traceparent=trace,
        )
    return _item(made)


@router.post("/exclusions/{exclusion_id}/ends")
async def post_end(
    here: Context, caller: Ruling, trace: Trace, exclusion_id: UUID, body: End
) -> ExclusionItem:
    """Take a ruling back: the ticket counts again."""
    now = here.runtime.clock.now()
    async with here.runtime.transaction() as connection:
        ended = await exclude.end_exclusion(
            connection,
            exclusion_id,
            words=body.words,
            actor=caller.actor(),
            policy=here.escalation.limits.version,
            now=now,
            traceparent=trace,
        )
    return _item(ended)


@router.get("/exclusions")
async def get_exclusions(
    here: Context,
    caller: Looking,
    ticket_id: UUID | None = None,
    in_force: bool | None = None,
    reason: ExclusionReason | None = None,
    unit: Annotated[str | None, Query(max_length=64)] = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = PAGE,
) -> ExclusionPage:
    """Rulings, newest first; a unit's people and a region's see those on their tickets."""
    now = here.runtime.clock.now()
    today = local_day(now)
    scope = scope_of(caller, Wanted(first=today, last=today, unit=unit), here.catalogue)
    wanted = ExclusionFilter(
        ticket_id=ticket_id,
        in_force=in_force,
        reason=reason,
        unit=scope.unit,
        region=scope.region,
        after=CURSOR.read(cursor),
        limit=limit + 1,
    )
    async with here.runtime.pool.acquire() as connection:
        found = await store.listed(connection, wanted)
    page = found[:limit]
    return ExclusionPage(
        now=now,
        items=[_item(each) for each in page],
        next=CURSOR.write(_place(page[-1].exclusion)) if len(found) > limit else None,
    )


def _place(e: Exclusion) -> tuple[datetime, UUID]:
    return e.ruled_at, e.exclusion_id


def _item(listed: ListedExclusion) -> ExclusionItem:
    e, ticket = listed.exclusion, listed.ticket
    return ExclusionItem(
        exclusion_id=e.exclusion_id,
        ticket_id=e.ticket_id,
        reason=e.reason,
        words=e.words,
        ruled_by=e.ruled_by,
        ruled_at=e.ruled_at,
        ended_at=e.ended_at,
        ended_words=e.ended_words,
        ended_by=e.ended_by,
        number=ticket.number,
        unit=ticket.unit,
        day=ticket.day,
    )
