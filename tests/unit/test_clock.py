"""The clock of a stack: segments, jumps, and waiting for a moment that may jump nearer."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from shared.runtime.clock import Clock, Segment, read_segments, wall_now

WALL0 = datetime(2026, 1, 1, tzinfo=UTC)
MONDAY = datetime(2026, 9, 14, 0, 30, tzinfo=UTC)


def write(path, *segments):
    rows = [
        {"wall0": s.wall0.isoformat(), "domain0": s.domain0.isoformat(), "rate": s.rate}
        for s in segments
    ]
    new = path.with_suffix(".new")
    new.write_text(json.dumps({"segments": rows}))
    new.replace(path)


def test_without_a_file_domain_time_is_real_time():
    clock = Clock()
    assert clock.is_real
    assert abs(clock.now() - wall_now()) < timedelta(seconds=1)
    assert clock.domain_at(WALL0) == WALL0


def test_a_past_wall_time_maps_through_the_segment_that_covered_it(tmp_path):
    path = tmp_path / "clock.json"
    jump = WALL0 + timedelta(hours=1)
    write(path, Segment(WALL0, MONDAY, 60.0), Segment(jump, MONDAY + timedelta(days=9), 1.0))
    clock = Clock(path)
    assert clock.domain_at(WALL0 + timedelta(minutes=10)) == MONDAY + timedelta(hours=10)
    assert clock.domain_at(jump + timedelta(minutes=1)) == MONDAY + timedelta(days=9, minutes=1)


def test_how_far_it_was_set_ahead_is_told_apart_from_running(tmp_path):
    path = tmp_path / "clock.json"
    hour, jump, faster = timedelta(hours=1), WALL0 + timedelta(hours=1), WALL0 + timedelta(hours=2)
    write(
        path,
        Segment(WALL0, MONDAY, 60.0),
        Segment(jump, MONDAY + 60 * hour + timedelta(days=3), 60.0),
        Segment(faster, MONDAY + 120 * hour + timedelta(days=3), 600.0),  # goes on, faster
    )
    clock = Clock(path)
    assert clock.moved(WALL0, WALL0 + hour / 2) == timedelta()
    assert clock.moved(WALL0, faster + hour) == timedelta(days=3)
    assert clock.moved(jump, faster) == timedelta()  # it was set before
    assert Clock().moved(WALL0, faster) == timedelta()


def test_a_changed_file_is_read_again(tmp_path):
    path = tmp_path / "clock.json"
    write(path, Segment(WALL0, MONDAY, 1.0))
    clock = Clock(path)
    before = clock.domain_at(WALL0)
    write(path, Segment(WALL0, MONDAY + timedelta(days=3), 1.0))
    assert clock.domain_at(WALL0) - before == timedelta(days=3)


def test_a_file_without_segments_is_refused(tmp_path):
    path = tmp_path / "clock.json"
    path.write_text('{"segments": []}')
    with pytest.raises(ValueError, match="needs a segment"):
        read_segments(path)


async def test_waiting_ends_when_the_clock_jumps_past_the_moment(tmp_path):
    path = tmp_path / "clock.json"
    write(path, Segment(wall_now(), MONDAY, 1.0))
    clock = Clock(path)
    waiting = asyncio.create_task(clock.wait_until(MONDAY + timedelta(days=1), asyncio.Event()))
    await asyncio.sleep(0)
    assert not waiting.done()
    write(path, Segment(wall_now(), MONDAY + timedelta(days=2), 1.0))
    await asyncio.wait_for(waiting, 5)
    assert clock.now() >= MONDAY + timedelta(days=2)


async def test_waiting_ends_when_woken():
    wake = asyncio.Event()
    waiting = asyncio.create_task(Clock().wait_until(None, wake))
    await asyncio.sleep(0)
    wake.set()
    await asyncio.wait_for(waiting, 5)
    assert not wake.is_set()
