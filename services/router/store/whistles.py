"""Tickets, whistles and their parts: read a batch at once, locked in id order, saved at once."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from services.router import rows, telling
from services.router.domain.assignment import Assignment
from services.router.domain.book import Book
from services.router.domain.case import Precedent
from services.router.domain.dues import Promises
from services.router.domain.duty.proposing import proposed
from services.router.domain.matter import Content, Matter, Ticket, matter_of
from services.router.domain.whistle import Whistle
from services.router.store import duties, queue, replies, reviews
from shared.contracts.parts import WhistleState
from shared.errors import NotFoundError
from shared.runtime import history, outbox
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "whistles.sql")


async def of_tickets(
    connection: Connection, ticket_ids: Iterable[UUID], promises: Promises, *, new_whistles: int
) -> Book:
    """The tickets of a batch with their whistles, all locked, and numbers for new whistles."""
    book = Book(promises)
    wanted = sorted(set(ticket_ids))
    tickets = await connection.fetch(SQL.tickets, wanted)
    book.has_read(map(rows.ticket_of, tickets), ())
    if tickets:
        known = [row["ticket_id"] for row in tickets]
        ids = await connection.fetch(SQL.whistles_of_tickets, known)
        whistles = await _whistles(connection, [row["whistle_id"] for row in ids])
        book.has_read((), whistles)
    await take_numbers(connection, book, new_whistles)
    return book


async def of_whistles(
    connection: Connection, whistle_ids: Iterable[UUID], promises: Promises
) -> Book:
    """The whistles of a batch with all their assignments, locked."""
    book = Book(promises)
    book.has_read((), await _whistles(connection, whistle_ids))
    return book


async def one(connection: Connection, whistle_id: UUID, promises: Promises) -> tuple[Book, Whistle]:
    """A whistle with all its assignments, locked; raises NotFoundError."""
    book = await of_whistles(connection, [whistle_id], promises)
    whistle = book.whistles.get(whistle_id)
    if whistle is None:
        raise NotFoundError("没有这张哨单", "there is no such whistle")
    return book, whistle


async def of_units(
    connection: Connection,
    parts: Iterable[tuple[UUID, str]],
    promises: Promises,
    *,
    whole: Collection[UUID],
) -> Book:
    """The whistles of some units' reports, locked, with those units' assignments.

    `whole`: the whistles whose other units' assignments are needed as well.
    """
    book = Book(promises)
    wanted = sorted({*parts})
    ids = sorted({whistle_id for whistle_id, _ in wanted})
    found = await connection.fetch(SQL.whistles, ids)
    narrow = [part for part in wanted if part[0] not in whole]
    read = await connection.fetch(
        SQL.assignments_of_units, [part[0] for part in narrow], [part[1] for part in narrow]
    )
    if whole:
        read += await connection.fetch(SQL.assignments, list(whole))
    book.has_read((), _joined(found, read))
    return book


def _joined(
    whistles: Sequence[rows.Row], assignments: Iterable[rows.Row]
) -> Iterator[tuple[Whistle, bytes]]:
    parts = rows.assignments_of(assignments)
    for row in whistles:
        yield rows.whistle_of(row, parts.get(row["whistle_id"], ())), row["history_hash"]


async def take_numbers(connection: Connection, book: Book, number: int) -> None:
    """Sequence numbers for the whistles that a batch may make."""
    if number:
        found = await connection.fetch(SQL.numbers, number)
        book.has_numbers([row["number"] for row in found])


async def _whistles(
    connection: Connection, whistle_ids: Iterable[UUID], *, lock: bool = True
) -> list[tuple[Whistle, bytes]]:
    wanted = sorted(set(whistle_ids))
    if not wanted:
        return []
    found = await connection.fetch(SQL.whistles if lock else SQL.whistle_read, wanted)
    if not found:
        return []
    parts = await connection.fetch(SQL.assignments, [row["whistle_id"] for row in found])
    return list(_joined(found, parts))


async def read_whistles(connection: Connection, whistle_ids: Sequence[UUID]) -> list[Whistle]:
    """The whistles for reading only, not locked, in the order asked for."""
    found = {w.whistle_id: w for w, _ in await _whistles(connection, whistle_ids, lock=False)}
    return [found[whistle_id] for whistle_id in whistle_ids if whistle_id in found]


async def read_tickets(connection: Connection, ticket_ids: Iterable[UUID]) -> list[Ticket]:
    """The tickets, locked: a whistle that is blown for them must see their last round."""
    found = await connection.fetch(SQL.tickets, sorted(set(ticket_ids)))
    return [rows.ticket_of(row) for row in found]


async def contents(
    connection: Connection, whistle_ids: Iterable[UUID]
) -> dict[UUID, tuple[Content, Matter]]:
    """The words of whistles: how they came about, and what they are about."""
    found = await connection.fetch(SQL.contents, list(whistle_ids))
    result = {}
    for row in found:
        content = rows.content_of(row["content"])
        matter = content.matter or matter_of(
            rows.registered_of(row["registered"]), group=row["group_flagged"]
        )
        result[row["whistle_id"]] = (content, matter)
    return result


async def load_precedents(connection: Connection, book: Book, whistle_ids: Iterable[UUID]) -> None:
    """Which units asked before to return the matters of these whistles."""
    asked: dict[UUID, Precedent] = {}
    for row in await connection.fetch(SQL.returns_asked, list(set(whistle_ids))):
        before = asked.get(row["whistle_id"], Precedent())
        asked[row["whistle_id"]] = before.then(row["unit"])
    book.precedents.update(asked)


async def demanded(connection: Connection, ticket_ids: Iterable[UUID]) -> frozenset[UUID]:
    """The tickets whose present round has its citizen_demand whistle."""
    found = await connection.fetch(SQL.demanded, list(ticket_ids))
    return frozenset(row["ticket_id"] for row in found)


async def save(connection: Connection, book: Book) -> None:
    """Write what changed, its history, and last what is to be said.

    The events are put into words while PostgreSQL writes the rows. The outbox comes last: its ids
    follow the order of facts.
    """
    entries = telling.recorded(book)
    outgoing = await telling.told_while(book, _save_rows(connection, book, entries))
    await outbox.put(connection, outgoing)


async def _save_rows(connection: Connection, book: Book, entries: Sequence[history.Entry]) -> None:
    await _save_tickets(connection, book)
    await _save_whistles(connection, book)
    await _save_assignments(connection, book)
    await queue.save(connection, book)
    await reviews.save(connection, book)
    await replies.save(connection, book)
    await duties.propose(connection, proposed(book))
    await history.add(connection, entries)


async def _save_tickets(connection: Connection, book: Book) -> None:
    new, changed = [], []
    for ticket_id, ticket in book.tickets.items():
        before = book.read_tickets.get(ticket_id)
        if before is None:
            new.append(rows.ticket_row(ticket))
        elif before is not ticket:
            changed.append(ticket)
    if new:
        await connection.copy_records_to_table("ticket", records=new, columns=rows.TICKET_COLUMNS)
    if changed:
        await connection.execute(
            SQL.ticket_update,
            [t.ticket_id for t in changed],
            [t.state for t in changed],
            [t.round for t in changed],
            [t.merged_into for t in changed],
            [rows.json_of(t.registered) for t in changed],
            [t.group for t in changed],
        )


async def _save_whistles(connection: Connection, book: Book) -> None:
    new: list[Whistle] = []
    blown: list[Whistle] = []
    moved: list[Whistle] = []
    for whistle_id, whistle in book.whistles.items():
        before = book.read_whistles.get(whistle_id)
        if before is None:
            new.append(whistle)
        elif before is not whistle:
            (blown if whistle_id in book.contents else moved).append(whistle)
    if new:
        await _add_whistles(connection, book, new)
    await _save_links(connection, book, [*blown, *moved])
    if blown:
        await _blow_whistles(connection, book, blown)
    if moved:
        await connection.execute(
            SQL.whistle_update,
            [w.whistle_id for w in moved],
            [w.state for w in moved],
            [w.seq for w in moved],
            [book.hashes[w.whistle_id] for w in moved],
            [w.in_charge for w in moved],
        )


async def _add_whistles(connection: Connection, book: Book, new: Sequence[Whistle]) -> None:
    await connection.copy_records_to_table(
        "whistle",
        records=[_whistle_row(book, whistle) for whistle in new],
        columns=rows.WHISTLE_COLUMNS,
    )
    links = [(w.whistle_id, ticket_id) for w in new for ticket_id in w.ticket_ids]
    if links:
        await connection.copy_records_to_table(
            "whistle_ticket", records=links, columns=("whistle_id", "ticket_id")
        )


async def _save_links(connection: Connection, book: Book, changed: Sequence[Whistle]) -> None:
    """The tickets that joined or left whistles which were read; nearly always none did."""
    joined: list[tuple[UUID, UUID]] = []
    left: list[tuple[UUID, UUID]] = []
    for whistle in changed:
        before = book.read_whistles[whistle.whistle_id].ticket_ids
        if before is whistle.ticket_ids:
            continue
        joined += [(whistle.whistle_id, t) for t in whistle.ticket_ids if t not in before]
        left += [(whistle.whistle_id, t) for t in before if t not in whistle.ticket_ids]
    if left:
        await connection.execute(SQL.unlink_tickets, [w for w, _ in left], [t for _, t in left])
    if joined:
        await connection.copy_records_to_table(
            "whistle_ticket", records=joined, columns=("whistle_id", "ticket_id")
        )


def _whistle_row(book: Book, whistle: Whistle) -> tuple[object, ...]:
    request = book.requests.get(whistle.whistle_id)
    return (
        whistle.whistle_id,
        whistle.number,
        whistle.kind,
        whistle.state,
        whistle.round,
        whistle.urgency,
        whistle.category,
        whistle.demand_ticket,
        whistle.blower,
        whistle.region,
        whistle.provisional,
        whistle.dispatcher_role,
        whistle.dispatcher_name,
        whistle.seq,
        book.hashes[whistle.whistle_id],
        rows.json_of(book.contents[whistle.whistle_id]),
        None if whistle.state is WhistleState.HELD else book.now,
        request.key if request else None,
        request.hash if request else None,
        whistle.in_charge,
        whistle.takeover_by,
        whistle.place_key,
        whistle.cross_district,
        whistle.canary,
    )


async def _blow_whistles(connection: Connection, book: Book, blown: Sequence[Whistle]) -> None:
    """Held ones that are dispatched now: their words change too."""
    await connection.execute(
        SQL.whistle_blow,
        [w.whistle_id for w in blown],
        [w.state for w in blown],
        [w.seq for w in blown],
        [book.hashes[w.whistle_id] for w in blown],
        [rows.json_of(book.contents[w.whistle_id]) for w in blown],
        [w.category for w in blown],
        [w.blower for w in blown],
        [w.provisional for w in blown],
        [book.now for _ in blown],
        [w.dispatcher_role for w in blown],
        [w.dispatcher_name for w in blown],
    )


async def _save_assignments(connection: Connection, book: Book) -> None:
    texts = rows.DuesTexts()
    new: list[tuple[object, ...]] = []
    moved: list[Assignment] = []
    rewritten: list[Assignment] = []
    for whistle_id, whistle in book.whistles.items():
        before = book.read_whistles.get(whistle_id)
        if before is whistle:
            continue
        known = {a.assignment_id: a for a in before.assignments} if before else {}
        for place, part in enumerate(whistle.assignments):
            old = known.get(part.assignment_id)
            if old is None:
                new.append(rows.assignment_row(whistle_id, place, part, texts))
            elif old is not part:
                (moved if _only_moved(old, part) else rewritten).append(part)
    if moved:
        await connection.execute(SQL.assignment_update, *_moved_columns(moved))
    if rewritten:
        await connection.execute(
            SQL.assignment_update_all,
            *_moved_columns(rewritten),
            [a.return_asked_at for a in rewritten],
            [a.adjudicate for a in rewritten],
            [a.back_to for a in rewritten],
            [a.extension_asked for a in rewritten],
            [a.extended for a in rewritten],
            [texts.of(a.dues) for a in rewritten],
            [a.task for a in rewritten],
            [a.departed_at for a in rewritten],
            [a.handler for a in rewritten],
            [a.handler_post for a in rewritten],
            [a.action for a in rewritten],
            [a.ruled_at for a in rewritten],
            [a.disputed for a in rewritten],
            [a.suspension_asked for a in rewritten],
            [a.paused_at for a in rewritten],
            [a.reviewing for a in rewritten],
        )
    if new:  # after the others: a new lead comes when the old one has left
        await connection.copy_records_to_table(
            "assignment", records=new, columns=rows.ASSIGNMENT_COLUMNS
        )


def _only_moved(old: Assignment, new: Assignment) -> bool:
    """Whether nothing but the state and its times changed, as with nearly every report."""
    return (
        old.dues is new.dues
        and old.back_to is new.back_to
        and old.return_asked_at is new.return_asked_at
        and old.extension_asked is new.extension_asked
        and old.adjudicate is new.adjudicate
        and old.extended is new.extended
        and old.task is new.task
        and old.departed_at is new.departed_at
        and old.handler is new.handler
        and old.handler_post is new.handler_post
        and old.action is new.action
        and old.ruled_at is new.ruled_at
        and old.disputed is new.disputed
        and old.suspension_asked is new.suspension_asked
        and old.paused_at is new.paused_at
        and old.reviewing is new.reviewing
    )


def _moved_columns(changed: Sequence[Assignment]) -> tuple[list[object], ...]:
    return (
        [a.assignment_id for a in changed],
        [a.state for a in changed],
        [a.acknowledged_at for a in changed],
        [a.deemed for a in changed],
        [a.contacted_at for a in changed],
        [a.arrived_at for a in changed],
        [a.done_at for a in changed],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """What an Idempotency-Key was used for."""

    whistle_id: UUID
    request_hash: bytes


async def by_key(connection: Connection, blower: str, key: str) -> Requested | None:
    """The whistle this unit blew under this key; two at a time wait for each other."""
    await connection.execute(SQL.lock_key, f"{blower}/{key}")
    row = await connection.fetchrow(SQL.by_idempotency_key, blower, key)
    if row is None:
        return None
    return Requested(whistle_id=row["whistle_id"], request_hash=row["request_hash"])
