"""The audit: what the facts say should have fired, held against what did; nothing is repaired.

A run looks at every ticket and whistle that was heard of since the last one, had a rung fall due by
the facts alone, or has a mismatch that is open, and at some that were not looked at for longest, so
that all come in turn. It reads a batch in one snapshot, writes what it found, and goes on: its
memory is that of a batch.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.notifier import metrics
from services.notifier.domain.audit.compare import judge
from services.notifier.domain.audit.found import Mismatch, MismatchKind, Row
from services.notifier.domain.audit.meanings import AUDITED
from services.notifier.domain.audit.rungs import Book
from services.notifier.domain.audit.story import lives_of
from services.notifier.domain.audit.timing import Timing
from services.notifier.store import audit as store
from services.notifier.store.audit import Pages
from shared.calendar import WorkCalendar
from shared.contracts.ids import new_id
from shared.contracts.parts import Actor, Role
from shared.runtime.clock import wall_now
from shared.runtime.database import is_transient
from shared.runtime.logging import logger
from shared.runtime.service import Runtime

BATCH: Final = 500  # subjects read at once
BREATH: Final = 10  # subjects judged before others have their turn on the loop
PATROL: Final = 2_000  # subjects of a run that are there only because their turn has come
PATROL_AFTER: Final = timedelta(hours=6)  # no subject's turn comes sooner
OVERLAP: Final = timedelta(minutes=2)  # a fact may be seen that much later than it was heard
RUNS_KEPT: Final = timedelta(days=30)
SYSTEM: Final = Actor(role=Role.SYSTEM)
BUSY_SECONDS: Final = 2.0  # before who was asked looks again whether another copy is done
NOTHING: Final = UUID(int=0)

log = logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run did, and how many mismatches are open after it, by kind."""

    run_id: UUID
    seconds: float
    counts: Counter[str]
    open: dict[MismatchKind, int]


@dataclass(slots=True, kw_only=True)
class _Run:
    """One run on its way."""

    run_id: UUID
    book: Book
    timing: Timing
    runtime: Runtime
    linked: datetime  # links of what was heard before are written (domain time)
    counts: Counter[str] = field(default_factory=Counter)


async def audit(
    runtime: Runtime,
    book: Book,
    *,
    settle: timedelta,
    whole: bool = False,
    actor: Actor = SYSTEM,
) -> Report | None:
    """One run; None when another copy is at one now. `settle` is wall time."""
    async with runtime.pool.acquire() as guard:
        if not await store.try_lock(guard):
            return None
        try:
            return await _audit(runtime, book, settle=settle, whole=whole, actor=actor)
        finally:
            await store.unlock(guard)


async def _audit(
    runtime: Runtime, book: Book, *, settle: timedelta, whole: bool, actor: Actor
) -> Report:
    started = wall_now()
    now = runtime.clock.domain_at(started)
    async with runtime.pool.acquire() as connection:
        run = _Run(
            run_id=new_id(started),
            book=book,
            timing=Timing(
                wall=runtime.clock.wall_at, settle=settle, gaps=await store.gaps(connection)
            ),
            runtime=runtime,
            linked=runtime.clock.domain_at(started - OVERLAP),
        )
        last = await store.last_started(connection)
        await store.begin(
            connection, run.run_id, whole=whole, actor=actor, started_at=started, as_of=now
        )
        await store.forget_runs(connection, started - RUNS_KEPT)
    if whole or last is None:
        await _all(run)
    else:
        since = runtime.clock.domain_at(last - OVERLAP)
        await _touched(run, since, fallen=runtime.clock.domain_at(started - settle))
    return await _finished(run, started)


async def _finished(run: _Run, started: datetime) -> Report:
    finished = wall_now()
    async with run.runtime.pool.acquire() as connection:
        await store.went_on(connection, run.run_id, run.counts, finished)
        open_ = await store.open_by_kind(connection)
    seconds = (finished - started) / timedelta(seconds=1)
    metrics.audited(run.counts, open_, seconds=seconds, at=finished)
    if run.counts["found"]:
        log.error("audit_mismatch", **run.counts, run_id=str(run.run_id), open=sum(open_.values()))
    return Report(run_id=run.run_id, seconds=seconds, counts=run.counts, open=open_)


async def _touched(run: _Run, since: datetime, *, fallen: datetime) -> None:
    async with run.runtime.pool.acquire() as connection:
        await store.link(connection, since)
        subjects = await store.heard_since(connection, since)
        subjects |= await store.linked_to(connection, subjects)
        subjects |= await store.still_open(connection, limit=BATCH)
    await _subjects(run, subjects)
    seen = subjects
    async with run.runtime.pool.acquire() as connection:
        turn = await store.longest_ago(connection, wall_now() - PATROL_AFTER, limit=PATROL)
    await _subjects(run, turn - seen)
    seen = seen | turn
    while True:  # what falls due together comes in slices
        async with run.runtime.pool.acquire() as connection:
            due = await store.fallen_due(connection, fallen, limit=10 * BATCH)
        if not due - seen:
            break
        await _subjects(run, due - seen)
        seen = due


async def _all(run: _Run) -> None:
    """Every ticket and whistle of the log, then the promises of which it has nothing."""
    async with run.runtime.pool.acquire() as connection:
        await store.link(connection, None)
    after = ""
    while True:
        async with run.runtime.pool.acquire() as connection:
            found = await store.subjects_after(connection, after, limit=BATCH)
        if not found:
            break
        await _batch(run, [UUID(each) for each in found])
        after = found[-1]
    async for orphans in _orphans(run.runtime):
        await _keep(run, orphans, dict.fromkeys({each.subject for each in orphans}))


async def _orphans(runtime: Runtime) -> AsyncIterator[list[Mismatch]]:
    after = NOTHING
    while True:
        async with runtime.pool.acquire() as connection:
            found = await store.orphans(connection, after, limit=BATCH)
        if not found:
            break
        yield found
        after = found[-1].deadline_id


async def _subjects(run: _Run, subjects: set[UUID]) -> None:
    ordered = sorted(subjects)
    for start in range(0, len(ordered), BATCH):
        await _batch(run, ordered[start : start + BATCH])


async def _batch(run: _Run, subjects: Sequence[UUID]) -> None:
    """Read in one snapshot, judge, write down."""
    runtime = run.runtime
    async with (
        runtime.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        as_of = runtime.clock.now()  # before the snapshot is taken: nothing later is judged
        pages = await store.read(connection, subjects, linked=run.linked)
    mismatches: list[Mismatch] = []
    next_at: dict[UUID, datetime | None] = {}
    for place, subject in enumerate(subjects):
        found, next_at[subject] = _judge(run, subject, pages, as_of)
        mismatches += found
        if place % BREATH == BREATH - 1:
            await asyncio.sleep(0)
    run.counts["facts"] += pages.read
    await _keep(run, mismatches, next_at)


def _judge(
    run: _Run, subject: UUID, pages: Pages, as_of: datetime
) -> tuple[list[Mismatch], datetime | None]:
    """Every promise of one ticket or whistle; what was found, and when it is looked at again."""
    rows = dict(pages.rows.get(subject, {}))
    lives = lives_of(subject, pages.facts.get(subject, ()), book=run.book, timing=run.timing)
    found: list[Mismatch] = []
    again: list[datetime] = []
    for deadline_id, life in lives.items():
        row = rows.pop(deadline_id, None)
        judged = judge(subject, life, row, pages.histories.get(deadline_id, ()), as_of=as_of)
        found += judged.mismatches
        if judged.next_at is not None:
            again.append(judged.next_at)
    found += [_extra(subject, row) for row in rows.values() if row.kind in AUDITED]
    run.counts["deadlines"] += len(lives) + len(rows)
    run.counts["unknown"] += sum(row.kind not in AUDITED for row in rows.values())
    run.counts["subjects"] += 1
    return found, min(again, default=None)


def _extra(subject: UUID, row: Row) -> Mismatch:
    return Mismatch(
        subject=subject,
        deadline_id=row.deadline_id,
        kind=MismatchKind.EXTRA_DEADLINE,
        what=row.kind,
        expected="-",
        found=row.state,
    )


async def _keep(
    run: _Run, mismatches: Sequence[Mismatch], subjects: dict[UUID, datetime | None]
) -> None:
    async with run.runtime.pool.acquire() as connection, connection.transaction():
        new, settled = await store.keep(
            connection, run.run_id, mismatches, subjects=subjects, at=wall_now()
        )
        run.counts["found"] += len(new)
        run.counts["settled"] += settled
        await store.went_on(connection, run.run_id, run.counts, None)
    for each in new:
        log.warning(
            "mismatch",
            kind=each.kind,
            what=each.what,
            deadline_id=str(each.deadline_id),
            expected=each.expected,
            found=each.found,
        )


class Auditor:
    """Audits for ever, whichever copy comes first; `ask` for a run of one's own."""

    def __init__(
        self, runtime: Runtime, book: Book, *, every: timedelta, settle: timedelta
    ) -> None:
        self._runtime = runtime
        self._book = book
        self._every = every
        self._settle = settle
        self._asked: list[tuple[Actor, bool]] = []
        self._wake = asyncio.Event()

    def ask(self, actor: Actor, *, whole: bool) -> None:
        """Audit soon, everything when `whole`, in the name of whoever asked."""
        self._asked.append((actor, whole))
        self._wake.set()

    def learn_calendar(self, calendar: WorkCalendar) -> None:
        """Judge by years whose days off became known."""
        self._book = replace(self._book, calendar=calendar)

    async def run(self) -> None:
        """The loop; a database that is away is waited for."""
        while True:
            try:
                await self._rest()
                await self._once()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("audit_retry", error=repr(error))

    async def _rest(self) -> None:
        seconds = BUSY_SECONDS if self._asked else self._every.total_seconds()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        self._wake.clear()

    async def _once(self) -> None:
        actor, whole = self._asked[0] if self._asked else (SYSTEM, False)
        report = await audit(
            self._runtime, self._book, settle=self._settle, whole=whole, actor=actor
        )
        if report is not None:
            del self._asked[:1]
            return
        async with self._runtime.pool.acquire() as connection:  # every copy shows what is open
            metrics.show_mismatches(await store.open_by_kind(connection))
