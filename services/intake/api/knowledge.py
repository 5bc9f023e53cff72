"""The knowledge base and phrases over HTTP."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field, StringConstraints

from services.intake import knowledge, phrases
from services.intake.api.bodies import NO_NUL, Body, read_body, schema
from services.intake.api.search import owner_of
from services.intake.api.tickets import Intake
from services.intake.context import IntakeContext
from services.intake.domain.article import (
    ArticleState,
    ArticleVersion,
    Editor,
    Text,
    Validity,
)
from services.intake.domain.phrase import Phrase, Use
from shared.catalogue.model import Catalogue
from shared.errors import FieldError, InvalidError
from shared.web.identity import Caller, allow

router = APIRouter(prefix="/api/v1", tags=["knowledge"])

Reader = Annotated[Caller, Depends(allow("knowledge.read"))]
Writer = Annotated[Caller, Depends(allow("knowledge.write"))]
Approver = Annotated[Caller, Depends(allow("knowledge.approve"))]
Phrasing = Annotated[Caller, Depends(allow("phrases.keep"))]
MOST_LISTED: Final = 200

_Code = Annotated[str, StringConstraints(strip_whitespace=True, max_length=15, pattern=NO_NUL)]
_Keyword = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20, pattern=NO_NUL)
]


def _line(least: int, most: int) -> StringConstraints:
    return StringConstraints(
        strip_whitespace=True, min_length=least, max_length=most, pattern=NO_NUL
    )


class ArticleBody(Body):
    """`revision` is that of the draft as it was read; absent where there was none."""

    title: Annotated[str, _line(2, 80)]
    body: Annotated[str, _line(10, 20_000)]
    keywords: Annotated[tuple[_Keyword, ...], Field(max_length=20)] = ()
    categories: Annotated[tuple[_Code, ...], Field(max_length=20)] = ()
    region: _Code | None = None
    owner_unit: Annotated[str, _line(1, 20)]
    expires_on: date
    remark: Annotated[str, _line(2, 200)] | None = None
    revision: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class ApprovalBody(Body):
    """The draft's revision as it was read."""

    revision: Annotated[int, Field(ge=1, le=2**31 - 1)]


class PhraseBody(Body):
    """Places to fill in are written {地点}."""

    use: Use
    title: Annotated[str, _line(1, 40)]
    body: Annotated[str, _line(2, 2000)]
    category: _Code | None = None
    shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleView:
    """A version of an article and whether it may be quoted today."""

    article_id: UUID
    version: int
    state: ArticleState
    validity: Validity
    revision: int
    title: str
    body: str
    keywords: tuple[str, ...]
    categories: tuple[str, ...]
    region: str | None
    owner_unit: str
    expires_on: date
    remark: str | None
    writer_name: str
    written_at: datetime
    approver_name: str | None
    approved_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Articles:
    """The best first."""

    items: tuple[ArticleView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """One's own first."""

    items: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An article that was made."""

    article_id: UUID


def editor_of(caller: Caller) -> Editor:
    """Who works on articles."""
    account = owner_of(caller)
    return Editor(role=caller.role, unit=caller.unit, account=account, name=caller.name or account)


def text_of(body: ArticleBody, catalogue: Catalogue) -> Text:
    """What an article says; InvalidError where the catalogue does not know a code."""
    majors = {each.major_code for each in catalogue.categories.values()}
    errors = [
        _unknown("categories", code)
        for code in body.categories
        if code not in catalogue.categories and code not in majors
    ]
    if body.region and not catalogue.knows_region(body.region):
        errors.append(_unknown("region", body.region))
    if body.owner_unit not in catalogue.units:
        errors.append(_unknown("owner_unit", body.owner_unit))
    if errors:
        raise InvalidError(*errors)
    return Text(
        title=body.title,
        body=body.body,
        keywords=tuple(dict.fromkeys(body.keywords)),
        categories=tuple(sorted(set(body.categories))),
        region=body.region or None,
        owner_unit=body.owner_unit,
        expires_on=body.expires_on,
        remark=body.remark,
    )


def _unknown(field: str, code: str) -> FieldError:
    return FieldError(
        field=field, zh=f"{field}：没有编码 {code!r}", en=f"{field}: there is no {code!r}"
    )


@router.get("/knowledge")
async def get_articles(
    intake: Intake,
    _caller: Reader,
    q: Annotated[str, Query(max_length=2000)] = "",
    category: Annotated[str | None, Query(max_length=10)] = None,
    region: Annotated[str | None, Query(max_length=15)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 20,
) -> Articles:
    """Published articles by words, pinyin or category, the best first."""
    now = intake.runtime.clock.now()
    async with intake.runtime.pool.acquire() as connection:
        found = await knowledge.find(
            connection,
            asked=q.replace("\0", "").strip(),
            category=(category or "").replace("\0", "") or None,
            region=(region or "").replace("\0", "") or None,
            now=now,
            limit=limit,
        )
    return Articles(items=tuple(view_of(each, now) for each in found))


@router.get("/knowledge/{article_id}")
async def get_article(article_id: UUID, intake: Intake, _caller: Reader) -> Articles:
    """All versions of an article, the newest first."""
    async with intake.runtime.pool.acquire() as connection:
        versions = await knowledge.read(connection, article_id)
    now = intake.runtime.clock.now()
    return Articles(items=tuple(view_of(each, now) for each in versions))


@router.post("/knowledge", status_code=201, openapi_extra=schema(ArticleBody))
async def post_article(request: Request, intake: Intake, caller: Writer) -> Written:
    """A new article, as a draft."""
    body = read_body(ArticleBody, await request.body())
    async with intake.runtime.transaction() as connection:
        article_id = await knowledge.write(
            connection,
            text_of(body, intake.rules.catalogue),
            editor=editor_of(caller),
            now=intake.runtime.clock.now(),
        )
    return Written(article_id=article_id)


@router.put("/knowledge/{article_id}/draft", openapi_extra=schema(ArticleBody))
async def put_draft(
    article_id: UUID, request: Request, intake: Intake, caller: Writer
) -> ArticleView:
    """Change the draft, or begin one beside what is published."""
    body = read_body(ArticleBody, await request.body())
    now = intake.runtime.clock.now()
    async with intake.runtime.transaction() as connection:
        version = await knowledge.rewrite(
            connection,
            article_id,
            text_of(body, intake.rules.catalogue),
            revision=body.revision,
            editor=editor_of(caller),
            now=now,
        )
    return view_of(version, now)


@router.delete("/knowledge/{article_id}/draft", status_code=204)
async def delete_draft(article_id: UUID, intake: Intake, caller: Writer) -> Response:
    """Throw the draft away."""
    async with intake.runtime.transaction() as connection:
        await knowledge.discard(connection, article_id, editor=editor_of(caller))
    return Response(status_code=204)


@router.post(
    "/knowledge/{article_id}/approvals", status_code=204, openapi_extra=schema(ApprovalBody)
)
async def post_approval(
    article_id: UUID, request: Request, intake: Intake, caller: Approver
) -> Response:
    """Publish the draft as it was read; not by whoever wrote it."""
    body = read_body(ApprovalBody, await request.body())
    async with intake.runtime.transaction() as connection:
        await knowledge.approve(
            connection,
            article_id,
            revision=body.revision,
            editor=editor_of(caller),
            now=intake.runtime.clock.now(),
        )
    return Response(status_code=204)


@router.post("/knowledge/{article_id}/withdrawals", status_code=204)
async def post_withdrawal(article_id: UUID, intake: Intake, caller: Writer) -> Response:
    """Take the published version off the shelf."""
    async with intake.runtime.transaction() as connection:
        await knowledge.withdraw(
            connection, article_id, editor=editor_of(caller), now=intake.runtime.clock.now()
        )
    return Response(status_code=204)


@router.get("/phrases")
async def get_phrases(
    intake: Intake,
    caller: Phrasing,
    use: Use | None = None,
    category: Annotated[str | None, Query(max_length=10)] = None,
) -> Phrases:
    """Short texts of one's own and shared ones."""
    async with intake.runtime.pool.acquire() as connection:
        found = await phrases.listed(
            connection,
            owner_of(caller),
            use=use,
            category=(category or "").replace("\0", "") or None,
        )
    return Phrases(items=tuple(found))


@router.post("/phrases", status_code=201, openapi_extra=schema(PhraseBody))
async def post_phrase(request: Request, intake: Intake, caller: Phrasing) -> Phrase:
    """Keep a phrase, for oneself or for all."""
    body = read_body(PhraseBody, await request.body())
    async with intake.runtime.transaction() as connection:
        return await phrases.add(
            connection,
            account=owner_of(caller),
            owner_name=caller.name or owner_of(caller),
            use=body.use,
            title=body.title,
            body=body.body,
            category=category_of(body.category, intake),
            shared=body.shared,
            now=intake.runtime.clock.now(),
        )


@router.put("/phrases/{phrase_id}", openapi_extra=schema(PhraseBody))
async def put_phrase(phrase_id: UUID, request: Request, intake: Intake, caller: Phrasing) -> Phrase:
    """Change one's own phrase."""
    body = read_body(PhraseBody, await request.body())
    phrase = Phrase(
        phrase_id=phrase_id,
        account=owner_of(caller),
        owner_name=caller.name or owner_of(caller),
        use=body.use,
        title=body.title,
        body=body.body,
        category=category_of(body.category, intake),
        shared=body.shared,
        at=intake.runtime.clock.now(),
    )
    async with intake.runtime.transaction() as connection:
        await phrases.change(connection, phrase)
    return phrase


@router.delete("/phrases/{phrase_id}", status_code=204)
async def delete_phrase(phrase_id: UUID, intake: Intake, caller: Phrasing) -> Response:
    """Delete one's own phrase."""
    async with intake.runtime.transaction() as connection:
        await phrases.forget(connection, phrase_id, account=owner_of(caller))
    return Response(status_code=204)


def category_of(code: str | None, intake: IntakeContext) -> str | None:
    """A category or a major one; InvalidError where there is none."""
    catalogue = intake.rules.catalogue
    majors = {each.major_code for each in catalogue.categories.values()}
    if code and code not in catalogue.categories and code not in majors:
        raise InvalidError(_unknown("category", code))
    return code or None


def view_of(version: ArticleVersion, now: datetime) -> ArticleView:
    """A version as it is shown on that day."""
    text = version.text
    return ArticleView(
        article_id=version.article_id,
        version=version.version,
        state=version.state,
        validity=version.validity(knowledge.today_of(now)),
        revision=version.revision,
        title=text.title,
        body=text.body,
        keywords=text.keywords,
        categories=text.categories,
        region=text.region,
        owner_unit=text.owner_unit,
        expires_on=text.expires_on,
        remark=text.remark,
        writer_name=version.writer_name,
        written_at=version.written_at,
        approver_name=version.approver_name,
        approved_at=version.approved_at,
    )
