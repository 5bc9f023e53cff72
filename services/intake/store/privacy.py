"""Personal data past its term, under an old key, or asked for by the person: reads and removals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final
from uuid import UUID

from services.intake.domain.source import seal_id
from services.intake.store import photos
from services.intake.store.vault import Vault
from shared.contracts.parts import Actor
from shared.runtime.database import Connection, queries
from shared.sealing import Sealed

SQL = queries(Path(__file__).parents[1] / "sql" / "privacy.sql")
NEWEST: Final = 2**63 - 1


class RequestKind(StrEnum):
    """What a person may ask for."""

    EXPORT = "export"  # 查阅
    ERASE = "erase"  # 删除


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRequest:
    """One request of a person about their data, and what came of it."""

    person_request_id: int
    at: datetime
    kind: RequestKind
    role: str
    unit: str | None
    actor_name: str | None
    purpose: str
    tickets: int
    kept: int


async def persons_past_term(connection: Connection, since: datetime, *, limit: int) -> list[UUID]:
    """Tickets whose persons are kept no longer."""
    rows = await connection.fetch(SQL.persons_past_term, since, limit)
    return [row["ticket_id"] for row in rows]


async def forget_persons(connection: Connection, ticket_ids: Sequence[UUID]) -> None:
    """Remove everything that tells who asked for these tickets."""
    await connection.execute(SQL.forget_persons, sorted(ticket_ids))


async def forget_caller(connection: Connection, phone: str, *, vault: Vault) -> None:
    """Remove what the desk keeps of a number besides tickets."""
    await connection.execute(SQL.forget_caller, vault.phone_indexes(phone))


async def tickets_past_term(connection: Connection, since: datetime, *, limit: int) -> list[UUID]:
    """Tickets that ended before and are kept no longer, locked."""
    rows = await connection.fetch(SQL.tickets_past_term, since, limit)
    return [row["ticket_id"] for row in rows]


async def forget_tickets(connection: Connection, ticket_ids: Sequence[UUID]) -> None:
    """Remove tickets with their photos and all that hangs on them, but their history."""
    await photos.remove_of(connection, list(ticket_ids))
    await connection.execute(SQL.forget_tickets, sorted(ticket_ids))


async def reseal_secrets(connection: Connection, *, vault: Vault, limit: int) -> int:
    """Seal some source systems' signing secrets anew under the current key; how many."""
    rows = await connection.fetch(SQL.secrets_under_other_keys, vault.key_id, limit)
    for row in rows:
        owner = seal_id(row["system"])
        anew: list[str | bytes | None] = []
        for key_id, sealed in (
            (row["key_id"], row["sealed"]),
            (row["former_key_id"], row["former_sealed"]),
        ):
            if sealed is None:
                anew += [None, None]
                continue
            opened = vault.open(owner, Sealed(key_id=key_id, data=sealed))
            anew += [vault.key_id, vault.seal(owner, opened).data]
        await connection.execute(SQL.reseal_secret, row["system"], *anew)
    return len(rows)


async def forget_keys(connection: Connection, since: datetime, *, limit: int) -> int:
    """Remove Idempotency-Keys from before; how many."""
    return _count(await connection.execute(SQL.forget_keys, since, limit))


async def forget_looks(connection: Connection, since: datetime, *, limit: int) -> int:
    """Remove looks from before, which the ledger allows for this term only; how many looks."""
    await connection.execute(SQL.forget_ledgers, since)
    await connection.execute(SQL.state_looks_term, since.isoformat())
    return _count(await connection.execute(SQL.forget_looks, since, limit))


async def reseal_persons(connection: Connection, *, vault: Vault, limit: int) -> int:
    """Seal some persons anew under the current key, with their phone's index; how many."""
    rows = await connection.fetch(SQL.vault_under_other_keys, vault.key_id, limit)
    sealed, indexes = [], []
    for row in rows:
        person = vault.open_person(row["ticket_id"], _sealed(row))
        sealed.append(vault.seal_person(row["ticket_id"], person).data)
        indexes.append(vault.phone_index(person.phone) if person.phone else None)
    ids = [row["ticket_id"] for row in rows]
    await connection.execute(SQL.reseal_vault, ids, vault.key_id, sealed, indexes)
    return len(rows)


async def reseal_supplements(connection: Connection, *, vault: Vault, limit: int) -> int:
    """Seal some supplements anew under the current key; how many."""
    rows = await connection.fetch(SQL.supplements_under_other_keys, vault.key_id, limit)
    sealed = [
        vault.seal(row["ticket_id"], vault.open(row["ticket_id"], _sealed(row))).data
        for row in rows
    ]
    ids = [row["supplement_id"] for row in rows]
    await connection.execute(SQL.reseal_supplements, ids, vault.key_id, sealed)
    return len(rows)


async def tickets_of_phone(connection: Connection, phone: str, *, vault: Vault) -> list[UUID]:
    """The tickets that came from a phone, oldest first."""
    rows = await connection.fetch(SQL.tickets_of_phone, vault.phone_indexes(phone))
    return [row["ticket_id"] for row in rows]


async def supplements_of(
    connection: Connection, ticket_id: UUID, *, vault: Vault
) -> list[tuple[datetime, str]]:
    """The person's own words after the registration."""
    rows = await connection.fetch(SQL.supplements_of, ticket_id)
    return [(row["at"], vault.open(ticket_id, _sealed(row)).decode()) for row in rows]


async def record_request(
    connection: Connection,
    kind: RequestKind,
    *,
    at: datetime,
    actor: Actor,
    purpose: str,
    tickets: int,
    kept: int = 0,
) -> None:
    """Keep who asked and what came of it."""
    await connection.execute(
        SQL.record_person_request,
        at,
        kind,
        actor.role,
        actor.unit,
        actor.name,
        purpose,
        tickets,
        kept,
    )


async def person_requests(
    connection: Connection, *, below: int | None, limit: int
) -> list[PersonRequest]:
    """The requests of persons, newest first."""
    rows = await connection.fetch(SQL.person_requests, below or NEWEST, limit)
    return [PersonRequest(**{**row, "kind": RequestKind(row["kind"])}) for row in rows]


def _sealed(row: object) -> Sealed:
    return Sealed(key_id=row["key_id"], data=row["sealed"])  # type: ignore[index]


def _count(tag: str) -> int:
    return int(tag.rpartition(" ")[2])
