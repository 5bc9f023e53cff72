"""Hears the call centre, and brings to the operator what is known of whoever calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.intake import metrics
from services.intake.domain import call as calls
from services.intake.domain.call import (
    CallerNote,
    CallEvent,
    CallState,
    HarassmentMark,
    PhoneCall,
)
from services.intake.domain.desk_terms import DeskTerms
from services.intake.domain.draft import DeskDraft
from services.intake.domain.promises import Promise
from services.intake.domain.read_out import due, lead, read_out
from services.intake.domain.registration import Rules
from services.intake.domain.ticket import Ticket
from services.intake.store import calls as store
from services.intake.store import drafts as drafts_store
from services.intake.store.vault import Vault
from shared.contracts.ids import new_id
from shared.errors import ConflictError, NotFoundError
from shared.runtime.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """One of the caller's tickets, ready to be read out."""

    ticket: Ticket
    due: Promise | None
    unit: str | None
    read_out: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What comes up with a call."""

    call: PhoneCall | None
    phone: str | None
    tickets: tuple[Earlier, ...]
    tickets_in_all: int
    drafts: tuple[DeskDraft, ...]
    mark: HarassmentMark | None
    notes: tuple[CallerNote, ...]


async def hear(
    connection: Connection,
    event: CallEvent,
    *,
    call_id: str,
    phone: str | None,
    operator: str,
    line: str | None,
    now: datetime,
    vault: Vault,
) -> PhoneCall:
    """Keep what the call centre tells; the same word twice changes nothing.

    Raises NotFoundError for an answer or an end of a call that never rang here.
    """
    if event is CallEvent.RINGING:
        ringing = PhoneCall(
            phone_call_id=new_id(now),
            call_id=call_id,
            operator=operator,
            line=line,
            phone=phone,
            state=CallState.RINGING,
            rang_at=now,
        )
        if await store.add_call(connection, ringing, vault=vault):
            metrics.CALLS.labels(event).inc()
            return ringing
    known = await store.load_call(connection, call_id, vault=vault, lock=True)
    if known is None:
        raise NotFoundError("没有这通来电", "there is no such call")
    call = calls.heard(known, event, now)
    if call != known:
        metrics.CALLS.labels(event).inc()
        await store.save_call(connection, call)
    return call


async def screen(
    connection: Connection,
    phone: str | None,
    *,
    call: PhoneCall | None = None,
    now: datetime,
    rules: Rules,
    terms: DeskTerms,
    vault: Vault,
) -> Screen:
    """Tickets of the number (open ones first), drafts tied to it, its mark and notes."""
    if phone is None:
        return Screen(
            call=call, phone=None, tickets=(), tickets_in_all=0, drafts=(), mark=None, notes=()
        )
    tickets, count = await store.tickets_of_caller(
        connection, phone, limit=terms.tickets_at_a_call, vault=vault
    )
    return Screen(
        call=call,
        phone=phone,
        tickets=await told(connection, tickets, now=now, rules=rules),
        tickets_in_all=count,
        drafts=tuple(await drafts_store.drafts_of_phone(connection, phone, vault=vault)),
        mark=await store.mark_of(connection, phone, now=now, vault=vault),
        notes=tuple(await store.notes_of(connection, phone, vault=vault)),
    )


async def told(
    connection: Connection, tickets: Sequence[Ticket], *, now: datetime, rules: Rules
) -> tuple[Earlier, ...]:
    """Tickets with until when, whose and how to read them out."""
    ids = [each.ticket_id for each in tickets]
    promises, units = await store.promises_and_units(connection, ids) if ids else ({}, {})
    return tuple(
        Earlier(
            ticket=each,
            due=due(each, promises.get(each.ticket_id, ())),
            unit=lead(units.get(each.ticket_id, ())),
            read_out=read_out(
                each,
                promises.get(each.ticket_id, ()),
                units.get(each.ticket_id, ()),
                catalogue=rules.catalogue,
                now=now,
            ),
        )
        for each in tickets
    )


async def mark(
    connection: Connection,
    phone: str,
    *,
    reason: str,
    by: str,
    now: datetime,
    terms: DeskTerms,
    vault: Vault,
) -> HarassmentMark:
    """Mark a number; ConflictError while a mark holds already."""
    if await store.mark_of(connection, phone, now=now, vault=vault) is not None:
        raise ConflictError("此号码已有标记", "the number is marked already", code="marked_already")
    made = HarassmentMark(
        mark_id=new_id(now),
        phone=phone,
        reason=reason,
        marked_by=by,
        marked_at=now,
        until=terms.mark_until(now),
    )
    await store.add_mark(connection, made, vault=vault)
    return made


async def lift(connection: Connection, mark_id: UUID, *, by: str, now: datetime) -> None:
    """Take a mark off; NotFoundError when there is none that holds."""
    if not await store.lift_mark(connection, mark_id, by=by, at=now):
        raise NotFoundError("没有这条标记", "there is no such mark")


async def note(
    connection: Connection, phone: str, *, text: str, by: str, now: datetime, vault: Vault
) -> CallerNote:
    """Tell the next operator something about the caller."""
    made = CallerNote(note_id=new_id(now), phone=phone, text=text, noted_by=by, at=now)
    await store.add_note(connection, made, vault=vault)
    return made


async def remove_note(connection: Connection, note_id: UUID, *, now: datetime) -> None:
    """Take a note away; NotFoundError when it is gone."""
    if not await store.remove_note(connection, note_id, at=now):
        raise NotFoundError("没有这条备注", "there is no such note")
