"""The callback clerk's page: whom to ask next, the contact of one person, what they said."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from services.intake.api.callbacks import FIRST, Clerk, read_cursor
from services.intake.api.calls import account_of
from services.intake.api.tickets import Intake, Trace
from services.intake.call_back import Claimed, call_back, claim, held
from services.intake.context import IntakeContext
from services.intake.store import callbacks as store
from shared.contracts.tickets import CallbackResult, Satisfaction
from shared.errors import ConflictError, InvalidError, ShaodaoError
from shared.web.identity import Caller
from shared.web.pages import page

router = APIRouter(prefix="/callbacks", include_in_schema=False)

SHOWN: Final = 30
Version = Annotated[int | None, Form(ge=1, le=2**31 - 1)]


@router.get("")
async def get_list(
    request: Request,
    intake: Intake,
    caller: Clerk,
    only: Annotated[str, Query(pattern="^(ready|all|mine)$")] = "ready",
    cursor: Annotated[str | None, Query(max_length=80)] = None,
) -> Response:
    """The list, the one due first first."""
    return await _shown(request, intake, caller, only=only, cursor=cursor)


@router.get("/{ticket_id}")
async def get_task(ticket_id: UUID, request: Request, intake: Intake, caller: Clerk) -> Response:
    """The form of what the clerk has in hand; the list where they have it no more."""
    async with intake.runtime.transaction() as connection:
        found = await held(
            connection,
            ticket_id,
            holder=account_of(caller),
            now=intake.runtime.clock.now(),
            vault=intake.vault,
        )
    if found is None:
        return RedirectResponse("/callbacks", 303)
    return await _shown(request, intake, caller, claimed=found)


@router.post("/{ticket_id}/claims")
async def post_claim(
    ticket_id: UUID, request: Request, intake: Intake, caller: Clerk, version: Version = None
) -> Response:
    """Take a task; the look at the contact is on record."""
    try:
        async with intake.runtime.transaction() as connection:
            await claim(
                connection,
                ticket_id,
                holder=account_of(caller),
                version=version,
                actor=caller.actor(),
                now=intake.runtime.clock.now(),
                rules=intake.rules,
                vault=intake.vault,
            )
    except ConflictError as error:
        return await _shown(request, intake, caller, problem=error, status=409)
    return RedirectResponse(f"/callbacks/{ticket_id}", 303)


@router.post("/{ticket_id}/releases")
async def post_release(ticket_id: UUID, intake: Intake, caller: Clerk) -> Response:
    """Give it back."""
    async with intake.runtime.transaction() as connection:
        await store.release(connection, ticket_id, holder=account_of(caller))
    return RedirectResponse("/callbacks", 303)


@router.post("/{ticket_id}/results")
async def post_result(
    ticket_id: UUID,
    request: Request,
    intake: Intake,
    trace: Trace,
    caller: Clerk,
    result: Annotated[CallbackResult, Form()],
    satisfaction: Annotated[Satisfaction, Form()] = Satisfaction.UNKNOWN,
    note: Annotated[str, Form(max_length=1000)] = "",
    version: Version = None,
) -> Response:
    """What the person said, or that nobody was reached; on to the next."""
    if result is CallbackResult.UNREACHABLE:
        satisfaction = Satisfaction.UNKNOWN
    try:
        async with intake.runtime.transaction() as connection:
            await call_back(
                connection,
                ticket_id,
                result=result,
                satisfaction=satisfaction,
                note=note.strip() or None,
                version=version,
                actor=caller.actor(),
                now=intake.runtime.clock.now(),
                rules=intake.rules,
                vault=intake.vault,
                traceparent=trace,
                holder=account_of(caller),
            )
    except (ConflictError, InvalidError) as error:
        async with intake.runtime.transaction() as connection:
            found = await held(
                connection,
                ticket_id,
                holder=account_of(caller),
                now=intake.runtime.clock.now(),
                vault=intake.vault,
            )
        status = 409 if isinstance(error, ConflictError) else 422
        said = {"result": result, "satisfaction": satisfaction, "note": note}
        return await _shown(
            request, intake, caller, claimed=found, problem=error, said=said, status=status
        )
    return RedirectResponse("/callbacks?done=1", 303)


async def _shown(
    request: Request,
    intake: IntakeContext,
    caller: Caller,
    *,
    only: str = "ready",
    cursor: str | None = None,
    claimed: Claimed | None = None,
    problem: ShaodaoError | None = None,
    said: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    now = intake.runtime.clock.now()
    async with intake.runtime.pool.acquire() as connection:
        items = await store.list_tasks(
            connection,
            after=read_cursor(cursor) if cursor else FIRST,
            limit=SHOWN + 1,
            ready_by=now if only == "ready" else None,
            holder=account_of(caller) if only == "mine" else None,
        )
        counts = await store.counts(connection, now=now)
    last = items[SHOWN - 1].task if len(items) > SHOWN else None
    return await page(
        request,
        "callbacks/list.html",
        status=status,
        items=items[:SHOWN],
        counts=counts,
        only=only,
        more=f"{last.due_by.isoformat()}|{last.ticket_id}" if last is not None else None,
        claimed=claimed,
        account=account_of(caller),
        problem=problem,
        said=said or {},
        done=request.query_params.get("done") == "1",
        categories=intake.rules.catalogue.categories,
        results=list(CallbackResult),
        satisfactions=list(Satisfaction),
    )
