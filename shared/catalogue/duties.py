"""The duty list: rows that name the unit for a category and region where function alone is not it.

A row holds for one category or for all that a function leads (the heat zones of GR), for a region
and all within, between two dates, and perhaps in a season or at some hours only. The most specific
row that holds is the one.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time

from shared.calendar import SHANGHAI
from shared.catalogue.regions import city_of, contains
from shared.records import record

_CONDITION = re.compile(r"(hours)=(\d\d:\d\d)-(\d\d:\d\d)|(season)=(\d\d)-(\d\d)\.\.(\d\d)-(\d\d)")


@record
class Condition:
    """Local hours (from included, to not) and season (both days included); each may wrap round."""

    hours: tuple[time, time] | None = None
    season: tuple[tuple[int, int], tuple[int, int]] | None = None

    def holds(self, local: datetime) -> bool:
        return self._in_hours(local.time()) and self._in_season((local.month, local.day))

    @property
    def text(self) -> str:
        """As `parse_condition` reads it."""
        parts = []
        if self.hours is not None:
            parts.append("hours={:%H:%M}-{:%H:%M}".format(*self.hours))
        if self.season is not None:
            first, last = self.season
            parts.append(f"season={first[0]:02}-{first[1]:02}..{last[0]:02}-{last[1]:02}")
        return ";".join(parts)

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


@record
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
        return contains(self.region, region) and self.holds_at(local)

    def holds_at(self, local: datetime) -> bool:
        """Whether it holds then, somewhere in its region."""
        return self.in_force(local.date()) and (
            self.condition is None or self.condition.holds(local)
        )

    def in_force(self, day: date) -> bool:
        """Whether the day is one of those it is valid on."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


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


class DutyIndex:
    """Rows by subject and region, the most precise first: looked up by five regions at most.

    By category goes before by function, the finer region before the wider, a row with a condition
    before one without, and of two that differ in nothing else the one that came into force later.
    """

    def __init__(self, duties: Iterable[Duty]) -> None:
        rows: defaultdict[tuple[str, str], list[Duty]] = defaultdict(list)
        for duty in duties:
            rows[duty.subject, duty.region].append(duty)
        for them in rows.values():
            them.sort(key=_precision, reverse=True)
        self._rows = {key: tuple(them) for key, them in rows.items()}

    def find(self, subjects: Sequence[str], region: str, at: datetime) -> Duty | None:
        """The row that holds there and then for the first of these subjects that has one."""
        local = at.astimezone(SHANGHAI)
        around = tuple(_around(region))
        for subject in subjects:
            for place in around:
                for duty in self._rows.get((subject, place), ()):
                    if duty.holds_at(local):
                        return duty
        return None


def _around(region: str) -> Iterator[str]:
    """The region and all it lies in, the finest first."""
    for digits in range(len(region), 5, -3):
        yield region[:digits]
    if region[:6] != city_of(region):
        yield city_of(region)


def _precision(duty: Duty) -> tuple[bool, date]:
    return duty.condition is not None, duty.valid_from


def as_on(duties: Iterable[Duty], day: date) -> tuple[Duty, ...]:
    """The rows in force on a day, as if they had always been and always would be."""
    found = sorted(duties, key=_precision, reverse=True)
    return tuple(
        replace(duty, valid_from=date.min, valid_to=None) for duty in found if duty.in_force(day)
    )
