"""The callbacks to be made and the tries of each."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from services.intake.domain.callback import Answer
from services.intake.domain.callback_task import CallbackCounts, CallbackItem, CallbackTask
from services.intake.domain.case import Case
from shared.contracts.envelope import adapter
from shared.contracts.parts import Actor, Role
from shared.contracts.tickets import CallbackOpened
from shared.contracts.values import Due, TicketType, Urgency
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "callbacks.sql")
DUE = adapter(Due)


async def open_tasks(connection: Connection, cases: Iterable[Case]) -> list[Case]:
    """A task for each case whose callback was just opened; those cases."""
    opened = [
        (case, said.fact, said.at)
        for case in cases
        for said in case.facts
        if isinstance(said.fact, CallbackOpened)
    ]
    if opened:
        await connection.execute(
            SQL.open_callbacks,
            [case.ticket.ticket_id for case, _, _ in opened],
            [fact.round for _, fact, _ in opened],
            [case.ticket.place.region for case, _, _ in opened],
            [at for _, _, at in opened],
            [fact.callback_by.by for _, fact, _ in opened],
            [fact.start_by and DUE.dump_json(fact.start_by).decode() for _, fact, _ in opened],
        )
    return [case for case, _, _ in opened]


async def task_of(connection: Connection, ticket_id: UUID) -> CallbackTask | None:
    """The open task of a ticket, locked; None where there is none."""
    row = await connection.fetchrow(SQL.callback_task_of, ticket_id)
    return _task(row) if row is not None else None


async def open_round(connection: Connection, ticket_id: UUID) -> int | None:
    """The round whose callback is open; None where none is."""
    found: int | None = await connection.fetchval(SQL.open_callback_round, ticket_id)
    return found


async def tries_of(connection: Connection, ticket_id: UUID, *, round: int) -> list[datetime]:
    """When nobody was reached, in this round."""
    rows = await connection.fetch(SQL.callback_tries_of, ticket_id, round)
    return [row["at"] for row in rows]


async def keep_try(
    connection: Connection,
    case: Case,
    answer: Answer,
    *,
    round: int,
    actor: Actor,
    at: datetime,
    next_from: datetime,
    ended: bool,
) -> None:
    """One more try; the task ends or waits until the next."""
    ticket_id, attempt = case.ticket.ticket_id, case.ticket.callback_tries
    name = None if actor.role is Role.CITIZEN else actor.name
    await connection.execute(
        SQL.keep_callback_try,
        ticket_id,
        round,
        attempt,
        at,
        actor.role,
        name,
        answer.result,
        answer.satisfaction,
    )
    await connection.execute(
        SQL.callback_tried, ticket_id, round, attempt, next_from, at if ended else None
    )


async def claim(
    connection: Connection,
    ticket_id: UUID,
    *,
    holder: str,
    now: datetime,
    until: datetime,
    version: int | None,
) -> int | None:
    """Take the task; its version, or None where another has it or it has changed."""
    taken: int | None = await connection.fetchval(
        SQL.claim_callback, ticket_id, holder, now, until, version
    )
    return taken


async def release(connection: Connection, ticket_id: UUID, *, holder: str) -> bool:
    """Give the task back; False where it was not this clerk's."""
    return await connection.fetchval(SQL.release_callback, ticket_id, holder) is not None


async def list_tasks(
    connection: Connection,
    *,
    after: tuple[datetime, UUID],
    limit: int,
    ready_by: datetime | None,
    holder: str | None,
) -> list[CallbackItem]:
    """Open tasks after the cursor, the one due first first."""
    rows = await connection.fetch(SQL.list_callbacks, *after, limit, ready_by, holder)
    return [
        CallbackItem(
            task=_task(row),
            number=row["number"],
            title=row["title"],
            type=TicketType(row["type"]),
            urgency=Urgency(row["urgency"]),
            category=row["category"],
            region=row["region"],
            ticket_version=row["seq"],
        )
        for row in rows
    ]


async def counts(connection: Connection, *, now: datetime) -> CallbackCounts:
    """How much there is to do."""
    return CallbackCounts(**await connection.fetchrow(SQL.count_callbacks, now))


def _task(row: Mapping[str, Any]) -> CallbackTask:
    return CallbackTask(
        ticket_id=row["ticket_id"],
        round=row["round"],
        opened_at=row["opened_at"],
        due_by=row["due_by"],
        next_from=row["next_from"],
        tries=row["tries"],
        version=row["version"],
        holder=row["holder"],
        held_until=row["held_until"],
    )
