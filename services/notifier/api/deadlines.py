"""Deadlines over HTTP: the promises of time, with what happened to each."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query

from services.notifier.api.edge import Context, Looking
from services.notifier.api.sight import unit_seen
from services.notifier.context import NotifierContext
from services.notifier.domain.deadline import Deadline, DeadlineState
from services.notifier.domain.segments import Segment, seconds_run, segments
from services.notifier.store import deadlines as store
from services.notifier.store.deadlines import Event, Filter
from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Due, Instant
from shared.web.cursors import Cursor

router = APIRouter(prefix="/api/v1", tags=["deadlines"])
CURSOR: Final = Cursor(tuple[Instant, UUID])


@dataclass(frozen=True, slots=True, kw_only=True)
class EventItem:
    """One line of a promise's history as it is shown."""

    at: datetime
    what: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineItem:
    """One promise as it is shown; `seconds_run` of the limit's own time, without the pauses.

    `ended_at`: nothing more comes of it. A missed one may have ended without being kept, as its
    unit was let go: it stays missed, and nobody owes it any more.
    """

    deadline_id: UUID
    ticket_id: UUID | None
    whistle_id: UUID | None
    assignment_id: UUID | None
    unit: str | None
    round: int
    kind: DeadlineKind
    state: DeadlineState
    late: bool
    due: Due
    met_at: datetime | None
    ended_at: datetime | None
    next_rung: str | None
    next_fire_at: datetime | None
    history: list[EventItem]
    segments: list[Segment]
    seconds_run: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlinePage:
    """A page of promises, soonest due first; `next` is the cursor of the next page."""

    now: datetime
    items: list[DeadlineItem]
    next: str | None


@router.get("/deadlines")
async def list_deadlines(
    here: Context,
    caller: Looking,
    ticket_id: UUID | None = None,
    whistle_id: UUID | None = None,
    unit: str | None = None,
    state: DeadlineState | None = None,
    ended: bool | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> DeadlinePage:
    """Promises of a ticket, a whistle, a unit or in a state; a unit's people see their own.

    A street's and a community's people see all of a matter in their region, by its id. Each promise
    stands by itself here, those that ended too, unless `ended` says which; the board counts what a
    unit owes on one whistle as one matter, and only while it is owed.
    """
    async with here.runtime.pool.acquire() as connection:
        wanted = Filter(
            ticket_id=ticket_id,
            whistle_id=whistle_id,
            unit=await unit_seen(connection, here, caller, unit, about=whistle_id or ticket_id),
            state=state,
            ended=ended,
            after=CURSOR.read(cursor),
            limit=limit + 1,
        )
        found = await store.listed(connection, wanted)
        page = found[:limit]
        histories = await store.histories(connection, [each.deadline_id for each in page])
    return DeadlinePage(
        now=here.runtime.clock.now(),
        items=[_item(each, histories[each.deadline_id], here) for each in page],
        next=CURSOR.write(_place(page[-1])) if len(found) > limit else None,
    )


def _item(deadline: Deadline, history: list[Event], here: NotifierContext) -> DeadlineItem:
    stretches = segments(history)
    now, calendar = here.runtime.clock.now(), here.escalation.calendar
    return DeadlineItem(
        deadline_id=deadline.deadline_id,
        ticket_id=deadline.ticket_id,
        whistle_id=deadline.whistle_id,
        assignment_id=deadline.assignment_id,
        unit=deadline.unit,
        round=deadline.round,
        kind=deadline.kind,
        state=deadline.state,
        late=deadline.late,
        due=deadline.due,
        met_at=deadline.met_at,
        ended_at=deadline.ended_at,
        next_rung=deadline.next_rung,
        next_fire_at=deadline.fire_at,
        history=[EventItem(at=each.at, what=each.what, by=each.by) for each in history],
        segments=list(stretches),
        seconds_run=seconds_run(stretches, rule=deadline.due.rule, now=now, calendar=calendar),
    )


def _place(last: Deadline) -> tuple[datetime, UUID]:
    return last.due.by, last.deadline_id
