"""The street console's board: what streets and communities blew, and how far each unit has come."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.router import rows
from services.router.domain.assignment import Assignment
from services.router.domain.city import City
from services.router.domain.joint.board import BoardPart, part_on_board
from services.router.domain.matter import Matter
from services.router.look import Sight
from services.router.store import whistles as store
from services.router.store.joint import SQL
from shared.contracts.ids import new_id
from shared.contracts.parts import AssignmentState, Muster, Place, WhistleState
from shared.contracts.values import Urgency, WhistleKind
from shared.runtime.database import Connection

RUNNING: Final = (WhistleState.OPEN, WhistleState.AWAITING_ACCEPTANCE, WhistleState.ACCEPTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardItem:
    """A whistle on the board; `repeats` earlier whistles were blown for its place."""

    whistle_id: UUID
    number: str
    kind: WhistleKind
    state: WhistleState
    urgency: Urgency
    category: str | None
    title: str
    place: Place
    muster: Muster | None
    blown_at: datetime
    blower: str
    in_charge: str
    takeover_by: datetime | None
    cross_district: bool
    confidential: bool
    repeats: int
    seq: int
    parts: tuple[BoardPart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Whistles, newest first; `next` is the cursor of the next page."""

    now: datetime
    items: tuple[BoardItem, ...]
    next: UUID | None


async def board(
    connection: Connection,
    *,
    kind: WhistleKind | None,
    state: WhistleState | None,
    since: datetime | None,
    sight: Sight,
    city: City,
    now: datetime,
    cursor: UUID | None,
    limit: int,
) -> Board:
    """The running whistles, or those in one state, blown `since`, as far as the caller sees."""
    found = await connection.fetch(
        SQL.board,
        city.policy.joint.repeats_days,
        kind,
        [state] if state is not None else list(RUNNING),
        first_id(since) if since is not None else None,
        cursor,
        sight.unit,
        sight.region,
        limit + 1,
    )
    page = found[:limit]
    parts = rows.assignments_of(
        await connection.fetch(store.SQL.assignments, [row["whistle_id"] for row in page])
    )
    items = tuple(
        _item(row, parts.get(row["whistle_id"], []), sight=sight, now=now) for row in page
    )
    return Board(now=now, items=items, next=items[-1].whistle_id if len(found) > limit else None)


def first_id(since: datetime) -> UUID:
    """The least id that a whistle blown then can have."""
    milliseconds = new_id(since).int >> 80
    return UUID(int=milliseconds << 80)


def _item(row: rows.Row, parts: list[Assignment], *, sight: Sight, now: datetime) -> BoardItem:
    own = rows.content_of(row["content"]).matter
    assert isinstance(own, Matter), "what nobody dispatched for a ticket has its own words"
    matter = sight.matter(own)
    return BoardItem(
        whistle_id=row["whistle_id"],
        number=row["number"],
        kind=WhistleKind(row["kind"]),
        state=WhistleState(row["state"]),
        urgency=Urgency(row["urgency"]),
        category=row["category"],
        title=matter.title,
        place=matter.place,
        muster=matter.muster,
        blown_at=row["blown_at"],
        blower=row["blower"],
        in_charge=row["in_charge"],
        takeover_by=row["takeover_by"],
        cross_district=row["cross_district"],
        confidential=matter.confidential,
        repeats=row["repeats"],
        seq=row["seq"],
        parts=tuple(
            part_on_board(part, blown_at=row["blown_at"], now=now)
            for part in parts
            if part.state is not AssignmentState.RETURNED
        ),
    )
