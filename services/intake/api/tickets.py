"""Intake's HTTP edge: register, look up, call back, disclose, supplement, urge, withdraw."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from services.intake import follow_up
from services.intake.api.bodies import (
    CallbackBody,
    DisclosureBody,
    SupplementBody,
    TicketBody,
    read_body,
    read_key,
    read_request,
    read_supplement,
    schema,
)
from services.intake.api.keys import (
    KeyDoor,
    caller_of_key,
    is_own,
    key_of,
    of_key,
    own_system,
)
from services.intake.call_back import call_back
from services.intake.context import IntakeContext
from services.intake.disclose import Contact, disclose
from services.intake.domain.case import Case
from services.intake.domain.registration import draft
from services.intake.domain.request import canary_request
from services.intake.domain.ticket import TicketState
from services.intake.find import Page, TicketView, find_ticket, list_tickets, no_such_ticket
from services.intake.photos import linked
from services.intake.register import Receipt, Registration
from shared.catalogue.rights import Scope
from shared.contracts.parts import Role
from shared.errors import ForbiddenError
from shared.web.guards import inside
from shared.web.identity import Caller, allow

router = APIRouter(prefix="/api/v1/tickets", tags=["tickets"])

# Asked in the route itself: these paths are measured, and a door takes an API key, too.
REGISTERS: Final = allow("tickets.register")
ASKS_HINTS: Final = allow("hints.ask")
Viewer = Annotated[Caller, Depends(allow("tickets.see"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A ticket after a command."""

    ticket_id: UUID
    state: TicketState
    version: int
    round: int


async def context(request: Request) -> IntakeContext:
    """What the app made."""
    made: IntakeContext = request.app.state.context
    return made


async def traceparent(request: Request) -> str | None:
    """The request's trace, to be carried on by the facts it makes."""
    trace: str | None = request.scope["state"].get("traceparent")
    return trace


Intake = Annotated[IntakeContext, Depends(context)]
Trace = Annotated[str | None, Depends(traceparent)]
Verb = Callable[..., Awaitable[Case]]


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """Who commands, and where it is carried out."""

    intake: IntakeContext
    caller: Caller
    trace: str | None

    async def done(self, verb: Verb, ticket_id: UUID, **more: Any) -> Changed:
        """Carry out the verb now; raises the ShaodaoError that says why it cannot be."""
        async with self.intake.runtime.transaction() as connection:
            case = await verb(
                connection,
                ticket_id,
                actor=self.caller.actor(),
                now=self.intake.runtime.clock.now(),
                rules=self.intake.rules,
                traceparent=self.trace,
                **more,
            )
        ticket = case.ticket
        return Changed(
            ticket_id=ticket.ticket_id, state=ticket.state, version=ticket.seq, round=ticket.round
        )


def commanding(right: str) -> Any:
    """What a command of those who have the right stands on."""

    async def at(
        intake: Intake, caller: Annotated[Caller, Depends(allow(right))], trace: Trace
    ) -> At:
        return At(intake=intake, caller=caller, trace=trace)

    return Depends(at)


Adding = Annotated[At, commanding("tickets.add")]


@router.post(
    "",
    status_code=201,
    responses={201: {"model": Receipt}, 200: {"model": Receipt}},
    openapi_extra=schema(TicketBody),
)
@inside(REGISTERS)
async def post_ticket(request: Request) -> Response:
    """Register a request; 200 with the first answer when it was registered before."""
    key = await key_of(request)
    caller = await REGISTERS(request) if key is None else caller_of_key(key)
    intake = await context(request)
    asked = read_request(await request.body(), intake.rules.catalogue)
    if key is not None:
        asked = of_key(asked, key)
    elif caller.role is Role.CANARY:
        asked = canary_request(asked)
    done = await intake.registrations.submit(
        Registration(
            draft=draft(asked, intake.rules),
            actor=caller.actor(),
            idempotency_key=read_key(request.headers.get("idempotency-key")),
            traceparent=await traceparent(request),
        )
    )
    status = 200 if done.repeated else 201
    return Response(done.receipt, status_code=status, media_type="application/json")


@router.get("/{ticket_id}")
async def get_ticket(
    ticket_id: UUID,
    request: Request,
    intake: Intake,
    caller: Annotated[Caller, Depends(KeyDoor("tickets.see"))],
) -> TicketView:
    """A ticket with its whole timeline and all promises; nothing of who asked."""
    async with intake.runtime.pool.acquire() as connection:
        found = await find_ticket(connection, ticket_id, region=region_of(intake, caller))
    if not is_own(found.source, own_system(request)):
        raise no_such_ticket()
    secret = intake.runtime.settings.token_secret.get_secret_value()
    return replace(found, photos=linked(found.photos, secret))


@router.get("")
async def get_tickets(
    request: Request,
    intake: Intake,
    caller: Annotated[Caller, Depends(KeyDoor("tickets.see"))],
    source_system: str | None = None,
    source_number: str | None = None,
    state: TicketState | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page:
    """Tickets, newest first; `next` is the cursor of the next page. A key sees its system's."""
    async with intake.runtime.pool.acquire() as connection:
        return await list_tickets(
            connection,
            cursor=cursor,
            limit=limit,
            state=state,
            source_system=own_system(request) or source_system,
            source_number=source_number,
            region=region_of(intake, caller),
        )


@router.post("/{ticket_id}/callbacks", openapi_extra=schema(CallbackBody))
async def post_callback(
    ticket_id: UUID, request: Request, at: Annotated[At, commanding("callbacks.do")]
) -> Changed:
    """Record one try of the callback."""
    body = read_body(CallbackBody, await request.body())
    return await at.done(
        call_back,
        ticket_id,
        result=body.result,
        satisfaction=body.satisfaction,
        note=body.note,
        version=body.version,
        vault=at.intake.vault,
        holder=at.caller.account or at.caller.name,
    )


@router.post("/{ticket_id}/disclosures", openapi_extra=schema(DisclosureBody))
async def post_disclosure(
    ticket_id: UUID,
    request: Request,
    intake: Intake,
    caller: Annotated[Caller, Depends(allow("contact.disclose"))],
) -> Contact:
    """The person's contact for the called unit's handler; every look is recorded."""
    body = read_body(DisclosureBody, await request.body())
    async with intake.runtime.transaction() as connection:
        return await disclose(
            connection,
            ticket_id,
            purpose=body.purpose,
            actor=caller.actor(),
            now=intake.runtime.clock.now(),
            rules=intake.rules,
            vault=intake.vault,
        )


@router.post("/{ticket_id}/supplements", openapi_extra=schema(SupplementBody))
async def post_supplement(ticket_id: UUID, request: Request, at: Adding) -> Changed:
    """Add the person's words and photos."""
    body = read_supplement(await request.body())
    return await at.done(
        follow_up.supplement,
        ticket_id,
        text=body.text,
        photo_ids=body.photos,
        vault=at.intake.vault,
    )


@router.post("/{ticket_id}/urges")
async def post_urge(ticket_id: UUID, at: Adding) -> Changed:
    """Ask to hurry."""
    return await at.done(follow_up.urge, ticket_id)


@router.post("/{ticket_id}/withdrawals")
async def post_withdrawal(
    ticket_id: UUID, at: Annotated[At, commanding("tickets.withdraw")]
) -> Changed:
    """Take the request back; the canary takes back its own tickets only."""
    return await at.done(follow_up.withdraw, ticket_id)


def region_of(intake: IntakeContext, caller: Caller) -> str | None:
    """The region a caller is bound to; None for those who work for the whole city."""
    if caller.scope is Scope.CITY:
        return None
    unit = intake.rules.catalogue.units.get(caller.unit or "")
    if unit is None or unit.region_code is None:
        raise ForbiddenError("请使用所在街道或社区的账号", "your account names no region")
    return unit.region_code
