"""Searching, saved views and actions on many tickets, over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field, StringConstraints

from services.intake import bulk as many
from services.intake import views
from services.intake.api.bodies import NO_NUL, Body, read_body, schema
from services.intake.api.tickets import Intake, Trace, Viewer, region_of
from services.intake.bulk import MOST, Action, Bulk, Outcome
from services.intake.context import IntakeContext
from services.intake.domain.doing import Doing
from services.intake.domain.listed import Listed
from services.intake.domain.promises import PromiseState
from services.intake.domain.query import Flag, read_query
from services.intake.domain.ticket import TicketState
from services.intake.index import index_anew
from services.intake.search import Seer, search
from services.intake.store.views import SavedView
from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Channel, TicketType, Urgency
from shared.errors import FieldError, ForbiddenError, InvalidError
from shared.web.identity import Caller, allow

router = APIRouter(prefix="/api/v1", tags=["search"])

MOST_FIELDS: Final = 500
Doer = Annotated[Caller, Depends(allow("tickets.many"))]
Code = Annotated[str, StringConstraints(max_length=100)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchItem:
    """A ticket in a list, with the unit that leads and what is due next."""

    ticket_id: UUID
    number: str
    state: TicketState
    version: int
    round: int
    channel: Channel
    type: TicketType
    urgency: Urgency
    category: str | None
    title: str
    region: str | None
    compound: str | None
    confidential: bool
    hard_case: bool
    urged: int
    lead: str | None
    due_kind: DeadlineKind | None
    due_by: datetime | None
    due_state: PromiseState | None
    registered_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """Newest first; `next` continues below the last one.

    `count` is how many fit, at most 200, with `more` where there are more; null on later pages.
    """

    items: tuple[SearchItem, ...]
    next: UUID | None
    count: int | None
    more: bool


class ViewBody(Body):
    """`query` as an address carries it: `state=registered&region=159902001`."""

    name: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=NO_NUL)
    ]
    query: Annotated[str, StringConstraints(max_length=4000, pattern=NO_NUL)]
    shared: bool = False


class SharingBody(Body):
    """Whether others see the view."""

    shared: bool


class BulkBody(Body):
    """`other` is a ticket's number (merge, link), `reason` a code of the lists (void).

    `versions` by ticket_id refuse what has moved on since it was looked at.
    """

    action: Action
    tickets: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=MOST)]
    other: Annotated[str, StringConstraints(max_length=30, pattern=NO_NUL)] | None = None
    reason: Annotated[str, StringConstraints(max_length=64, pattern=NO_NUL)] | None = None
    note: (
        Annotated[
            str,
            StringConstraints(strip_whitespace=True, min_length=2, max_length=1000, pattern=NO_NUL),
        ]
        | None
    ) = None
    versions: Mapping[UUID, Annotated[int, Field(ge=1, le=2**31 - 1)]] = Field(
        default_factory=dict, max_length=MOST
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """One for each ticket, in the order asked."""

    items: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """One's own first, then the shared ones of others."""

    items: tuple[SavedView, ...]


def seer_of(intake: IntakeContext, caller: Caller) -> Seer:
    """How far a caller sees."""
    return Seer(
        actor=caller.actor(),
        region=region_of(intake, caller),
        account=caller.account or caller.name,
    )


@router.get("/search")
async def get_search(
    request: Request,
    intake: Intake,
    caller: Viewer,
    q: Annotated[str | None, Query(max_length=200)] = None,
    state: Annotated[list[TicketState] | None, Query()] = None,
    type: Annotated[list[TicketType] | None, Query()] = None,
    urgency: Annotated[list[Urgency] | None, Query()] = None,
    category: Annotated[list[Code] | None, Query()] = None,
    region: Annotated[list[Code] | None, Query()] = None,
    channel: Annotated[list[Channel] | None, Query()] = None,
    line: Annotated[list[Code] | None, Query()] = None,
    flag: Annotated[list[Flag] | None, Query()] = None,
    unit: Annotated[list[Code] | None, Query()] = None,
    since: str | None = None,
    until: str | None = None,
    mine: str | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> SearchPage:
    """Tickets by filters and words, pinyin, number or (the desk only, on record) telephone."""
    query = read_query(request.query_params.multi_items(), intake.rules.catalogue)
    async with intake.runtime.pool.acquire() as connection:
        found = await search(
            connection,
            query,
            seer=seer_of(intake, caller),
            cursor=cursor,
            limit=limit,
            now=intake.runtime.clock.now(),
            vault=intake.vault,
        )
    return SearchPage(
        items=tuple(map(_item, found.items)), next=found.next, count=found.count, more=found.more
    )


@router.post("/search/rebuild", status_code=202)
async def post_rebuild(
    intake: Intake, _caller: Annotated[Caller, Depends(allow("search.rebuild"))]
) -> dict[str, str]:
    """Make the index again from the tickets; until it is through, searches find less."""
    async with intake.runtime.transaction() as connection:
        await index_anew(connection)
    return {"status": "begun"}


@router.get("/views")
async def get_views(intake: Intake, caller: Viewer) -> Views:
    """Saved lists that one may open."""
    async with intake.runtime.pool.acquire() as connection:
        return Views(items=tuple(await views.listed(connection, owner_of(caller))))


@router.post("/views", status_code=201, openapi_extra=schema(ViewBody))
async def post_view(request: Request, intake: Intake, caller: Viewer) -> SavedView:
    """Keep a list under a name; one's own of the same name is replaced."""
    body = read_body(ViewBody, await request.body())
    query = read_query(_pairs(body.query), intake.rules.catalogue)
    async with intake.runtime.transaction() as connection:
        return await views.save(
            connection,
            account=owner_of(caller),
            owner_name=caller.name or owner_of(caller),
            name=body.name,
            query=query,
            shared=body.shared,
            now=intake.runtime.clock.now(),
        )


@router.patch("/views/{view_id}", openapi_extra=schema(SharingBody))
async def patch_view(view_id: UUID, request: Request, intake: Intake, caller: Viewer) -> SavedView:
    """Share one's own view, or keep it to oneself."""
    body = read_body(SharingBody, await request.body())
    async with intake.runtime.transaction() as connection:
        return await views.share(connection, view_id, account=owner_of(caller), shared=body.shared)


@router.delete("/views/{view_id}", status_code=204)
async def delete_view(view_id: UUID, intake: Intake, caller: Viewer) -> Response:
    """Delete one's own view."""
    async with intake.runtime.transaction() as connection:
        await views.forget(connection, view_id, account=owner_of(caller))
    return Response(status_code=204)


@router.post("/bulk/previews", openapi_extra=schema(BulkBody))
async def post_bulk_preview(
    request: Request, intake: Intake, trace: Trace, caller: Doer
) -> Outcomes:
    """What would become of each ticket, and why not; nothing is changed."""
    bulk = _bulk(read_body(BulkBody, await request.body()), intake)
    doing = _doing(intake, caller, trace)
    found = await many.preview(intake.runtime, bulk, doing, rules=intake.rules)
    return Outcomes(items=tuple(found))


@router.post("/bulk", openapi_extra=schema(BulkBody))
async def post_bulk(request: Request, intake: Intake, trace: Trace, caller: Doer) -> Outcomes:
    """Do it to each ticket by itself; the answer says which were refused and why."""
    bulk = _bulk(read_body(BulkBody, await request.body()), intake)
    doing = _doing(intake, caller, trace)
    done = await many.carry_out(intake.runtime, bulk, doing, rules=intake.rules, vault=intake.vault)
    return Outcomes(items=tuple(done))


def owner_of(caller: Caller) -> str:
    """The login that owns views; a program's token has none and goes by its name."""
    owner = caller.account or caller.name
    if owner is None:
        raise ForbiddenError("请使用个人账号登录", "sign in with an account of your own")
    return owner


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise InvalidError(
            FieldError(field="query", zh="query：条件过多", en="query: has too many filters")
        ) from None


def _bulk(body: BulkBody, intake: IntakeContext) -> Bulk:
    voids = body.action is Action.VOID and body.reason is not None
    return Bulk(
        action=body.action,
        ticket_ids=tuple(dict.fromkeys(body.tickets)),
        other=body.other,
        reason=intake.settlements.voiding(body.reason or "") if voids else None,
        note=body.note,
        versions=body.versions,
    )


def _doing(intake: IntakeContext, caller: Caller, trace: str | None) -> Doing:
    return Doing(
        now=intake.runtime.clock.now(),
        actor=caller.actor(),
        policy=intake.rules.policy,
        traceparent=trace,
    )


def _item(listed: Listed) -> SearchItem:
    ticket = listed.ticket
    return SearchItem(
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        state=ticket.state,
        version=ticket.seq,
        round=ticket.round,
        channel=ticket.channel,
        type=ticket.type,
        urgency=ticket.urgency,
        category=ticket.category,
        title=ticket.title,
        region=ticket.place.region,
        compound=ticket.place.compound,
        confidential=ticket.confidential,
        hard_case=ticket.hard_case,
        urged=ticket.urged,
        lead=listed.lead,
        due_kind=listed.due_kind,
        due_by=listed.due_by,
        due_state=listed.due_state,
        registered_at=ticket.registered_at,
        ended_at=ticket.ended_at,
    )
