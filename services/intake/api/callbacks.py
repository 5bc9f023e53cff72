"""The callback clerks' list over HTTP: what is to be asked, by whom, who holds it.

What the person said goes to `POST /api/v1/tickets/{ticket_id}/callbacks`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from services.intake.api.bodies import Body, read_body, schema
from services.intake.api.calls import account_of
from services.intake.api.tickets import Intake
from services.intake.call_back import Claimed, claim
from services.intake.domain.callback_task import CallbackCounts, CallbackItem
from services.intake.store import callbacks as store
from shared.errors import FieldError, InvalidError, NotFoundError
from shared.web.identity import Caller, allow

router = APIRouter(prefix="/api/v1/callbacks", tags=["callbacks"])

Clerk = Annotated[Caller, Depends(allow("callbacks.do"))]
FIRST: Final = (datetime(1900, 1, 1, tzinfo=UTC), UUID(int=0))


class ClaimBody(Body):
    """`version` of the task, as the list showed it."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackLine:
    """One callback to be made; `version` is the task's, `ticket_version` the ticket's."""

    ticket_id: UUID
    number: str
    title: str
    type: str
    urgency: str
    category: str | None
    region: str | None
    round: int
    opened_at: datetime
    callback_by: datetime
    next_from: datetime
    tries: int
    version: int
    ticket_version: int
    holder: str | None
    held_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackPage:
    """The list, the one due first first; `next` continues after the last one."""

    now: datetime
    counts: CallbackCounts
    items: tuple[CallbackLine, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """The contact of the person to be called back, for whoever holds the task."""

    ticket_id: UUID
    number: str
    name: str | None
    phone: str | None
    title: str
    summary: str
    reply: str | None
    round: int
    tries: int
    version: int
    ticket_version: int
    held_until: datetime | None


@router.get("")
async def get_callbacks(
    intake: Intake,
    caller: Clerk,
    ready: bool = False,
    mine: bool = False,
    cursor: Annotated[str | None, Query(max_length=80)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CallbackPage:
    """What is to be called back: `ready` only what may be tried now, `mine` what I hold."""
    now = intake.runtime.clock.now()
    after = read_cursor(cursor)
    async with intake.runtime.pool.acquire() as connection:
        items = await store.list_tasks(
            connection,
            after=after,
            limit=limit + 1,
            ready_by=now if ready else None,
            holder=account_of(caller) if mine else None,
        )
        counts = await store.counts(connection, now=now)
    shown = items[:limit]
    last = shown[-1].task if len(items) > limit else None
    return CallbackPage(
        now=now,
        counts=counts,
        items=tuple(_line(each, now) for each in shown),
        next=f"{last.due_by.isoformat()}|{last.ticket_id}" if last is not None else None,
    )


@router.post("/{ticket_id}/claims", openapi_extra=schema(ClaimBody))
async def post_claim(ticket_id: UUID, request: Request, intake: Intake, caller: Clerk) -> Contact:
    """Take the task for twenty minutes and see the contact; the look is on record."""
    body = read_body(ClaimBody, await request.body())
    async with intake.runtime.transaction() as connection:
        claimed = await claim(
            connection,
            ticket_id,
            holder=account_of(caller),
            version=body.version,
            actor=caller.actor(),
            now=intake.runtime.clock.now(),
            rules=intake.rules,
            vault=intake.vault,
        )
    return _contact(claimed)


@router.delete("/{ticket_id}/claims", status_code=204)
async def delete_claim(ticket_id: UUID, intake: Intake, caller: Clerk) -> None:
    """Give the task back."""
    async with intake.runtime.transaction() as connection:
        if not await store.release(connection, ticket_id, holder=account_of(caller)):
            raise NotFoundError("此件不在您手上", "you do not hold it")


def read_cursor(text: str | None) -> tuple[datetime, UUID]:
    """Where the list goes on; InvalidError where it is no cursor of ours."""
    if text is None:
        return FIRST
    at, _, ticket_id = text.partition("|")
    try:
        due_by = datetime.fromisoformat(at)
        if due_by.tzinfo is None or not FIRST[0].year < due_by.year < 2200:
            raise ValueError(at)
        return due_by, UUID(ticket_id)
    except ValueError:
        raise InvalidError(
            FieldError(field="cursor", zh="cursor：不是有效的游标", en="cursor: is no cursor")
        ) from None


def _line(item: CallbackItem, now: datetime) -> CallbackLine:
    task = item.task
    is_held = task.held_until is not None and now < task.held_until
    return CallbackLine(
        ticket_id=task.ticket_id,
        number=item.number,
        title=item.title,
        type=item.type,
        urgency=item.urgency,
        category=item.category,
        region=item.region,
        round=task.round,
        opened_at=task.opened_at,
        callback_by=task.due_by,
        next_from=task.next_from,
        tries=task.tries,
        version=task.version,
        ticket_version=item.ticket_version,
        holder=task.holder if is_held else None,
        held_until=task.held_until if is_held else None,
    )


def _contact(claimed: Claimed) -> Contact:
    ticket, task = claimed.ticket, claimed.task
    return Contact(
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        name=claimed.name,
        phone=claimed.phone,
        title=ticket.title,
        summary=ticket.summary,
        reply=claimed.reply,
        round=task.round,
        tries=task.tries,
        version=task.version,
        ticket_version=ticket.seq,
        held_until=task.held_until,
    )
