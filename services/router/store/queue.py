"""The dispatcher's queue: held tickets and who has them, and merges that wait for a decision."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from services.router import rows
from services.router.domain.book import Book, Said
from services.router.domain.joining import MergeQuestion, Settled
from services.router.domain.matter import Content, Ticket
from services.router.domain.words import FACT_ZH
from shared.contracts.envelope import adapter
from shared.contracts.parts import Actor
from shared.contracts.rulings import HeldHandedOver
from shared.contracts.tickets import Registered
from shared.contracts.values import Due, Urgency
from shared.errors import Change
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "queue.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Whose a held ticket is now, who handed it over, and with which words."""

    to_role: str
    to_name: str | None
    note: str
    by_role: str
    by_name: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A held whistle with its ticket as registered."""

    whistle_id: UUID
    number: str
    round: int
    seq: int
    urgency: Urgency
    content: Content
    registered: Registered
    registered_at: datetime
    desk: Desk | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which of the held tickets: each filter that is None lets all through."""

    urgency: Urgency | None = None
    region: str | None = None
    category: str | None = None
    desk: str | None = None  # the role that has it; who was told nothing: any dispatcher
    desk_name: str | None = None
    ticket_id: UUID | None = None


async def held(
    connection: Connection, wanted: Wanted, *, cursor: UUID | None, limit: int
) -> list[Waiting]:
    """What waits for a dispatcher, by what is due first."""
    found = await connection.fetch(
        SQL.held,
        cursor,
        wanted.urgency,
        wanted.region,
        wanted.category,
        wanted.desk,
        wanted.desk_name,
        wanted.ticket_id,
        limit,
    )
    return [_waiting(row) for row in found]


def _waiting(row: rows.Row) -> Waiting:
    desk = (
        Desk(
            to_role=row["to_role"],
            to_name=row["to_name"],
            note=row["note"],
            by_role=row["by_role"],
            by_name=row["by_name"],
            at=row["handed_at"],
        )
        if row["to_role"]
        else None
    )
    return Waiting(
        whistle_id=row["whistle_id"],
        number=row["number"],
        round=row["round"],
        seq=row["seq"],
        urgency=Urgency(row["urgency"]),
        content=rows.content_of(row["content"]),
        registered=rows.registered_of(row["registered"]),
        registered_at=row["registered_at"],
        desk=desk,
    )


async def save(connection: Connection, book: Book) -> None:
    """On whose desk held tickets are now, and what was asked or settled about merges."""
    for said in book.said:
        if isinstance(said, Said) and isinstance(said.step.fact, HeldHandedOver):
            await _keep_desk(connection, said.step.fact, said.step.at)
    for each in book.questions:
        if isinstance(each, Settled):
            await _settle(connection, each)
        else:
            await _ask(connection, each)


async def _keep_desk(connection: Connection, fact: HeldHandedOver, at: datetime) -> None:
    await connection.execute(
        SQL.desk_keep,
        fact.whistle_id,
        fact.to_role,
        fact.to_name,
        fact.note,
        fact.actor.role,
        fact.actor.name,
        at,
    )


async def changes_since(
    connection: Connection, whistle_id: UUID, seq: int, state: str
) -> tuple[Change, ...]:
    """Who did what since a version that somebody saw; `state` is the whistle's now."""
    return tuple(
        Change(
            version=row["seq"],
            at=row["at"],
            who=row["actor_name"] or row["role"],
            what=row["what"],
            state=state,
            zh=FACT_ZH.get(row["what"], row["what"]),
        )
        for row in await connection.fetch(SQL.changes_since, whistle_id, seq)
    )


async def _ask(connection: Connection, question: MergeQuestion) -> None:
    await connection.execute(
        SQL.question_ask,
        question.ticket_id,
        question.whistle_id,
        question.into_ticket_id,
        question.into_whistle_id,
        question.asked_at,
        rows.json_of(question.due),
    )


async def _settle(connection: Connection, settled: Settled) -> None:
    actor: Actor = settled.actor
    await connection.execute(
        SQL.question_settle,
        settled.ticket_id,
        settled.decision,
        settled.at,
        actor.role,
        actor.name,
        settled.reason,
    )


async def question_of(connection: Connection, ticket_id: UUID) -> MergeQuestion | None:
    """The open question about a merged ticket."""
    row = await connection.fetchrow(SQL.question_of, ticket_id)
    return _question(row) if row is not None else None


async def questions(connection: Connection, *, limit: int) -> list[MergeQuestion]:
    """The open ones, by what is due first."""
    return [_question(row) for row in await connection.fetch(SQL.questions, limit)]


def _question(row: rows.Row) -> MergeQuestion:
    return MergeQuestion(
        ticket_id=row["ticket_id"],
        whistle_id=row["whistle_id"],
        into_ticket_id=row["into_ticket_id"],
        into_whistle_id=row["into_whistle_id"],
        asked_at=row["asked_at"],
        due=adapter(Due).validate_json(row["due"]),
    )


async def tickets(connection: Connection, ticket_ids: Iterable[UUID]) -> dict[UUID, Ticket]:
    """The tickets for reading only."""
    found = await connection.fetch(SQL.tickets_read, sorted(set(ticket_ids)))
    return {row["ticket_id"]: rows.ticket_of(row) for row in found}
