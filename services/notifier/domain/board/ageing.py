"""How long matters are overdue, unit by unit."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from shared.contracts.parts import DeadlineKind
from shared.records import record


class Age(StrEnum):
    """How long ago the due time was; natural time, as people count it."""

    DAY = "day"  # 超时 1 天内
    DAYS = "days"  # 超时 1–3 天
    WEEK = "week"  # 超时 3–7 天
    OLDER = "older"  # 超时 7 天以上


FROM: Final[Mapping[Age, timedelta]] = {
    Age.DAY: timedelta(0),
    Age.DAYS: timedelta(days=1),
    Age.WEEK: timedelta(days=3),
    Age.OLDER: timedelta(days=7),
}
SOON: Final = timedelta(hours=24)
# Timers between services, and the citizen's own clock, which repeats what the units owe.
NOT_OWED: Final = (DeadlineKind.DEEMED, DeadlineKind.TAKEOVER, DeadlineKind.CITIZEN)


@record
class UnitStand:
    """What one unit has open; `unit` None: the hotline centre's own work."""

    unit: str | None
    open: int
    soon: int
    late: Mapping[Age, int]
    paused: int
    oldest: datetime | None

    @property
    def overdue(self) -> int:
        return sum(self.late.values())


def worst_first(stands: list[UnitStand]) -> list[UnitStand]:
    """By how many are overdue, then how long, then how many are due soon."""
    return sorted(stands, key=_grave, reverse=True)


def _grave(stand: UnitStand) -> tuple[object, ...]:
    ages = tuple(stand.late[age] for age in reversed(Age))
    return (stand.overdue, ages, stand.soon, stand.open, stand.unit or "")


def bounds(age: Age | None, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Due at or before the first, and after the second; None where there is no bound."""
    if age is None:
        return None, None
    order = list(Age)
    place = order.index(age) + 1
    until = now - FROM[order[place]] if place < len(order) else None
    return now - FROM[age], until
