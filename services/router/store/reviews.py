"""The queue of reviews: kept beside the whistles by what their facts say, read by due time."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from pydantic_core import from_json, to_json

from services.router import rows
from services.router.domain.book import Book
from services.router.domain.matter import Content, Matter, matter_of
from services.router.domain.rulings.pending import Review, ReviewKind, ReviewState, Settled
from services.router.domain.rulings.precedents import PastRuling
from services.router.domain.rulings.review_queue import projected
from shared.contracts.envelope import adapter
from shared.contracts.parts import Actor, Role
from shared.contracts.values import Due, Relation, Urgency
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "reviews.sql")

MOST_PARTS: Final = 200  # a whistle calls no more units
COLUMNS = (
    *("review_id", "kind", "whistle_id", "assignment_id", "unit", "relation", "for_role"),
    *("asked_at", "asked_by", "request", "due", "due_by", "category", "lead_function"),
    *("state", "decided_at", "decided_by", "reason", "holder"),
)


async def save(connection: Connection, book: Book) -> None:
    """What the batch opened and settled."""
    opened, settled = projected(book)
    if settled:
        await _settle(connection, settled)
    if opened:
        await connection.copy_records_to_table(
            "review", records=[_row(review) for review in opened], columns=COLUMNS
        )


async def _settle(connection: Connection, settled: Sequence[Settled]) -> None:
    decided: dict[tuple[object, ...], Settled] = {}
    overtaken: dict[tuple[object, ...], Settled] = {}
    for each in settled:  # the first word on each counts
        key = (each.whistle_id, each.assignment_id, each.kind)
        (decided if each.kind is not None else overtaken).setdefault(key, each)
    if decided:
        named = list(decided.values())
        await connection.execute(
            SQL.reviews_settle,
            [s.whistle_id for s in named],
            [s.assignment_id for s in named],
            [s.kind for s in named],
            [s.state for s in named],
            [s.at for s in named],
            [_actor_text(s.by) for s in named],
            [s.reason for s in named],
            [s.holder for s in named],
        )
    if overtaken:
        rest = list(overtaken.values())
        await connection.execute(
            SQL.reviews_lapse,
            [s.whistle_id for s in rest],
            [s.assignment_id for s in rest],
            [s.state for s in rest],
            [s.at for s in rest],
            [_actor_text(s.by) for s in rest],
            [s.reason for s in rest],
        )


def _actor_text(actor: Actor | None) -> str | None:
    return rows.json_of(actor) if actor is not None else None


def _row(review: Review) -> tuple[object, ...]:
    return (
        review.review_id,
        review.kind,
        review.whistle_id,
        review.assignment_id,
        review.unit,
        review.relation,
        review.for_role,
        review.asked_at,
        rows.json_of(review.asked_by),
        to_json(review.request).decode(),
        rows.json_of(review.due),
        review.due.by,
        review.category,
        review.lead_function,
        review.state,
        review.decided_at,
        _actor_text(review.decided_by),
        review.reason,
        review.holder,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A review with what is shown of its whistle."""

    review: Review
    number: str
    ticket_ids: tuple[UUID, ...]
    urgency: Urgency
    round: int
    seq: int
    region: str | None
    blower: str | None
    dispatched_by: Actor
    content: Content
    matter: Matter


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which reviews: each filter that is None lets all through."""

    states: tuple[ReviewState, ...] = (ReviewState.PENDING,)
    kinds: tuple[ReviewKind, ...] | None = None
    for_role: Role | None = None
    unit: str | None = None
    whistle_id: UUID | None = None
    in_charge: str | None = None  # the unit that blew the whistle, or took it over


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """Where the page before ended."""

    due_by: datetime
    review_id: UUID


async def page(
    connection: Connection, wanted: Wanted, *, after: After | None, limit: int
) -> list[Found]:
    """Those that wait, by what is due first; of decided ones the latest first."""
    filters = (
        list(wanted.kinds) if wanted.kinds is not None else None,
        wanted.for_role,
        wanted.unit,
        wanted.whistle_id,
        wanted.in_charge,
        after.due_by if after else None,
        after.review_id if after else None,
        limit,
    )
    if wanted.states == (ReviewState.PENDING,):
        found = await connection.fetch(SQL.reviews_pending, *filters)
    else:
        found = await connection.fetch(SQL.reviews_decided, list(wanted.states), *filters)
    return [_found(row) for row in found]


async def waiting(
    connection: Connection, whistle_id: UUID, kind: ReviewKind, *, unit: str | None = None
) -> list[Review]:
    """What waits for such a decision about a whistle's parts, or about one unit's."""
    wanted = Wanted(kinds=(kind,), unit=unit, whistle_id=whistle_id)
    found = await page(connection, wanted, after=None, limit=MOST_PARTS)
    return [each.review for each in found]


def _found(row: Any) -> Found:
    content = rows.content_of(row["content"])
    matter = content.matter or matter_of(
        rows.registered_of(row["registered"]), group=row["group_flagged"]
    )
    return Found(
        review=_review(row),
        number=row["number"],
        ticket_ids=tuple(row["ticket_ids"]),
        urgency=Urgency(row["urgency"]),
        round=row["round"],
        seq=row["seq"],
        region=row["region"],
        blower=row["blower"],
        dispatched_by=Actor(role=Role(row["dispatcher_role"]), name=row["dispatcher_name"]),
        content=content,
        matter=matter,
    )


def _review(row: Any) -> Review:
    relation, decided_by = row["relation"], row["decided_by"]
    return Review(
        review_id=row["review_id"],
        kind=ReviewKind(row["kind"]),
        whistle_id=row["whistle_id"],
        assignment_id=row["assignment_id"],
        unit=row["unit"],
        relation=Relation(relation) if relation else None,
        for_role=Role(row["for_role"]),
        asked_at=row["asked_at"],
        asked_by=_actor(row["asked_by"]),
        request=from_json(row["request"]),
        due=adapter(Due).validate_json(row["due"]),
        category=row["category"],
        lead_function=row["lead_function"],
        state=ReviewState(row["state"]),
        decided_at=row["decided_at"],
        decided_by=_actor(decided_by) if decided_by else None,
        reason=row["reason"],
        holder=row["holder"],
    )


def _actor(text: str) -> Actor:
    actor: Actor = adapter(Actor).validate_json(text)
    return actor


async def past_rulings(
    connection: Connection, units: Collection[str], functions: Iterable[str]
) -> list[PastRuling]:
    """The rulings of the past on what these units returned."""
    found = await connection.fetch(SQL.past_rulings, sorted(units), sorted(set(functions)))
    return [
        PastRuling(
            unit=row["unit"],
            category=row["category"],
            lead_function=row["lead_function"],
            holder=row["holder"],
            n=row["n"],
        )
        for row in found
    ]
