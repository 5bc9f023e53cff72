"""The leaders' page of the morning over HTTP."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.notifier.api.edge import Context
from services.notifier.context import NotifierContext
from services.notifier.domain.figures.brief import Brief, day_due
from services.notifier.store import briefs as store
from shared.errors import NotFoundError
from shared.web.description import MISSING
from shared.web.identity import Caller, allow

router = APIRouter(prefix="/api/v1", tags=["brief"])

# It names units beside each other: it is for who looks after the whole city.
Briefed = Annotated[Caller, Depends(allow("brief.read"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPage:
    """Days that have a page; `next` is the cursor of the next ones."""

    items: list[date]
    next: date | None


async def brief_of(here: NotifierContext, day: date | None) -> Brief:
    """The page of a day as it was drawn up, the newest one by default; raises NotFoundError."""
    wanted = day or day_due(here.runtime.clock.now())
    async with here.runtime.pool.acquire() as connection:
        found = await store.find(connection, wanted)
    if found is None:
        raise NotFoundError(f"{wanted} 没有简报", f"there is no brief of {wanted}")
    return found


@router.get("/brief", responses={404: MISSING})
async def get_brief(here: Context, caller: Briefed, day: date | None = None) -> Brief:
    """The page of a day (yesterday's by default), as it was at eight in the morning after."""
    return await brief_of(here, day)


@router.get("/brief/days")
async def get_days(
    here: Context,
    caller: Briefed,
    cursor: date | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 60,
) -> DayPage:
    """The days that have a page, the newest first."""
    async with here.runtime.pool.acquire() as connection:
        found = await store.days(connection, before=cursor, limit=limit + 1)
    return DayPage(items=found[:limit], next=found[limit - 1] if len(found) > limit else None)
