"""Drafts of the duty list over HTTP: made, edited, tried on past tickets, published, discarded.

Dispatchers and supervisors draft and try. Only a supervisor publishes, and none who had a hand in
the draft: who is called for what is never one person's decision.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final

from annotated_types import Len, MaxLen
from fastapi import Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime
from pydantic_core import to_json

from services.router import duties, try_out
from services.router.api.duties import (
    ROWS_PATH,
    Drafting,
    Number,
    Publishing,
    Version,
    VersionItem,
)
from services.router.api.edge import Context
from services.router.context import RouterContext
from services.router.domain.duty.dry_run import Totals
from services.router.domain.duty.rows import MOST_ROWS, Edits, RowWords
from services.router.refresh import refresh
from services.router.try_out import Trial
from shared.contracts.parts import Actor
from shared.errors import ShaodaoError
from shared.web.commands import CommandRouter

router = CommandRouter(prefix="/api/v1", tags=["duties"])

LINES: Final = "application/x-ndjson"
Note = Annotated[str, MaxLen(500)]
Seen = Annotated[int | None, Query(ge=0, description="`edits` as last seen; 409 when older")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """What a draft is for."""

    note: Annotated[str, Len(1, 500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A whole list."""

    rows: Annotated[tuple[RowWords, ...], MaxLen(MOST_ROWS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """Which past tickets are replayed; `day`: both lists count as they are on this day.

    By default all tickets there are, on the day the draft's last new row comes into force.
    """

    day: date | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A word on what was published."""

    note: Note = ""


@router.post("/duties/drafts", status_code=201)
async def post_draft(body: Drafted, here: Context, caller: Drafting) -> VersionItem:
    """A draft with the rows of the published list; there is one at a time."""
    async with here.runtime.transaction() as connection:
        made = await duties.draft(
            connection,
            body.note,
            actor=caller.actor(),
            city=here.city,
            now=here.runtime.clock.now(),
        )
    return VersionItem.of(made)


@router.post("/duties/drafts/{version}/edits")
async def post_edits(
    version: Version, body: Edits, here: Context, caller: Drafting, seen: Seen = None
) -> VersionItem:
    """Add, change, end and remove rows, all or none; every fault is named."""
    async with here.runtime.transaction() as connection:
        after = await duties.edit(
            connection,
            version,
            body,
            seen=seen,
            actor=caller.actor(),
            city=here.city,
            now=here.runtime.clock.now(),
        )
    return VersionItem.of(after)


@router.put(ROWS_PATH.removeprefix("/api/v1"))
async def put_rows(
    version: Number, body: Rows, here: Context, caller: Drafting, seen: Seen = None
) -> VersionItem:
    """Replace all rows of a draft; a row that stays keeps its id."""
    async with here.runtime.transaction() as connection:
        after = await duties.write(
            connection,
            version,
            body.rows,
            seen=seen,
            actor=caller.actor(),
            city=here.city,
            now=here.runtime.clock.now(),
        )
    return VersionItem.of(after)


@router.delete("/duties/drafts/{version}")
async def delete_draft(version: Version, here: Context, caller: Drafting) -> VersionItem:
    """Give a draft up; the proposals it took wait again."""
    async with here.runtime.transaction() as connection:
        gone = await duties.discard(
            connection,
            version,
            actor=caller.actor(),
            city=here.city,
            now=here.runtime.clock.now(),
        )
    return VersionItem.of(gone)


@router.post(
    "/duties/drafts/{version}/dry-run",
    response_class=StreamingResponse,
    responses={200: {"content": {LINES: {}}, "description": "One JSON document a line"}},
)
async def post_dry_run(
    version: Version, here: Context, caller: Drafting, body: DryRun | None = None
) -> StreamingResponse:
    """Replay past tickets: a line for each that would change, the totals last.

    {"kind": "change", …} · {"kind": "totals", …} · {"kind": "error", "zh", "en"}
    """
    wanted = body or DryRun()
    async with here.runtime.pool.acquire() as connection:
        trial = await try_out.prepare(
            connection,
            version,
            day=wanted.day,
            since=wanted.since,
            until=wanted.until,
            city=here.city,
            now=here.runtime.clock.now(),
        )
    lines = _lines(here, trial, caller.actor())
    return StreamingResponse(lines, media_type=LINES, headers={"Cache-Control": "no-store"})


async def _lines(here: RouterContext, trial: Trial, actor: Actor) -> AsyncIterator[bytes]:
    totals = Totals()
    async for change in try_out.replay(here.runtime, trial, totals):
        yield _line("change", change)
    try:
        async with here.runtime.transaction() as connection:
            now: datetime = here.runtime.clock.now()
            await try_out.keep(connection, trial, totals, actor=actor, city=here.city, now=now)
    except ShaodaoError as error:  # discarded or published meanwhile: the answer has begun
        yield _line("error", {"zh": error.zh, "en": error.en})
        return
    yield _line("totals", {"version": trial.version.version, "day": trial.day, **_shown(totals)})


def _shown(totals: Totals) -> dict[str, Any]:
    units = sorted({*totals.gained, *totals.lost})
    return {
        "examined": totals.examined,
        "changed": totals.changed,
        "newly_held": totals.newly_held,
        "newly_clear": totals.newly_clear,
        "only_others": totals.only_others,
        "by_category": dict(totals.by_category.most_common()),
        "by_unit": {u: {"gained": totals.gained[u], "lost": totals.lost[u]} for u in units},
    }


def _line(kind: str, what: Any) -> bytes:
    return b'{"kind":"%s",' % kind.encode() + to_json(what)[1:] + b"\n"


@router.post("/duties/drafts/{version}/publish")
async def post_publish(
    version: Version, here: Context, caller: Publishing, body: Publication | None = None
) -> VersionItem:
    """The draft becomes the list: here at once, in every copy of the router within seconds."""
    async with here.runtime.transaction() as connection:
        published = await duties.publish(
            connection,
            version,
            body.note if body else "",
            actor=caller.actor(),
            city=here.city,
            now=here.runtime.clock.now(),
        )
    await refresh(here)
    return VersionItem.of(published)
