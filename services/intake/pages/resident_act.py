"""What residents want done with their own matter: each a form of its page, sent by POST."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from services.intake import follow_up
from services.intake.api.tickets import Intake, Trace
from services.intake.call_back import call_back
from services.intake.context import IntakeContext
from services.intake.domain.links import Grant, Session
from services.intake.domain.number import is_ticket_number
from services.intake.domain.photo import MOST_PHOTOS
from services.intake.links import revoke
from services.intake.pages.resident import kept, read_files
from services.intake.pages.resident_door import own_ticket, owner_of, remember, resident_of
from services.intake.pages.resident_form import LEAST, NO_NUL, files_of, read_supplement
from services.intake.reopen import reopen
from services.intake.resident import CITIZEN, agree_to_contact
from services.intake.settle import appeal
from services.intake.store import residents as store
from shared.contracts.tickets import CallbackResult, Satisfaction
from shared.errors import FieldError, ForbiddenError, InvalidError
from shared.runtime.clock import wall_now
from shared.web.guards import Unasked
from shared.web.identity import same_site

router = APIRouter(include_in_schema=False, dependencies=[Depends(Unasked.RESIDENT)])

POSTED: Final = [Depends(same_site)]
NO_REASON: Final = FieldError(field="reason", zh="请写一写原因", en="say why")
Number = Annotated[str, Form(max_length=40)]


@router.post("/r/supplements", dependencies=POSTED)
async def post_supplement(request: Request, intake: Intake, trace: Trace) -> Response:
    """Words, photos or both, added to what was told."""
    session = await resident_of(request, intake)
    async with request.form(max_files=MOST_PHOTOS + 2, max_fields=40) as form:
        asked = read_supplement(form)
        async with intake.runtime.pool.acquire() as connection:
            await own_ticket(connection, session, asked.number)
        files = [] if asked.photo else await read_files(files_of(form))
        photos = asked.photo or await kept(request, intake, session, files)
    if not asked.text and not photos:
        return _back(asked.number, None)
    await _carry_out(
        follow_up.supplement,
        session,
        asked.number,
        intake,
        trace,
        text=asked.text,
        photo_ids=photos,
        photo_owner=owner_of(session),
        vault=intake.vault,
    )
    return remember(request, _back(asked.number, "supplemented"), intake, session)


@router.post("/r/urges", dependencies=POSTED)
async def post_urge(request: Request, intake: Intake, trace: Trace, number: Number) -> Response:
    """Ask to hurry, once a day."""
    session = await resident_of(request, intake)
    await _carry_out(follow_up.urge, session, number, intake, trace)
    return _back(number, "urged")


@router.post("/r/withdrawals", dependencies=POSTED)
async def post_withdrawal(
    request: Request, intake: Intake, trace: Trace, number: Number
) -> Response:
    """Take it back."""
    session = await resident_of(request, intake)
    await _carry_out(follow_up.withdraw, session, number, intake, trace)
    return _back(number, "withdrawn")


@router.post("/r/reopenings", dependencies=POSTED)
async def post_reopening(
    request: Request,
    intake: Intake,
    trace: Trace,
    number: Number,
    reason: Annotated[str, Form(max_length=1000, pattern=NO_NUL)],
) -> Response:
    """It was not done well: once more."""
    session = await resident_of(request, intake)
    if len(reason.strip()) < LEAST:
        raise InvalidError(NO_REASON)
    own = {"reason": reason.strip(), "version": None, "vault": intake.vault}
    await _carry_out(reopen, session, number, intake, trace, **own)
    return _back(number, "reopened")


@router.post("/r/appeals", dependencies=POSTED)
async def post_appeal(
    request: Request,
    intake: Intake,
    trace: Trace,
    number: Number,
    reason: Annotated[str, Form(max_length=1000, pattern=NO_NUL)],
) -> Response:
    """It should have been taken up."""
    session = await resident_of(request, intake)
    if len(reason.strip()) < LEAST:
        raise InvalidError(NO_REASON)
    own = {"words": reason.strip(), "version": None, "vault": intake.vault}
    await _carry_out(appeal, session, number, intake, trace, **own)
    return _back(number, "appealed")


@router.post("/r/ratings", dependencies=POSTED)
async def post_rating(
    request: Request,
    intake: Intake,
    trace: Trace,
    number: Number,
    result: Annotated[CallbackResult, Form()],
    satisfaction: Annotated[Satisfaction, Form()],
    note: Annotated[str, Form(max_length=1000, pattern=NO_NUL)] = "",
) -> Response:
    """The person's own word on what was done."""
    session = await resident_of(request, intake)
    if result is CallbackResult.UNREACHABLE:
        raise ForbiddenError("请选一个结果", "choose a result")
    own = {"note": note.strip() or None, "version": None, "vault": intake.vault}
    await _carry_out(
        call_back, session, number, intake, trace, result=result, satisfaction=satisfaction, **own
    )
    return _back(number, "rated")


@router.post("/r/agreements", dependencies=POSTED)
async def post_agreement(
    request: Request, intake: Intake, trace: Trace, number: Number
) -> Response:
    """Of a confidential matter: the unit may call me."""
    session = await resident_of(request, intake)
    async with intake.runtime.transaction() as connection:
        ticket = await own_ticket(connection, session, number)
        await agree_to_contact(
            connection,
            ticket.ticket_id,
            now=intake.runtime.clock.now(),
            rules=intake.rules,
            trace=trace,
        )
    return _back(number, "agreed")


@router.post("/r/links", dependencies=POSTED)
async def post_link(request: Request, intake: Intake, number: Number) -> Response:
    """A new link; the old one and every other phone see nothing any more."""
    session = await resident_of(request, intake)
    async with intake.runtime.transaction() as connection:
        ticket = await own_ticket(connection, session, number)
        await revoke(connection, ticket.ticket_id, links=intake.links, now=wall_now())
        now = await store.generations(connection, [ticket.ticket_id])
    grant = Grant(ticket_id=ticket.ticket_id, generation=now[ticket.ticket_id])
    return remember(request, _back(number, "renewed"), intake, session.with_grants([grant]))


@router.post("/r/leavings", dependencies=POSTED)
async def post_leaving(request: Request, intake: Intake, number: Number) -> Response:
    """Do not show it on this phone any more."""
    session = await resident_of(request, intake)
    async with intake.runtime.pool.acquire() as connection:
        ticket = await own_ticket(connection, session, number)
    kept = session.without(ticket.ticket_id)
    return remember(request, RedirectResponse("/r/mine", 303), intake, kept)


async def _carry_out(
    verb: Callable[..., Awaitable[object]],
    session: Session,
    number: str,
    intake: IntakeContext,
    trace: str | None,
    **own: Any,
) -> None:
    """Do it with the resident's own ticket, now."""
    async with intake.runtime.transaction() as connection:
        ticket = await own_ticket(connection, session, number)
        await verb(
            connection,
            ticket.ticket_id,
            actor=CITIZEN,
            now=intake.runtime.clock.now(),
            rules=intake.rules,
            traceparent=trace,
            **own,
        )


def _back(number: str, done: str | None) -> Response:
    """To the ticket's page, which tells what was done."""
    said = f"?done={done}" if done is not None else ""
    target = f"/r/t/{number}{said}" if is_ticket_number(number) else "/r/mine"
    return RedirectResponse(target, 303)
