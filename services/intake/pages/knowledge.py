"""The knowledge base as pages, and the panel that the desk opens with F4."""

from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ValidationError

from services.intake import knowledge
from services.intake.api.knowledge import (
    Approver,
    ArticleBody,
    Reader,
    Writer,
    editor_of,
    text_of,
)
from services.intake.api.search import owner_of
from services.intake.api.tickets import Intake
from services.intake.domain.article import (
    ArticleState,
    Validity,
    is_of_a_unit,
    may_write,
)
from services.intake.domain.phrase import Use
from services.intake.pages.lists import offer_of
from shared.errors import InvalidError, ShaodaoError
from shared.web.identity import Caller
from shared.web.pages import page
from shared.web.problems import field_errors

router = APIRouter(include_in_schema=False)

B = TypeVar("B", bound=BaseModel)

SHOWN: Final = 100
IN_PANEL: Final = 8
STATE_ZH: Final = {
    ArticleState.DRAFT: "草稿",
    ArticleState.PUBLISHED: "已发布",
    ArticleState.SUPERSEDED: "已被新版替代",
    ArticleState.WITHDRAWN: "已下架",
}
USE_ZH: Final = {Use.DESCRIPTION: "诉求描述", Use.ANSWER: "答复", Use.CALLBACK: "回访"}
Asked = Annotated[str, Query(max_length=2000)]
Code = Annotated[str, Query(max_length=10)]


@router.get("/knowledge")
async def get_articles(
    request: Request, intake: Intake, caller: Reader, q: Asked = "", category: Code = ""
) -> HTMLResponse:
    """Search and read; above it what waits for this person."""
    now = intake.runtime.clock.now()
    async with intake.runtime.pool.acquire() as connection:
        found = await knowledge.find(
            connection,
            asked=clean(q),
            category=clean(category) or None,
            region=None,
            now=now,
            limit=SHOWN,
        )
        works = _works(caller)
        shelf = (
            await knowledge.shelf(connection, editor=editor_of(caller), now=now) if works else None
        )
    return await page(
        request,
        "knowledge/articles.html",
        block="found" if "hx-request" in request.headers else None,
        found=found,
        shelf=shelf,
        q=clean(q),
        category=clean(category),
        may_begin=caller.may("knowledge.write"),
        **words_of(intake, request),
    )


@router.get("/desk/knowledge")
async def get_panel(
    request: Request, intake: Intake, caller: Reader, q: Asked = "", category: Code = ""
) -> HTMLResponse:
    """F4: what the knowledge base has to say, to be put into a reply."""
    async with intake.runtime.pool.acquire() as connection:
        found = await knowledge.find(
            connection,
            asked=clean(q),
            category=clean(category) or None,
            region=None,
            now=intake.runtime.clock.now(),
            limit=IN_PANEL,
        )
    return await page(
        request, "knowledge/panel.html", found=found, q=clean(q), **words_of(intake, request)
    )


@router.get("/knowledge/new")
async def get_new(request: Request, intake: Intake, caller: Writer) -> HTMLResponse:
    """An empty form."""
    return await _form(request, intake, caller, form=_empty(caller), article_id=None)


@router.post("/knowledge/new", response_model=None)
async def post_new(
    request: Request, intake: Intake, caller: Writer
) -> HTMLResponse | RedirectResponse:
    """A new article, as a draft; what is wrong comes back with the form."""
    form = await _read(request)
    try:
        text = text_of(_body(form), intake.rules.catalogue)
        async with intake.runtime.transaction() as connection:
            article_id = await knowledge.write(
                connection, text, editor=editor_of(caller), now=intake.runtime.clock.now()
            )
    except ShaodaoError as error:
        return await _form(request, intake, caller, form=form, article_id=None, error=error)
    return RedirectResponse(f"/knowledge/{article_id}", 303)


@router.get("/knowledge/{article_id}")
async def get_article(
    article_id: UUID,
    request: Request,
    intake: Intake,
    caller: Reader,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> HTMLResponse:
    """One version: the published one, else the newest; and its history."""
    async with intake.runtime.pool.acquire() as connection:
        versions = await knowledge.read(connection, article_id)
    works = _works(caller)
    if not works:  # a draft is not told to anybody yet
        versions = [each for each in versions if each.state is not ArticleState.DRAFT]
        if not versions:
            raise knowledge.no_article()
    wanted = [each for each in versions if version in (None, each.version)]
    shown = next(
        (each for each in wanted if each.state is ArticleState.PUBLISHED),
        wanted[0] if wanted else None,
    )
    if shown is None:
        raise knowledge.no_article()
    draft = next((each for each in versions if each.state is ArticleState.DRAFT), None)
    return await page(
        request,
        "knowledge/article.html",
        article=shown,
        versions=versions,
        draft=draft,
        may_edit=works and may_write(editor_of(caller), shown.text.owner_unit),
        may_approve=draft is not None
        and caller.may("knowledge.approve")
        and draft.written_by != owner_of(caller),
        **words_of(intake, request),
    )


@router.get("/knowledge/{article_id}/edit")
async def get_edit(
    article_id: UUID, request: Request, intake: Intake, caller: Writer
) -> HTMLResponse:
    """The draft, or what is published as the beginning of one."""
    async with intake.runtime.pool.acquire() as connection:
        versions = await knowledge.read(connection, article_id)
    at = versions[0]
    text = at.text
    form: dict[str, Any] = {
        "title": text.title,
        "body": text.body,
        "keywords": "、".join(text.keywords),
        "categories": list(text.categories),
        "region": text.region or "",
        "owner_unit": text.owner_unit,
        "expires_on": text.expires_on.isoformat(),
        "remark": text.remark or "" if at.state is ArticleState.DRAFT else "",
        "revision": str(at.revision) if at.state is ArticleState.DRAFT else "",
    }
    return await _form(request, intake, caller, form=form, article_id=article_id)


@router.post("/knowledge/{article_id}/edit", response_model=None)
async def post_edit(
    article_id: UUID, request: Request, intake: Intake, caller: Writer
) -> HTMLResponse | RedirectResponse:
    """Keep the draft; what is wrong, or changed meanwhile, comes back with the form."""
    form = await _read(request)
    try:
        body = _body(form)
        async with intake.runtime.transaction() as connection:
            saved = await knowledge.rewrite(
                connection,
                article_id,
                text_of(body, intake.rules.catalogue),
                revision=body.revision,
                editor=editor_of(caller),
                now=intake.runtime.clock.now(),
            )
    except ShaodaoError as error:
        return await _form(request, intake, caller, form=form, article_id=article_id, error=error)
    return RedirectResponse(f"/knowledge/{article_id}?version={saved.version}", 303)


@router.post("/knowledge/{article_id}/approve")
async def post_approve(
    article_id: UUID, intake: Intake, caller: Approver, revision: Annotated[int, Form(ge=1)]
) -> RedirectResponse:
    """Publish the draft as it was read."""
    async with intake.runtime.transaction() as connection:
        await knowledge.approve(
            connection,
            article_id,
            revision=revision,
            editor=editor_of(caller),
            now=intake.runtime.clock.now(),
        )
    return RedirectResponse(f"/knowledge/{article_id}", 303)


@router.post("/knowledge/{article_id}/withdraw")
async def post_withdraw(article_id: UUID, intake: Intake, caller: Writer) -> RedirectResponse:
    """Off the shelf."""
    async with intake.runtime.transaction() as connection:
        await knowledge.withdraw(
            connection, article_id, editor=editor_of(caller), now=intake.runtime.clock.now()
        )
    return RedirectResponse(f"/knowledge/{article_id}", 303)


@router.post("/knowledge/{article_id}/discard")
async def post_discard(article_id: UUID, intake: Intake, caller: Writer) -> RedirectResponse:
    """Throw the draft away."""
    async with intake.runtime.transaction() as connection:
        left = await knowledge.discard(connection, article_id, editor=editor_of(caller))
    return RedirectResponse(f"/knowledge/{article_id}" if left else "/knowledge", 303)


async def _form(
    request: Request,
    intake: Intake,
    caller: Caller,
    *,
    form: dict[str, Any],
    article_id: UUID | None,
    error: ShaodaoError | None = None,
) -> HTMLResponse:
    return await page(
        request,
        "knowledge/form.html",
        status=422 if error else 200,
        form=form,
        article_id=article_id,
        problem=error,
        wrong={each.field: each for each in error.errors}
        if isinstance(error, InvalidError)
        else {},
        own_unit=caller.unit if is_of_a_unit(editor_of(caller)) else None,
        options=offer_of(request, intake.rules.catalogue).options,
        **words_of(intake, request),
    )


def _works(caller: Caller) -> bool:
    return caller.may("knowledge.write") or caller.may("knowledge.approve")


def words_of(intake: Intake, request: Request) -> dict[str, Any]:
    """What the templates of articles and phrases have in common."""
    offer = offer_of(request, intake.rules.catalogue)
    return {
        "catalogue": intake.rules.catalogue,
        "category_names": {
            value: label for (name, value), label in offer.labels.items() if name == "category"
        },
        "categories": offer.options["category"],
        "today": knowledge.today_of(intake.runtime.clock.now()),
        "state_zh": STATE_ZH,
        "use_zh": USE_ZH,
        "uses": list(Use),
        "Validity": Validity,
    }


def _empty(caller: Caller) -> dict[str, Any]:
    texts = dict.fromkeys(("title", "body", "keywords", "region", "remark", "revision"), "")
    return {**texts, "categories": [], "owner_unit": caller.unit or "", "expires_on": ""}


async def _read(request: Request) -> dict[str, Any]:
    form = await request.form()
    names = (
        "title", "body", "keywords", "region", "owner_unit", "expires_on", "remark", "revision",
    )  # fmt: skip
    given: dict[str, Any] = {name: str(form.get(name, "")).strip() for name in names}
    given["body"] = given["body"].replace("\r\n", "\n")
    given["categories"] = [str(each) for each in form.getlist("categories")]
    return given


def _body(form: dict[str, Any]) -> ArticleBody:
    words = form["keywords"].replace("，", "、").replace(",", "、").split("、")
    return checked(
        ArticleBody,
        {
            **form,
            "keywords": [each.strip() for each in words if each.strip()],
            "region": form["region"] or None,
            "expires_on": form["expires_on"] or None,
            "remark": form["remark"] or None,
            "revision": form["revision"] or None,
        },
    )


def checked(kind: type[B], values: dict[str, Any]) -> B:
    """A body from the values of a form; InvalidError names every wrong field."""
    try:
        return kind(**values)
    except ValidationError as error:
        raise InvalidError(*field_errors(error.errors())) from None


def clean(text: str) -> str:
    """A text of an address, without what PostgreSQL cannot keep."""
    return text.replace("\0", "").strip()
