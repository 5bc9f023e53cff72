"""Keeps the index of terms and reads lists from it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from services.intake.domain.listed import Listed
from services.intake.domain.postings import Lists, changed
from services.intake.domain.promises import PromiseState
from services.intake.domain.subject import Subject
from services.intake.store.rows import ticket_of
from shared.contracts.parts import Actor, DeadlineKind
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "search.sql")
LOCK: Final = 0x53454152  # "SEAR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doc:
    """A ticket's place in the index, and what was indexed of it."""

    doc: int
    ticket_id: UUID
    pieces: int
    live: frozenset[int]


Places = Mapping[tuple[int, int], Sequence[int]]  # within a segment, by term and segment


async def lock(connection: Connection) -> bool:
    """Whether this transaction may write the index; False while another process does."""
    return bool(await connection.fetchval(SQL.search_lock, LOCK))


async def take_pending(connection: Connection, *, limit: int) -> tuple[int, list[UUID]]:
    """How many entries were taken, and their tickets."""
    rows = await connection.fetch(SQL.take_pending, limit)
    return len(rows), sorted({row["ticket_id"] for row in rows})


async def subjects(connection: Connection, ticket_ids: Sequence[UUID]) -> list[Subject]:
    """The tickets with all that the index wants to know, by age."""
    return [_subject(row) for row in await connection.fetch(SQL.search_subjects, ticket_ids)]


def _subject(row: Mapping[str, Any]) -> Subject:
    ticket = ticket_of(row)
    return Subject(
        ticket=ticket,
        units=tuple(row["units"]),
        overdue=row["has_missed"] and not ticket.has_ended,
        account=row["account"],
        supplements=tuple(row["supplements"]),
    )


async def docs_of(connection: Connection, ticket_ids: Sequence[UUID]) -> dict[UUID, Doc]:
    """Where these tickets stand in the index; new ones are left out."""
    return {
        row["ticket_id"]: Doc(
            doc=row["doc"],
            ticket_id=row["ticket_id"],
            pieces=row["pieces"],
            live=frozenset(row["live"]),
        )
        for row in await connection.fetch(SQL.search_docs, ticket_ids)
    }


async def next_doc(connection: Connection) -> int:
    return int(await connection.fetchval(SQL.next_doc))


async def add_docs(connection: Connection, docs: Sequence[Doc]) -> None:
    await connection.copy_records_to_table(
        "search_doc",
        columns=("doc", "ticket_id", "pieces", "live"),
        records=[(each.doc, each.ticket_id, each.pieces, sorted(each.live)) for each in docs],
    )


async def change_docs(connection: Connection, docs: Sequence[Doc]) -> None:
    if docs:
        await connection.execute(
            SQL.change_docs,
            [each.doc for each in docs],
            [each.pieces for each in docs],
            ["{" + ",".join(map(str, sorted(each.live))) + "}" for each in docs],
        )


async def change_postings(connection: Connection, *, add: Places, remove: Places) -> None:
    """Put places in and take others out; a list that becomes empty is removed."""
    keys = sorted(add.keys() | remove.keys())
    terms, segments = [key[0] for key in keys], [key[1] for key in keys]
    held = {
        (row["term"], row["segment"]): row["docs"]
        for row in await connection.fetch(SQL.postings_to_change, terms, segments)
    }
    saved: list[tuple[int, int, bytes]] = []
    emptied: list[tuple[int, int]] = []
    for key in keys:
        docs = changed(held.get(key), add=add.get(key, ()), remove=remove.get(key, ()))
        if docs:
            saved.append((*key, docs))
        elif key in held:
            emptied.append(key)
    if saved:
        await connection.execute(SQL.save_postings, *map(list, zip(*saved, strict=True)))
    if emptied:
        await connection.execute(SQL.forget_postings, *map(list, zip(*emptied, strict=True)))


async def begin_anew(connection: Connection) -> None:
    """Forget the index and let every ticket wait to be indexed."""
    await connection.execute(SQL.search_lock_waited, LOCK)
    await connection.execute(SQL.empty_index)
    await connection.execute(SQL.begin_anew)


async def waiting(connection: Connection, *, most: int) -> int:
    """How many changes wait to be indexed, at most `most` counted."""
    return int(await connection.fetchval(SQL.pending_count, most))


async def postings(
    connection: Connection, terms: Iterable[int], *, first: int, last: int
) -> dict[int, Lists]:
    """The posting lists of some terms in the segments from `first` to `last`, by term."""
    return {
        row["term"]: Lists(segments=row["segments"], sizes=row["sizes"], data=row["docs"])
        for row in await connection.fetch(SQL.postings, list(terms), first, last)
    }


async def doc_of(connection: Connection, ticket_id: UUID) -> int | None:
    found: int | None = await connection.fetchval(SQL.doc_of, ticket_id)
    return found


async def last_doc(connection: Connection) -> int | None:
    found: int | None = await connection.fetchval(SQL.last_doc)
    return found


async def doc_from(connection: Connection, ticket_id: UUID) -> int | None:
    """The first doc whose ticket has this id or a later one."""
    found: int | None = await connection.fetchval(SQL.doc_from, ticket_id)
    return found


async def listed_docs(connection: Connection, docs: Sequence[int]) -> list[Listed]:
    """The tickets of these docs, the highest first."""
    return [_listed(row, row["doc"]) for row in await connection.fetch(SQL.rows_of_docs, docs)]


async def listed_tickets(connection: Connection, ticket_ids: Sequence[UUID]) -> list[Listed]:
    """These tickets, newest first."""
    rows = await connection.fetch(SQL.rows_of_tickets, ticket_ids)
    return [_listed(row, None) for row in rows]


def _listed(row: Mapping[str, Any], doc: int | None) -> Listed:
    kind, state = row["due_kind"], row["due_state"]
    return Listed(
        ticket=ticket_of(row),
        doc=doc,
        lead=row["lead"],
        due_kind=DeadlineKind(kind) if kind is not None else None,
        due_by=row["due_by"],
        due_state=PromiseState(state) if state is not None else None,
    )


async def newest_ids(connection: Connection, *, below: UUID, since: UUID, limit: int) -> list[UUID]:
    rows = await connection.fetch(SQL.newest_ids, below, since, limit)
    return [row["ticket_id"] for row in rows]


async def id_of_number(connection: Connection, number: str) -> UUID | None:
    found: UUID | None = await connection.fetchval(SQL.id_of_number, number)
    return found


async def ids_of_phone(
    connection: Connection, phone_indexes: Sequence[bytes], *, limit: int
) -> list[UUID]:
    rows = await connection.fetch(SQL.ids_of_phone, phone_indexes, limit)
    return [row["ticket_id"] for row in rows]


async def record_phone_lookup(
    connection: Connection,
    *,
    at: datetime,
    actor: Actor,
    account: str | None,
    phone_index: bytes,
    found: int,
) -> None:
    await connection.execute(
        SQL.record_phone_lookup,
        at,
        actor.role,
        actor.unit,
        actor.name,
        account,
        phone_index,
        found,
    )
