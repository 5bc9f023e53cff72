"""The promises of time and their history."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic_core import from_json

from services.notifier.domain.deadline import Deadline, DeadlineState
from services.notifier.domain.known import Called
from services.notifier.domain.promises import Change, Step, What
from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Due, Urgency
from shared.runtime import history
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "deadlines.sql")

COLUMNS = (
    *("deadline_id", "kind", "round", "ticket_id", "whistle_id", "assignment_id", "unit"),
    *("ticket_ids", "number", "urgency", "group_matter", "canary", "state", "late"),
    *("due_by", "due_rule", "due_started_at", "due_calendar", "due_policy", "due_provisional"),
    *("counted_from", "term", "fired", "next_rung", "fire_at", "paused_at", "met_at", "ended_at"),
    *("seq", "history_hash", "traceparent"),
)
CHANGING = (
    *("deadline_id", "group_matter", "state", "late"),
    *("due_by", "due_rule", "due_started_at", "due_calendar", "due_policy", "due_provisional"),
    *("counted_from", "term", "fired", "next_rung", "fire_at", "paused_at", "met_at", "ended_at"),
    *("seq", "history_hash"),
)
_PLACES = tuple(COLUMNS.index(name) for name in CHANGING)
_FIRED = CHANGING.index("fired")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which promises are asked for; `after` is the place of the last row of the page before."""

    ticket_id: UUID | None = None
    whistle_id: UUID | None = None
    unit: str | None = None
    state: DeadlineState | None = None
    ended: bool | None = None
    after: tuple[datetime, UUID] | None = None
    limit: int = 100


FIRST = (datetime.min.replace(tzinfo=UTC), UUID(int=0))
"""The place before all promises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of a promise's history; `by` is a unit, else a role, `after` as it was written."""

    at: datetime
    what: str
    by: str
    after: Mapping[str, Any]


async def lock(
    connection: Connection, *, deadline_ids: Iterable[UUID], whistle_ids: Iterable[UUID]
) -> dict[UUID, Deadline]:
    """The promises with these ids and of these whistles, locked in the order of their ids."""
    ids, whistles = sorted(set(deadline_ids)), sorted(set(whistle_ids))
    if not ids and not whistles:
        return {}
    rows = await connection.fetch(SQL.deadlines_locked, ids, whistles)
    return {row["deadline_id"]: deadline_of(row) for row in rows}


async def claim(connection: Connection, now: datetime, *, limit: int) -> list[Deadline]:
    """Up to `limit` promises of which a rung is past, locked, the oldest first."""
    return [deadline_of(row) for row in await connection.fetch(SQL.claim_due, now, limit)]


async def next_fire_at(connection: Connection) -> datetime | None:
    """When the next rung of any promise fires."""
    at: datetime | None = await connection.fetchval(SQL.next_fire_at)
    return at


async def save(connection: Connection, changes: Sequence[Change], *, policy: str) -> None:
    """Write the promises and a row of history for each of their steps."""
    entries: list[history.Entry] = []
    new, old = [], []
    for change in changes:
        row = _row(change.after, *_recorded(change, policy, entries))
        if change.before is None:
            new.append(row)
        else:
            old.append([row[place] for place in _PLACES])
    if new:
        await connection.copy_records_to_table("deadline", records=new, columns=COLUMNS)
    if old:
        for values in old:
            values[_FIRED] = " ".join(values[_FIRED])
        await connection.execute(SQL.save_deadlines, *zip(*old, strict=True))
    await history.add(connection, entries)


async def save_fired(
    connection: Connection, changes: Sequence[Change], *, policy: str, now: datetime
) -> None:
    """Write promises of which only rungs have fired, and their history."""
    entries: list[history.Entry] = []
    rows = []
    fired_at = now.isoformat()
    for change in changes:
        seq, last = _recorded(change, policy, entries, fired_at)
        d = change.after
        fired = " ".join(d.fired)
        rows.append((d.deadline_id, d.state, d.late, fired, d.next_rung, d.fire_at, seq, last))
    await connection.execute(SQL.save_fired, *zip(*rows, strict=True))
    await history.add(connection, entries)


DUE_SET = frozenset({What.OPENED, What.RESUMED, What.DUE_CHANGED, What.REOPENED, What.RENEWED})


def _recorded(
    change: Change, policy: str, entries: list[history.Entry], fired_at: str | None = None
) -> tuple[int, bytes]:
    """Adds a row of history for each step; returns the place and the hash of the last."""
    seq, last = change.after.seq, change.after.history_hash
    for step in change.steps:
        seq += 1
        entry = history.entry(
            change.after.deadline_id,
            seq=seq,
            at=step.at,
            what=step.what,
            actor=step.actor,
            before=None if step.before is None else f'{{"state":"{step.before}"}}',
            after=_told(step, fired_at),
            policy=policy,
            previous_hash=last,
        )
        entries.append(entry)
        last = entry.hash
    return seq, last


def _told(step: Step, fired_at: str | None) -> str:
    """What a step left: of a rung also when it was fired, of a due time how it was made."""
    after, due = step.after, step.after.due
    more = ""
    if step.rung is not None:
        more = f',"rung":"{step.rung.name}"' + (f',"fired_at":"{fired_at}"' if fired_at else "")
    elif step.what in DUE_SET:
        started_at = due.started_at.isoformat()
        more = f',"rule":"{due.rule}","started_at":"{started_at}","calendar":"{due.calendar}"'
    return f'{{"state":"{after.state}","due":"{due.by.isoformat()}"{more}}}'


async def listed(connection: Connection, wanted: Filter) -> list[Deadline]:
    """The promises asked for, running and ended, soonest due first."""
    states = list(DeadlineState) if wanted.state is None else [wanted.state]
    place = (*(wanted.after or FIRST), wanted.limit, wanted.ended)
    if wanted.ticket_id is not None or wanted.whistle_id is not None:
        matter = (wanted.ticket_id, wanted.whistle_id, wanted.unit, states)
        rows = await connection.fetch(SQL.list_of_matter, *matter, *place)
    elif wanted.unit is not None:
        rows = await connection.fetch(SQL.list_of_unit, wanted.unit, states, *place)
    else:
        rows = await connection.fetch(SQL.list_in_state, states, *place)
    return [deadline_of(row) for row in rows]


async def histories(
    connection: Connection, deadline_ids: Sequence[UUID]
) -> dict[UUID, list[Event]]:
    """What happened to each, in order."""
    result: dict[UUID, list[Event]] = {each: [] for each in deadline_ids}
    for row in await connection.fetch(SQL.history_of, deadline_ids):
        event = Event(
            at=row["at"],
            what=row["what"],
            by=row["unit"] or row["role"],
            after=from_json(row["after"] or "{}"),
        )
        result[row["aggregate_id"]].append(event)
    return result


async def called_now(connection: Connection, ticket_ids: Sequence[UUID]) -> list[Called]:
    """The units that still owe something on whistles of these tickets."""
    return [
        Called(
            whistle_id=row["whistle_id"],
            number=row["number"],
            unit=row["unit"],
            ticket_ids=tuple(row["ticket_ids"]),
            urgency=Urgency(row["urgency"]),
        )
        for row in await connection.fetch(SQL.called_now, ticket_ids)
    ]


def _row(deadline: Deadline, seq: int, history_hash: bytes) -> tuple[Any, ...]:
    d, due = deadline, deadline.due
    return (
        *(d.deadline_id, d.kind, d.round, d.ticket_id, d.whistle_id, d.assignment_id, d.unit),
        *(d.ticket_ids, d.number, d.urgency, d.group_matter, d.canary, d.state, d.late),
        *(due.by, due.rule, due.started_at, due.calendar, due.policy, due.provisional),
        *(d.counted_from, d.term, d.fired, d.next_rung, d.fire_at, d.paused_at, d.met_at),
        *(d.ended_at, seq, history_hash, d.traceparent),
    )


def deadline_of(row: Any) -> Deadline:
    """A row of `deadline` or `deadline_ended`."""
    return Deadline(
        deadline_id=row["deadline_id"],
        kind=DeadlineKind(row["kind"]),
        round=row["round"],
        ticket_id=row["ticket_id"],
        whistle_id=row["whistle_id"],
        assignment_id=row["assignment_id"],
        unit=row["unit"],
        ticket_ids=tuple(row["ticket_ids"]),
        number=row["number"],
        urgency=Urgency(row["urgency"]),
        group_matter=row["group_matter"],
        canary=row["canary"],
        state=DeadlineState(row["state"]),
        late=row["late"],
        due=_due(row),
        counted_from=row["counted_from"],
        term=row["term"],
        fired=tuple(row["fired"]),
        next_rung=row["next_rung"],
        fire_at=row["fire_at"],
        paused_at=row["paused_at"],
        met_at=row["met_at"],
        ended_at=row["ended_at"],
        seq=row["seq"],
        history_hash=row["history_hash"],
        traceparent=row["traceparent"],
    )


def _due(row: Any) -> Due:
    return Due(
        by=row["due_by"],
        rule=row["due_rule"],
        started_at=row["due_started_at"],
        calendar=row["due_calendar"],
        policy=row["due_policy"],
        provisional=row["due_provisional"],
    )
