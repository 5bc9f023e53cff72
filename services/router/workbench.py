"""Reads a unit's workbench: its inbox by what is due first, and one matter as its people see it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from services.router import look
from services.router.domain.assignment import Assignment
from services.router.domain.matter import Content, Matter
from services.router.domain.rulings.pending import ReviewKind
from services.router.domain.whistle import Whistle
from services.router.domain.workbench.part import PartClock, Tab, next_due, tabs_of
from services.router.look import Moment, Sight, WhistleDetail
from services.router.store import reviews as review_store
from services.router.store import whistles as whistle_store
from services.router.store import workbench as store
from shared.catalogue.place_words import PlaceWords
from shared.errors import NotFoundError
from shared.runtime.database import Connection

PAGE: Final = 60
NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One unit's part in a whistle, with the whistle and its words."""

    whistle: Whistle
    part: Assignment
    content: Content
    matter: Matter
    next: PartClock | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which part of an inbox: a list, words to find, a colleague's desk, the page."""

    tab: Tab = Tab.TODO
    words: str = ""
    handler: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """A page of a list, how many stand in each, and whose desks there are."""

    jobs: list[Job]
    counts: Mapping[Tab, int]
    found: int
    more: bool
    handlers: tuple[str, ...]


async def inbox(
    connection: Connection, unit: str, wanted: Wanted, *, places: PlaceWords, now: datetime
) -> Inbox:
    """The unit's parts of a list, what is due first first."""
    ids = await store.running(connection, unit)
    parts = _parts(await whistle_store.read_whistles(connection, ids), unit)
    tabs = {whistle.whistle_id: tabs_of(whistle, part, now) for whistle, part in parts}
    counts = Counter(tab for each in tabs.values() for tab in each)
    handlers = tuple(sorted({part.handler for _, part in parts if part.handler}))
    if wanted.tab is Tab.ENDED:
        parts = await _ended(connection, unit, wanted)
    else:
        parts = [each for each in parts if wanted.tab in tabs[each[0].whistle_id]]
        parts.sort(key=lambda each: _order(each, now))
    if wanted.handler:
        parts = [each for each in parts if each[1].handler == wanted.handler]
    if wanted.words:
        parts = await _found(connection, parts, wanted.words, places)
    start = 0 if wanted.tab is Tab.ENDED else (wanted.page - 1) * PAGE
    shown = parts[start : start + PAGE]
    return Inbox(
        jobs=await _jobs(connection, shown, places, now),
        counts=counts,
        found=len(parts),
        more=len(parts) > start + PAGE,
        handlers=handlers,
    )


def _parts(whistles: Sequence[Whistle], unit: str) -> list[tuple[Whistle, Assignment]]:
    found = ((whistle, whistle.part_of(unit)) for whistle in whistles)
    return [(whistle, part) for whistle, part in found if part is not None]


def _order(each: tuple[Whistle, Assignment], now: datetime) -> tuple[datetime, UUID]:
    clock = next_due(each[1], now)
    return (clock.due.by if clock else NEVER, each[0].whistle_id)


async def _ended(
    connection: Connection, unit: str, wanted: Wanted
) -> list[tuple[Whistle, Assignment]]:
    """The newest that are over; with words to find, of many."""
    limit = 1000 if wanted.words else wanted.page * PAGE + 1
    ids = await store.ended(connection, unit, cursor=None, limit=limit)
    found = _parts(await whistle_store.read_whistles(connection, ids), unit)
    return found if wanted.words else found[(wanted.page - 1) * PAGE :]


async def _found(
    connection: Connection,
    parts: Sequence[tuple[Whistle, Assignment]],
    words: str,
    places: PlaceWords,
) -> list[tuple[Whistle, Assignment]]:
    """Those whose number, title, text or place has all the words."""
    wanted = words.lower().split()
    contents = await whistle_store.contents(connection, [w.whistle_id for w, _ in parts])
    found = []
    for whistle, part in parts:
        matter = contents[whistle.whistle_id][1].for_units(places)
        place = matter.place
        text = " ".join(
            (whistle.number, matter.title, matter.summary, place.address or "", part.handler or "")
        ).lower()
        if all(word in text for word in wanted):
            found.append((whistle, part))
    return found


async def _jobs(
    connection: Connection,
    parts: Sequence[tuple[Whistle, Assignment]],
    places: PlaceWords,
    now: datetime,
) -> list[Job]:
    contents = await whistle_store.contents(connection, [w.whistle_id for w, _ in parts])
    return [
        Job(
            whistle=whistle,
            part=part,
            content=contents[whistle.whistle_id][0],
            matter=contents[whistle.whistle_id][1].for_units(places),
            next=next_due(part, now),
        )
        for whistle, part in parts
    ]


async def jobs_of(
    connection: Connection,
    whistles: Sequence[Whistle],
    unit: str,
    *,
    places: PlaceWords,
    now: datetime,
) -> list[Job]:
    """The unit's parts in these whistles, in their order."""
    return await _jobs(connection, _parts(whistles, unit), places, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One matter as a unit's people open it."""

    job: Job
    detail: WhistleDetail
    asked_to_go: frozenset[str]  # the lead asked to let these go, and nobody has decided yet


async def opened(
    connection: Connection, whistle_id: UUID, *, unit: str, sight: Sight, now: datetime
) -> Opened:
    """A whistle the unit has or had a part in; raises NotFoundError."""
    detail = await look.detail(connection, whistle_id, sight=sight, now=now)
    whistles = await whistle_store.read_whistles(connection, [whistle_id])
    parts = _parts(whistles, unit)
    if not parts:
        raise NotFoundError(
            "本单位不在该哨单的承办单位之列", "your unit has no part in this whistle"
        )
    asked = await review_store.waiting(connection, whistle_id, ReviewKind.RELEASE)
    return Opened(
        job=(await _jobs(connection, parts, sight.places, now))[0],
        detail=detail,
        asked_to_go=frozenset(each.unit for each in asked if each.unit),
    )


async def since(
    connection: Connection, whistle_id: UUID, seq: int, *, sight: Sight
) -> list[Moment]:
    """What happened to a whistle after `seq`; raises NotFoundError."""
    found = await whistle_store.read_whistles(connection, [whistle_id])
    if not found or not sight.sees(found[0]):
        raise NotFoundError("没有这张哨单", "there is no such whistle")
    _, matter = (await whistle_store.contents(connection, [whistle_id]))[whistle_id]
    moments = [look.moment(row) for row in await store.since(connection, whistle_id, seq)]
    return look.told(moments, matter, sight)
