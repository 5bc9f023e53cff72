"""What people may read: the whistles of a ticket or unit, one whistle as a whole."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.router import rows
from services.router.domain.matter import Content, Matter
from services.router.domain.whistle import Whistle
from services.router.domain.words import FACT_ZH
from services.router.store import joint
from services.router.store import whistles as store
from services.router.store.whistles import SQL
from shared.catalogue.place_words import PlaceWords
from shared.contracts import parts
from shared.contracts.parts import Attachment, BlownBy, Muster, Place, WhistleState
from shared.contracts.values import TicketType, Urgency, WhistleKind
from shared.contracts.whistles import Candidate
from shared.errors import NotFoundError
from shared.runtime.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class WhistleItem:
    """A whistle with its assignments and dues, without its words."""

    whistle_id: UUID
    number: str
    kind: WhistleKind
    state: WhistleState
    round: int
    urgency: Urgency
    category: str | None
    seq: int
    ticket_ids: tuple[UUID, ...]
    blower: str | None
    provisional: bool
    assignments: tuple[parts.Assignment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhistlePage:
    """Whistles, newest first."""

    now: datetime
    items: list[WhistleItem]
    next: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One entry of a whistle's history, in plain words."""

    seq: int
    at: datetime
    what: str
    zh: str
    role: str
    unit: str | None
    name: str | None
    on_behalf_of: str | None
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class WhistleDetail:
    """A whistle as a whole: its words, its units with their dues, why, and what happened."""

    now: datetime
    whistle: WhistleItem
    title: str
    summary: str
    type: TicketType | None
    place: Place
    confidential: bool
    own_effort: str | None
    muster: Muster | None
    attachments: tuple[Attachment, ...]
    blown_by: BlownBy | None
    dispatched_by: parts.Actor | None
    trace: tuple[str, ...]
    why: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    timeline: list[Moment]
    why_beyond: str | None = None
    in_charge: str | None = None
    takeover_by: datetime | None = None
    cross_district: bool = False
    repeats: int | None = None  # earlier whistles of the place


NO_WORDS: Final = PlaceWords()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What a caller may see: everything, or what concerns a unit and lies in its region."""

    unit: str | None = None
    region: str | None = None
    places: PlaceWords = NO_WORDS  # what is masked where a place is hidden

    def matter(self, matter: Matter) -> Matter:
        """What of it the caller may know."""
        return matter if self.unit is None else matter.for_units(self.places)

    def sees(self, whistle: Whistle) -> bool:
        """Whether the whistle concerns the unit."""
        if self.unit is None or self.unit == whistle.blower:
            return True
        if self.region and (whistle.region or "").startswith(self.region):
            return True
        return whistle.part_of(self.unit) is not None


async def listed(
    connection: Connection,
    *,
    ticket_id: UUID | None,
    unit: str | None,
    state: WhistleState | None,
    sight: Sight,
    now: datetime,
    cursor: UUID | None,
    limit: int,
) -> WhistlePage:
    """Whistles of a ticket, a unit or in a state, as far as the caller may see them."""
    found = await connection.fetch(
        SQL.listed, ticket_id, unit, state, cursor, sight.unit, sight.region, limit + 1
    )
    ids = [row["whistle_id"] for row in found[:limit]]
    whistles = await store.read_whistles(connection, ids)
    next_ = ids[-1] if len(found) > limit else None
    return WhistlePage(now=now, items=[item(whistle) for whistle in whistles], next=next_)


async def moments(connection: Connection, whistle_id: UUID) -> list[Moment]:
    """What happened to a whistle, oldest first."""
    return [moment(row) for row in await connection.fetch(SQL.timeline, whistle_id)]


async def detail(
    connection: Connection,
    whistle_id: UUID,
    *,
    sight: Sight,
    now: datetime,
    repeats_days: int | None = None,
) -> WhistleDetail:
    """One whistle; raises NotFoundError also for a caller whom it does not concern.

    `repeats_days`: count the whistles of its place in so many days before.
    """
    found = await store.read_whistles(connection, [whistle_id])
    if not found or not sight.sees(found[0]):
        raise NotFoundError("没有这张哨单", "there is no such whistle")
    content, matter = (await store.contents(connection, [whistle_id]))[whistle_id]
    timeline = await moments(connection, whistle_id)
    shown = _detail(found[0], content, matter, timeline, sight, now)
    if repeats_days is None:
        return shown
    return replace(shown, repeats=await joint.repeats(connection, whistle_id, days=repeats_days))


def _detail(
    whistle: Whistle,
    content: Content,
    matter: Matter,
    timeline: list[Moment],
    sight: Sight,
    now: datetime,
) -> WhistleDetail:
    outside, told_matter = sight.unit is not None, sight.matter(matter)
    return WhistleDetail(
        now=now,
        whistle=item(whistle),
        title=told_matter.title,
        summary=told_matter.summary,
        type=matter.type,
        place=told_matter.place,
        confidential=matter.confidential,
        own_effort=told_matter.own_effort,
        muster=matter.muster,
        attachments=matter.attachments,
        blown_by=content.blown_by,
        dispatched_by=content.dispatched_by,
        trace=matter.trace_for_units(content.trace) if outside else content.trace,
        why=matter.trace_for_units(content.why) if outside else content.why,
        candidates=() if outside and matter.hides_place() else content.candidates,
        timeline=told(timeline, matter, sight),
        why_beyond=told_matter.why_beyond,
        in_charge=whistle.in_charge,
        takeover_by=whistle.takeover_by,
        cross_district=whistle.cross_district,
    )


def told(timeline: Iterable[Moment], matter: Matter, sight: Sight) -> list[Moment]:
    """What of a history the caller may read: a bureau its own marks, not those of the others."""
    shown = [each for each in timeline if _tells(each, sight)]
    if sight.unit is None or not matter.hides_place():
        return shown

    def masked(said: Any) -> Any:
        if isinstance(said, str):
            return matter.words_for_units(said, sight.places)
        if isinstance(said, dict):
            return {name: masked(each) for name, each in said.items()}
        return [masked(each) for each in said] if isinstance(said, list) else said

    # why it was held names the place
    return [
        replace(each, after=None if each.what == "held" else masked(each.after)) for each in shown
    ]


def _tells(moment: Moment, sight: Sight) -> bool:
    local = sight.unit is None or sight.region is not None
    return local or moment.what != "evaluated" or moment.after["unit"] == sight.unit


def item(whistle: Whistle) -> WhistleItem:
    """A whistle as answers show it."""
    return WhistleItem(
        whistle_id=whistle.whistle_id,
        number=whistle.number,
        kind=whistle.kind,
        state=whistle.state,
        round=whistle.round,
        urgency=whistle.urgency,
        category=whistle.category,
        seq=whistle.seq,
        ticket_ids=whistle.ticket_ids,
        blower=whistle.blower,
        provisional=whistle.provisional,
        assignments=tuple(assignment.shown() for assignment in whistle.assignments),
    )


def moment(row: rows.Row) -> Moment:
    """A row of the history in plain words."""
    return Moment(
        seq=row["seq"],
        at=row["at"],
        what=row["what"],
        zh=FACT_ZH.get(row["what"], row["what"]),
        role=row["role"],
        unit=row["unit"],
        name=row["actor_name"],
        on_behalf_of=row["on_behalf_of"],
        before=json.loads(row["before"]) if row["before"] else None,
        after=json.loads(row["after"]) if row["after"] else None,
    )
