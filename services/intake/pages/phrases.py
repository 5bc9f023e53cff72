"""Phrases as a page, and the panel that the desk opens with F8."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from services.intake import phrases
from services.intake.api.knowledge import PhraseBody, Phrasing, category_of
from services.intake.api.search import owner_of
from services.intake.api.tickets import Intake
from services.intake.domain.phrase import Phrase, Use
from services.intake.pages.knowledge import checked, clean, words_of
from shared.errors import ShaodaoError
from shared.web.identity import Caller
from shared.web.pages import page

router = APIRouter(include_in_schema=False)

Code = Annotated[str, Query(max_length=10)]


@router.get("/desk/phrases")
async def get_phrases(request: Request, intake: Intake, caller: Phrasing) -> HTMLResponse:
    """One's own phrases, to change, and the shared ones."""
    return await _phrases(request, intake, caller)


@router.get("/desk/phrases/panel")
async def get_phrase_panel(
    request: Request, intake: Intake, caller: Phrasing, use: Use | None = None, category: Code = ""
) -> HTMLResponse:
    """F8: phrases to be put into a text."""
    async with intake.runtime.pool.acquire() as connection:
        found = await phrases.listed(
            connection, owner_of(caller), use=use, category=clean(category) or None
        )
    return await page(
        request,
        "knowledge/phrase_panel.html",
        found=found,
        account=owner_of(caller),
        **words_of(intake, request),
    )


@router.post("/desk/phrases", response_model=None)
async def post_phrase(
    request: Request, intake: Intake, caller: Phrasing
) -> HTMLResponse | RedirectResponse:
    """Keep a phrase: a new one, or with its id one's own in its place."""
    form = await request.form()
    given = {name: str(form.get(name, "")).strip() for name in ("use", "title", "body", "category")}
    shared, phrase_id = form.get("shared") == "1", _uuid(str(form.get("phrase_id", "")))
    owner, now = owner_of(caller), intake.runtime.clock.now()
    try:
        body = checked(PhraseBody, {**given, "category": given["category"] or None})
        category = category_of(body.category, intake)
        async with intake.runtime.transaction() as connection:
            if phrase_id is None:
                await phrases.add(
                    connection,
                    account=owner,
                    owner_name=caller.name or owner,
                    use=body.use,
                    title=body.title,
                    body=body.body,
                    category=category,
                    shared=shared,
                    now=now,
                )
            else:
                phrase = Phrase(
                    phrase_id=phrase_id,
                    account=owner,
                    owner_name=caller.name or owner,
                    use=body.use,
                    title=body.title,
                    body=body.body,
                    category=category,
                    shared=shared,
                    at=now,
                )
                await phrases.change(connection, phrase)
    except ShaodaoError as error:
        return await _phrases(request, intake, caller, form=given, error=error)
    return RedirectResponse("/desk/phrases", 303)


@router.post("/desk/phrases/{phrase_id}/forget")
async def post_forget_phrase(phrase_id: UUID, intake: Intake, caller: Phrasing) -> RedirectResponse:
    """Delete one's own."""
    async with intake.runtime.transaction() as connection:
        await phrases.forget(connection, phrase_id, account=owner_of(caller))
    return RedirectResponse("/desk/phrases", 303)


async def _phrases(
    request: Request,
    intake: Intake,
    caller: Caller,
    *,
    form: dict[str, str] | None = None,
    error: ShaodaoError | None = None,
) -> HTMLResponse:
    async with intake.runtime.pool.acquire() as connection:
        found = await phrases.listed(connection, owner_of(caller))
    return await page(
        request,
        "knowledge/phrases.html",
        status=422 if error else 200,
        found=found,
        account=owner_of(caller),
        form=form,
        problem=error,
        **words_of(intake, request),
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
