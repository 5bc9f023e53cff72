"""What the auditor reads of the fact log and the promises, and what it writes down itself."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from pydantic_core import from_json

from services.notifier.domain.audit.found import Entry, Mismatch, MismatchKind, Row
from services.notifier.domain.audit.meanings import EVENTS
from services.notifier.domain.audit.note import Told
from services.notifier.domain.audit.timing import Gap
from shared.contracts import tickets, whistles
from shared.contracts.envelope import adapter
from shared.contracts.parts import Actor
from shared.contracts.topics import DEADLINES, TICKETS, WHISTLES
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "audit.sql")
TOPICS: Final = (TICKETS.name, WHISTLES.name, DEADLINES.name)
LINKED: Final = (whistles.Blown.TYPE, tickets.GroupFlagged.TYPE)
"""The facts of one subject that bear on another."""


@dataclass(slots=True, kw_only=True)
class Pages:
    """All that is recorded about some tickets and whistles, by subject and by promise."""

    facts: defaultdict[UUID, list[Told]] = field(default_factory=lambda: defaultdict(list))
    rows: defaultdict[UUID, dict[UUID, Row]] = field(default_factory=lambda: defaultdict(dict))
    histories: defaultdict[UUID, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    read: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One audit; `finished_at` is None while it runs, and when it was broken off."""

    run_id: UUID
    whole: bool
    by_role: str
    by_name: str | None
    started_at: datetime
    finished_at: datetime | None
    as_of: datetime
    subjects: int
    deadlines: int
    facts: int
    unknown: int
    found: int
    settled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A mismatch as it is written down."""

    mismatch_id: int
    subject: UUID
    deadline_id: UUID
    kind: MismatchKind
    what: str
    expected: str
    found: str
    state: str
    found_at: datetime
    seen_at: datetime
    settled_at: datetime | None
    accepted_at: datetime | None
    accepted_by: str | None
    accepted_words: str | None


async def try_lock(connection: Connection) -> bool:
    """Whether this connection audits now; let go by `unlock`, or when it is lost."""
    mine: bool = await connection.fetchval(SQL.audit_lock)
    return mine


async def unlock(connection: Connection) -> None:
    await connection.execute(SQL.audit_unlock)


async def begin(
    connection: Connection,
    run_id: UUID,
    *,
    whole: bool,
    actor: Actor,
    started_at: datetime,
    as_of: datetime,
) -> None:
    await connection.execute(
        SQL.run_begun, run_id, whole, actor.role, actor.name, started_at, as_of
    )


async def went_on(
    connection: Connection, run_id: UUID, counts: Mapping[str, int], finished_at: datetime | None
) -> None:
    """How far a run has come; its end when `finished_at` is there."""
    names = ("subjects", "deadlines", "facts", "unknown", "found", "settled")
    values = [counts.get(name, 0) for name in names]
    await connection.execute(SQL.run_went_on, run_id, *values, finished_at)


async def last_started(connection: Connection) -> datetime | None:
    at: datetime | None = await connection.fetchval(SQL.last_started)
    return at


async def runs(connection: Connection, *, limit: int) -> list[Run]:
    """The last runs, newest first."""
    return [Run(**row) for row in await connection.fetch(SQL.runs, limit)]


async def forget_runs(connection: Connection, before: datetime) -> None:
    """Drop old runs, but those that a mismatch tells of."""
    await connection.execute(SQL.forget_runs, before)


async def heard_since(connection: Connection, since: datetime) -> set[UUID]:
    """The tickets and whistles of which something was heard from then on (domain time)."""
    rows = await connection.fetch(SQL.heard_since, since, TOPICS)
    return {UUID(row["subject"]) for row in rows}


async def link(connection: Connection, since: datetime | None) -> None:
    """Learn which whistles are about which tickets; None: from the whole log."""
    await connection.execute(SQL.link_blown, whistles.Blown.TYPE, WHISTLES.name, since)


async def linked_to(connection: Connection, subjects: Iterable[UUID]) -> set[UUID]:
    """The whistles of these tickets and the tickets of these whistles."""
    rows = await connection.fetch(SQL.links, list(subjects))
    return {each for row in rows for each in row}


async def fallen_due(connection: Connection, by: datetime, *, limit: int) -> set[UUID]:
    rows = await connection.fetch(SQL.fallen_due, by, limit)
    return {row["subject"] for row in rows}


async def longest_ago(connection: Connection, before: datetime, *, limit: int) -> set[UUID]:
    rows = await connection.fetch(SQL.longest_ago, before, limit)
    return {row["subject"] for row in rows}


async def subjects_after(connection: Connection, after: str, *, limit: int) -> list[str]:
    rows = await connection.fetch(SQL.subjects_after, after, TOPICS, limit)
    return [row["subject"] for row in rows]


async def read(connection: Connection, subjects: Sequence[UUID], *, linked: datetime) -> Pages:
    """Facts, promises and history of some subjects; one snapshot when the caller has one.

    `linked` is the domain time up to which links are certainly written.
    """
    pages = Pages()
    wanted = set(subjects)
    links = await _links(connection, wanted, linked)
    await _facts(connection, pages, wanted, links)
    for row in await connection.fetch(SQL.deadlines_of, list(subjects)):
        subject = row["whistle_id"] or row["ticket_id"]
        pages.rows[subject][row["deadline_id"]] = _row(row)
    ids = [deadline_id for rows in pages.rows.values() for deadline_id in rows]
    for row in await connection.fetch(SQL.history_of_deadlines, ids):
        pages.histories[row["aggregate_id"]].append(_entry(row))
    return pages


async def _links(
    connection: Connection, wanted: set[UUID], linked: datetime
) -> defaultdict[UUID, set[UUID]]:
    """By ticket or whistle the wanted ones it bears on, those blown just now among them."""
    links: defaultdict[UUID, set[UUID]] = defaultdict(set)
    rows = await connection.fetch(SQL.links, list(wanted))
    texts = [str(each) for each in wanted]
    rows += await connection.fetch(
        SQL.links_blown, texts, whistles.Blown.TYPE, WHISTLES.name, linked
    )
    for row in rows:
        for one, other in ((row[0], row[1]), (row[1], row[0])):
            if other in wanted:
                links[one].add(other)
    return links


async def _facts(
    connection: Connection, pages: Pages, wanted: set[UUID], links: Mapping[UUID, set[UUID]]
) -> None:
    rows = await connection.fetch(
        SQL.facts_of,
        TOPICS,
        [str(each) for each in wanted],
        list(EVENTS),
        [str(each) for each in links],
        LINKED,
    )
    pages.read = len(rows)
    for row in rows:
        cls = EVENTS[row["type"]]
        data: Any = adapter(cls).validate_json(row["data"])
        told = Told(data=data, at=row["at"], heard_at=row["heard_at"])
        subject = UUID(row["subject"])
        if subject in wanted:
            pages.facts[subject].append(told)
        if row["type"] in LINKED:
            for other in links.get(subject, ()):
                if other != subject:
                    pages.facts[other].append(told)


def _row(row: Any) -> Row:
    return Row(
        deadline_id=row["deadline_id"],
        kind=row["kind"],
        state=row["state"],
        late=row["late"],
        due_by=row["due_by"],
        met_at=row["met_at"],
        ended=row["ended"],
        next_rung=row["next_rung"],
        fire_at=row["fire_at"],
        seq=row["seq"],
        history_hash=row["history_hash"],
    )


def _entry(row: Any) -> Entry:
    after = row["after"]
    told = from_json(after) if after and '"rung"' in after else {}
    fired_at = told.get("fired_at")
    return Entry(
        seq=row["seq"],
        at=row["at"],
        what=row["what"],
        role=row["role"],
        unit=row["unit"],
        actor_name=row["actor_name"],
        on_behalf_of=row["on_behalf_of"],
        before=row["before"],
        after=after,
        policy=row["policy"],
        previous_hash=row["previous_hash"],
        hash=row["hash"],
        rung=told.get("rung"),
        fired_at=datetime.fromisoformat(fired_at) if fired_at else None,
    )


async def orphans(connection: Connection, after: UUID, *, limit: int) -> list[Mismatch]:
    """Promises of which the log has no fact at all, by the order of their ids."""
    return [
        Mismatch(
            subject=row["subject"],
            deadline_id=row["deadline_id"],
            kind=MismatchKind.EXTRA_DEADLINE,
            what=row["kind"],
            expected="-",
            found=row["state"],
        )
        for row in await connection.fetch(SQL.orphans, after, limit, TOPICS)
    ]


async def keep(
    connection: Connection,
    run_id: UUID,
    mismatches: Sequence[Mismatch],
    *,
    subjects: Mapping[UUID, datetime | None],
    at: datetime,
) -> tuple[list[Mismatch], int]:
    """Write what was found, and when each subject is next; what is new, how many are settled."""
    await connection.execute(
        SQL.save_subjects, list(subjects), at, [subjects[each] for each in subjects]
    )
    by_key = {(m.deadline_id, m.kind.value, m.what): m for m in mismatches}
    unique, new = by_key.values(), []
    if unique:
        columns = [
            [m.subject for m in unique],
            [m.deadline_id for m in unique],
            [m.kind for m in unique],
            [m.what for m in unique],
            [m.expected for m in unique],
            [m.found for m in unique],
        ]
        rows = await connection.fetch(SQL.found, *columns, run_id, at)
        new = [by_key[row["deadline_id"], row["kind"], row["what"]] for row in rows if row["new"]]
    done = await connection.execute(SQL.settle, list(subjects), run_id, at)
    return new, int(done.split()[-1])


async def still_open(connection: Connection, *, limit: int) -> set[UUID]:
    """Tickets and whistles with mismatches that are not settled."""
    return {row["subject"] for row in await connection.fetch(SQL.open_subjects, limit)}


async def open_by_kind(connection: Connection) -> dict[MismatchKind, int]:
    """How many mismatches are open, by kind."""
    rows = await connection.fetch(SQL.open_by_kind)
    return {MismatchKind(row["kind"]): row["n"] for row in rows}


async def mismatches(
    connection: Connection,
    *,
    states: Sequence[str],
    kind: MismatchKind | None,
    before: int,
    limit: int,
) -> list[Kept]:
    """Mismatches in these states, the newest first, below a place in the list."""
    rows = await connection.fetch(SQL.mismatches, states, kind, before, limit)
    return [_kept(row) for row in rows]


async def accept(
    connection: Connection, mismatch_id: int, *, words: str, by: str, wall: datetime
) -> Kept | None:
    """An open mismatch is accepted; None where it is not open."""
    row = await connection.fetchrow(SQL.accept, mismatch_id, wall, by, words)
    return None if row is None else _kept(row)


def _kept(row: Any) -> Kept:
    return Kept(**{**row, "kind": MismatchKind(row["kind"])})


async def pulse(connection: Connection, now: datetime, *, longest: float) -> None:
    """Say that a copy is alive; a silence longer than `longest` seconds is written down."""
    last = await connection.fetchval(SQL.last_pulse)
    if last is not None and (now - last).total_seconds() > longest:
        await connection.execute(SQL.add_gap, last, now)
    if last is None or now > last:
        await connection.execute(SQL.pulse, now)


async def gaps(connection: Connection) -> tuple[Gap, ...]:
    """The silences, in the order of time."""
    return tuple(
        Gap(since=row["since"], until=row["until"]) for row in await connection.fetch(SQL.gaps)
    )
