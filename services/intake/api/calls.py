"""The call centre's way in, the desk's live line, and what is said of numbers: marks and notes."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, Field, StringConstraints
from pydantic_core import to_json

from services.intake import calls
from services.intake.api.bodies import NO_NUL, Body, read_body, schema
from services.intake.api.keys import KeyDoor
from services.intake.api.tickets import Intake
from services.intake.calls import Screen
from services.intake.context import IntakeContext
from services.intake.domain.call import CallEvent, CallState, HarassmentMark, PhoneCall
from services.intake.domain.person import normal_phone
from services.intake.domain.source import Scope
from services.intake.store import calls as store
from shared.errors import FieldError, InvalidError, NotFoundError
from shared.web.identity import Caller, allow

router = APIRouter(prefix="/api/v1", tags=["calls"])

AtDesk = Annotated[Caller, Depends(allow("desk.work"))]
Lead = Annotated[Caller, Depends(allow("marks.keep"))]
Centre = Annotated[Caller, Depends(KeyDoor("calls.tell", Scope.CALLS))]
# A stream is begun anew by the page within a second, and asked again who it is for.
STREAM_SECONDS: Final = 50.0

_Short = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=NO_NUL)
]
_Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200, pattern=NO_NUL)
]


class CallBody(Body):
    """What the call centre tells of a call; `operator` is a login or an extension.

    `at` is the call centre's own clock and only kept in its log; what counts is when it was heard.
    """

    type: CallEvent
    call_id: _Short
    phone: _Short | None = None
    operator: _Short
    line: _Short | None = None
    at: AwareDatetime | None = None


class ExtensionBody(Body):
    """The telephone the operator sits at; null leaves it."""

    extension: Annotated[_Short, Field(max_length=50)] | None


class MarkBody(Body):
    """A number that harasses, and why."""

    phone: _Short
    reason: _Reason


class NoteBody(Body):
    """What the next operator should know of a caller."""

    phone: _Short
    text: _Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """A call as its operator sees it."""

    call_id: str
    phone: str | None
    line: str | None
    state: CallState
    rang_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None


def account_of(caller: Caller) -> str:
    """The name under which a caller's desk is kept."""
    return caller.account or caller.name or caller.role


def name_of(caller: Caller) -> str:
    """The name that others read."""
    return caller.name or account_of(caller)


def call_view(call: PhoneCall) -> CallView:
    return CallView(
        call_id=call.call_id,
        phone=call.phone,
        line=call.line,
        state=call.state,
        rang_at=call.rang_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
    )


def read_phone(phone: str) -> str:
    """A phone as digits; InvalidError when it is none."""
    normal = normal_phone(phone)
    if normal is None:
        raise InvalidError(
            FieldError(field="phone", zh="phone：不是电话号码", en="phone: is not a phone")
        )
    return normal


@router.post("/calls", openapi_extra=schema(CallBody))
async def post_call(request: Request, intake: Intake, _caller: Centre) -> CallView:
    """Tell of a call: ringing, answered or ended; the same word twice changes nothing."""
    body = read_body(CallBody, await request.body())
    async with intake.runtime.transaction() as connection:
        call = await calls.hear(
            connection,
            body.type,
            call_id=body.call_id,
            phone=normal_phone(body.phone) if body.phone else None,
            operator=body.operator,
            line=body.line,
            now=intake.runtime.clock.now(),
            vault=intake.vault,
        )
    intake.switchboard.wake()
    return call_view(call)


@router.get(
    "/calls/stream",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def get_stream(intake: Intake, caller: AtDesk) -> StreamingResponse:
    """The running calls at this desk as server-sent events, whole each time they change."""
    return StreamingResponse(
        _stream(intake, account_of(caller)),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _stream(intake: IntakeContext, account: str) -> AsyncIterator[bytes]:
    yield b"retry: 1000\n\n"
    async for running in intake.switchboard.calls(account, seconds=STREAM_SECONDS):
        yield _event(running)


def _event(running: Sequence[PhoneCall]) -> bytes:
    return b"event: calls\ndata: " + to_json([call_view(each) for each in running]) + b"\n\n"


@router.get("/calls/{call_id}")
async def get_call(
    call_id: Annotated[str, Path(max_length=100, pattern=NO_NUL)], intake: Intake, caller: AtDesk
) -> dict[str, Any]:
    """What comes up with a call of this desk: open tickets first, drafts, mark, notes."""
    return screen_view(await screen_of_call(intake, call_id, caller))


async def screen_of_call(intake: IntakeContext, call_id: str, caller: Caller) -> Screen:
    """NotFoundError for a call at another desk, too; a shift lead may look at any."""
    async with intake.runtime.pool.acquire() as connection:
        call = await store.load_call(connection, call_id, vault=intake.vault)
        seats = await store.seats_of(connection, [account_of(caller)])
        if call is None or (call.operator not in seats and not caller.may("calls.see_all")):
            raise NotFoundError("没有这通来电", "there is no such call")
        return await calls.screen(
            connection,
            call.phone,
            call=call,
            now=intake.runtime.clock.now(),
            rules=intake.rules,
            terms=intake.desk,
            vault=intake.vault,
        )


async def screen_of_phone(intake: IntakeContext, phone: str) -> Screen:
    """The same for a number that the operator typed."""
    async with intake.runtime.pool.acquire() as connection:
        return await calls.screen(
            connection,
            normal_phone(phone),
            now=intake.runtime.clock.now(),
            rules=intake.rules,
            terms=intake.desk,
            vault=intake.vault,
        )


def screen_view(screen: Screen) -> dict[str, Any]:
    """A screen as JSON."""
    mark = screen.mark
    return {
        "call": call_view(screen.call) if screen.call else None,
        "phone": screen.phone,
        "tickets": [
            {
                "ticket_id": each.ticket.ticket_id,
                "number": each.ticket.number,
                "state": each.ticket.state,
                "title": each.ticket.title,
                "registered_at": each.ticket.registered_at,
                "due": each.due.due.by if each.due else None,
                "unit": each.unit,
                "read_out": each.read_out,
            }
            for each in screen.tickets
        ],
        "tickets_in_all": screen.tickets_in_all,
        "drafts": [
            {"draft_id": each.draft_id, "account": each.account, "changed_at": each.changed_at}
            for each in screen.drafts
        ],
        "mark": {"mark_id": mark.mark_id, "reason": mark.reason, "until": mark.until}
        if mark
        else None,
        "notes": [
            {"note_id": each.note_id, "text": each.text, "at": each.at} for each in screen.notes
        ],
    }


@router.put("/desk/extension", openapi_extra=schema(ExtensionBody))
async def put_extension(request: Request, intake: Intake, caller: AtDesk) -> dict[str, str | None]:
    """Sit down at a telephone; calls for its extension come to this desk."""
    body = read_body(ExtensionBody, await request.body())
    async with intake.runtime.transaction() as connection:
        await store.take_extension(
            connection, account_of(caller), body.extension, at=intake.runtime.clock.now()
        )
    intake.switchboard.wake()
    return {"extension": body.extension}


@router.post("/harassment-marks", status_code=201, openapi_extra=schema(MarkBody))
async def post_mark(request: Request, intake: Intake, caller: Lead) -> dict[str, Any]:
    """Mark a number that harasses; it warns the desk and never blocks an emergency."""
    body = read_body(MarkBody, await request.body())
    async with intake.runtime.transaction() as connection:
        made = await calls.mark(
            connection,
            read_phone(body.phone),
            reason=body.reason,
            by=name_of(caller),
            now=intake.runtime.clock.now(),
            terms=intake.desk,
            vault=intake.vault,
        )
    return mark_view(made)


def mark_view(mark: HarassmentMark) -> dict[str, Any]:
    return {"mark_id": mark.mark_id, "reason": mark.reason, "until": mark.until}


@router.delete("/harassment-marks/{mark_id}", status_code=204)
async def delete_mark(mark_id: UUID, intake: Intake, caller: Lead) -> None:
    """Take a mark off."""
    async with intake.runtime.transaction() as connection:
        await calls.lift(connection, mark_id, by=name_of(caller), now=intake.runtime.clock.now())


@router.post("/caller-notes", status_code=201, openapi_extra=schema(NoteBody))
async def post_note(request: Request, intake: Intake, caller: AtDesk) -> dict[str, Any]:
    """Tell the next operator something about a caller."""
    body = read_body(NoteBody, await request.body())
    async with intake.runtime.transaction() as connection:
        made = await calls.note(
            connection,
            read_phone(body.phone),
            text=body.text,
            by=name_of(caller),
            now=intake.runtime.clock.now(),
            vault=intake.vault,
        )
    return {"note_id": made.note_id, "text": made.text, "at": made.at}


@router.delete("/caller-notes/{note_id}", status_code=204)
async def delete_note(note_id: UUID, intake: Intake, _caller: AtDesk) -> None:
    """Take a note away."""
    async with intake.runtime.transaction() as connection:
        await calls.remove_note(connection, note_id, now=intake.runtime.clock.now())
