"""Loads and saves tickets with what hangs on them, whole batches at a time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from services.intake.domain.case import Call, Case, Line
from services.intake.domain.promises import Promise
from services.intake.domain.ticket import Ticket, TicketState
from services.intake.store.persons_told import tell_persons
from services.intake.store.rows import (
    LINE_COLUMNS,
    PROMISE_COLUMNS,
    SQL,
    TICKET_COLUMNS,
    call_of,
    line_record,
    promise_of,
    promise_record,
    source_key,
    ticket_of,
    ticket_record,
)
from services.intake.store.sources import tell_sources
from shared.contracts.ids import fact_id
from shared.contracts.parts import Actor
from shared.contracts.tickets import Source
from shared.contracts.topics import TICKETS
from shared.runtime import history, outbox
from shared.runtime.database import Connection

SOURCE: Final = "/shaodao/intake"
NEWEST: Final = UUID(int=2**128 - 1)  # above every ticket_id


async def load_cases(connection: Connection, ticket_ids: Iterable[UUID]) -> dict[UUID, Case]:
    """The tickets, locked, with their promises and calls; unknown ids are left out."""
    wanted = sorted(set(ticket_ids))
    rows = await connection.fetch(SQL.tickets_for_update, wanted)
    cases = {row["ticket_id"]: Case(ticket=ticket_of(row)) for row in rows}
    if not cases:
        return cases
    for row in await connection.fetch(SQL.promises_of, list(cases)):
        promise = promise_of(row)
        cases[promise.ticket_id].promises[promise.key] = promise
    for row in await connection.fetch(SQL.calls_of, list(cases)):
        call = call_of(row)
        cases[call.ticket_id].calls[call.assignment_id] = call
    return cases


async def load_case(connection: Connection, ticket_id: UUID) -> Case | None:
    """One ticket, locked; None when there is none."""
    return (await load_cases(connection, [ticket_id])).get(ticket_id)


async def tickets_of_whistles(
    connection: Connection, whistle_ids: Iterable[UUID]
) -> dict[UUID, list[UUID]]:
    """The tickets that each whistle is about, as far as its units are known."""
    found: dict[UUID, list[UUID]] = {}
    for row in await connection.fetch(SQL.tickets_of_whistles, sorted(set(whistle_ids))):
        found.setdefault(row["whistle_id"], []).append(row["ticket_id"])
    return found


async def save_cases(connection: Connection, cases: Iterable[Case], *, policy: str) -> None:
    """Write what changed: tickets, promises, calls, timeline, history, and last the outbox."""
    changed = sorted(cases, key=lambda case: case.ticket.ticket_id)
    entries, hashes = _history(changed, policy=policy)
    await _save_tickets(connection, [case.ticket for case in changed if case.moves], hashes)
    await _save_promises(
        connection,
        [case.promises[key] for case in changed for key in sorted(case.touched_promises)],
    )
    await _save_calls(
        connection, [case.calls[key] for case in changed for key in sorted(case.touched_calls)]
    )
    await _save_rest(connection, changed, entries)


async def add_cases(
    connection: Connection, cases: Sequence[Case], receipts: Sequence[str], *, policy: str
) -> None:
    """Write new tickets with their promises, first lines, history and facts."""
    entries, hashes = _history(cases, policy=policy)
    await connection.copy_records_to_table(
        "ticket",
        columns=TICKET_COLUMNS,
        records=[
            ticket_record(case.ticket, hashes[case.ticket.ticket_id], receipt)
            for case, receipt in zip(cases, receipts, strict=True)
        ],
    )
    await connection.copy_records_to_table(
        "promise",
        columns=PROMISE_COLUMNS,
        records=[promise_record(each) for case in cases for each in case.promises.values()],
    )
    await _save_rest(connection, cases, entries)


async def receipts(connection: Connection, ticket_ids: Iterable[UUID]) -> dict[UUID, str]:
    """What was answered when these tickets were registered."""
    rows = await connection.fetch(SQL.receipts, sorted(ticket_ids))
    return {row["ticket_id"]: row["receipt"] for row in rows}


async def take_running(connection: Connection, day: date, *, count: int) -> list[int]:
    """New running numbers of a local day, from 1 on; gaps are allowed, repeats are not."""
    row = await connection.fetchrow(SQL.take_running, day, count)
    if row["first_running"] is None:
        await connection.execute(SQL.begin_day, day)
        # drawn after the day's first number was fixed, so that all are above it
        row = await connection.fetchrow(SQL.take_running, day, count)
    return [number - row["first_running"] for number in row["running"]]


async def same_callers(
    connection: Connection, phone_indexes: Sequence[bytes], *, since: datetime
) -> dict[bytes, int]:
    """How many tickets came from each phone since then; those without any are left out."""
    rows = await connection.fetch(SQL.same_caller, phone_indexes, since)
    return {row["phone_index"]: row["tickets"] for row in rows}


async def load_ticket(connection: Connection, ticket_id: UUID) -> Ticket | None:
    """One ticket as it stands, not locked."""
    row = await connection.fetchrow(SQL.ticket, ticket_id)
    return ticket_of(row) if row is not None else None


async def timeline_of(connection: Connection, ticket_id: UUID) -> list[Line]:
    """Everything that happened, in order."""
    rows = await connection.fetch(SQL.timeline_of, ticket_id)
    return [Line(ticket_id=ticket_id, **row) for row in rows]


async def promises_of(connection: Connection, ticket_id: UUID) -> list[Promise]:
    """Every promise around a ticket, running and past."""
    return [promise_of(row) for row in await connection.fetch(SQL.promises_of, [ticket_id])]


async def list_tickets(
    connection: Connection,
    *,
    below: UUID | None,
    limit: int,
    state: TicketState | None,
    source_system: str | None,
    region: str | None,
) -> list[Ticket]:
    """Tickets below the cursor, newest first; by the index that fits the filters."""
    bounds = (below or NEWEST, region, limit)
    if source_system is not None:
        rows = await connection.fetch(SQL.list_of_source, *bounds, state, source_system)
    elif state is not None:
        rows = await connection.fetch(SQL.list_in_state, *bounds, state)
    else:
        rows = await connection.fetch(SQL.list_newest, *bounds)
    return [ticket_of(row) for row in rows]


async def tickets_of_source(connection: Connection, source: Source) -> list[Ticket]:
    """The one ticket that came from there, or none."""
    rows = await connection.fetch(SQL.ticket_of_source, *source_key(source))
    return [ticket_of(row) for row in rows]


async def record_disclosure(
    connection: Connection,
    ticket_id: UUID,
    *,
    at: datetime,
    actor: Actor,
    unit: str,
    purpose: str,
) -> None:
    """One look at a person's contact, in the ledger."""
    await connection.execute(
        SQL.record_disclosure, ticket_id, at, actor.role, unit, actor.name, purpose
    )


async def _save_rest(
    connection: Connection, cases: Sequence[Case], entries: Sequence[history.Entry]
) -> None:
    lines = [line for case in cases for line in case.lines]
    if lines:
        await connection.copy_records_to_table(
            "timeline",
            columns=LINE_COLUMNS,
            records=[line_record(line) for line in lines],
        )
    await history.add(connection, entries)
    await tell_sources(connection, cases)
    await tell_persons(connection, cases)
    await outbox.put(connection, [row for case in cases for row in _outgoing(case)])


def _history(
    cases: Iterable[Case], *, policy: str
) -> tuple[list[history.Entry], dict[UUID, bytes]]:
    """The entries of all moves, each hashed over the one before; and the last hash of each."""
    entries: list[history.Entry] = []
    hashes: dict[UUID, bytes] = {}
    for case in cases:
        ticket_id, last = case.ticket.ticket_id, case.ticket.history_hash
        for move in case.moves:
            entry = history.entry(
                ticket_id,
                seq=move.seq,
                at=move.at,
                what=move.what,
                actor=move.actor,
                before=move.before,
                after=move.after,
                policy=policy,
                previous_hash=last,
            )
            entries.append(entry)
            last = entry.hash
        hashes[ticket_id] = last
    return entries, hashes


def _outgoing(case: Case) -> list[outbox.Outgoing]:
    ticket_id = case.ticket.ticket_id
    return [
        outbox.outgoing(
            replace(said.fact, canary=True) if case.ticket.canary else said.fact,
            topic=TICKETS.name,
            source=SOURCE,
            event_id=fact_id(ticket_id, said.fact.seq),
            subject=str(ticket_id),
            time=said.at,
            traceparent=said.traceparent,
        )
        for said in case.facts
    ]


async def _save_tickets(
    connection: Connection, tickets: Sequence[Ticket], hashes: Mapping[UUID, bytes]
) -> None:
    if not tickets:
        return
    await connection.execute(
        SQL.save_tickets,
        [each.ticket_id for each in tickets],
        [each.state for each in tickets],
        [each.seq for each in tickets],
        [hashes[each.ticket_id] for each in tickets],
        [each.round for each in tickets],
        [each.urgency for each in tickets],
        [each.whistle_id for each in tickets],
        [each.urged for each in tickets],
        [each.urged_at for each in tickets],
        [each.callback_tries for each in tickets],
        [each.ended_at for each in tickets],
    )


async def _save_promises(connection: Connection, promises: Sequence[Promise]) -> None:
    if promises:
        columns = zip(*map(promise_record, promises), strict=True)
        await connection.execute(SQL.save_promises, *map(list, columns))


async def _save_calls(connection: Connection, calls: Sequence[Call]) -> None:
    if calls:
        await connection.execute(
            SQL.save_calls,
            [each.ticket_id for each in calls],
            [each.assignment_id for each in calls],
            [each.whistle_id for each in calls],
            [each.unit for each in calls],
            [each.relation for each in calls],
            [each.state for each in calls],
        )
