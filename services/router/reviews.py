"""The queue of the 审核台, as it is read: what waits for a decision, whose, and what is likely.

The evidence stands in what was reported, the rule in its due time; why the caller may not decide
is said with each.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.router.domain.city import City
from services.router.domain.reports.replies import Alike, alike_reply
from services.router.domain.rulings import precedents
from services.router.domain.rulings.deciding import Blocked, blocked
from services.router.domain.rulings.pending import RULINGS, ReviewKind, ReviewState
from services.router.domain.rulings.precedents import Likely
from services.router.look import Sight
from services.router.store import replies as reply_store
from services.router.store import reviews as store
from services.router.store.reviews import After, Found, Wanted
from shared.contracts.parts import Actor, Role
from shared.contracts.values import Due, Relation, Urgency
from shared.errors import FieldError, InvalidError
from shared.runtime.database import Connection

JUDGES_DISPATCH = frozenset({*RULINGS, ReviewKind.RESOLUTION})
"""The kinds that who dispatched never decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchedBy:
    """Who dispatched: never the one who rules."""

    role: Role
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewItem:
    """One thing that waits for a decision, or waited."""

    review_id: UUID
    kind: ReviewKind
    whistle_id: UUID
    number: str
    ticket_ids: tuple[UUID, ...]
    unit: str | None
    relation: Relation | None
    assignment_id: UUID | None
    asked_at: datetime
    asked_by: Actor
    request: Mapping[str, Any]
    due: Due
    for_role: Role
    urgency: Urgency
    round: int
    seq: int  # of the whistle: what has been seen of it
    category: str | None
    title: str
    summary: str
    region: str | None
    dispatched_by: DispatchedBy | None
    blocked: Blocked | None
    likely: Likely | None
    state: ReviewState
    decided_at: datetime | None
    decided_by: Actor | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPage:
    """Reviews by due time; `next` is the cursor of the next page."""

    now: datetime
    items: list[ReviewItem]
    next: str | None


async def listed(
    connection: Connection,
    *,
    caller_role: Role,
    caller_name: str | None,
    sight: Sight,
    now: datetime,
    kinds: tuple[ReviewKind, ...] | None = None,
    for_role: Role | None = None,
    unit: str | None = None,
    whistle_id: UUID | None = None,
    in_charge: str | None = None,
    states: tuple[ReviewState, ...] = (ReviewState.PENDING,),
    cursor: str | None = None,
    limit: int = 100,
) -> ReviewPage:
    """A page of the queue, as this caller sees it; raises InvalidError for a wrong cursor."""
    wanted = Wanted(
        states=states,
        kinds=kinds,
        for_role=for_role,
        unit=unit,
        whistle_id=whistle_id,
        in_charge=in_charge,
    )
    found = await store.page(
        connection, wanted, after=_after(cursor) if cursor else None, limit=limit + 1
    )
    shown = found[:limit]
    probable = await _likely(connection, shown)
    caller = Actor(role=caller_role, name=caller_name)
    items = [_item(each, caller, sight, probable.get(each.review.review_id)) for each in shown]
    more = len(found) > limit
    return ReviewPage(now=now, items=items, next=_cursor(items[-1]) if more else None)


def _item(found: Found, caller: Actor, sight: Sight, likely: Likely | None) -> ReviewItem:
    review, by = found.review, found.dispatched_by
    matter = sight.matter(found.matter)
    return ReviewItem(
        review_id=review.review_id,
        kind=review.kind,
        whistle_id=review.whistle_id,
        number=found.number,
        ticket_ids=found.ticket_ids,
        unit=review.unit,
        relation=review.relation,
        assignment_id=review.assignment_id,
        asked_at=review.asked_at,
        asked_by=review.asked_by,
        request=review.request,
        due=review.due,
        for_role=review.for_role,
        urgency=found.urgency,
        round=found.round,
        seq=found.seq,
        category=review.category,
        title=matter.title,
        summary=matter.summary,
        region=found.region,
        dispatched_by=None
        if review.kind is ReviewKind.NO_OWNER
        else DispatchedBy(role=by.role, name=by.name),
        blocked=blocked(
            review.for_role,
            dispatched_by=by,
            caller=caller,
            judges_dispatch=review.kind in JUDGES_DISPATCH,
        ),
        likely=likely,
        state=review.state,
        decided_at=review.decided_at,
        decided_by=review.decided_by,
        reason=review.reason,
    )


async def _likely(connection: Connection, found: list[Found]) -> dict[UUID, Likely]:
    asked = [
        each.review
        for each in found
        if each.review.kind in RULINGS and each.review.unit and each.review.lead_function
    ]
    if not asked:
        return {}
    past = await store.past_rulings(
        connection,
        {review.unit for review in asked if review.unit},
        {review.lead_function for review in asked if review.lead_function},
    )
    made = {
        review.review_id: precedents.likely(
            past,
            unit=review.unit or "",
            category=review.category,
            lead_function=review.lead_function,
        )
        for review in asked
    }
    return {review_id: likely for review_id, likely in made.items() if likely is not None}


async def likely(
    connection: Connection, *, unit: str, category: str | None, city: City
) -> Likely | None:
    """How such a return of this unit would probably be ruled on; None where nothing is known."""
    if category is None or category not in city.catalogue.categories:
        return None
    function = city.catalogue.category(category).lead_function
    past = await store.past_rulings(connection, {unit}, {function})
    return precedents.likely(past, unit=unit, category=category, lead_function=function)


async def alike(
    connection: Connection, *, unit: str, text: str, ticket_id: UUID, city: City, now: datetime
) -> Alike | None:
    """The earlier reply of the unit to another ticket that this text is most like, and how much."""
    recent = await reply_store.recent(connection, [unit], city=city, now=now)
    return alike_reply(text, recent, ticket_id=ticket_id)


def _cursor(item: ReviewItem) -> str:
    text = f"{item.due.by.isoformat()}/{item.review_id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _after(cursor: str) -> After:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        due_by, _, review_id = text.partition("/")
        return After(due_by=datetime.fromisoformat(due_by), review_id=UUID(review_id))
    except (ValueError, binascii.Error):
        error = FieldError(field="cursor", zh="游标不对", en="is not a cursor of this list")
        raise InvalidError(error) from None
