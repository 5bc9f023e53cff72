"""The dry run: replays past tickets against a draft of the duty list, a batch at a time.

Nothing is locked and no transaction lasts longer than a batch; between batches the service works
on. What was found is kept with the draft, which is only published when it was tried since its
last edit.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from services.router import duties
from services.router.domain.city import City
from services.router.domain.duty.dry_run import Change, Totals, compared, day_of, under
from services.router.domain.duty.rows import changes
from services.router.domain.duty.version import DutyVersion, Tried, VersionCommand, who
from services.router.domain.outcome import words_text
from services.router.store import duties as store
from shared.contracts.parts import Actor
from shared.runtime import history
from shared.runtime.database import Connection
from shared.runtime.service import Runtime

BATCH: Final = 50
"""Some twenty milliseconds of work: who else waits for the loop waits no longer."""
EVER: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A dry run about to begin: the city twice, and which tickets are replayed."""

    version: DutyVersion
    day: date  # both lists count as they are on this day
    published: City
    draft: City
    since: datetime
    until: datetime


async def prepare(
    connection: Connection,
    number: int,
    *,
    day: date | None,
    since: datetime | None,
    until: datetime | None,
    city: City,
    now: datetime,
) -> Trial:
    """What a dry run of this draft stands on; raises NotFoundError, ConflictError."""
    version = await duties.find(connection, number)
    version.after(VersionCommand.TRY)
    base = await duties.find(connection, version.based_on)
    old = await store.rows_of(connection, base.version)
    new = await store.rows_of(connection, number)
    day = day or day_of(changes(old, new), now)
    return Trial(
        version=version,
        day=day,
        published=under(city, (row.duty for row in old), day, base.version),
        draft=under(city, (row.duty for row in new), day, number),
        since=since or EVER,
        until=until or now,
    )


async def replay(runtime: Runtime, trial: Trial, totals: Totals) -> AsyncIterator[Change]:
    """The tickets that the draft would send elsewhere, as they are found; counts in `totals`."""
    after = store.NO_TICKET
    while True:
        async with runtime.pool.acquire() as connection:
            batch = await store.past_tickets(connection, after, trial.since, trial.until, BATCH)
        for change in compared(batch, trial.published, trial.draft, totals):
            yield change
        if len(batch) < BATCH:
            return
        after = batch[-1].ticket_id
        await asyncio.sleep(0)


async def keep(
    connection: Connection, trial: Trial, totals: Totals, *, actor: Actor, city: City, now: datetime
) -> None:
    """Keep with the draft that it was tried, unless it was edited meanwhile."""
    version = await duties.find(connection, trial.version.version, lock=True)
    version.after(VersionCommand.TRY)
    tried = Tried(
        at=now,
        by=who(actor),
        edits=trial.version.edits,
        examined=totals.examined,
        changed=totals.changed,
    )
    entry = history.entry(
        version.aggregate_id,
        seq=version.seq + 1,
        at=now,
        what="tried",
        actor=actor,
        before=None,
        after=words_text(
            edits=tried.edits, day=trial.day, examined=tried.examined, changed=tried.changed
        ),
        policy=city.version,
        previous_hash=version.history_hash,
    )
    version = replace(version, tried=tried, seq=entry.seq, history_hash=entry.hash)
    await store.update_version(connection, version)
    await history.add(connection, [entry])
