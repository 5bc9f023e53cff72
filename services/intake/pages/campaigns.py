"""The pages of rating campaigns: the list, a new one, its sheet of codes, what came of it."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Final
from uuid import UUID

import segno
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from services.intake import campaigns
from services.intake.api.calls import account_of
from services.intake.api.ratings import (
    Maker,
    Reader,
    address_of,
    end,
    results_view,
    view,
)
from services.intake.api.tickets import Intake, region_of
from services.intake.campaigns import Plan
from services.intake.context import IntakeContext
from services.intake.domain.campaign import Campaign, SubjectKind, shown_code
from services.intake.store import ratings as store
from services.intake.store.tickets import NEWEST
from shared.calendar import SHANGHAI
from shared.catalogue.regions import contains
from shared.errors import ConflictError, InvalidError
from shared.web.identity import Caller
from shared.web.pages import page

router = APIRouter(prefix="/ratings", include_in_schema=False)

SHOWN: Final = 40
A_SHEET: Final = 12  # codes on a page of A4: three across, four down
Text = Annotated[str, Form(max_length=100)]
Number = Annotated[int, Form(ge=1, le=100_000)]


@router.get("")
async def get_list(
    request: Request, intake: Intake, caller: Reader, below: Annotated[UUID | None, Query()] = None
) -> Response:
    """All campaigns, and the form of a new one."""
    return await _list(request, intake, caller, below=below)


@router.post("")
async def post_campaign(
    request: Request,
    intake: Intake,
    caller: Maker,
    title: Text,
    subject_kind: Annotated[SubjectKind, Form()],
    subject: Text,
    evaluator_class: Text,
    ends_on: Annotated[date, Form()],
    codes: Number,
) -> Response:
    """A new campaign; the answer is its sheet of codes, to be printed now."""
    now = intake.runtime.clock.now()
    try:
        ends_at = datetime.combine(ends_on, time(), SHANGHAI) + timedelta(days=1)
        plan = Plan(
            title=title.strip(),
            subject_kind=subject_kind,
            subject=subject.strip(),
            evaluator_class=evaluator_class,
            starts_at=now,
            ends_at=ends_at,
            codes=codes,
        )
        async with intake.runtime.transaction() as connection:
            made, new = await campaigns.make(
                connection,
                plan,
                region=region_of(intake, caller),
                made_by=account_of(caller),
                now=now,
                terms=intake.ratings,
                catalogue=intake.rules.catalogue,
                key=intake.links.key,
            )
    except (InvalidError, OverflowError) as error:
        said: dict[str, str | int] = {
            "title": title, "subject": subject, "ends_on": ends_on.isoformat(), "codes": codes,
            "subject_kind": subject_kind.value, "evaluator_class": evaluator_class,
        }  # fmt: skip
        problem = error if isinstance(error, InvalidError) else None
        return await _list(request, intake, caller, problem=problem, said=said, status=422)
    return await _sheet(request, intake, made, new)


@router.get("/{campaign_id}")
async def get_campaign(
    campaign_id: UUID, request: Request, intake: Intake, caller: Reader
) -> Response:
    """What came of it so far."""
    now = intake.runtime.clock.now()
    async with intake.runtime.pool.acquire() as connection:
        found = await campaigns.results(
            connection, campaign_id, region=region_of(intake, caller), terms=intake.ratings
        )
    return await page(
        request,
        "ratings/results.html",
        results=results_view(found, now),
        who=intake.ratings.classes.get(found.campaign.evaluator_class),
        may_change=caller.may("ratings.run"),
    )


@router.post("/{campaign_id}/codes")
async def post_codes(
    campaign_id: UUID, request: Request, intake: Intake, caller: Maker, codes: Number
) -> Response:
    """More codes: another sheet."""
    async with intake.runtime.transaction() as connection:
        found = await campaigns.find(connection, campaign_id, region=region_of(intake, caller))
        found, new = await campaigns.add_codes(
            connection, found, codes, terms=intake.ratings, key=intake.links.key
        )
    return await _sheet(request, intake, found, new)


@router.post("/{campaign_id}/endings")
async def post_ending(campaign_id: UUID, intake: Intake, caller: Maker) -> Response:
    """End it now."""
    try:
        async with intake.runtime.transaction() as connection:
            await end(connection, campaign_id, intake, caller, intake.runtime.clock.now())
    except ConflictError:
        pass  # over already: the page says so
    return RedirectResponse(f"/ratings/{campaign_id}", 303)


async def _list(
    request: Request,
    intake: IntakeContext,
    caller: Caller,
    *,
    below: UUID | None = None,
    problem: InvalidError | None = None,
    said: dict[str, str | int] | None = None,
    status: int = 200,
) -> Response:
    region, now = region_of(intake, caller), intake.runtime.clock.now()
    async with intake.runtime.pool.acquire() as connection:
        found = await store.list_campaigns(
            connection, below=below or NEWEST, region=region, limit=SHOWN + 1
        )
    shown = [view(each, votes, now) for each, votes in found[:SHOWN]]
    return await page(
        request,
        "ratings/list.html",
        status=status,
        campaigns=shown,
        more=shown[-1].campaign_id if len(found) > SHOWN else None,
        classes=intake.ratings.classes,
        kinds=list(SubjectKind),
        subjects=_subjects(intake, region),
        most_codes=intake.ratings.most_codes,
        may_make=caller.may("ratings.run"),
        problem=problem,
        said=said or {},
    )


def _subjects(intake: IntakeContext, region: str | None) -> list[tuple[str, str]]:
    """What may be rated here, by what is typed and its name."""
    catalogue = intake.rules.catalogue
    units = [
        (each.code, each.name)
        for each in catalogue.callable_units()
        if region is None
        or (each.region_code is not None and campaigns.serves(region, each.region_code))
    ]
    compounds = [
        (each.name, each.name)
        for each in catalogue.compounds.values()
        if region is None or contains(region, each.region_code)
    ]
    return units + compounds


async def _sheet(
    request: Request, intake: IntakeContext, campaign: Campaign, codes: list[str]
) -> Response:
    """Codes to cut out, twelve a page; seen this once."""
    cells = [(shown_code(code), _drawn(address_of(intake, code))) for code in codes]
    pages = [cells[at : at + A_SHEET] for at in range(0, len(cells), A_SHEET)]
    return await page(request, "ratings/sheet.html", campaign=campaign, pages=pages)


def _drawn(address: str) -> Markup:
    code = segno.make(address, error="m", micro=False)
    drawn = code.svg_inline(scale=4, border=2, omitsize=True, svgclass=None, lineclass=None)
    return Markup(drawn)  # nosec B704: drawn by us from an address of ours
