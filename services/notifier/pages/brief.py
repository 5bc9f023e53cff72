"""The leaders' page of the morning on one sheet of paper."""

from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.notifier.api.brief import Briefed, brief_of
from services.notifier.api.edge import Context
from services.notifier.domain.figures.figure import NO_SHARES
from shared.web.pages import page

router = APIRouter(prefix="/brief", include_in_schema=False)

AGES = ("to_1_day", "to_3_days", "to_7_days", "to_15_days", "to_30_days", "longer")


@router.get("")
async def get_brief(
    request: Request, here: Context, caller: Briefed, day: date | None = None
) -> HTMLResponse:
    """The page of a day, the newest one by default."""
    found = await brief_of(here, day)
    return await page(
        request,
        "brief/brief.html",
        brief=found,
        ages=AGES,
        no_shares=NO_SHARES,
        overdue=sum(found.overdue.values()),
        left_out=sum(found.excluded.values()),
    )
