"""Supervision over HTTP: leaders and supervisors ask in writing, units answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Header, Query

from services.notifier import supervise
from services.notifier.api.edge import (
    Context,
    Looking,
    Supervising,
    Trace,
)
from services.notifier.api.sight import unit_seen
from services.notifier.domain.supervision import Source, Supervision, SupervisionState
from services.notifier.store import supervisions as store
from services.notifier.store.supervisions import SupervisionFilter
from shared.catalogue.rights import Scope
from shared.contracts.parts import Role
from shared.contracts.values import Due
from shared.errors import ConflictError
from shared.runtime.inbox import remember_keys
from shared.web.commands import CommandRouter
from shared.web.identity import Caller, allow

router = CommandRouter(prefix="/api/v1", tags=["supervisions"])

Answering = Annotated[Caller, Depends(allow("supervisions.answer"))]
Key = Annotated[str | None, Header(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is asked: of a whistle or a ticket; without `unit`, its lead answers."""

    words: str
    whistle_id: UUID | None = None
    ticket_id: UUID | None = None
    unit: str | None = None
    level: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The unit's written answer."""

    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionItem:
    """One supervision as it is shown; `late` also while an overdue answer is still waited for."""

    supervision_id: UUID
    source: Source
    level: int
    number: str
    whistle_id: UUID | None
    ticket_id: UUID | None
    unit: str | None
    words: str
    asked_at: datetime
    asked_role: Role
    asked_name: str | None
    answer_by: Due
    state: SupervisionState
    late: bool
    answer: str | None
    answered_at: datetime | None
    answered_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionPage:
    """A page of supervisions, newest first; `next` is the cursor of the next page."""

    now: datetime
    items: list[SupervisionItem]
    next: UUID | None


@router.post("/supervisions", status_code=201)
async def post_supervision(
    body: Ask,
    here: Context,
    caller: Supervising,
    traceparent: Trace,
    idempotency_key: Key = None,
) -> SupervisionItem:
    """Ask one unit for a written answer within 24 hours.

    The same Idempotency-Key of the same person counts once; again it is a 409.
    """
    now = here.runtime.clock.now()
    asking = supervise.Asking(
        words=body.words,
        whistle_id=body.whistle_id,
        ticket_id=body.ticket_id,
        unit=body.unit,
        level=body.level,
    )
    async with here.runtime.transaction() as connection:
        if idempotency_key is not None:
            key = ("supervisions", f"{caller.account or caller.role}/{idempotency_key}")
            if not await remember_keys(connection, [key], now):
                raise ConflictError("这条批示已经提交", "it was asked before", code="repeated")
        made = await supervise.ask(
            connection,
            asking,
            by=caller.actor(),
            now=now,
            escalation=here.escalation,
            wording=here.wording,
            traceparent=traceparent,
            telling=here.telling,
        )
    here.watch.wake()
    return item(made, now)


@router.post("/supervisions/{supervision_id}/answers", status_code=201)
async def post_answer(
    supervision_id: UUID, body: Answer, here: Context, caller: Answering
) -> SupervisionItem:
    """The unit's answer; one that comes late counts and is marked."""
    now = here.runtime.clock.now()
    async with here.runtime.transaction() as connection:
        made = await supervise.answer(
            connection,
            supervision_id,
            body.words,
            by=caller.actor(),
            of_the_centre=caller.scope is Scope.CITY,
            now=now,
            escalation=here.escalation,
        )
    return item(made, now)


@router.get("/supervisions")
async def list_supervisions(
    here: Context,
    caller: Looking,
    unit: str | None = None,
    whistle_id: UUID | None = None,
    ticket_id: UUID | None = None,
    state: Literal["open", "late", "answered", "ended"] | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> SupervisionPage:
    """Supervisions of a unit, a matter or in a state; a unit's people see their own."""
    now = here.runtime.clock.now()
    async with here.runtime.pool.acquire() as connection:
        wanted = SupervisionFilter(
            unit=await unit_seen(connection, here, caller, unit, about=whistle_id or ticket_id),
            whistle_id=whistle_id,
            ticket_id=ticket_id,
            state=state,
            before=cursor,
            limit=limit + 1,
        )
        found = await store.listed(connection, wanted, now)
    page = found[:limit]
    return SupervisionPage(
        now=now,
        items=[item(each, now) for each in page],
        next=page[-1].supervision_id if len(found) > limit else None,
    )


def item(supervision: Supervision, now: datetime) -> SupervisionItem:
    """A supervision as it is shown now."""
    s = supervision
    overdue = s.state is SupervisionState.OPEN and now > s.answer_by.by
    return SupervisionItem(
        supervision_id=s.supervision_id,
        source=s.source,
        level=s.level,
        number=s.number,
        whistle_id=s.whistle_id,
        ticket_id=s.ticket_id,
        unit=s.unit,
        words=s.words,
        asked_at=s.asked_at,
        asked_role=s.asked_by.role,
        asked_name=s.asked_by.name,
        answer_by=s.answer_by,
        state=s.state,
        late=s.late or overdue,
        answer=s.answer,
        answered_at=s.answered_at,
        answered_name=s.answered_by.name if s.answered_by else None,
    )
