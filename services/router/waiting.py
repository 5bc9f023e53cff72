"""The dispatcher's queue, as it is read: held tickets and open merges, by what is due first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.router import look
from services.router.domain.matter import Ticket
from services.router.look import WhistleItem
from services.router.store import queue
from services.router.store import whistles as store
from services.router.store.queue import Desk, Waiting, Wanted
from shared.contracts.parts import Attachment, Place
from shared.contracts.tickets import Hints
from shared.contracts.values import Due, TicketType, Urgency
from shared.contracts.whistles import Candidate
from shared.runtime.database import Connection

MERGES_SHOWN = 200


class HeldReason(StrEnum):
    """Why a person must decide."""

    LOW_CONFIDENCE = "low_confidence"  # 把握不足
    CONFLICT = "conflict"  # 多家可办
    NO_OWNER = "no_owner"  # 无主事项
    NO_CATEGORY = "no_category"  # 未分类
    PLACE = "place"  # 地点不明
    MERGE = "merge"  # 并单待定


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldItem:
    """A ticket that waits for a dispatcher; `desk` is whose it is, where it was handed over."""

    ticket_id: UUID
    ticket_number: str
    whistle_id: UUID
    number: str
    round: int
    seq: int
    title: str
    summary: str
    category: str | None
    type: TicketType
    urgency: Urgency
    place: Place
    confidential: bool
    attachments: tuple[Attachment, ...]
    hints: Hints
    registered_at: datetime
    dispatch_by: Due
    reason: HeldReason
    why: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    desk: Desk | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPage:
    """Held tickets, by what is due first; `next` is the cursor of the next page."""

    now: datetime
    items: list[HeldItem]
    next: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeSide:
    """One of the two whistles of a merge, with its ticket's words."""

    ticket_id: UUID
    ticket_number: str
    title: str
    summary: str
    place: Place
    registered_at: datetime
    whistle: WhistleItem


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeItem:
    """A merged ticket whose whistle another unit leads than the parent's, both side by side."""

    ticket_id: UUID
    urgency: Urgency
    asked_at: datetime
    due: Due
    own: MergeSide
    into: MergeSide


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePage:
    """Merges that wait for a dispatcher, by what is due first."""

    now: datetime
    items: list[MergeItem]


async def held(
    connection: Connection,
    wanted: Wanted,
    *,
    reason: HeldReason | None = None,
    now: datetime,
    cursor: UUID | None,
    limit: int,
) -> HeldPage:
    """The tickets that wait for a person; a page by `reason` may be shorter than `limit`."""
    found = await queue.held(connection, wanted, cursor=cursor, limit=limit + 1)
    shown = [_item(each) for each in found[:limit]]
    next_ = found[limit - 1].whistle_id if len(found) > limit else None
    return HeldPage(
        now=now,
        items=[item for item in shown if reason in (None, item.reason)],
        next=next_,
    )


def _item(waiting: Waiting) -> HeldItem:
    registered = waiting.registered
    why = waiting.content.why
    return HeldItem(
        ticket_id=registered.ticket_id,
        ticket_number=registered.number,
        whistle_id=waiting.whistle_id,
        number=waiting.number,
        round=waiting.round,
        seq=waiting.seq,
        title=registered.title,
        summary=registered.summary,
        category=registered.category,
        type=registered.type,
        urgency=registered.urgency,
        place=registered.place,
        confidential=registered.confidential,
        attachments=registered.attachments,
        hints=registered.hints,
        registered_at=waiting.registered_at,
        dispatch_by=registered.dispatch_by,
        reason=reason_of(why),
        why=why,
        candidates=waiting.content.candidates,
        desk=waiting.desk,
    )


def reason_of(why: Sequence[str]) -> HeldReason:
    """The kind of a trace that ended with a person, by the steps of DOMAIN §6."""
    if _says(why, "11:no clear owner"):
        return HeldReason.NO_OWNER
    if _says(why, "5:no category", "5:category ") and not _found_function(why):
        return HeldReason.NO_CATEGORY
    if _says(why, "6:") and any("does not tell" in line for line in why):
        return HeldReason.PLACE
    if _says(why, "12:confidence"):
        return HeldReason.LOW_CONFIDENCE
    if _says(why, "6:region ") and any("not in the catalogue" in line for line in why):
        return HeldReason.PLACE
    return HeldReason.CONFLICT


def _says(why: Iterable[str], *beginnings: str) -> bool:
    return any(line.startswith(beginnings) for line in why)


def _found_function(why: Iterable[str]) -> bool:
    return any(line.startswith("5:category ") and "→" in line for line in why)


async def merges(connection: Connection, *, now: datetime) -> MergePage:
    """The merges that wait for a dispatcher."""
    asked = await queue.questions(connection, limit=MERGES_SHOWN)
    if not asked:
        return MergePage(now=now, items=[])
    ids = [each.whistle_id for each in asked] + [each.into_whistle_id for each in asked]
    whistles = {w.whistle_id: w for w in await store.read_whistles(connection, ids)}
    both = [each.ticket_id for each in asked] + [each.into_ticket_id for each in asked]
    tickets = await queue.tickets(connection, both)
    items = []
    for each in asked:
        own, into = whistles[each.whistle_id], whistles[each.into_whistle_id]
        items.append(
            MergeItem(
                ticket_id=each.ticket_id,
                urgency=own.urgency,
                asked_at=each.asked_at,
                due=each.due,
                own=_side(tickets[each.ticket_id], look.item(own)),
                into=_side(tickets[each.into_ticket_id], look.item(into)),
            )
        )
    return MergePage(now=now, items=items)


def _side(ticket: Ticket, whistle: WhistleItem) -> MergeSide:
    registered = ticket.registered
    return MergeSide(
        ticket_id=ticket.ticket_id,
        ticket_number=registered.number,
        title=registered.title,
        summary=registered.summary,
        place=registered.place,
        registered_at=ticket.registered_at,
        whistle=whistle,
    )
