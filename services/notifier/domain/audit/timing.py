"""How domain time maps to the time in which the watch works, and when it could work at all."""

from collections.abc import Callable
from datetime import datetime, timedelta

from shared.records import record


@record
class Gap:
    """From when until when no copy of the notifier was alive (wall time)."""

    since: datetime
    until: datetime


@record
class Timing:
    """`settle` is how long the watch may take (wall time) before what it has not done is missing.

    `wall` maps domain time to wall time; a clock sent forward reaches all it skips at once.
    """

    wall: Callable[[datetime], datetime]
    settle: timedelta
    gaps: tuple[Gap, ...] = ()

    def seen(self, due: datetime, armed: datetime) -> datetime:
        """When the watch could first see a rung due then, of a promise heard of at `armed`."""
        return max(self.wall(due), self.wall(armed))

    def latest(self, seen: datetime) -> datetime:
        """Until when it may have taken: a silence begins with the last sign, not with the end."""
        for gap in self.gaps:  # in the order of time
            if gap.since <= seen < gap.until:
                seen = gap.until
        return seen + self.settle

    def surely(self, seen: datetime, until: datetime) -> bool:
        """Whether the watch had time enough before `until` (wall time)."""
        return self.latest(seen) <= until

    def maybe(self, seen: datetime, until: datetime) -> bool:
        """Whether it may have been that quick; what it had begun by then counts too."""
        return seen <= until + self.settle
