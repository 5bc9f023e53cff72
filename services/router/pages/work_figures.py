"""A unit's own figures on the workbench; each number opens the list behind it."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from services.router import figures
from services.router.api.edge import Context
from services.router.domain.workbench.figures import Figure
from services.router.domain.workbench.part import is_joint
from services.router.pages.work import STATE_TAG, URGENCY_TAG, Working, unit_of
from services.router.pages.work_words import Words
from services.router.workbench import Job
from shared.calendar import SHANGHAI
from shared.errors import FieldError, InvalidError
from shared.web.pages import page

router = APIRouter(prefix="/workbench/figures", include_in_schema=False)

USUAL: Final = timedelta(days=29)
LONGEST: Final = timedelta(days=92)
SHOWN: Final = 200
SHARES: Final = (Figure.ACKNOWLEDGED, Figure.CONTACTED, Figure.ARRIVED, Figure.RESOLVED)
STOCK: Final = (
    Figure.OPEN,
    Figure.OVERDUE,
    Figure.OVERDUE_DAY,
    Figure.OVERDUE_3,
    Figure.OVERDUE_7,
    Figure.OVERDUE_MORE,
    Figure.SUSPENDED,
)
WAYS: Final = (
    Figure.RETURNS,
    Figure.UNFOUNDED,
    Figure.EXTENDED,
    Figure.REWORKED,
    Figure.SENT_BACK,
    Figure.TEMPLATE,
)


@router.get("")
async def get_figures(
    request: Request,
    here: Context,
    caller: Working,
    since: date | None = None,
    until: date | None = None,
    figure: Figure | None = None,
    missed: Annotated[bool, Query()] = False,
) -> HTMLResponse:
    """The figures of the whistles blown from one day to another, and the list behind one."""
    unit, now = unit_of(caller), here.runtime.clock.now()
    last = until or now.astimezone(SHANGHAI).date()
    first = since or last - USUAL
    if not timedelta() <= last - first <= LONGEST:
        raise InvalidError(
            FieldError(
                field="since",
                zh="起止日期不对：最长 93 天",
                en="since, until: in this order and 93 days at most",
            )
        )
    async with here.runtime.pool.acquire() as connection:
        found = await figures.of_unit(
            connection, unit, since=_at(first), until=_at(last + timedelta(days=1)), now=now
        )
        jobs: list[Job] = []
        behind: tuple[UUID, ...] = ()
        if figure is not None:
            counted = found.figures[figure]
            behind = counted.whistle_ids
            if missed and counted.of is not None:
                kept = set(counted.whistle_ids)
                behind = tuple(each for each in counted.of if each not in kept)
            newest = sorted(behind, reverse=True)[:SHOWN]
            places = here.city.catalogue.place_words
            jobs = await figures.behind(connection, unit, newest, places=places, now=now)
    return await page(
        request,
        "workbench/figures.html",
        unit=unit,
        since=first,
        until=last,
        figures=found.figures,
        groups=(("shares", SHARES), ("stock", STOCK), ("ways", WAYS)),
        figure=figure,
        missed=missed,
        jobs=jobs,
        behind=len(behind),
        words=Words(request, here.city, now),
        is_joint=is_joint,
        state_tag=STATE_TAG,
        urgency_tag=URGENCY_TAG,
    )


def _at(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)
