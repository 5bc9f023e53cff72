"""Works off what moves due times: years that became known, outages that were declared.

A batch of aggregates is one transaction, so that it may be cut off anywhere and goes on from there;
two copies never work on the same ones at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from shared.calendar import WorkCalendar
from shared.catalogue.moving import YEAR_KNOWN, Move, Outage, move_past, move_to_known_year
from shared.contracts.deadlines import OutageDeclared
from shared.records import record
from shared.runtime.database import Connection, is_transient, queries
from shared.runtime.incoming import Incoming
from shared.runtime.logging import logger
from shared.runtime.service import Runtime

SQL = queries(Path(__file__).parent / "sql" / "outages.sql")
BATCH: Final = 100
LOOK_SECONDS: Final = 2.0
FIRST: Final = UUID(int=0)

log = logger(__name__)


@record
class Moving:
    """Why due times move, and where each of them goes, by its kind."""

    outage: Outage | None
    reason: str
    to: Move

    @property
    def outage_id(self) -> UUID | None:
        """The outage they move for."""
        return None if self.outage is None else self.outage.outage_id


@record
class Moved:
    """What a batch came to: the aggregates looked at in the order of their ids, and how many."""

    looked_at: Sequence[UUID]
    moved: int


# (connection, moving, after, limit, now): the next aggregates above `after`, moved and saved
MoveBatch = Callable[[Connection, Moving, UUID, int, datetime], Awaitable[Moved]]


async def hear_outages(connection: Connection, events: Sequence[Incoming]) -> None:
    """Keep the outages among what was heard; one that is known already is passed over."""
    for event in events:
        if isinstance(event.data, OutageDeclared):
            await take_up(connection, event.data, event.time)


async def take_up(connection: Connection, said: OutageDeclared, declared_at: datetime) -> None:
    """Work an outage off from now on."""
    values = (said.outage_id, said.from_at, said.to_at, said.reason, declared_at, FIRST)
    await connection.execute(SQL.put_outage, *values)


async def move_known_year(runtime: Runtime, calendar: WorkCalendar, move: MoveBatch) -> int:
    """Work out again what was provisional and need not be; how many aggregates changed."""
    moving = Moving(outage=None, reason=YEAR_KNOWN, to=move_to_known_year(calendar))
    changed, place = 0, FIRST
    while True:
        async with runtime.transaction() as connection:
            done = await move(connection, moving, place, BATCH, runtime.clock.now())
        changed += done.moved
        if len(done.looked_at) < BATCH:
            return changed
        place = done.looked_at[-1]


async def move_for_outage(runtime: Runtime, calendar: WorkCalendar, move: MoveBatch) -> bool:
    """Work off one batch of an outage; False when none is left."""
    async with runtime.transaction() as connection:
        row = await connection.fetchrow(SQL.next_outage)
        if row is None:
            return False
        outage = Outage(
            outage_id=row["outage_id"],
            from_at=row["from_at"],
            to_at=row["to_at"],
            reason=row["reason"],
        )
        now = runtime.clock.now()
        moving = Moving(outage=outage, reason=outage.words, to=move_past(outage, calendar))
        done = await move(connection, moving, row["place"], BATCH, now)
        ended = len(done.looked_at) < BATCH
        place = done.looked_at[-1] if done.looked_at else row["place"]
        values = (outage.outage_id, place, done.moved, now if ended else None)
        await connection.execute(SQL.outage_went_on, *values)
    return True


async def move_for_ever(
    runtime: Runtime, calendar: Callable[[], WorkCalendar], move: MoveBatch
) -> None:
    """Look for a year that became known, also while the service was down, and for outages."""
    reckoned: str | None = None
    while True:
        try:
            now = calendar()
            if now.version != reckoned:
                if moved := await move_known_year(runtime, now, move):
                    log.info("year_known", calendar=now.version, moved=moved)
                reckoned = now.version
            while await move_for_outage(runtime, calendar(), move):
                pass
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("move_dues", error=repr(error))
        await asyncio.sleep(LOOK_SECONDS)
