"""Behind every number of the board: the matters it counts, with due time, kind and level."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field

from services.notifier.api.edge import Context
from services.notifier.api.sight import sight
from services.notifier.api.views import Viewer
from services.notifier.context import NotifierContext
from services.notifier.domain.board.ageing import SOON, Age, bounds
from services.notifier.domain.board.reached import level_of
from services.notifier.domain.deadline import Deadline
from services.notifier.pages.board import CENTRE
from services.notifier.pages.board_chosen import Chosen
from services.notifier.pages.words import Words
from services.notifier.store import board as store
from services.notifier.store.board import About, Listing, MarkedTicket, Stage, place_of
from shared.contracts.values import Instant
from shared.csv_text import BYTE_ORDER_MARK, line
from shared.runtime.database import Connection
from shared.web.cursors import Cursor
from shared.web.identity import Caller
from shared.web.pages import page
from shared.web.times import rate_of

router = APIRouter(prefix="/board/list", include_in_schema=False)

SHOWN = 200
TAKEN_OUT = 10_000


class What(StrEnum):
    """Which number was opened."""

    LATE = "late"  # 超时
    SOON = "soon"  # 24 小时内到期
    OPEN = "open"  # 在办
    RETURNED = "returned"  # 两次退单
    REWORKED = "reworked"  # 两次重办
    SUSPENDED = "suspended"  # 挂账


MARKED = (What.RETURNED, What.REWORKED, What.SUSPENDED)
STAGES: Final = {
    What.LATE: (Stage.OVERDUE,),
    What.SOON: (Stage.RUNNING,),
    What.OPEN: tuple(Stage),
}
Small = Annotated[int, Field(ge=-(2**31), lt=2**31)]
CURSOR: Final = Cursor(tuple[Small, Instant, UUID])
Next = Annotated[str | None, Query(max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """One matter of the list: its promise, what it is about, the level it has reached."""

    deadline: Deadline
    about: About | None
    level: int

    @property
    def page(self) -> UUID:
        """What its timeline is asked for by."""
        return self.deadline.ticket_id or self.deadline.subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of the list: promises, or tickets that are marked; `next` is where it goes on."""

    owed: Sequence[Owed] = ()
    marked: Sequence[MarkedTicket] = ()
    about: dict[UUID, About]
    next: str | None = None


@router.get("")
async def get_list(
    request: Request,
    here: Context,
    caller: Viewer,
    chosen: Annotated[Chosen, Depends()],
    what: What = What.LATE,
    age: Age | None = None,
    cursor: Next = None,
) -> HTMLResponse:
    """The matters behind a number, the worst first, a page at a time."""
    now = here.runtime.clock.now()
    found = await _find(here, caller, chosen, what, age, now=now, cursor=cursor)
    return await page(
        request,
        "board/list.html",
        block="list" if "x-part" in request.headers else None,
        what=what,
        age=age,
        owed=found.owed,
        marked=found.marked,
        about=found.about,
        next=found.next,
        begun=cursor is not None,
        chosen=chosen,
        centre=CENTRE,
        whats=list(What),
        ages=list(Age),
        words=Words(request, here, now),
        may_instruct=caller.may("supervisions.ask"),
        rate=rate_of(here.runtime.clock),
    )


@router.get(".csv")
async def get_list_csv(
    request: Request,
    here: Context,
    caller: Viewer,
    chosen: Annotated[Chosen, Depends()],
    what: What = What.LATE,
    age: Age | None = None,
) -> Response:
    """The same list from its beginning, as spreadsheets open it."""
    now = here.runtime.clock.now()
    found = await _find(here, caller, chosen, what, age, now=now, limit=TAKEN_OUT)
    words = Words(request, here, now)
    rows = _marked_rows(found, words) if what in MARKED else _owed_rows(found, words)
    if found.next is not None:
        rows.append([words.say("board.cut", n=TAKEN_OUT)])
    text = BYTE_ORDER_MARK + "".join(map(line, rows))
    return Response(
        text,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="board-{what}.csv"'},
    )


async def _find(
    here: NotifierContext,
    caller: Caller,
    chosen: Chosen,
    what: What,
    age: Age | None,
    *,
    now: datetime,
    cursor: str | None = None,
    limit: int = SHOWN,
) -> Found:
    nobodys = chosen.unit == CENTRE
    chosen = replace(chosen, unit="") if nobodys else chosen
    scope = chosen.scope(sight(caller, here.catalogue))
    after = CURSOR.read(cursor)
    async with here.runtime.pool.acquire() as connection:
        if what in MARKED:
            marked = await store.marked(connection, what, scope, limit=limit + 1, after=after)
            about = await store.about(connection, [each.ticket_id for each in marked])
            more = CURSOR.write(marked[limit - 1].place) if len(marked) > limit else None
            return Found(marked=marked[:limit], about=about, next=more)
        until, since = bounds(age, now) if what is What.LATE else (None, None)
        wanted = Listing(
            stages=STAGES[what],
            until=now + SOON if what is What.SOON else until,
            since=since,
            nobodys=nobodys,
            after=after,
            limit=limit + 1,
        )
        deadlines = await store.matters(connection, scope, wanted)
        found = await owed_of(connection, here, deadlines[:limit])
    more = CURSOR.write(place_of(deadlines[limit - 1])) if len(deadlines) > limit else None
    return replace(found, next=more)


async def owed_of(
    connection: Connection, here: NotifierContext, deadlines: Sequence[Deadline]
) -> Found:
    """These promises with what they are about and how far they climbed."""
    about = await store.about(connection, [each.subject for each in deadlines])
    owed = [
        Owed(
            deadline=each,
            about=about.get(each.subject),
            level=level_of(each, here.escalation),
        )
        for each in deadlines
    ]
    return Found(owed=owed, about=about)


def _owed_rows(found: Found, words: Words) -> list[list[str]]:
    names = ("number", "title", "category", "region", "unit", "what", "urgency", "due", "left")
    rows = [[words.say(f"board.csv.{name}") for name in (*names, "level", "round")]]
    for each in found.owed:
        d, about = each.deadline, each.about
        rows.append(
            [
                d.number,
                *_about(about, words),
                words.unit(d.unit),
                words.say(f"board.kind.{d.kind}"),
                words.say(f"board.urgency.{d.urgency}"),
                words.at(d.due.by),
                words.left(d.due),
                str(each.level),
                str(d.round),
            ]
        )
    return rows


def _marked_rows(found: Found, words: Words) -> list[list[str]]:
    names = ("number", "title", "category", "region", "unit", "returns", "reworks", "suspended")
    rows = [[words.say(f"board.csv.{name}") for name in names]]
    for each in found.marked:
        rows.append(
            [
                each.number or "",
                *_about(found.about.get(each.ticket_id), words),
                words.unit(each.unit),
                str(each.returns),
                str(each.reworks),
                words.at(each.suspended_at) if each.suspended_at else "",
            ]
        )
    return rows


def _about(about: About | None, words: Words) -> tuple[str, Any, Any]:
    if about is None:
        return "", "", ""
    if about.confidential:
        return words.say("board.confidential"), words.category(about.category), ""
    return about.title, words.category(about.category), words.region(about.region)
