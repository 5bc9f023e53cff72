"""What people are told, over HTTP: the messages, what is held after an outage, its release."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query

from services.notifier import release
from services.notifier.api.edge import Context, Looking, Operating
from services.notifier.api.sight import unit_seen
from services.notifier.domain.telling.gap import Gap
from services.notifier.domain.telling.message import MessageState, Occasion, Way
from services.notifier.domain.telling.posts import Post
from services.notifier.release import Released, Releasing
from services.notifier.store import deadlines, gaps
from services.notifier.store import messages as store
from services.notifier.store.messages import Filter, HeldFor, Listed
from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Instant, Urgency
from shared.errors import ConflictError
from shared.runtime.database import Connection
from shared.web.commands import CommandRouter
from shared.web.cursors import Cursor

router = CommandRouter(prefix="/api/v1/notices", tags=["notices"])
CURSOR: Final = Cursor(tuple[Instant, UUID])


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageItem:
    """One thing for one person; `heard_at` is another post where nobody was on duty."""

    message_id: UUID
    person_id: UUID
    name: str
    post: Post
    heard_at: Post
    place: str
    about: UUID
    number: str
    unit: str | None
    urgency: Urgency
    occasion: Occasion
    kind: DeadlineKind | None
    rung: str | None
    level: int
    due_by: datetime | None
    at: datetime
    way: Way
    state: MessageState
    send_at: datetime | None
    told: int
    told_at: datetime | None
    bundle_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePage:
    """A page of messages, the latest first."""

    items: list[MessageItem]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldView:
    """What is held: how much, for how many, since when, for whom, and what it fell into.

    `watched_to` is the domain time of the watch's last sign; `behind` says that rungs are past and
    not fired yet, so that more may come. `items` are a page of the receivers, who waits longest
    first; `next` is the cursor of the next page.
    """

    now: datetime
    watched_to: datetime | None
    behind: bool
    messages: int
    receivers: int
    oldest: datetime | None
    gaps: list[Gap]
    items: list[HeldFor]
    next: str | None


@router.get("")
async def list_messages(
    here: Context,
    caller: Looking,
    unit: str | None = None,
    state: MessageState | None = None,
    person_id: UUID | None = None,
    about: UUID | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> MessagePage:
    """Who was told what, and who is going to be; `about` a whistle or a ticket without one."""
    async with here.runtime.pool.acquire() as connection:
        wanted = Filter(
            unit=await unit_seen(connection, here, caller, unit, about=about),
            state=state,
            person_id=person_id,
            about=about,
            after=CURSOR.read(cursor),
            limit=limit + 1,
        )
        found = await store.listed(connection, wanted)
    page = found[:limit]
    return MessagePage(
        items=[_item(each) for each in page],
        next=CURSOR.write(_place(page[-1])) if len(found) > limit else None,
    )


@router.get("/held")
async def get_held(
    here: Context,
    _caller: Operating,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> HeldView:
    """What an outage or a leap of the clock holds back, until it is released."""
    now = here.runtime.clock.now()
    after = CURSOR.read(cursor)
    async with here.runtime.pool.acquire() as connection:
        found = await store.held_in_all(connection)
        people = await store.held_by_person(connection, after=after, limit=limit + 1)
        next_at = await deadlines.next_fire_at(connection)
        beat = await gaps.last_beat(connection)
        return HeldView(
            now=now,
            watched_to=beat.at if beat else None,
            behind=next_at is not None and next_at <= now,
            messages=found.n,
            receivers=found.receivers,
            oldest=found.oldest,
            gaps=await gaps.unreleased(connection),
            items=people[:limit],
            next=CURSOR.write(people[limit - 1].place) if len(people) > limit else None,
        )


@router.post("/release")
async def post_release(body: Releasing, here: Context, caller: Operating) -> Released:
    """Let go of all that is held: one digest a person, in the quiet hours only when asked for.

    409 where nothing is held, as when another did it a moment before.
    """

    async def let_go(connection: Connection) -> Released:
        released = await release.release(
            connection,
            body,
            by=caller.actor(),
            rules=here.telling.rules,
            now=here.runtime.clock.now(),
        )
        if not released.messages and not released.gaps:
            raise ConflictError(
                "没有扣住的提醒，可能刚由他人放行",
                "nothing is held, somebody may just have let it go",
                code="nothing_held",
            )
        return released

    released = await here.runtime.once_for_all(let_go)
    here.telling.heartbeat.forget()
    return released


def _item(listed: Listed) -> MessageItem:
    message, subject = listed.message, listed.message.subject
    return MessageItem(
        message_id=message.message_id,
        person_id=message.person_id,
        name=listed.name,
        post=message.post,
        heard_at=message.seat.post,
        place=message.seat.place,
        about=subject.about,
        number=subject.number,
        unit=subject.unit,
        urgency=subject.urgency,
        occasion=subject.occasion,
        kind=subject.kind,
        rung=subject.rung,
        level=subject.level,
        due_by=subject.due_by,
        at=subject.at,
        way=message.way,
        state=message.state,
        send_at=message.send_at,
        told=message.told,
        told_at=listed.told_at,
        bundle_id=listed.bundle_id,
    )


def _place(last: Listed) -> tuple[datetime, UUID]:
    return last.message.subject.at, last.message.message_id
