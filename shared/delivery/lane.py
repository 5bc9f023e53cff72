"""The lane to one destination: how much may be under way, and the circuit that opens on failures.

A destination that is down is asked by a single try now and then, so that it costs the others
nothing and its own messages no tries; what waits for it stays queued.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

MOST_AT_ONCE: Final = 16
TRIPS: Final = 5  # failures in a row that open the circuit
FIRST_PAUSE: Final = timedelta(seconds=10)
LONGEST_PAUSE: Final = timedelta(minutes=10)


@dataclass(slots=True, kw_only=True)
class Lane:
    """What this process knows of one destination; times are wall times."""

    under_way: int = 0
    failures: int = 0  # in a row
    shut_until: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether the circuit is open, that is, the destination counts as down."""
        return self.failures >= TRIPS

    def room(self, now: datetime) -> int:
        """How many more may be sent now."""
        if self.shut_until is not None and now < self.shut_until:
            return 0
        most = 1 if self.is_open else MOST_AT_ONCE
        return max(0, most - self.under_way)

    def worked(self) -> None:
        self.failures = 0
        self.shut_until = None

    def failed(self, now: datetime) -> None:
        """One more failure; those of tries begun before the circuit opened count no more."""
        if self.shut_until is not None and now < self.shut_until:
            return
        self.failures += 1
        if self.is_open:
            pause = FIRST_PAUSE * 2 ** min(self.failures - TRIPS, 10)
            self.shut(now + min(pause, LONGEST_PAUSE))

    def shut(self, until: datetime) -> None:
        """Send nothing there before `until`."""
        self.shut_until = max(until, self.shut_until or until)
