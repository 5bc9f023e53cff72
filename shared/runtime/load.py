"""What one process takes on at most, and which requests are refused first when it is too much.

`Load` counts what is in work, looks how long requests wait for a connection or a group's commit,
and is told what stands in the outbox. These limits are stated for ordinary requests; looks stop at
half of them and work that goes on at twice, so that the least urgent is always refused first.

A critical ticket is a danger to somebody. It has places that nothing else takes and that do not
become fewer, and is refused when so many others that are critical are in work, for nothing else.
Whoever is in one counts among what is in work: all others make way.

How many can be in work and still be answered in time depends on the machine: while they take too
long there are fewer places, and more again while they do not (AIMD, as TCP finds its window).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

LOOK_SECONDS: Final = 0.05  # how long a look at those who wait holds
LEAST_PAUSE, MOST_PAUSE = 2, 5  # seconds of Retry-After, in turn: not all shall be back at once
DISK_PAUSE: Final = 60
LEAST_SHARE: Final = 1 / 3  # of the places, there always are
FEWER, MORE = 0.7, 0.1  # the factor of a cut; what each request that was in time gives back


class Priority(Enum):
    """How urgent a request is: the share of each limit up to which it is taken."""

    LOOK = 0.5  # 查看: lists, searches, pages
    ORDINARY = 1.0  # 新来的: what is new
    WORK = 2.0  # 在办的: commands of people already at work on a matter


class Reason(StrEnum):
    """Why a request is refused, as the metrics name it."""

    CAPACITY = "capacity"  # 超出处理能力: too many in work, or they wait too long
    CRITICAL = "critical"  # 特急名额已满: so many critical tickets are in work
    DISK = "disk"  # 待发事件积压: the outbox is at its limit
    RATE = "rate"  # 超出调用频率: the caller is over its own rate
    DRAINING = "draining"  # 正在停机: the process ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The stated limits of one process, for ordinary requests but the second."""

    requests_at_once: int
    critical_at_once: int
    wait_seconds: float
    outbox_rows: int
    outbox_age_seconds: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """Not now: why, and after how many seconds to come again."""

    reason: Reason
    retry_after: int


class Load:
    """What one process has in work; `looks` say how long whoever waits longest has waited."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.in_work = 0
        self.critical_in_work = 0  # in places that only they have
        self.places = float(limits.requests_at_once)
        self._next_cut_at = float("-inf")
        self.looks: list[Callable[[], float]] = []
        self._waited = 0.0
        self._looked_at = float("-inf")
        self._outbox_rows = 0
        self._outbox_age = 0.0
        self._refused = 0

    def answered(self, seconds: float, *, now: float) -> None:
        """A request is no longer in work, which it was for so long."""
        limits, most = self.limits, float(self.limits.requests_at_once)
        crowded = self.in_work * 2 >= self.places
        self.in_work -= 1
        if seconds <= limits.wait_seconds:
            self.places = min(most, self.places + MORE)
        elif crowded and now >= self._next_cut_at:  # a slow one by itself says nothing
            self.places = max(most * LEAST_SHARE, self.places * FEWER)
            self._next_cut_at = now + limits.wait_seconds

    def outbox(self, *, rows: int, age_seconds: float) -> None:
        """What waits to be said, and for how long the oldest of it."""
        self._outbox_rows = rows
        self._outbox_age = age_seconds

    def refusal(self, priority: Priority, *, writes: bool, now: float) -> Refusal | None:
        """Why a request may not be begun; None when it may. `now` is monotonic."""
        limits, share = self.limits, priority.value
        if self.in_work >= self.places * share or self._wait(now) > limits.wait_seconds * share:
            return self._over(Reason.CAPACITY)
        if writes and self._outbox_is_full(share):
            return Refusal(Reason.DISK, DISK_PAUSE)
        return None

    def refusal_of_critical(self) -> Refusal | None:
        """Why even a critical ticket may not be begun; None when it may."""
        if self.critical_in_work >= self.limits.critical_at_once:
            return self._over(Reason.CRITICAL)
        return None

    def _wait(self, now: float) -> float:
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            self._waited = max((look() for look in self.looks), default=0.0)
        return self._waited

    def _outbox_is_full(self, share: float) -> bool:
        limits = self.limits
        return (
            self._outbox_rows > limits.outbox_rows * share
            or self._outbox_age > limits.outbox_age_seconds * share
        )

    def _over(self, reason: Reason) -> Refusal:
        self._refused += 1
        later = self._refused % (MOST_PAUSE - LEAST_PAUSE + 1)
        return Refusal(reason, LEAST_PAUSE + later)
