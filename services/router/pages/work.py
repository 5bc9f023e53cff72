"""The 承办工作台: a unit's inbox by what is due first, and what it has to do with one matter."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.router import workbench
from services.router.api.edge import Context, sight
from services.router.context import RouterContext
from services.router.domain.workbench.part import Tab, actions_of, clocks_of, is_joint, next_due
from services.router.look import Moment
from services.router.pages.work_help import help_for
from services.router.pages.work_words import Words
from services.router.workbench import Wanted
from shared.catalogue.model import UnitKind
from shared.contracts.parts import Role
from shared.errors import ForbiddenError
from shared.web.identity import Caller, allow
from shared.web.pages import page
from shared.web.times import rate_of

router = APIRouter(prefix="/workbench", include_in_schema=False)

Working = Annotated[Caller, Depends(allow("workbench.open"))]
Words_ = Annotated[str, Query(max_length=100)]
STATE_TAG: Final = {
    "offered": "tag-whistle",
    "acknowledged": "tag-main",
    "arrived": "tag-main",
    "working": "tag-main",
    "done": "tag-good",
    "return_requested": "tag-warn",
    "disputed": "tag-warn",
    "paused": "tag-warn",
    "returned": "",
    "released": "",
}
URGENCY_TAG: Final = {"critical": "tag-bad", "urgent": "tag-warn", "normal": ""}
FIELD_KINDS: Final = frozenset({UnitKind.PROPERTY, UnitKind.COMMUNITY})
"""Units whose people are out of doors: they begin at the page for phones."""


def unit_of(caller: Caller) -> str:
    """The caller's unit; ForbiddenError without one."""
    if caller.unit is None:
        raise ForbiddenError("您的账号没有所属单位", "the caller has no unit")
    return caller.unit


def is_field(here: RouterContext, caller: Caller) -> bool:
    """Whether the caller works out of doors: property companies' people and grid workers."""
    unit = here.city.catalogue.units.get(caller.unit or "")
    if caller.role is Role.GRID_WORKER:
        return True
    return caller.role is Role.HANDLER and unit is not None and unit.kind in FIELD_KINDS


@router.get("")
async def get_inbox(
    request: Request,
    here: Context,
    caller: Working,
    tab: Tab = Tab.TODO,
    q: Words_ = "",
    handler: Words_ = "",
    page_number: Annotated[int, Query(alias="page", ge=1, le=1000)] = 1,
) -> Response:
    """The inbox, or its list alone for a page that looks anew."""
    unit = unit_of(caller)
    if is_field(here, caller) and not request.query_params:
        return RedirectResponse("/workbench/m", status_code=303)
    city, now = here.city, here.runtime.clock.now()
    wanted = Wanted(tab=tab, words=q.strip(), handler=handler.strip(), page=page_number)
    async with here.runtime.pool.acquire() as connection:
        places = city.catalogue.place_words
        found = await workbench.inbox(connection, unit, wanted, places=places, now=now)
    return await page(
        request,
        "workbench/inbox.html",
        block="results" if "x-part" in request.headers else None,
        unit=unit,
        wanted=wanted,
        inbox=found,
        tabs=list(Tab),
        words=Words(request, city, now),
        clocks_of=lambda job: clocks_of(job.part, now),
        actions_of=lambda job: actions_of(job.whistle, job.part),
        is_joint=is_joint,
        state_tag=STATE_TAG,
        urgency_tag=URGENCY_TAG,
        rate=rate_of(here.runtime.clock),
    )


@router.get("/{whistle_id}")
async def get_job(
    request: Request, whistle_id: UUID, here: Context, caller: Working
) -> HTMLResponse:
    """One matter: why this unit, what it is about, what happened, what may be done now."""
    unit = unit_of(caller)
    city, now = here.city, here.runtime.clock.now()
    async with here.runtime.pool.acquire() as connection:
        opened = await workbench.opened(
            connection, whistle_id, unit=unit, sight=sight(caller, here), now=now
        )
    job = opened.job
    return await page(
        request,
        "workbench/job.html",
        block="job" if "x-part" in request.headers else None,
        unit=unit,
        job=job,
        detail=opened.detail,
        timeline=list(reversed(opened.detail.timeline)),
        clocks=clocks_of(job.part, now),
        next=next_due(job.part, now),
        actions=actions_of(job.whistle, job.part),
        others=[part for part in job.whistle.assignments if part.unit != unit],
        others_clock=lambda part: next_due(part, now),
        joint=is_joint(job.whistle),
        asked_to_go=opened.asked_to_go,
        told=_told,
        words=Words(request, city, now),
        help=help_for(request, here, opened, caller=caller, now=now),
        state_tag=STATE_TAG,
        urgency_tag=URGENCY_TAG,
        intake_url=str(here.runtime.settings.intake_url or "").rstrip("/"),
        field=is_field(here, caller),
        rate=rate_of(here.runtime.clock),
    )


@router.get("/{whistle_id}/since")
async def get_since(
    request: Request,
    whistle_id: UUID,
    here: Context,
    caller: Working,
    seq: Annotated[int, Query(ge=0, le=2**31 - 1)],
) -> HTMLResponse:
    """What happened to a matter since a page of it was opened: who, when, what."""
    now = here.runtime.clock.now()
    async with here.runtime.pool.acquire() as connection:
        moments = await workbench.since(connection, whistle_id, seq, sight=sight(caller, here))
    return await page(
        request,
        "workbench/since.html",
        moments=moments,
        told=_told,
        words=Words(request, here.city, now),
    )


SAID: Final = (
    "handler",
    "to",
    "note",
    "how",
    "mode",
    "text",
    "action",
    "reason",
    "clause",
    "suggested_unit",
    "amount",
    "plan",
    "code",
    "decision",
    "result",
    "facts_true",
    "measures",
    "public_reply",
    "internal_reply",
    "words",
    "task",
    "own_effort",
)
"""What of a moment's words is shown, in this order."""


def _told(moment: Moment) -> list[tuple[str, str]]:
    """The words of a moment worth showing, as (name, text)."""
    after = moment.after if isinstance(moment.after, dict) else {}
    inner = after.get("words")
    words = {**after, **inner} if isinstance(inner, dict) else after
    return [
        (name, str(words[name]))
        for name in SAID
        if isinstance(words.get(name), str | int) and words[name] not in ("", None)
    ]
