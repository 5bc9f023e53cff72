"""Finds tickets for those who may see them: one with its timeline and promises, or a page of many.

A street, a community and a grid worker see the tickets of their own region.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.intake.domain.promises import Promise, PromiseState
from services.intake.domain.ticket import Ticket, TicketState
from services.intake.photos import PhotoView, photos_of
from services.intake.store import tickets as store
from shared.contracts.parts import DeadlineKind, Place
from shared.contracts.tickets import Source
from shared.contracts.values import Channel, Due, TicketType, Urgency
from shared.errors import NotFoundError
from shared.runtime.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """One line of the timeline."""

    at: datetime
    who: str
    what: str
    zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseView:
    """One promise of time; `unit` None is the city's own."""

    kind: DeadlineKind
    unit: str | None
    due: Due
    state: PromiseState
    round: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketItem:
    """A ticket in a list."""

    ticket_id: UUID
    number: str
    state: TicketState
    version: int
    round: int
    channel: Channel
    type: TicketType
    urgency: Urgency
    category: str | None
    title: str
    region: str | None
    confidential: bool
    group_matter: bool
    source: Source | None
    registered_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketView:
    """A ticket with all that happened and all that was promised; nothing of who asked."""

    ticket_id: UUID
    number: str
    state: TicketState
    version: int
    round: int
    channel: Channel
    type: TicketType
    urgency: Urgency
    category: str | None
    title: str
    summary: str
    place: Place
    confidential: bool
    group_matter: bool
    contactable: bool
    source: Source | None
    registered_at: datetime
    occurred_at: datetime | None
    ended_at: datetime | None
    whistle_id: UUID | None
    timeline: tuple[LineView, ...]
    promises: tuple[PromiseView, ...]
    photos: tuple[PhotoView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Tickets, newest first; `next` continues below the last one."""

    items: tuple[TicketItem, ...]
    next: UUID | None


async def find_ticket(
    connection: Connection, ticket_id: UUID, *, region: str | None = None
) -> TicketView:
    """The whole ticket; NotFoundError where there is none or not in the caller's region."""
    ticket = await store.load_ticket(connection, ticket_id)
    if ticket is None or not _in_region(ticket, region):
        raise no_such_ticket()
    lines = await store.timeline_of(connection, ticket_id)
    promises = await store.promises_of(connection, ticket_id)
    return TicketView(
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        state=ticket.state,
        version=ticket.seq,
        round=ticket.round,
        channel=ticket.channel,
        type=ticket.type,
        urgency=ticket.urgency,
        category=ticket.category,
        title=ticket.title,
        summary=ticket.summary,
        place=ticket.place,
        confidential=ticket.confidential,
        group_matter=ticket.group_matter,
        contactable=ticket.contactable,
        source=ticket.source,
        registered_at=ticket.registered_at,
        occurred_at=ticket.occurred_at,
        ended_at=ticket.ended_at,
        whistle_id=ticket.whistle_id,
        timeline=tuple(LineView(at=x.at, who=x.who, what=x.what, zh=x.zh) for x in lines),
        promises=tuple(_promise(each) for each in sorted(promises, key=_by_start)),
        photos=await photos_of(connection, ticket_id),
    )


def _by_start(promise: Promise) -> tuple[int, datetime, datetime, str]:
    return promise.round, promise.due.started_at, promise.due.by, promise.kind


def _promise(promise: Promise) -> PromiseView:
    return PromiseView(
        kind=promise.kind,
        unit=promise.unit,
        due=promise.due,
        state=promise.state,
        round=promise.round,
    )


async def list_tickets(
    connection: Connection,
    *,
    cursor: UUID | None,
    limit: int,
    state: TicketState | None = None,
    source_system: str | None = None,
    source_number: str | None = None,
    region: str | None = None,
) -> Page:
    """A page of tickets, newest first; with system and number the one ticket of that source."""
    if source_system is not None and source_number is not None:
        source = Source(system=source_system, number=source_number)
        found = await store.tickets_of_source(connection, source)
        tickets = [
            each
            for each in found
            if _in_region(each, region) and (state is None or each.state is state)
        ]
        return Page(items=tuple(map(_item, tickets)), next=None)
    tickets = await store.list_tickets(
        connection,
        below=cursor,
        limit=limit + 1,
        state=state,
        source_system=source_system,
        region=region,
    )
    more = len(tickets) > limit
    items = tuple(_item(each) for each in tickets[:limit])
    return Page(items=items, next=items[-1].ticket_id if more else None)


def _in_region(ticket: Ticket, region: str | None) -> bool:
    return region is None or (ticket.place.region or "").startswith(region)


def _item(ticket: Ticket) -> TicketItem:
    return TicketItem(
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        state=ticket.state,
        version=ticket.seq,
        round=ticket.round,
        channel=ticket.channel,
        type=ticket.type,
        urgency=ticket.urgency,
        category=ticket.category,
        title=ticket.title,
        region=ticket.place.region,
        confidential=ticket.confidential,
        group_matter=ticket.group_matter,
        source=ticket.source,
        registered_at=ticket.registered_at,
        ended_at=ticket.ended_at,
    )


def no_such_ticket() -> NotFoundError:
    """What anybody is told who may not see a ticket, too."""
    return NotFoundError("没有这个工单", "there is no such ticket")
