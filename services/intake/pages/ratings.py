"""The pages on which the public rates: one's own matter by a link, a subject by a code.

A GET only shows what was chosen; only a form of the page, sent by POST, says anything.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from services.intake import campaigns
from services.intake.api.tickets import Intake, Trace
from services.intake.context import IntakeContext
from services.intake.domain.campaign import Campaign, choices
from services.intake.rate import card_of, rate
from shared.contracts.tickets import CallbackResult, Satisfaction
from shared.errors import ConflictError, InvalidError, NotFoundError
from shared.web.guards import Unasked
from shared.web.identity import same_site
from shared.web.pages import page

router = APIRouter(include_in_schema=False, dependencies=[Depends(Unasked.LINK)])

RESULTS: Final = (CallbackResult.SOLVED, CallbackResult.PARTLY, CallbackResult.UNSOLVED)


@router.get("/e/{token}")
async def get_one_tap(
    token: str,
    request: Request,
    intake: Intake,
    answer: Annotated[Satisfaction | None, Query()] = None,
) -> Response:
    """What is asked, with the answer that the link chose; nothing is said by looking."""
    async with intake.runtime.pool.acquire() as connection:
        try:
            card = await card_of(connection, token, links=intake.links)
        except NotFoundError:
            return await page(request, "ratings/over.html", status=404, why="link")
    if not card.open:
        return await page(request, "ratings/over.html", status=410, why="over")
    shown = await page(
        request,
        "ratings/one_tap.html",
        card=card,
        chosen=answer,
        results=RESULTS,
        answers=list(Satisfaction),
    )
    shown.headers["Referrer-Policy"] = "no-referrer"
    return shown


@router.post("/e/{token}", dependencies=[Depends(same_site)])
async def post_one_tap(
    token: str,
    request: Request,
    intake: Intake,
    trace: Trace,
    result: Annotated[CallbackResult, Form()],
    satisfaction: Annotated[Satisfaction, Form()],
    note: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """The person's own word."""
    try:
        async with intake.runtime.transaction() as connection:
            case = await rate(
                connection,
                token,
                result=result,
                satisfaction=satisfaction,
                note=note.strip() or None,
                links=intake.links,
                now=intake.runtime.clock.now(),
                rules=intake.rules,
                vault=intake.vault,
                traceparent=trace,
            )
    except NotFoundError:
        return await page(request, "ratings/over.html", status=404, why="link")
    except ConflictError:
        return await page(request, "ratings/over.html", status=409, why="over")
    again = not case.ticket.has_ended
    return await page(request, "ratings/over.html", why="again" if again else "thanks")


@router.get("/q/{code}")
async def get_code(code: str, request: Request, intake: Intake) -> Response:
    """The questions of a code's campaign; a GET uses nothing up."""
    async with intake.runtime.pool.acquire() as connection:
        campaign = await campaigns.campaign_of(
            connection, code, now=intake.runtime.clock.now(), key=intake.links.key
        )
    if campaign is None:
        return await page(request, "ratings/over.html", status=404, why="code")
    return await _asked(request, intake, campaign)


@router.post("/q/{code}", dependencies=[Depends(same_site)])
async def post_code(code: str, request: Request, intake: Intake) -> Response:
    """One anonymous vote: the code is gone, nothing of who or when is kept."""
    now = intake.runtime.clock.now()
    async with request.form(max_files=0, max_fields=40) as form:
        given = {name: value for name, value in form.items() if isinstance(value, str)}
    try:
        async with intake.runtime.transaction() as connection:
            await campaigns.vote(
                connection, code, given, now=now, terms=intake.ratings, key=intake.links.key
            )
    except ConflictError:
        return await page(request, "ratings/over.html", status=409, why="code")
    except InvalidError as error:
        async with intake.runtime.pool.acquire() as connection:
            campaign = await campaigns.campaign_of(connection, code, now=now, key=intake.links.key)
        if campaign is None:
            return await page(request, "ratings/over.html", status=409, why="code")
        missing = {each.field for each in error.errors}
        return await _asked(request, intake, campaign, said=given, missing=missing, status=422)
    return await page(request, "ratings/over.html", why="voted")


async def _asked(
    request: Request,
    intake: IntakeContext,
    campaign: Campaign,
    *,
    said: dict[str, str] | None = None,
    missing: set[str] | None = None,
    status: int = 200,
) -> Response:
    who = campaigns.class_of(campaign, intake.ratings)
    shown = await page(
        request,
        "ratings/vote.html",
        status=status,
        campaign=campaign,
        questions=[(each, choices(each)) for each in who.questions],
        said=said or {},
        missing=missing or set(),
    )
    shown.headers["Referrer-Policy"] = "no-referrer"
    return shown
