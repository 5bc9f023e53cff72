"""Lateness is measured in wall time, also when the domain clock is hurried, moved or stands."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.clock import Clock

WALL = datetime(2026, 9, 10, 1, 0, tzinfo=UTC)
DOMAIN = datetime(2026, 9, 14, 0, 30, tzinfo=UTC)


def clock_of(path, *segments) -> Clock:
    """A clock of (seconds on the wall, seconds of the domain, rate) from WALL and DOMAIN."""
    rows = [
        {
            "wall0": (WALL + timedelta(seconds=wall)).isoformat(),
            "domain0": (DOMAIN + timedelta(seconds=domain)).isoformat(),
            "rate": rate,
        }
        for wall, domain, rate in segments
    ]
    path.write_text(json.dumps({"segments": rows}))
    return Clock(path)


def test_without_a_file_both_are_one():
    assert Clock().wall_at(DOMAIN) == DOMAIN


@pytest.mark.parametrize(
    ("domain", "wall"),
    [
        (-5, 0),  # before the clock began
        (300, 5),  # at 60 times the speed
        (600, 10),  # the instant of the jump, and everything it skips
        (5000, 10),
        (10_600, 10),
        (10_660, 70),  # real speed after it
        (10_700, 110),  # it stands from here to 200, then goes on
        (10_701, 201),
    ],
)
def test_the_wall_time_of_a_domain_time(tmp_path, domain, wall):
    path = tmp_path / "clock.json"
    clock = clock_of(path, (0, 0, 60), (10, 10_600, 1), (110, 10_700, 0), (200, 10_700, 1))
    assert clock.wall_at(DOMAIN + timedelta(seconds=domain)) == WALL + timedelta(seconds=wall)


@given(seconds=st.floats(0, 100_000), rate=st.sampled_from([0.5, 1.0, 60.0, 3600.0]))
def test_it_is_the_inverse_of_the_domain_time(tmp_path_factory, seconds, rate):
    path = tmp_path_factory.mktemp("c") / "clock.json"
    clock = clock_of(path, (0, 0, rate), (50, 50 * rate + 1000, rate))
    wall = WALL + timedelta(seconds=seconds)
    assert abs(clock.wall_at(clock.domain_at(wall)) - wall) < timedelta(milliseconds=1)
