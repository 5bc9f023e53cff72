"""Campaigns of anonymous ratings over HTTP: made, looked at, ended; results with their bounds.

Votes come by the codes' pages (`/q/…`). Codes are answered once, when they are made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, Field, StringConstraints

from services.intake import campaigns
from services.intake.api.bodies import NO_NUL, Body, read_body, schema
from services.intake.api.calls import account_of
from services.intake.api.tickets import Intake, region_of
from services.intake.campaigns import Plan, Results
from services.intake.context import IntakeContext
from services.intake.domain.campaign import Campaign, QuestionKind, SubjectKind, shown_code
from services.intake.domain.tally import SMALL, Tally
from services.intake.store import ratings as store
from services.intake.store.tickets import NEWEST
from shared.errors import ConflictError
from shared.runtime.database import Connection
from shared.web.identity import Caller, allow

router = APIRouter(prefix="/api/v1/ratings/campaigns", tags=["ratings"])

Maker = Annotated[Caller, Depends(allow("ratings.run"))]
Reader = Annotated[Caller, Depends(allow("ratings.see"))]


class CodesBody(Body):
    """How many more people may vote."""

    codes: Annotated[int, Field(ge=1, le=100_000)]


class CampaignBody(CodesBody):
    """A campaign; it starts at once unless told otherwise."""

    title: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=2, max_length=100, pattern=NO_NUL)
    ]
    subject_kind: SubjectKind
    subject: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=NO_NUL)
    ]
    evaluator_class: Annotated[str, StringConstraints(max_length=30, pattern=NO_NUL)] = "public"
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignView:
    """A campaign; `codes` were made, `votes` were cast."""

    campaign_id: UUID
    title: str
    subject_kind: SubjectKind
    subject: str
    subject_name: str
    evaluator_class: str
    region: str | None
    starts_at: datetime
    ends_at: datetime
    open: bool
    codes: int
    votes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeView:
    """A campaign with new codes and their addresses; they cannot be had again."""

    campaign: CampaignView
    codes: tuple[str, ...]
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPage:
    """Campaigns, newest first; `next` continues below the last one."""

    items: tuple[CampaignView, ...]
    next: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionView:
    """One question added up; the share is of the satisfied, or of marks from 4 on."""

    code: str
    kind: QuestionKind
    zh: str
    en: str
    n: int
    counts: Mapping[str, int]
    share_n: int
    share: float | None
    low: float | None
    high: float | None
    mean: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsView:
    """What came of a campaign; `small` when fewer voted than say much."""

    campaign: CampaignView
    n: int
    small: bool
    questions: tuple[QuestionView, ...]


@router.post("", status_code=201, openapi_extra=schema(CampaignBody))
async def post_campaign(request: Request, intake: Intake, caller: Maker) -> MadeView:
    """Make a campaign and its codes."""
    body = read_body(CampaignBody, await request.body())
    now = intake.runtime.clock.now()
    plan = Plan(
        title=body.title,
        subject_kind=body.subject_kind,
        subject=body.subject,
        evaluator_class=body.evaluator_class,
        starts_at=body.starts_at or now,
        ends_at=body.ends_at,
        codes=body.codes,
    )
    async with intake.runtime.transaction() as connection:
        campaign, codes = await campaigns.make(
            connection,
            plan,
            region=region_of(intake, caller),
            made_by=account_of(caller),
            now=now,
            terms=intake.ratings,
            catalogue=intake.rules.catalogue,
            key=intake.links.key,
        )
    return _made(intake, campaign, codes, now)


@router.post("/{campaign_id}/codes", status_code=201, openapi_extra=schema(CodesBody))
async def post_codes(
    campaign_id: UUID, request: Request, intake: Intake, caller: Maker
) -> MadeView:
    """More codes for a campaign."""
    body = read_body(CodesBody, await request.body())
    async with intake.runtime.transaction() as connection:
        campaign = await campaigns.find(connection, campaign_id, region=region_of(intake, caller))
        campaign, codes = await campaigns.add_codes(
            connection, campaign, body.codes, terms=intake.ratings, key=intake.links.key
        )
    return _made(intake, campaign, codes, intake.runtime.clock.now())


@router.post("/{campaign_id}/endings")
async def post_ending(campaign_id: UUID, intake: Intake, caller: Maker) -> CampaignView:
    """End it now."""
    now = intake.runtime.clock.now()
    async with intake.runtime.transaction() as connection:
        await end(connection, campaign_id, intake, caller, now)
        found = await campaigns.find(connection, campaign_id, region=None)
        votes = await store.votes_of(connection, campaign_id)
    return view(found, votes, now)


async def end(
    connection: Connection,
    campaign_id: UUID,
    intake: IntakeContext,
    caller: Caller,
    now: datetime,
) -> None:
    """No more votes; ConflictError where it is not open."""
    await campaigns.find(connection, campaign_id, region=region_of(intake, caller))
    if not await store.end_campaign(connection, campaign_id, at=now):
        raise ConflictError("评价不在进行中", "the campaign is not open", code="not_open")


@router.get("")
async def get_campaigns(
    intake: Intake,
    caller: Reader,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CampaignPage:
    """Campaigns, newest first."""
    now = intake.runtime.clock.now()
    async with intake.runtime.pool.acquire() as connection:
        found = await store.list_campaigns(
            connection,
            below=cursor or NEWEST,
            region=region_of(intake, caller),
            limit=limit + 1,
        )
    shown = found[:limit]
    return CampaignPage(
        items=tuple(view(each, votes, now) for each, votes in shown),
        next=shown[-1][0].campaign_id if len(found) > limit else None,
    )


@router.get("/{campaign_id}")
async def get_results(campaign_id: UUID, intake: Intake, caller: Reader) -> ResultsView:
    """What came of it so far: n, counts, share with its 95 % bounds."""
    async with intake.runtime.pool.acquire() as connection:
        found = await campaigns.results(
            connection, campaign_id, region=region_of(intake, caller), terms=intake.ratings
        )
    return results_view(found, intake.runtime.clock.now())


def results_view(found: Results, now: datetime) -> ResultsView:
    return ResultsView(
        campaign=view(found.campaign, found.n, now),
        n=found.n,
        small=found.n < SMALL,
        questions=tuple(_question(each, found.campaign.subject_name) for each in found.tallies),
    )


def view(campaign: Campaign, votes: int, now: datetime) -> CampaignView:
    return CampaignView(
        campaign_id=campaign.campaign_id,
        title=campaign.title,
        subject_kind=campaign.subject_kind,
        subject=campaign.subject,
        subject_name=campaign.subject_name,
        evaluator_class=campaign.evaluator_class,
        region=campaign.region,
        starts_at=campaign.starts_at,
        ends_at=campaign.ends_at,
        open=campaign.is_open(now),
        codes=campaign.codes,
        votes=votes,
    )


def address_of(intake: IntakeContext, code: str) -> str:
    """Where a code votes."""
    return f"{intake.links.public_url}/q/{shown_code(code)}"


def _made(intake: IntakeContext, campaign: Campaign, codes: list[str], now: datetime) -> MadeView:
    return MadeView(
        campaign=view(campaign, 0, now),
        codes=tuple(map(shown_code, codes)),
        addresses=tuple(address_of(intake, code) for code in codes),
    )


def _question(each: Tally, subject: str) -> QuestionView:
    question, satisfied = each.question, each.satisfied
    return QuestionView(
        code=question.code,
        kind=question.kind,
        zh=question.zh.format(subject=subject),
        en=question.en.format(subject=subject),
        n=each.n,
        counts=each.counts,
        share_n=satisfied.n,
        share=satisfied.share,
        low=satisfied.low,
        high=satisfied.high,
        mean=each.mean,
    )
