"""The heartbeat of the watch: finds the times when nobody watched, before anything goes out.

All copies beat on one row. What fires, and what goes out to people, asks `check` first; it costs a
query every few seconds, and at once when the clock has made a leap.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.notifier import metrics
from services.notifier.domain.deadline import SYSTEM
from services.notifier.domain.telling.gap import CATCH_UP, Beat, Gap, GapWhy, unwatched
from services.notifier.domain.telling.rules import Rules
from services.notifier.store import gaps as store
from services.notifier.store import messages
from shared.contracts.ids import new_id
from shared.runtime import history
from shared.runtime.clock import wall_now
from shared.runtime.database import Connection
from shared.runtime.logging import logger
from shared.runtime.service import Runtime

log = logger(__name__)
BEAT_EVERY: Final = timedelta(seconds=2)  # wall time


@dataclass(slots=True)
class Heartbeat:
    """The beat of one process; `gaps` are those whose rungs are held back now."""

    runtime: Runtime
    rules: Rules
    gaps: tuple[Gap, ...] = ()
    last: Beat | None = None

    async def check(self) -> datetime:
        """Beat when it is time, or when the clock has leapt since this process looked.

        Returns the domain time up to which is known what nobody watched: whoever fires or tells
        goes no further.
        """
        now = self._now()
        last = self.last
        if (
            last is not None
            and now.wall - last.wall < BEAT_EVERY
            and now.at - last.at <= self.rules.longest_gap / 2
        ):
            return now.at
        async with self.runtime.transaction() as connection:
            found = await self.beat(connection, now)
        self.last = now
        self.gaps = tuple(gap for gap in found if now.wall - gap.found_wall <= CATCH_UP)
        return now.at

    def forget(self) -> None:
        """Gaps were released: look anew before anything fires."""
        self.last = None

    def _now(self) -> Beat:
        wall = wall_now()
        return Beat(at=self.runtime.clock.domain_at(wall), wall=wall)

    async def beat(self, connection: Connection, now: Beat) -> list[Gap]:
        """Leave a sign; a gap before it is written down. Returns the gaps not released."""
        last = await store.lock_beat(connection, now)
        if last is not None and last.wall < now.wall:
            moved = self.runtime.clock.moved(last.wall, now.wall)
            longest = self.rules.longest_gap
            why = unwatched(last, now, moved=moved, longest=longest)
            if why is not None:
                await self._found(connection, last, now, why)
            await store.beat(connection, now)
        return await store.unreleased(connection)

    async def _found(self, connection: Connection, last: Beat, now: Beat, why: GapWhy) -> None:
        gap = Gap(
            gap_id=new_id(now.at), from_at=last.at, to_at=now.at, found_wall=now.wall, why=why
        )
        entry = history.entry(
            gap.gap_id,
            seq=1,
            at=now.at,
            what=why,
            actor=SYSTEM,
            before=None,
            after=f'{{"from":"{gap.from_at.isoformat()}","to":"{gap.to_at.isoformat()}"}}',
            policy=self.rules.version,
            previous_hash=history.FIRST_HASH,
        )
        await store.add(connection, gap, history_hash=entry.hash)
        await history.add(connection, [entry])
        young = now.at - self.rules.critical_within
        held = await messages.hold_waiting(connection, until=now.at, young=young)
        metrics.GAPS.labels(why).inc()
        log.warning(
            "unwatched", why=why, from_at=str(gap.from_at), to_at=str(gap.to_at), held_back=held
        )
