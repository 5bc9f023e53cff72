"""When a person may be tried again: other hours, hours apart, never at night."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.callback_hours import APART, PartOfDay, next_from, part_of
from shared.calendar import SHANGHAI


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A September day's local time."""
    return datetime(2026, 9, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(
    ("tries", "now", "expected"),
    [
        ((), at(14, 10), at(14, 10)),
        ((), at(14, 22), at(15, 8)),
        ((), at(14, 7, 59), at(14, 8)),
        ((at(14, 10),), at(14, 10, 5), at(14, 14)),  # four hours
        ((at(14, 8),), at(14, 11, 59), at(14, 12)),
        ((at(14, 10),), at(15, 9), at(15, 12)),  # not in the morning again
        ((at(14, 16),), at(14, 16), at(14, 20)),
        ((at(14, 17, 30),), at(14, 18), at(15, 8)),  # 21:30 is night
        ((at(14, 10), at(14, 14)), at(14, 15), at(14, 18)),
        ((at(14, 14), at(14, 19)), at(15, 13), at(16, 8)),
    ],
)
def test_the_next_try(tries: tuple[datetime, ...], now: datetime, expected: datetime) -> None:
    assert next_from(tries, now) == expected


moments = st.integers(0, 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(moments)
def test_three_tries_fall_into_three_parts_of_the_day_within_two_days(start: datetime) -> None:
    tries: list[datetime] = []
    for _ in range(3):
        tries.append(next_from(tries, tries[-1] if tries else start))
    assert {part_of(each) for each in tries} == set(PartOfDay)
    assert all(b - a >= APART for a, b in pairwise(tries))
    assert tries[-1] - tries[0] <= timedelta(days=2)
