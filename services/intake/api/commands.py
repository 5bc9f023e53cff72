"""The commands of a ticket over HTTP: ask, supply, answer, transfer, reject, merge, reopen.

Each takes the `version` that the caller saw, if it likes; when that is old, 409 tells who changed
what since (`changes`).
"""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import Field, StringConstraints

from services.intake import ask, merge, reopen, settle
from services.intake.api.bodies import NO_NUL, Body, Photos, read_body, schema
from services.intake.api.tickets import At, Changed, Intake, Viewer, commanding, region_of
from services.intake.domain.settle import Answer, Article, Reason, Target, Transfer
from services.intake.find import find_ticket
from services.intake.store import merges
from services.intake.store.merges import Related

router = APIRouter(prefix="/api/v1", tags=["commands"])

Operator = Annotated[At, commanding("tickets.handle")]
Lead = Annotated[At, commanding("tickets.refuse")]
Merger = Annotated[At, commanding("tickets.merge")]
_Words = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=2, max_length=1000, pattern=NO_NUL)
]
_Code = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=NO_NUL)
]
_Version = Annotated[int, Field(ge=1, le=2**31 - 1)]


class CommandBody(Body):
    """`version` refuses the command when the ticket has moved on."""

    version: _Version | None = None


class InfoRequestBody(CommandBody):
    """Everything that is missing, a line each."""

    missing: Annotated[tuple[_Words, ...], Field(min_length=1, max_length=10)]


class SupplyBody(CommandBody):
    """What was missing."""

    text: _Words
    photos: Photos = ()


class ArticleBody(Body):
    """An article of the knowledge base as it was quoted."""

    article_id: UUID
    version: _Version


class AnswerBody(CommandBody):
    """What the person was told."""

    text: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=2, max_length=4000, pattern=NO_NUL)
    ]
    article: ArticleBody | None = None


class TransferBody(CommandBody):
    """Where the matter is handed to: a code of `GET /api/v1/settlements`."""

    to: _Code
    note: _Words | None = None


class ReasonBody(CommandBody):
    """Why: a code of `GET /api/v1/settlements`."""

    reason: _Code
    note: _Words | None = None


class WordsBody(CommandBody):
    """The person's words."""

    reason: _Words


class MergeBody(CommandBody):
    """The ticket about the same matter that this one follows."""

    into: UUID


class LinkBody(CommandBody):
    """A related ticket."""

    to: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementLists:
    """Where a matter may be handed to, why it may be rejected or voided."""

    transfer: tuple[Target, ...]
    reject: tuple[Reason, ...]
    void: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """What a ticket is merged into, what is merged into it, what it is linked to."""

    items: tuple[Related, ...]


@router.get("/settlements")
async def get_settlements(intake: Intake, _caller: Viewer) -> SettlementLists:
    """The city's lists for transfer, rejection and voiding."""
    lists = intake.settlements
    return SettlementLists(
        transfer=tuple(lists.targets.values()),
        reject=tuple(lists.rejections.values()),
        void=tuple(lists.voidings.values()),
    )


@router.post("/tickets/{ticket_id}/info-requests", openapi_extra=schema(InfoRequestBody))
async def post_info_request(ticket_id: UUID, request: Request, at: Operator) -> Changed:
    """Ask the person, once, for all that is missing."""
    body = read_body(InfoRequestBody, await request.body())
    return await at.done(
        ask.ask_info, ticket_id, missing=body.missing, version=body.version, vault=at.intake.vault
    )


@router.post("/tickets/{ticket_id}/supplies", openapi_extra=schema(SupplyBody))
async def post_supply(ticket_id: UUID, request: Request, at: Operator) -> Changed:
    """What had been missing; the ticket waits for dispatch again."""
    body = read_body(SupplyBody, await request.body())
    return await at.done(
        ask.supply,
        ticket_id,
        text=body.text,
        photo_ids=body.photos,
        version=body.version,
        vault=at.intake.vault,
    )


@router.post("/tickets/{ticket_id}/answers", openapi_extra=schema(AnswerBody))
async def post_answer(ticket_id: UUID, request: Request, at: Operator) -> Changed:
    """Answer at the desk: a consultation, praise, or from the knowledge base."""
    body = read_body(AnswerBody, await request.body())
    article = body.article
    answer = Answer(
        text=body.text,
        article=Article(article_id=article.article_id, version=article.version)
        if article
        else None,
    )
    return await at.done(
        settle.end, ticket_id, ending=answer, version=body.version, vault=at.intake.vault
    )


@router.post("/tickets/{ticket_id}/transfers", openapi_extra=schema(TransferBody))
async def post_transfer(ticket_id: UUID, request: Request, at: Operator) -> Changed:
    """Hand over to 110, 119, 120, 122, or tell the lawful way."""
    body = read_body(TransferBody, await request.body())
    transfer = Transfer(target=at.intake.settlements.target(body.to), note=body.note)
    return await at.done(
        settle.end, ticket_id, ending=transfer, version=body.version, vault=at.intake.vault
    )


@router.post("/tickets/{ticket_id}/rejections", openapi_extra=schema(ReasonBody))
async def post_rejection(ticket_id: UUID, request: Request, at: Lead) -> Changed:
    """Not a matter for the hotline; may be appealed once."""
    body = read_body(ReasonBody, await request.body())
    reason = at.intake.settlements.rejection(body.reason)
    return await at.done(
        settle.reject,
        ticket_id,
        reason=reason,
        note=body.note,
        version=body.version,
        vault=at.intake.vault,
    )


@router.post("/tickets/{ticket_id}/appeals", openapi_extra=schema(WordsBody))
async def post_appeal(ticket_id: UUID, request: Request, at: Operator) -> Changed:
    """The person does not accept the rejection."""
    body = read_body(WordsBody, await request.body())
    return await at.done(
        settle.appeal, ticket_id, words=body.reason, version=body.version, vault=at.intake.vault
    )


@router.post("/tickets/{ticket_id}/voids", openapi_extra=schema(ReasonBody))
async def post_void(ticket_id: UUID, request: Request, at: Lead) -> Changed:
    """Registered by mistake; before dispatch only."""
    body = read_body(ReasonBody, await request.body())
    reason = at.intake.settlements.voiding(body.reason)
    return await at.done(
        settle.void,
        ticket_id,
        reason=reason,
        note=body.note,
        version=body.version,
        vault=at.intake.vault,
    )


@router.post("/tickets/{ticket_id}/reopenings", openapi_extra=schema(WordsBody))
async def post_reopening(ticket_id: UUID, request: Request, at: Operator) -> Changed:
    """It was not solved after all: within 15 days, once."""
    body = read_body(WordsBody, await request.body())
    return await at.done(
        reopen.reopen, ticket_id, reason=body.reason, version=body.version, vault=at.intake.vault
    )


@router.post("/tickets/{ticket_id}/merges", openapi_extra=schema(MergeBody))
async def post_merge(ticket_id: UUID, request: Request, at: Merger) -> Changed:
    """One matter told twice: this ticket follows the other until its own callback."""
    body = read_body(MergeBody, await request.body())
    return await at.done(merge.merge, ticket_id, into=body.into, version=body.version)


@router.delete("/tickets/{ticket_id}/merges")
async def delete_merge(
    ticket_id: UUID,
    at: Annotated[At, commanding("tickets.unmerge")],
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> Changed:
    """Not the same matter: this ticket goes on by itself."""
    return await at.done(merge.undo, ticket_id, version=version)


@router.post("/tickets/{ticket_id}/links", openapi_extra=schema(LinkBody))
async def post_link(ticket_id: UUID, request: Request, at: Merger) -> Changed:
    """Related tickets; both go on."""
    body = read_body(LinkBody, await request.body())
    return await at.done(merge.link, ticket_id, to=body.to, version=body.version)


@router.get("/tickets/{ticket_id}/relations")
async def get_relations(ticket_id: UUID, intake: Intake, caller: Viewer) -> Relations:
    """What the ticket is merged into, what is merged into it, what it is linked to."""
    region = region_of(intake, caller)
    async with intake.runtime.pool.acquire() as connection:
        await find_ticket(connection, ticket_id, region=region)
        found = await merges.relations_of(connection, ticket_id, region=region)
    return Relations(items=tuple(found))
