"""Keeps calls, extensions, marks and notes; their numbers are sealed and found by blind index."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic_core import from_json, to_json

from services.intake.domain.call import CallerNote, CallState, HarassmentMark, PhoneCall
from services.intake.domain.case import Call
from services.intake.domain.promises import Promise
from services.intake.domain.ticket import Ticket
from services.intake.store.rows import call_of, promise_of, ticket_of
from services.intake.store.vault import Vault
from shared.runtime.database import Connection, queries
from shared.sealing import Sealed

SQL = queries(Path(__file__).parents[1] / "sql" / "calls.sql")
MARKS_SHOWN = 500


def opened(row: Mapping[str, Any], owner_id: UUID, vault: Vault) -> bytes:
    """What a row keeps sealed under its own id."""
    return vault.open(owner_id, Sealed(key_id=row["key_id"], data=row["sealed"]))


async def add_call(connection: Connection, call: PhoneCall, *, vault: Vault) -> bool:
    """Write a new call; whether it was new."""
    sealed = vault.seal(call.phone_call_id, call.phone.encode()) if call.phone else None
    done = await connection.execute(
        SQL.ring,
        call.phone_call_id,
        call.call_id,
        call.operator,
        call.line,
        sealed.key_id if sealed else None,
        sealed.data if sealed else None,
        vault.phone_index(call.phone) if call.phone else None,
        call.rang_at,
    )
    return bool(done == "INSERT 0 1")


async def load_call(
    connection: Connection, call_id: str, *, vault: Vault, lock: bool = False
) -> PhoneCall | None:
    """A call by the call centre's id."""
    row = await connection.fetchrow(SQL.call_for_update if lock else SQL.call, call_id)
    return _call(row, vault) if row is not None else None


async def save_call(connection: Connection, call: PhoneCall) -> None:
    await connection.execute(
        SQL.save_call, call.phone_call_id, call.state, call.answered_at, call.ended_at
    )


async def call_became(connection: Connection, call_id: str, ticket_id: UUID) -> None:
    """Keep which ticket came of a call."""
    await connection.execute(SQL.call_became, call_id, ticket_id)


async def running_calls(
    connection: Connection, operators: Sequence[str], *, since: datetime, vault: Vault
) -> list[PhoneCall]:
    """The calls of these logins and extensions that have not ended, as they rang."""
    rows = await connection.fetch(SQL.running_calls, operators, since)
    return [_call(row, vault) for row in rows]


async def forget_numbers(connection: Connection, since: datetime, *, limit: int) -> int:
    """Remove the numbers of calls from before; how many."""
    return _count(await connection.execute(SQL.forget_numbers, since, limit))


async def take_extension(
    connection: Connection, account: str, extension: str | None, *, at: datetime
) -> None:
    """Sit down at an extension, leaving another; whoever sat there does no more."""
    await connection.execute(SQL.leave_extension, account)
    if extension is not None:
        await connection.execute(SQL.take_extension, extension, account, at)


async def extension_of(connection: Connection, account: str) -> str | None:
    found: str | None = await connection.fetchval(SQL.extension_of, account)
    return found


async def seats_of(connection: Connection, accounts: Sequence[str]) -> dict[str, str]:
    """Which account each name the call centre may use stands for: logins and extensions."""
    rows = await connection.fetch(SQL.seats_of, accounts)
    return {account: account for account in accounts} | {
        row["extension"]: row["account"] for row in rows
    }


async def tickets_of_caller(
    connection: Connection, phone: str, *, limit: int, vault: Vault
) -> tuple[list[Ticket], int]:
    """The caller's tickets, open ones first, and how many there are in all."""
    indexes = vault.phone_indexes(phone)
    rows = await connection.fetch(SQL.tickets_of_caller, indexes, limit)
    count: int = await connection.fetchval(SQL.count_of_caller, indexes)
    return [ticket_of(row) for row in rows], count


async def promises_and_units(
    connection: Connection, ticket_ids: Sequence[UUID]
) -> tuple[dict[UUID, list[Promise]], dict[UUID, list[Call]]]:
    """The promises to the citizen and the units called, for several tickets."""
    promises: dict[UUID, list[Promise]] = {}
    for row in await connection.fetch(SQL.promises_of_caller, ticket_ids):
        promises.setdefault(row["ticket_id"], []).append(promise_of(row))
    units: dict[UUID, list[Call]] = {}
    for row in await connection.fetch(SQL.units_of_caller, ticket_ids):
        units.setdefault(row["ticket_id"], []).append(call_of(row))
    return promises, units


async def add_mark(connection: Connection, mark: HarassmentMark, *, vault: Vault) -> None:
    sealed = vault.seal(mark.mark_id, mark.phone.encode())
    indexes = vault.phone_indexes(mark.phone)
    await connection.execute(SQL.end_expired_marks, indexes, mark.marked_at)
    await connection.execute(
        SQL.add_mark,
        mark.mark_id,
        vault.phone_index(mark.phone),
        sealed.key_id,
        sealed.data,
        mark.reason,
        mark.marked_by,
        mark.marked_at,
        mark.until,
    )


async def mark_of(
    connection: Connection, phone: str, *, now: datetime, vault: Vault
) -> HarassmentMark | None:
    """The mark that holds for a number."""
    row = await connection.fetchrow(SQL.mark_of_phone, vault.phone_indexes(phone), now)
    return _mark(row, vault) if row is not None else None


async def lift_mark(connection: Connection, mark_id: UUID, *, by: str, at: datetime) -> bool:
    """Whether there was one to lift."""
    return await connection.fetchval(SQL.lift_mark, mark_id, at, by) is not None


async def marks(connection: Connection, *, vault: Vault) -> list[HarassmentMark]:
    """All marks, those not lifted first."""
    return [_mark(row, vault) for row in await connection.fetch(SQL.marks, MARKS_SHOWN)]


async def add_note(connection: Connection, note: CallerNote, *, vault: Vault) -> None:
    sealed = vault.seal(note.note_id, to_json({"phone": note.phone, "text": note.text}))
    await connection.execute(
        SQL.add_note,
        note.note_id,
        vault.phone_index(note.phone),
        sealed.key_id,
        sealed.data,
        note.noted_by,
        note.at,
    )


async def notes_of(connection: Connection, phone: str, *, vault: Vault) -> list[CallerNote]:
    """What was noted of a caller, newest first."""
    rows = await connection.fetch(SQL.notes_of_phone, vault.phone_indexes(phone))
    return [
        CallerNote(
            note_id=row["note_id"],
            noted_by=row["noted_by"],
            at=row["at"],
            **from_json(opened(row, row["note_id"], vault)),
        )
        for row in rows
    ]


async def remove_note(connection: Connection, note_id: UUID, *, at: datetime) -> bool:
    """Whether there was one to remove."""
    return await connection.fetchval(SQL.remove_note, note_id, at) is not None


def _call(row: Mapping[str, Any], vault: Vault) -> PhoneCall:
    sealed = row["sealed"] is not None
    return PhoneCall(
        phone_call_id=row["phone_call_id"],
        call_id=row["call_id"],
        operator=row["operator"],
        line=row["line"],
        phone=opened(row, row["phone_call_id"], vault).decode() if sealed else None,
        state=CallState(row["state"]),
        rang_at=row["rang_at"],
        answered_at=row["answered_at"],
        ended_at=row["ended_at"],
        ticket_id=row["ticket_id"],
    )


def _mark(row: Mapping[str, Any], vault: Vault) -> HarassmentMark:
    return HarassmentMark(
        mark_id=row["mark_id"],
        phone=opened(row, row["mark_id"], vault).decode(),
        reason=row["reason"],
        marked_by=row["marked_by"],
        marked_at=row["marked_at"],
        until=row["until"],
        lifted_at=row["lifted_at"],
        lifted_by=row["lifted_by"],
    )


def _count(done: str) -> int:
    """UPDATE 3 → 3."""
    return int(done.rpartition(" ")[2])
