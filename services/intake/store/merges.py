"""Which tickets follow which, and which are related."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from services.intake.domain.ticket import TicketState
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "merges.sql")


class RelationTo(StrEnum):
    """How another ticket stands to this one."""

    PARENT = "parent"  # 主单
    CHILD = "child"  # 并入的工单
    LINKED = "linked"  # 关联工单


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """Another ticket and how it stands to this one."""

    relation: RelationTo
    ticket_id: UUID
    number: str
    state: TicketState
    title: str
    region: str | None


async def keep_merge(
    connection: Connection, ticket_id: UUID, *, parent_id: UUID, at: datetime
) -> None:
    """The ticket follows the parent from now on."""
    await connection.execute(SQL.keep_merge, ticket_id, parent_id, at)


async def end_merges(
    connection: Connection, ticket_ids: Iterable[UUID], *, at: datetime, undone: bool
) -> None:
    """They follow no more: taken back, or called back by themselves."""
    await connection.execute(SQL.end_merges, sorted(ticket_ids), at, undone)


async def parent_of(connection: Connection, ticket_id: UUID) -> UUID | None:
    """What the ticket follows; None where it follows none."""
    parent_id: UUID | None = await connection.fetchval(SQL.parent_of, ticket_id)
    return parent_id


async def children_of(connection: Connection, ticket_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Every ticket that follows one of these, along the chain: child → its parent."""
    rows = await connection.fetch(SQL.children_of, sorted(set(ticket_ids)))
    return {row["ticket_id"]: row["parent_id"] for row in rows}


async def keep_link(
    connection: Connection, ticket_id: UUID, *, other_id: UUID, at: datetime
) -> bool:
    """Whether the two were not linked before."""
    return await connection.fetchval(SQL.keep_link, ticket_id, other_id, at) is not None


async def relations_of(
    connection: Connection, ticket_id: UUID, *, region: str | None
) -> list[Related]:
    """All tickets that this one has to do with, as far as a region's people see them."""
    return [
        Related(
            relation=RelationTo(row["relation"]),
            ticket_id=row["ticket_id"],
            number=row["number"],
            state=TicketState(row["state"]),
            title=row["title"],
            region=row["region"],
        )
        for row in await connection.fetch(SQL.relations_of, ticket_id)
        if (row["region"] or "").startswith(region or "")
    ]


async def last_reply(connection: Connection, ticket_id: UUID) -> str | None:
    """The words with which a ticket was resolved last."""
    reply: str | None = await connection.fetchval(SQL.last_reply, ticket_id)
    return reply
