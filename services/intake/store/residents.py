"""What is kept for residents: generations of links, codes by SMS, turns under a limit, wishes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from services.intake.domain.case import Case
from services.intake.domain.ticket import Ticket
from services.intake.store.rows import SQL as ROWS
from services.intake.store.rows import call_of, promise_of, ticket_of
from services.intake.store.vault import Vault
from shared.runtime.database import Connection, queries
from shared.sealing import Sealed

SQL = queries(Path(__file__).parents[1] / "sql" / "residents.sql")
KEPT: Final = timedelta(days=2)  # turns and codes, for as long as any limit counts them


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at a person's contact, as the person is told of it."""

    at: datetime
    role: str
    unit: str
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most so many turns of one holder within the term."""

    scope: str
    most: int
    within: timedelta


async def generations(connection: Connection, ticket_ids: Iterable[UUID]) -> dict[UUID, int]:
    """The generation that links of these tickets must have; 0 where it is left out."""
    rows = await connection.fetch(SQL.link_generations, sorted(ticket_ids))
    return {row["ticket_id"]: row["generation"] for row in rows}


async def revoke_links(connection: Connection, ticket_id: UUID, *, at: datetime) -> int:
    """End all links and sessions to a ticket; the generation that holds from now on."""
    generation: int = await connection.fetchval(SQL.revoke_links, ticket_id, at)
    return generation


async def take_turn(connection: Connection, limit: Limit, holder: bytes, *, at: datetime) -> bool:
    """Count one turn; False, and nothing counted, when the limit is reached."""
    taken = await connection.fetchval(
        SQL.take_turn, limit.scope, holder, at, limit.most, at - limit.within
    )
    return taken is True


async def forget(connection: Connection, *, at: datetime) -> None:
    """Drop turns and codes that no limit counts any more."""
    await connection.execute(SQL.forget_turns, at - KEPT)
    await connection.execute(SQL.forget_codes, at - KEPT)


async def add_code(
    connection: Connection,
    code_id: UUID,
    *,
    phone_index: bytes,
    code_hash: bytes,
    sealed: Sealed | None,
    at: datetime,
    expires_at: datetime,
) -> None:
    """A code that was made for a phone; `sealed` only where it is going to be sent."""
    key_id, data = (sealed.key_id, sealed.data) if sealed is not None else (None, None)
    await connection.execute(
        SQL.add_code, code_id, phone_index, code_hash, key_id, data, at, expires_at
    )


async def spend_code(
    connection: Connection, phone_indexes: Sequence[bytes], *, at: datetime
) -> tuple[UUID, bytes] | None:
    """Count a try of a phone's newest code: its id and hash, None where none holds any more."""
    row = await connection.fetchrow(SQL.spend_code, phone_indexes, at)
    return (row["code_id"], row["code_hash"]) if row is not None else None


async def use_code(connection: Connection, code_id: UUID, *, at: datetime) -> None:
    await connection.execute(SQL.code_used, code_id, at)


async def code_to_send(
    connection: Connection, code_id: UUID, *, vault: Vault
) -> tuple[str, str] | None:
    """Phone and code of a message to be sent; None once it is of no use."""
    row = await connection.fetchrow(SQL.sealed_code, code_id)
    if row is None:
        return None
    opened = vault.open(code_id, Sealed(key_id=row["key_id"], data=row["sealed"])).decode()
    phone, _, code = opened.partition(" ")
    return phone, code


async def tickets_of_phone(
    connection: Connection, phone_indexes: Sequence[bytes], *, most: int
) -> list[UUID]:
    """The newest tickets a phone brought."""
    rows = await connection.fetch(SQL.newest_of_phone, phone_indexes, most)
    return [row["ticket_id"] for row in rows]


async def view_case(connection: Connection, ticket_id: UUID) -> Case | None:
    """One ticket with its promises and calls, not locked; None when there is none."""
    row = await connection.fetchrow(ROWS.ticket, ticket_id)
    if row is None:
        return None
    case = Case(ticket=ticket_of(row))
    for each in await connection.fetch(ROWS.promises_of, [ticket_id]):
        promise = promise_of(each)
        case.promises[promise.key] = promise
    for each in await connection.fetch(ROWS.calls_of, [ticket_id]):
        call = call_of(each)
        case.calls[call.assignment_id] = call
    return case


async def ticket_of_number(connection: Connection, number: str) -> Ticket | None:
    row = await connection.fetchrow(SQL.ticket_of_number, number)
    return ticket_of(row) if row is not None else None


async def ticket_of_key(connection: Connection, key: str) -> tuple[UUID, str] | None:
    """Id and number of what was registered under this key already."""
    row = await connection.fetchrow(SQL.ticket_of_key, key)
    return (row["ticket_id"], row["number"]) if row is not None else None


async def tickets_by_id(connection: Connection, ticket_ids: Iterable[UUID]) -> list[Ticket]:
    """Tickets, newest first."""
    rows = await connection.fetch(SQL.tickets_by_id, sorted(ticket_ids))
    return [ticket_of(row) for row in rows]


async def looks_of(connection: Connection, ticket_id: UUID) -> list[Look]:
    """Who looked at the person's contact, newest first."""
    return [Look(**row) for row in await connection.fetch(SQL.looks_of, ticket_id)]


async def agree_to_contact(connection: Connection, ticket_id: UUID) -> None:
    await connection.execute(SQL.agree_to_contact, ticket_id)


async def add_wish(connection: Connection, ticket_id: UUID, *, joins: UUID, at: datetime) -> bool:
    """Note that who reported this wants to join that; False when a wish was noted before."""
    return await connection.fetchval(SQL.add_wish, ticket_id, joins, at) is True
