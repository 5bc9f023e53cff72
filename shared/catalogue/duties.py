"""The duty list: rows that name the unit for a category and region where function alone is not it.

A row holds for one category or for all that a function leads (the heat zones of GR), for a region
and all within, between two dates, and perhaps in a season or at some hours only. The most specific
row that holds is the one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from shared.calendar import SHANGHAI
from shared.catalogue.regions import contains

_CONDITION = re.compile(r"(hours)=(\d\d:\d\d)-(\d\d:\d\d)|(season)=(\d\d)-(\d\d)\.\.(\d\d)-(\d\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Local hours (from included, to not) and season (both days included); each may wrap round."""

    hours: tuple[time, time] | None = None
    season: tuple[tuple[int, int], tuple[int, int]] | None = None

    def holds(self, local: datetime) -> bool:
        return self._in_hours(local.time()) and self._in_season((local.month, local.day))

    def _in_hours(self, clock: time) -> bool:
        if self.hours is None:
            return True
        start, end = self.hours
        return start <= clock < end if start < end else clock >= start or clock < end

    def _in_season(self, day: tuple[int, int]) -> bool:
        if self.season is None:
            return True
        first, last = self.season
        return first <= day <= last if first <= last else day >= first or day <= last


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One row. `subject` is a category or a lead function; `valid_to` the last day or None."""

    subject: str
    region: str
    condition: Condition | None
    unit: str
    clause: str
    valid_from: date
    valid_to: date | None

    def holds(self, region: str, local: datetime) -> bool:
        return (
            contains(self.region, region)
            and self.valid_from <= local.date()
            and (self.valid_to is None or local.date() <= self.valid_to)
            and (self.condition is None or self.condition.holds(local))
        )


def parse_condition(text: str) -> Condition | None:
    """Reads "hours=22:00-06:00", "season=10-15..04-15", both with `;`, or nothing."""
    if not text:
        return None
    hours: tuple[time, time] | None = None
    season: tuple[tuple[int, int], tuple[int, int]] | None = None
    for part in text.split(";"):
        if (found := _CONDITION.fullmatch(part.strip())) is None:
            raise ValueError(f"{part!r} is not hours=22:00-06:00 or season=10-15..04-15")
        if found[1]:
            hours = (time.fromisoformat(found[2]), time.fromisoformat(found[3]))
        else:
            month, day, last_month, last_day = (int(found[n]) for n in range(5, 9))
            # Any leap year will do: the call refuses days that no year has.
            season = (
                (date(2024, month, day).month, day),
                (date(2024, last_month, last_day).month, last_day),
            )
    return Condition(hours=hours, season=season)


def duty_for(duties: Iterable[Duty], region: str, at: datetime) -> Duty | None:
    """The most specific row that holds: by category, then finest region, then with a condition."""
    local = at.astimezone(SHANGHAI)
    holding = [duty for duty in duties if duty.holds(region, local)]
    return max(holding, key=_precision, default=None)


def _precision(duty: Duty) -> tuple[bool, int, bool, date]:
    by_category = duty.subject.isdigit()
    return by_category, len(duty.region), duty.condition is not None, duty.valid_from
