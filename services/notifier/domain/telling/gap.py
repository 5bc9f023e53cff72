"""Times when nobody watched: an outage, a restore, a clock that was moved.

The watch leaves a beat every few seconds. What fell due between two beats that lie too far apart
is fired and recorded at its own time, but people are not flooded with it: it is held.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.records import record

# A watch that beat so recently (wall time) was there: what passed meanwhile at the clock's own
# rate was watched, however fast that is.
AWAY_SECONDS: Final = 30.0
# How long after a gap was found (wall time) rungs that fall into it are still held: what was said
# meanwhile on Kafka is heard and fired late.
CATCH_UP: Final = timedelta(minutes=30)


class GapWhy(StrEnum):
    OUTAGE = "outage"  # 停摆
    JUMP = "jump"  # 时钟跳跃


@record
class Beat:
    """The last sign of the watch: domain time and wall time."""

    at: datetime
    wall: datetime


@record
class Gap:
    """From `from_at` (excluded) to `to_at` nobody watched; `released` once people may be told."""

    gap_id: UUID
    from_at: datetime
    to_at: datetime
    found_wall: datetime
    why: GapWhy
    released: bool = False

    def holds(self, at: datetime, wall: datetime) -> bool:
        """Whether something that fired with this time, now, is held back."""
        active = not self.released and wall - self.found_wall <= CATCH_UP
        return active and self.from_at < at <= self.to_at


def unwatched(last: Beat, now: Beat, *, moved: timedelta, longest: timedelta) -> GapWhy | None:
    """Why the time between two beats was not watched; None when it was, or when it is short.

    `moved` is how far the clock was set ahead between them, beside running.
    """
    if now.at - last.at <= longest:
        return None
    if moved > longest:
        return GapWhy.JUMP
    away = (now.wall - last.wall).total_seconds() > AWAY_SECONDS
    return GapWhy.OUTAGE if away else None


def held(gaps: Iterable[Gap], at: datetime, wall: datetime) -> bool:
    """Whether any gap holds back what fired with this time."""
    return any(gap.holds(at, wall) for gap in gaps)
