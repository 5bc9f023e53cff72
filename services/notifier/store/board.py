"""Counts and lists for the supervision board."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from services.notifier.domain.board.ageing import NOT_OWED, SOON, Age, UnitStand, bounds
from services.notifier.domain.board.rising import LOOKED_AT, SPAN, Counted, Window
from services.notifier.domain.board.scope import Scope
from services.notifier.domain.deadline import Deadline, DeadlineState
from services.notifier.store.deadlines import FIRST, deadline_of
from shared.catalogue.regions import street_of
from shared.contracts import tickets, whistles
from shared.contracts.values import WhistleKind
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "board.sql")
HIDDEN = [kind.value for kind in NOT_OWED]
TELLING = [whistles.Blown.TYPE, whistles.Held.TYPE, tickets.Registered.TYPE]


MarkPlace = tuple[int, datetime, UUID]
"""The place of a marked ticket in its list."""


class Stage(IntEnum):
    """How far gone a matter is, as lists have them one after another."""

    OVERDUE = 0  # 超时
    RUNNING = 1  # 计时中
    OVERDUE_PAUSED = 2  # 超时后暂停
    PAUSED = 3  # 暂停


_STANDS: Final = {  # state and whether paused, of the promise that stands for the matter
    Stage.RUNNING: (DeadlineState.RUNNING, False),
    Stage.OVERDUE_PAUSED: (DeadlineState.MISSED, True),
    Stage.PAUSED: (DeadlineState.PAUSED, True),
}


def place_of(deadline: Deadline) -> tuple[int, datetime, UUID]:
    """Where a list of matters goes on after the one for which this promise stands."""
    late, paused = deadline.state is DeadlineState.MISSED, deadline.paused_at is not None
    return Stage(2 * paused + (not late)), deadline.due.by, deadline.deadline_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which matters: of these stages, due up to `until` and after `since`, below `after`.

    `nobodys`: the hotline centre's own alone.
    """

    stages: Sequence[Stage]
    until: datetime | None = None
    since: datetime | None = None
    nobodys: bool = False
    after: tuple[int, datetime, UUID] | None = None
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Open tickets that went back twice, were reworked twice, or are suspended."""

    returned: int
    reworked: int
    suspended: int
    suspended_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedTicket:
    """One of them; `review_by` is when a suspended one is looked at again.

    Lists are in the order of `grave`, then of `since`.
    """

    ticket_id: UUID
    number: str | None
    category: str | None
    region: str | None
    unit: str | None
    registered_at: datetime | None
    round: int
    reworks: int
    returns: int
    suspended_at: datetime | None
    confidential: bool
    review_by: datetime | None
    grave: int
    since: datetime

    @property
    def place(self) -> MarkPlace:
        """Where its list goes on after it."""
        return self.grave, self.since, self.ticket_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """Written questions that wait for an answer, those beyond their time, the oldest."""

    open: int
    late: int
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WhistleStand:
    """Open whistles of a kind, and how far the units they called have come."""

    kind: WhistleKind
    whistles: int
    sent: int
    acknowledged: int
    on_site: int
    done: int
    late: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The last fact and when it was heard; facts the figures have not counted; what waits."""

    at: datetime | None
    heard_at: datetime | None
    behind: int
    dead: int
    parked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a whistle or a ticket is about; a confidential one has no words here (DOMAIN §2.6)."""

    title: str
    category: str | None
    kind: WhistleKind | None
    region: str | None
    confidential: bool


async def units(connection: Connection, scope: Scope, now: datetime) -> list[UnitStand]:
    """What each unit has open, in no order."""
    edges = [bounds(age, now)[0] for age in Age][1:]
    rows = await connection.fetch(SQL.board_units, *_scope(scope), now + SOON, *edges)
    return [
        UnitStand(
            unit=row["unit"],
            open=row["open"],
            soon=row["soon"],
            late={age: row[f"late_{place}"] for place, age in enumerate(Age, start=1)},
            paused=row["paused"],
            oldest=row["oldest"],
        )
        for row in rows
    ]


async def matters(connection: Connection, scope: Scope, wanted: Listing) -> list[Deadline]:
    """The matters asked for, stage after stage, in each the one due first; each listed once."""
    found: list[Deadline] = []
    after = wanted.after
    for stage in wanted.stages:
        if after is not None and stage < after[0]:
            continue
        place = after[1:] if after is not None and stage == after[0] else FIRST
        values = (*_scope(scope), wanted.until, wanted.since, wanted.nobodys, *place)
        limit = wanted.limit - len(found)
        if stage is Stage.OVERDUE:
            rows = await connection.fetch(SQL.board_overdue, *values, limit)
        else:
            rows = await connection.fetch(SQL.board_matters, *values, limit, *_STANDS[stage])
        found += [deadline_of(row) for row in rows]
        if len(found) >= wanted.limit:
            break
    return found


async def marks(connection: Connection, scope: Scope) -> Marks:
    row = await connection.fetchrow(SQL.board_marks, scope.unit, scope.region, scope.local)
    return Marks(**dict(row))


async def marked(
    connection: Connection,
    what: str,
    scope: Scope,
    *,
    limit: int,
    after: MarkPlace | None = None,
) -> list[MarkedTicket]:
    """`what` is returned, reworked or suspended."""
    place = after or (None, None, None)
    rows = await connection.fetch(
        SQL.board_tickets, what, scope.unit, scope.region, scope.local, *place, limit
    )
    return [MarkedTicket(**dict(row)) for row in rows]


async def unanswered(connection: Connection, scope: Scope, now: datetime) -> Unanswered:
    row = await connection.fetchrow(SQL.board_unanswered, scope.unit, scope.region, now)
    return Unanswered(**dict(row))


async def whistle_stands(connection: Connection, scope: Scope, now: datetime) -> list[WhistleStand]:
    """By kind, in the order of DOMAIN §2; kinds without open whistles are left out."""
    rows = await connection.fetch(SQL.board_whistles, scope.unit, scope.region, now)
    found = {WhistleKind(row["kind"]): row for row in rows if row["kind"] is not None}
    return [
        WhistleStand(**{**dict(found[kind]), "kind": kind}) for kind in WhistleKind if kind in found
    ]


async def categories(
    connection: Connection, scope: Scope, now: datetime
) -> tuple[list[Counted], datetime | None]:
    """Tickets by category, and the oldest that was counted."""
    rows = await connection.fetch(
        SQL.board_categories,
        now,
        now - SPAN[Window.DAY],
        now - SPAN[Window.WEEK],
        now - LOOKED_AT,
        scope.region,
    )
    counted = [
        Counted(
            category=row["category"],
            n={Window.DAY: row["day"], Window.WEEK: row["week"]},
            before={Window.DAY: row["before_day"], Window.WEEK: row["before_week"]},
        )
        for row in rows
    ]
    return counted, rows[0]["since"] if rows else None


async def heard(connection: Connection) -> Heard:
    return Heard(**dict(await connection.fetchrow(SQL.board_heard)))


async def about(connection: Connection, subjects: Sequence[UUID]) -> dict[UUID, About]:
    """What these whistles and tickets are about, of those of which a fact says so."""
    rows = await connection.fetch(SQL.board_matters_of, [str(each) for each in subjects], TELLING)
    return {UUID(row["subject"]): _about(row) for row in rows}


def _about(row: Any) -> About:
    known = row["kind"] in set(WhistleKind)
    confidential = bool(row["confidential"])
    return About(
        title="" if confidential else row["title"] or "",
        category=row["category"],
        kind=WhistleKind(row["kind"]) if known else None,
        region=street_of(row["region"] or "") if confidential else row["region"],
        confidential=confidential,
    )


def _scope(scope: Scope) -> tuple[Any, ...]:
    return HIDDEN, scope.unit, scope.kind, scope.urgency, scope.region, scope.local


async def all_heard(connection: Connection, topic: str, event_ids: Sequence[str]) -> bool:
    """Whether this service has acted on all of these facts."""
    return bool(await connection.fetchval(SQL.all_heard, topic, event_ids))


async def unit_names(connection: Connection) -> dict[str, str]:
    """The names of units by code, as far as the router has declared them."""
    return {row["code"]: row["name"] for row in await connection.fetch(SQL.unit_names)}
