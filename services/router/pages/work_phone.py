"""The workbench on a phone: three large buttons a job, for property companies and grid workers."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.router import workbench
from services.router.api.edge import Context
from services.router.domain.workbench.part import Action, actions_of
from services.router.pages.work import Working, unit_of
from services.router.pages.work_words import Words
from services.router.workbench import Job, Wanted
from shared.web.pages import page
from shared.web.times import rate_of

router = APIRouter(prefix="/workbench/m", include_in_schema=False)

STEPS: Final = (Action.ACKNOWLEDGE, Action.ARRIVE, Action.RESOLVE)


@router.get("")
async def get_phone(request: Request, here: Context, caller: Working) -> HTMLResponse:
    """The jobs of the unit, what is due first first and one's own before all."""
    unit, now = unit_of(caller), here.runtime.clock.now()
    places = here.city.catalogue.place_words
    async with here.runtime.pool.acquire() as connection:
        found = await workbench.inbox(connection, unit, Wanted(), places=places, now=now)
    return await page(
        request,
        "workbench/phone.html",
        block="jobs" if "x-part" in request.headers else None,
        unit=unit,
        jobs=sorted(found.jobs, key=lambda job: _of_another(job, caller.name)),
        steps=STEPS,
        actions_of=lambda job: actions_of(job.whistle, job.part),
        words=Words(request, here.city, now),
        rate=rate_of(here.runtime.clock),
        intake_url=str(here.runtime.settings.intake_url or "").rstrip("/"),
    )


def _of_another(job: Job, name: str | None) -> bool:
    """Whether somebody else has it on the desk."""
    return job.part.handler is not None and job.part.handler != name
