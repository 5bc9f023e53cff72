"""Open requests near a place, groups of callers, and what was learned from the desk."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from services.intake.domain.near import Asked, Open, box
from services.intake.domain.ticket import TicketState
from shared.catalogue.hint_limits import HintLimits
from shared.contracts.values import TicketType
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "hints.sql")


def first_id(at: datetime) -> UUID:
    """Below every ticket_id of that moment or later, above every earlier one."""
    return UUID(int=int(at.timestamp() * 1000) << 80)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A ticket as the desk registered it; `teaches` where its category is a person's choice."""

    ticket_id: UUID
    category: str | None
    title: str
    summary: str
    registered_at: datetime
    teaches: bool
    teacher: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """How many texts each category has, and each word in each category."""

    categories: Mapping[str, float]
    words: Sequence[tuple[str, str, float]]


async def near(
    connection: Connection, asked: Asked, *, now: datetime, limits: HintLimits
) -> list[Open]:
    """Open requests of the compound, around the point, or of the community and category."""
    since, most = first_id(now - limits.since), limits.candidates
    rows: dict[UUID, Any] = {}

    async def look(statement: str, *values: Any) -> None:
        left = most - len(rows)
        if left > 0:
            found = await connection.fetch(statement, values[0], since, left, *values[1:])
            rows.update({row["ticket_id"]: row for row in found})

    if asked.compound is not None:
        await look(SQL.near_compound, asked.compound)
    if asked.lat is not None and asked.lon is not None:
        await look(SQL.near_point, asked.category, *box(asked.lat, asked.lon, limits.metres))
    if asked.community is not None and asked.category is not None:
        await look(SQL.near_community, asked.community, asked.category)
    return [_open(row) for row in rows.values()]


def _open(row: Mapping[str, Any]) -> Open:
    values = {**row, "state": TicketState(row["state"]), "type": TicketType(row["type"])}
    return Open(**values)


async def joined(connection: Connection, ticket_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How many requests follow each; those that none follows are left out."""
    rows = await connection.fetch(SQL.joined, sorted(ticket_ids))
    return {row["parent_id"]: row["joined"] for row in rows}


async def near_many(
    connection: Connection,
    asked: Sequence[tuple[str, str]],
    *,
    since: datetime,
    most: int,
) -> dict[int, list[tuple[UUID, str]]]:
    """For each (compound, category) by its place: the newest open requests with their words."""
    compounds, categories = [each[0] for each in asked], [each[1] for each in asked]
    rows = await connection.fetch(
        SQL.near_many, list(range(len(asked))), compounds, categories, first_id(since), most
    )
    found: dict[int, list[tuple[UUID, str]]] = {}
    for row in rows:
        found.setdefault(row["place"], []).append((row["ticket_id"], row["summary"]))
    return found


async def groups(
    connection: Connection,
    *,
    touched_since: datetime,
    since: datetime,
    callers: int,
    limit: int,
) -> dict[UUID, int]:
    """Tickets that belong to a group and are not flagged, with the number of its callers."""
    rows = await connection.fetch(
        SQL.groups, first_id(touched_since), first_id(since), callers, limit
    )
    return {row["ticket_id"]: row["callers"] for row in rows}


async def mark_groups(connection: Connection, ticket_ids: Iterable[UUID]) -> None:
    """These belong to a group."""
    await connection.execute(SQL.mark_groups, sorted(ticket_ids))


async def take_learning(connection: Connection) -> UUID | None:
    """The last ticket learned from, locked; None while another process learns."""
    ticket_id: UUID | None = await connection.fetchval(SQL.take_learning)
    return ticket_id


async def confirmed(
    connection: Connection, after: UUID, *, before: datetime, limit: int
) -> list[Confirmed]:
    """Tickets registered after one and before a moment, in order."""
    rows = await connection.fetch(SQL.confirmed, after, first_id(before), limit)
    return [Confirmed(**row) for row in rows]


async def count_teaching(connection: Connection, day: date, teacher: str, category: str) -> int:
    """How many texts somebody taught that day for a category, this one included."""
    count: int = await connection.fetchval(SQL.count_teaching, day, teacher, category)
    return count


async def keep_learned(
    connection: Connection,
    learned: Learned,
    *,
    up_to: UUID,
    now: datetime,
    half_life: timedelta,
) -> None:
    """Add what was learned to what was known."""
    seconds = half_life.total_seconds()
    categories, words = learned.categories, learned.words
    if categories:
        await connection.execute(
            SQL.learn_categories, list(categories), list(categories.values()), now, seconds
        )
    if words:
        columns = [list(column) for column in zip(*words, strict=True)]
        await connection.execute(SQL.learn_words, *columns, now, seconds)
    await connection.execute(SQL.set_learned_up_to, up_to)


async def forget_teaching(connection: Connection, before: date) -> None:
    """Who taught what is kept for the limit of a day only."""
    await connection.execute(SQL.forget_teaching, before)


async def learned_up_to(connection: Connection) -> UUID:
    """The last ticket learned from, by whichever process."""
    ticket_id: UUID = await connection.fetchval(SQL.learned_up_to)
    return ticket_id


async def load_learned(connection: Connection, *, now: datetime, half_life: timedelta) -> Learned:
    """Everything learned, faded to now."""
    seconds = half_life.total_seconds()
    categories = await connection.fetch(SQL.learned_categories, now, seconds)
    words = await connection.fetch(SQL.learned_words, now, seconds)
    return Learned(
        categories={row["category"]: row["texts"] for row in categories},
        words=[(row["word"], row["category"], row["texts"]) for row in words],
    )
