"""The desk's form over HTTP: kept while it is filled in, checked for what is missing, submitted."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field, StringConstraints
from pydantic_core import to_json

from services.intake import drafts
from services.intake.api.bodies import NO_NUL, Body, read_body, read_request, schema
from services.intake.api.calls import AtDesk, account_of
from services.intake.api.tickets import Intake, Trace
from services.intake.context import IntakeContext
from services.intake.domain import missing
from services.intake.domain.draft import MOST_TYPED, DeskDraft, Form
from services.intake.domain.registration import Draft, draft
from services.intake.domain.settle import Answer, Article, Ending, Transfer
from services.intake.register import Receipt, Registration
from services.intake.store import drafts as store
from services.intake.take_down import FilledIn, Join, JoinHow, take_down
from shared.catalogue.gazetteer import LocatedBy
from shared.contracts.values import Urgency
from shared.errors import FieldError, InvalidError
from shared.web.identity import Caller

router = APIRouter(prefix="/api/v1/drafts", tags=["drafts"])

GRAVITY: Final = (Urgency.NORMAL, Urgency.URGENT, Urgency.CRITICAL)

LOOKED_AT: Final = 1000  # characters in which a place is looked for at every keystroke

_Typed = Annotated[str, StringConstraints(max_length=500, pattern=NO_NUL)]
_Long = Annotated[str, StringConstraints(max_length=MOST_TYPED, pattern=NO_NUL)]


class FormBody(Body):
    """The form as typed, however wrong it still is."""

    phone: _Typed = ""
    name: _Typed = ""
    confidential: Literal["", "yes", "no"] = ""
    agrees_to_contact: bool = False
    language: Literal["zh", "mn"] = "zh"
    description: _Long = ""
    title: _Typed = ""
    address: _Typed = ""
    region: _Typed = ""
    lat: float | None = None
    lon: float | None = None
    no_location: bool = False
    type: _Typed = ""
    category: _Typed = ""
    urgency: _Typed = ""
    urgency_reason: _Typed = ""
    line: _Typed = ""
    occurred_at: _Typed = ""
    photos: Annotated[tuple[_Typed, ...], Field(max_length=20)] = ()
    article: _Typed = ""
    reply: _Long = ""


class DraftBody(Body):
    """The form on top of `version`; 0 begins a draft."""

    version: Annotated[int, Field(ge=0)]
    form: FormBody
    call_id: _Typed | None = None


class QuotedBody(Body):
    """An article of the knowledge base as it was quoted."""

    article_id: UUID
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]


class AnswerNowBody(Body):
    """What the caller was told at once."""

    text: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=2, max_length=4000, pattern=NO_NUL)
    ]
    article: QuotedBody | None = None


class HandOverBody(Body):
    """Where the caller was put through to: a code of `GET /api/v1/settlements`."""

    to: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_NUL)]


class JoinBody(Body):
    """The ticket about the same matter, and how the new one joins it."""

    ticket_id: UUID
    how: JoinHow


class SubmissionBody(Body):
    """The ticket to be registered, what the desk notes besides, and what is done with it at once.

    `confirmed`: the operator's word that the matter of a marked number is real. At most one of
    `answer`, `transfer` and `join`.
    """

    version: Annotated[int, Field(ge=0)]
    ticket: Mapping[str, Any]
    language: Literal["zh", "mn"] = "zh"
    urgency_reason: Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)] | None = None
    call_id: _Typed | None = None
    confirmed: bool = False
    answer: AnswerNowBody | None = None
    transfer: HandOverBody | None = None
    join: JoinBody | None = None


class TextBody(Body):
    """What is written so far."""

    text: _Long
    place_given: bool = False
    time_given: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A draft was kept under this version."""

    draft_id: UUID
    version: int
    changed_at: datetime


@router.put("/{draft_id}", openapi_extra=schema(DraftBody))
async def put_draft(draft_id: UUID, request: Request, intake: Intake, caller: AtDesk) -> Kept:
    """Keep what was typed; 409 with the version there is when another tab has gone on."""
    body = read_body(DraftBody, await request.body())
    async with intake.runtime.transaction() as connection:
        kept = await drafts.keep(
            connection,
            draft_id,
            Form(**body.form.model_dump()),
            version=body.version,
            account=account_of(caller),
            call_id=body.call_id,
            now=intake.runtime.clock.now(),
            vault=intake.vault,
        )
    return Kept(draft_id=kept.draft_id, version=kept.version, changed_at=kept.changed_at)


@router.get("/{draft_id}")
async def get_draft(
    draft_id: UUID,
    intake: Intake,
    caller: AtDesk,
    call_id: Annotated[str | None, Query(max_length=100, pattern=NO_NUL)] = None,
) -> dict[str, Any]:
    """A draft of one's own, or with `call_id` one tied to the number that calls this desk."""
    async with intake.runtime.transaction() as connection:
        found = await drafts.open_draft(
            connection,
            draft_id,
            account=account_of(caller),
            call_id=call_id,
            now=intake.runtime.clock.now(),
            vault=intake.vault,
        )
    return draft_view(found)


@router.get("")
async def list_drafts(intake: Intake, caller: AtDesk) -> dict[str, Any]:
    """The drafts on this desk, last changed first."""
    async with intake.runtime.pool.acquire() as connection:
        found = await store.drafts_of_account(connection, account_of(caller), vault=intake.vault)
    return {"items": [draft_view(each) for each in found]}


@router.delete("/{draft_id}", status_code=204)
async def delete_draft(draft_id: UUID, intake: Intake, caller: AtDesk) -> None:
    """Throw a draft of one's own away."""
    async with intake.runtime.transaction() as connection:
        await drafts.drop(connection, draft_id, account=account_of(caller), vault=intake.vault)


def draft_view(found: DeskDraft) -> dict[str, Any]:
    """A draft as JSON."""
    return {
        "draft_id": found.draft_id,
        "version": found.version,
        "form": asdict(found.form),
        "call_id": found.call_id,
        "begun_at": found.begun_at,
        "changed_at": found.changed_at,
    }


@router.post("/missing", openapi_extra=schema(TextBody))
async def post_missing(request: Request, intake: Intake, _caller: AtDesk) -> dict[str, Any]:
    """Which of time, place, who, what and wish the words tell so far."""
    body = read_body(TextBody, await request.body())
    located = intake.rules.gazetteer.locate(body.text[:LOOKED_AT])
    told = missing.elements(
        body.text,
        place_given=body.place_given or located.how is not LocatedBy.UNKNOWN,
        time_given=body.time_given,
    )
    return {"elements": told, "missing": missing.missing(told)}


@router.post(
    "/{draft_id}/submissions",
    status_code=201,
    responses={201: {"model": Receipt}, 200: {"model": Receipt}},
    openapi_extra=schema(SubmissionBody),
)
async def post_submission(
    draft_id: UUID, request: Request, intake: Intake, trace: Trace, caller: AtDesk
) -> Response:
    """Register the form; 200 with the first answer when it was registered before."""
    body = read_body(SubmissionBody, await request.body())
    form = _filled_in(draft_id, body, intake, caller, trace)
    async with intake.runtime.transaction() as connection:
        done = await take_down(
            connection,
            form,
            register=intake.register,
            now=intake.runtime.clock.now(),
            rules=intake.rules,
            vault=intake.vault,
        )
    return Response(
        done.receipt, status_code=200 if done.repeated else 201, media_type="application/json"
    )


def _filled_in(
    draft_id: UUID, body: SubmissionBody, intake: IntakeContext, caller: Caller, trace: str | None
) -> FilledIn:
    """Every wrong field of ticket and desk is named at once."""
    asked = read_request(to_json(body.ticket), intake.rules.catalogue)
    drafted = draft(asked, intake.rules)
    if _is_raised(drafted, intake) and not body.urgency_reason:
        raise InvalidError(
            FieldError(
                field="urgency_reason",
                zh="urgency_reason：高于该类别的紧急程度，请写明理由",
                en="urgency_reason: say why it is more urgent than its category",
            )
        )
    return FilledIn(
        registration=Registration(
            draft=drafted,
            actor=caller.actor(),
            idempotency_key=f"draft:{draft_id}",
            traceparent=trace,
        ),
        draft_id=draft_id,
        version=body.version,
        account=account_of(caller),
        language=body.language,
        urgency_reason=body.urgency_reason,
        call_id=body.call_id,
        confirmed=body.confirmed,
        then=_then(body, intake),
    )


def _then(body: SubmissionBody, intake: IntakeContext) -> Ending | Join | None:
    """What is done with the ticket at once; InvalidError for two things."""
    wanted = [each for each in (body.answer, body.transfer, body.join) if each is not None]
    if len(wanted) > 1:
        raise InvalidError(
            FieldError(
                field="join",
                zh="join：答复、转办、并单只能选一项",
                en="join: only one of answer, transfer and join",
            )
        )
    match next(iter(wanted), None):
        case AnswerNowBody(text=text, article=None):
            return Answer(text=text)
        case AnswerNowBody(text=text, article=QuotedBody() as quoted):
            article = Article(article_id=quoted.article_id, version=quoted.version)
            return Answer(text=text, article=article)
        case HandOverBody(to=to):
            return Transfer(target=intake.settlements.target(to))
        case JoinBody(ticket_id=ticket_id, how=how):
            return Join(ticket_id=ticket_id, how=how)
    return None


def _is_raised(drafted: Draft, intake: IntakeContext) -> bool:
    """More urgent than matters of its kind are, by the operator's choice."""
    asked = drafted.request
    category = intake.rules.catalogue.categories.get(asked.category or "")
    usual = category.default_urgency if category else Urgency.NORMAL
    return asked.urgency is not None and GRAVITY.index(asked.urgency) > GRAVITY.index(usual)
