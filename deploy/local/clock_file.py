"""Writes the clock file of a stack: the segments that `shared.runtime.clock` reads.

A change appends a segment, so that wall times of the past map as they did. The file is replaced
whole; a lock beside it lets the command line and the stack change it without losing a change.
"""

import json
import os
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.local.errors import StackError
from deploy.local.locks import in_turn
from shared.runtime.clock import Segment, read_segments


def write_initial(path: Path, domain0: datetime | None, rate: float, *, wall: datetime) -> None:
    """Start a clock: at `wall` it shows `domain0` (None: real time), and runs at `rate`."""
    _require_rate(rate)
    _write(path, (Segment(wall, domain0 or wall, rate),))


def forward(path: Path, delta: timedelta, *, wall: datetime) -> datetime:
    """Move the clock ahead by `delta`; returns the domain time it shows then."""
    if delta <= timedelta(0):
        raise StackError("时钟只能向前拨。", "the clock can only be moved forward")
    with _changing(path):
        segments = read_segments(path)
        moved = segments[-1].at(wall) + delta
        _write(path, (*segments, Segment(wall, moved, segments[-1].rate)))
    return moved


def set_rate(path: Path, rate: float, *, wall: datetime) -> datetime:
    """Let the clock run `rate` times as fast from `wall` on; returns the domain time it shows."""
    _require_rate(rate)
    with _changing(path):
        segments = read_segments(path)
        shown = segments[-1].at(wall)
        _write(path, (*segments, Segment(wall, shown, rate)))
    return shown


def resume(path: Path, *, stopped: datetime, wall: datetime) -> None:
    """Continue a hurried clock where it stood when its stack stopped; leaves a real one alone.

    Without this a stack at 60x that slept for a night would wake 20 days late. The time between
    is kept as a segment that stands still.
    """
    with _changing(path):
        segments = read_segments(path)
        last = segments[-1]
        if last.rate == 1.0 or stopped >= wall:
            return
        still = Segment(max(stopped, last.wall0), last.at(max(stopped, last.wall0)), 0.0)
        _write(path, (*segments, still, Segment(wall, still.domain0, last.rate)))


def _require_rate(rate: float) -> None:
    if not 0 < rate <= 100_000:
        raise StackError("时钟倍率应在 0 与 100000 之间。", "the rate must be above 0, to 100000")


def _changing(path: Path) -> AbstractContextManager[None]:
    """One change at a time."""
    return in_turn(path.with_suffix(".lock"))


def _write(path: Path, segments: tuple[Segment, ...]) -> None:
    rows = [{"wall0": _z(s.wall0), "domain0": _z(s.domain0), "rate": s.rate} for s in segments]
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps({"segments": rows}, indent=1) + "\n")
    draft.replace(path)


def _z(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
