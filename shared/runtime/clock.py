"""The one clock of a stack: domain time, which runs as wall time does unless a demo hurries it.

`domain = domain0 + rate × (wall − wall0)`. The file of a stack keeps one segment a change, so that
a past wall time (a broker's timestamp) maps through the segment that covered it. Without a file,
domain time is real time. Tokens, TLS, signed links and Kafka's retention stay on wall time.
"""

import asyncio
import json
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Segment:
    """From `wall0` on, domain time is `domain0 + rate × (wall − wall0)`."""

    wall0: datetime
    domain0: datetime
    rate: float

    def at(self, wall: datetime) -> datetime:
        return self.domain0 + (wall - self.wall0) * self.rate


REAL_TIME = (Segment(datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC), 1.0),)


def read_segments(path: Path) -> tuple[Segment, ...]:
    """The segments of a clock file, in the order of `wall0`."""
    rows = json.loads(path.read_text())["segments"]
    segments = tuple(
        Segment(
            datetime.fromisoformat(row["wall0"]),
            datetime.fromisoformat(row["domain0"]),
            float(row["rate"]),
        )
        for row in rows
    )
    if not segments:
        raise ValueError(f"{path}: a clock needs a segment")
    return tuple(sorted(segments, key=lambda segment: segment.wall0))


def wall_now() -> datetime:
    """Real time, for what must not be hurried: ages of rows, tokens, timeouts."""
    return datetime.now(UTC)


class Clock:
    """Domain time of a stack; reads its file again when that changes."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._segments: tuple[Segment, ...] = REAL_TIME
        self._starts = [segment.wall0 for segment in REAL_TIME]
        self.look()

    def look(self) -> None:
        """Read the file again when it has changed."""
        if self._path is None:
            return
        stat = self._path.stat()
        stamp = (stat.st_mtime_ns, stat.st_ino)
        if stamp != self._stamp:
            self._segments = read_segments(self._path)
            self._starts = [segment.wall0 for segment in self._segments]
            self._stamp = stamp

    @property
    def is_real(self) -> bool:
        """Whether domain time is real time."""
        return self._path is None

    @property
    def rate(self) -> float:
        """How many domain seconds pass in a wall second, as the file was last read."""
        return self._segments[-1].rate

    def now(self) -> datetime:
        """Domain time now, in UTC."""
        return self.domain_at(wall_now())

    def domain_at(self, wall: datetime) -> datetime:
        """The domain time that was when the wall clock showed `wall`."""
        self.look()
        return self.as_read(wall)

    def as_read(self, wall: datetime) -> datetime:
        """The same by the file as it was last read: for the many records of one batch."""
        if self._path is None:
            return wall
        index = max(0, bisect_right(self._starts, wall) - 1)
        return self._segments[index].at(wall)

    def wall_at(self, moment: datetime) -> datetime:
        """The wall time at which domain time reached `moment`; a jump reaches all it skips."""
        self.look()
        if self._path is None:
            return moment
        ends = [segment.wall0 for segment in self._segments[1:]]
        for segment, end in zip(self._segments, [*ends, None], strict=True):
            ahead = max(timedelta(), moment - segment.domain0)
            if ahead and segment.rate <= 0:
                continue
            wall = segment.wall0 + (ahead / segment.rate if ahead else ahead)
            if end is None or wall < end:
                return wall
        return datetime.max.replace(tzinfo=UTC)  # a clock that stands still never reaches it

    def moved(self, since: datetime, until: datetime) -> timedelta:
        """How far domain time was set ahead between two wall times, beside running."""
        self.look()
        later = zip(self._segments, self._segments[1:], strict=False)
        jumps = [
            segment.domain0 - before.at(segment.wall0)
            for before, segment in later
            if since < segment.wall0 <= until
        ]
        return sum(jumps, timedelta())

    def wall_seconds_until(self, moment: datetime) -> float:
        """Real seconds until domain time reaches `moment`, at today's rate; 0 when past."""
        self.look()
        rate = self._segments[-1].rate if self._path else 1.0
        ahead = (moment - self.now()) / timedelta(seconds=1)
        return max(0.0, ahead / rate) if rate > 0 else float("inf")

    async def wait_until(self, moment: datetime | None, wake: asyncio.Event) -> None:
        """Return when domain time reaches `moment`, or at once when `wake` is set (and clear it).

        A stack's clock may jump, so with a clock file it is looked at at least every 0.1 s.
        """
        while not wake.is_set():
            ahead = float("inf") if moment is None else self.wall_seconds_until(moment)
            if ahead <= 0:
                break
            longest = 60.0 if self._path is None else 0.1
            try:
                async with asyncio.timeout(min(ahead, longest)):  # keeps a cancellation
                    await wake.wait()
            except TimeoutError:
                continue
        wake.clear()
