"""Makes campaigns of anonymous ratings and their codes, takes votes, tells them after the hour."""

import asyncio
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.intake.domain.campaign import (
    CODE_LENGTH,
    CODE_LETTERS,
    Campaign,
    EvaluatorClass,
    RatingTerms,
    SubjectKind,
    Vote,
    answer_of,
    check_period,
    hour_of,
    read_answers,
    typed_code,
)
from services.intake.domain.tally import Tally, tally
from services.intake.store import ratings as store
from shared.catalogue.model import Catalogue
from shared.catalogue.regions import contains
from shared.contracts.ids import new_id
from shared.contracts.topics import RATINGS
from shared.contracts.units import RatingRecorded
from shared.errors import ConflictError, FieldError, InvalidError, NotFoundError
from shared.runtime import outbox
from shared.runtime.database import Connection, is_transient
from shared.runtime.logging import logger
from shared.runtime.service import Runtime

SOURCE: Final = "/shaodao/intake"
BATCH: Final = 500
LEAST_TITLE: Final = 2
EVERY: Final = timedelta(minutes=10)  # of the stack's clock
log = logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A campaign as somebody wants it; `region` None is the whole city."""

    title: str
    subject_kind: SubjectKind
    subject: str
    evaluator_class: str
    starts_at: datetime
    ends_at: datetime
    codes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A campaign with its votes added up."""

    campaign: Campaign
    n: int
    tallies: tuple[Tally, ...]


async def make(
    connection: Connection,
    plan: Plan,
    *,
    region: str | None,
    made_by: str,
    now: datetime,
    terms: RatingTerms,
    catalogue: Catalogue,
    key: bytes,
) -> tuple[Campaign, list[str]]:
    """A new campaign and its codes, which are seen this once; InvalidError names wrong fields."""
    if plan.evaluator_class not in terms.classes:
        codes = "、".join(terms.classes)
        raise _wrong("evaluator_class", f"只能是 {codes}", f"must be one of {codes}")
    if len(plan.title) < LEAST_TITLE:
        raise _wrong("title", f"至少 {LEAST_TITLE} 个字", f"at least {LEAST_TITLE} characters")
    if not plan.subject:
        raise _wrong("subject", "必填", "is required")
    check_period(plan.starts_at, plan.ends_at)
    name = _subject_name(plan, region, catalogue)
    campaign = Campaign(
        campaign_id=new_id(now),
        title=plan.title,
        subject_kind=plan.subject_kind,
        subject=plan.subject,
        subject_name=name,
        evaluator_class=plan.evaluator_class,
        region=region,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        made_by=made_by,
        made_at=now,
    )
    await store.keep_campaign(connection, campaign)
    return await add_codes(connection, campaign, plan.codes, terms=terms, key=key)


def _subject_name(plan: Plan, region: str | None, catalogue: Catalogue) -> str:
    """What is rated by its name; a street rates its own, and the bureaus that serve it."""
    if plan.subject_kind is SubjectKind.EVENT:
        return plan.subject
    if plan.subject_kind is SubjectKind.COMPOUND:
        compound = catalogue.compounds.get(plan.subject)
        where = compound.region_code if compound is not None else None
        found = compound.name if compound is not None else None
    else:
        unit = catalogue.units.get(plan.subject)
        where, found = (unit.region_code, unit.name) if unit is not None else (None, None)
    if found is None:
        raise _wrong("subject", "没有这个单位或小区", "there is no such unit or compound")
    if region is not None and not (where is not None and serves(region, where)):
        raise _wrong("subject", "不在您的辖区", "is not of your region")
    return found


def serves(region: str, where: str) -> bool:
    """Whether what is there is of the region, or above it."""
    return contains(region, where) or contains(where, region)


async def add_codes(
    connection: Connection, campaign: Campaign, number: int, *, terms: RatingTerms, key: bytes
) -> tuple[Campaign, list[str]]:
    """More codes; they are kept as hashes only, so this is the one time they can be printed."""
    if not 1 <= number <= terms.most_codes:
        most = terms.most_codes
        raise _wrong("codes", f"应为 1 到 {most}", f"must be 1 to {most}")
    codes = [_new_code() for _ in range(number)]
    await store.add_codes(
        connection, campaign.campaign_id, sorted(code_hash(key, each) for each in codes)
    )
    return replace(campaign, codes=campaign.codes + number), codes


def _new_code() -> str:
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def code_hash(key: bytes, code: str) -> bytes:
    """What is kept of a code."""
    return hmac.digest(key, b"rating-code\0" + code.encode(), hashlib.sha256)


async def campaign_of(
    connection: Connection, text: str, *, now: datetime, key: bytes
) -> Campaign | None:
    """The campaign that a code may vote in now; None for used, unknown and untimely ones."""
    code = typed_code(text)
    if code is None:
        return None
    campaign = await store.campaign_of_code(connection, code_hash(key, code))
    return campaign if campaign is not None and campaign.is_open(now) else None


async def vote(
    connection: Connection,
    text: str,
    given: Mapping[str, str],
    *,
    now: datetime,
    terms: RatingTerms,
    key: bytes,
) -> None:
    """One person's answers, once a code.

    InvalidError names the questions without an answer (the code stays); ConflictError when the code
    was used meanwhile or the campaign is over.
    """
    campaign = await campaign_of(connection, text, now=now, key=key)
    if campaign is None:
        raise _used()
    answers = read_answers(class_of(campaign, terms), given)
    if not await store.use_code(connection, code_hash(key, typed_code(text) or "")):
        raise _used()
    await store.keep_vote(
        connection,
        Vote(
            vote_id=uuid.uuid4(),
            campaign_id=campaign.campaign_id,
            hour=hour_of(now),
            answers=answers,
        ),
    )


async def results(
    connection: Connection, campaign_id: UUID, *, region: str | None, terms: RatingTerms
) -> Results:
    """A campaign's votes added up; NotFoundError where there is none in the region."""
    campaign = await find(connection, campaign_id, region=region)
    counts = await store.counts_of(connection, campaign_id)
    who = class_of(campaign, terms)
    return Results(
        campaign=campaign,
        n=await store.votes_of(connection, campaign_id),
        tallies=tuple(tally(each, counts.get(each.code, {})) for each in who.questions),
    )


async def find(connection: Connection, campaign_id: UUID, *, region: str | None) -> Campaign:
    """The campaign; NotFoundError where there is none in the region."""
    campaign = await store.load_campaign(connection, campaign_id)
    mine = campaign is not None and (region is None or (campaign.region or "").startswith(region))
    if campaign is None or not mine:
        raise NotFoundError("没有这个评价活动", "there is no such campaign")
    return campaign


async def tell(connection: Connection, *, now: datetime, terms: RatingTerms) -> int:
    """Say one batch of votes of past hours, in no order of arrival; how many there were."""
    votes = await store.take_untold(connection, before=hour_of(now), limit=BATCH)
    campaigns = {
        campaign_id: await store.load_campaign(connection, campaign_id)
        for campaign_id in {each.campaign_id for each in votes}
    }
    rows = []
    for each in votes:
        campaign = campaigns[each.campaign_id]
        assert campaign is not None  # the vote refers to it
        rows.append(_told(each, campaign, class_of(campaign, terms)))
    await store.told(connection, [each.vote_id for each in votes])
    await outbox.put(connection, rows)
    return len(votes)


def class_of(campaign: Campaign, terms: RatingTerms) -> EvaluatorClass:
    """Who rates; a class that the city no longer has is asked nothing."""
    gone = EvaluatorClass(code=campaign.evaluator_class, zh="", en="", questions=())
    return terms.classes.get(campaign.evaluator_class, gone)


def _told(each: Vote, campaign: Campaign, who: EvaluatorClass) -> outbox.Outgoing:
    answer, scores = answer_of(who, each.answers)
    subject = str(campaign.campaign_id)
    fact = RatingRecorded(
        rating_id=each.vote_id,
        subject_kind=campaign.subject_kind,
        subject=campaign.subject,
        evaluator_class=campaign.evaluator_class,
        answer=answer,
        campaign=subject,
        scores=tuple(scores),
    )
    return outbox.outgoing(
        fact,
        topic=RATINGS.name,
        source=SOURCE,
        event_id=each.vote_id,
        subject=subject,
        time=each.hour,
    )


async def tell_for_ever(runtime: Runtime, terms: RatingTerms) -> None:
    """Tell votes as soon as their hour is over; never returns."""
    never = asyncio.Event()
    while True:
        try:
            count = BATCH
            while count == BATCH:
                async with runtime.transaction() as connection:
                    count = await tell(connection, now=runtime.clock.now(), terms=terms)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("tell_ratings", error=repr(error))
        await runtime.clock.wait_until(runtime.clock.now() + EVERY, never)


def _used() -> ConflictError:
    return ConflictError(
        "此码无效、已使用，或评价已结束",
        "the code is not valid, was used, or it is over",
        code="used",
    )


def _wrong(field: str, zh: str, en: str) -> InvalidError:
    return InvalidError(FieldError(field=field, zh=f"{field}：{zh}", en=f"{field}: {en}"))
