"""When a person may be tried again: at different hours, as people are out at the same ones.

Three tries, each in another part of the day and at least four hours after the one before
(DOMAIN §3). Nobody is called at night.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final

from shared.calendar import SHANGHAI

APART: Final = timedelta(hours=4)


class PartOfDay(StrEnum):
    """The hours at which people are called."""

    MORNING = "morning"  # 上午
    AFTERNOON = "afternoon"  # 下午
    EVENING = "evening"  # 晚间


HOURS: Final = (
    (PartOfDay.MORNING, time(8, 0), time(12, 0)),
    (PartOfDay.AFTERNOON, time(12, 0), time(18, 0)),
    (PartOfDay.EVENING, time(18, 0), time(21, 0)),
)


def part_of(at: datetime) -> PartOfDay | None:
    """The part of the day on the city's clock; None at night."""
    clock = at.astimezone(SHANGHAI).time()
    return next((part for part, begins, ends in HOURS if begins <= clock < ends), None)


def next_from(tries: Sequence[datetime], now: datetime) -> datetime:
    """The earliest instant from now on at which the next try may be; `tries` reached nobody."""
    used = {part_of(each) for each in tries}
    earliest = max(now, max(tries) + APART) if tries else now
    if used >= set(PartOfDay):
        return earliest
    day = earliest.astimezone(SHANGHAI).date()
    while True:
        for part, begins, ends in HOURS:
            start = datetime.combine(day, begins, SHANGHAI)
            end = datetime.combine(day, ends, SHANGHAI)
            if part not in used and earliest < end:
                return max(earliest, start.astimezone(earliest.tzinfo))
        day += timedelta(days=1)
