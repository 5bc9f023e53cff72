"""The working-day calendar: when a promise counted in working time falls due.

Working days are those of the State Council's yearly notices (package `chinesecalendar`), with the
make-up days worked on weekends. A year not announced yet falls back to Monday to Friday without
the fixed days off, and what crosses it is marked provisional. Everything is table look-ups on
working time since the first known day, so that a due time costs about a microsecond.
"""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from importlib.metadata import version as installed_version
from itertools import accumulate
from typing import Protocol

from chinese_calendar.constants import holidays as announced_holidays
from chinese_calendar.constants import workdays as announced_workdays

from shared.records import record

# China has had no summer time since 1991; a fixed offset needs no time zone database.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")

FIRST_DAY = date(min(announced_holidays).year, 1, 1)
LAST_KNOWN_DAY = date(max(announced_holidays).year, 12, 31)
LAST_DAY = date(2099, 12, 31)

# Days off in years not announced yet: New Year, Labour Day, National Day (month, day).
FIXED_DAYS_OFF = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})

_MICROSECONDS = 1_000_000
_COUNTED = re.compile(r"\d(wh|WD|[mhd])(?:\*[0-9.]+)?$")


class CalendarRangeError(ValueError):
    """An instant or a limit that reaches outside the years of the calendar's tables."""


class CountedTime(Protocol):
    """A limit that says whether it counts working time; `shared.catalogue.limits.Rule` is one."""

    @property
    def working(self) -> bool: ...


@record
class Moment:
    """A computed instant in UTC; provisional when it rests on a year not announced yet."""

    at: datetime
    provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class YearDays:
    """One year as it was announced: its days off and the weekend days worked."""

    year: int
    holidays: tuple[date, ...]
    workdays: tuple[date, ...]

    def __post_init__(self) -> None:
        if not FIRST_DAY.year <= self.year <= LAST_DAY.year:
            raise CalendarRangeError(f"{self.year} is outside {FIRST_DAY} to {LAST_DAY}")
        if wrong := [day for day in (*self.holidays, *self.workdays) if day.year != self.year]:
            raise ValueError(f"{wrong[0]} is not in {self.year}")
        if both := set(self.holidays) & set(self.workdays):
            raise ValueError(f"{min(both)} is both a day off and a day worked")

    def worked(self, day: date) -> bool:
        return day in self.workdays or (day.weekday() < 5 and day not in self.holidays)


@record
class WorkCalendar:
    """Working days and hours of one city; `extra_*` are its own days on top of the announced.

    `announced` are years loaded at run time: they count before those of the package.
    """

    opens: time = time(8, 30)
    closes: time = time(17, 30)
    tz: timezone = SHANGHAI
    extra_holidays: frozenset[date] = frozenset()
    extra_workdays: frozenset[date] = frozenset()
    announced: tuple[YearDays, ...] = ()
    _origin: datetime = field(init=False, repr=False, compare=False)
    _opens_us: int = field(init=False, repr=False, compare=False)
    _day_us: int = field(init=False, repr=False, compare=False)
    # Working days before each day (by days since FIRST_DAY), and the working days themselves.
    _before: list[int] = field(init=False, repr=False, compare=False)
    _working: list[int] = field(init=False, repr=False, compare=False)
    _version: str = field(init=False, repr=False, compare=False)
    _last_known: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.opens >= self.closes:
            raise ValueError(f"working hours end ({self.closes}) before they begin ({self.opens})")
        if both := self.extra_holidays & self.extra_workdays:
            raise ValueError(f"{min(both)} is both an extra holiday and an extra working day")
        flags = bytearray(_announced_flags())
        for year in self.announced:
            first, last = _index(date(year.year, 1, 1)), _index(date(year.year, 12, 31))
            for index in range(first, last + 1):
                flags[index] = year.worked(FIRST_DAY + timedelta(days=index))
        for days, flag in ((self.extra_holidays, 0), (self.extra_workdays, 1)):
            for day in days:
                flags[_index(day)] = flag
        opens, closes = _microsecond_of_day(self.opens), _microsecond_of_day(self.closes)
        midnight = datetime.combine(FIRST_DAY, time(), self.tz)
        for name, value in (
            ("_origin", midnight.astimezone(UTC)),
            ("_opens_us", opens),
            ("_day_us", closes - opens),
            ("_before", list(accumulate(flags, initial=0))),
            ("_working", [index for index, flag in enumerate(flags) if flag]),
            ("_version", self._make_version()),
            ("_last_known", _index(self.known_until)),
        ):
            object.__setattr__(self, name, value)

    @property
    def version(self) -> str:
        """Names the data a due time came from: "cn-1.11.0", with a hash of the city's own days."""
        return self._version

    def is_known(self, day: date) -> bool:
        """Whether the holidays of the day's year, and of all before it, are announced."""
        return FIRST_DAY <= day <= self.known_until

    @property
    def known_until(self) -> date:
        """The last day of the last year announced without a gap before it."""
        year, loaded = LAST_KNOWN_DAY.year, {each.year for each in self.announced}
        while year + 1 in loaded:
            year += 1
        return date(year, 12, 31)

    def is_workday(self, day: date) -> bool:
        """Whether offices work on this local day."""
        if FIRST_DAY <= day <= LAST_DAY:
            index = day.toordinal() - FIRST_DAY.toordinal()
            return self._before[index] != self._before[index + 1]
        return _fallback_workday(day)

    def add_working_days(self, start: datetime, days: int) -> Moment:
        """Closing time of the `days`-th working day after day 0 (DOMAIN §5).

        Day 0 is the day of `start`; after closing time or on a day off, the next working day.
        """
        if days < 0:
            raise ValueError(f"a limit cannot be {days} working days")
        since = self._since_origin(start)
        closed = (
            since.seconds * _MICROSECONDS + since.microseconds
        ) > self._opens_us + self._day_us
        day_zero = self._before[since.days + closed]
        return self._moment(since.days, day_zero + days, self._day_us)

    def add_working_seconds(self, start: datetime, seconds: float) -> Moment:
        """The instant when `seconds` of working time have passed since `start`.

        A limit that ends with the working day is due at closing time, not at the next opening.
        """
        if seconds < 0:
            raise ValueError(f"a limit cannot be {seconds} seconds")
        if seconds == 0:
            return self.add_natural(start, 0)
        since = self._since_origin(start)
        end = self._worked(since) + round(seconds * _MICROSECONDS)
        days, rest = divmod(end - 1, self._day_us)
        return self._moment(since.days, days, rest + 1)

    def add_natural(self, start: datetime, seconds: float) -> Moment:
        """The instant `seconds` after `start`, day and night."""
        at = in_utc(start) + timedelta(seconds=seconds)
        return Moment(at=at, provisional=False)

    def working_seconds_between(self, start: datetime, end: datetime) -> int:
        """Whole seconds of working time from `start` to `end`; negative when `end` is earlier."""
        worked = self._worked(self._since_origin(end)) - self._worked(self._since_origin(start))
        return worked // _MICROSECONDS if worked >= 0 else -(-worked // _MICROSECONDS)

    def remaining(self, rule: str | CountedTime, due_by: datetime, paused_at: datetime) -> int:
        """Seconds left of a limit when its clock is paused: of working time for wh and WD rules.

        A begun second counts as left; nothing is left of a limit that is past.
        """
        if counts_working_time(rule):
            end, now = self._since_origin(due_by), self._since_origin(paused_at)
            left = self._worked(end) - self._worked(now)
        else:
            left = (due_by - paused_at) // timedelta(microseconds=1)
        return max(0, -(-left // _MICROSECONDS))

    def resume(self, rule: str | CountedTime, remaining: int, resumed_at: datetime) -> Moment:
        """The new due instant of a paused limit that had `remaining` seconds left."""
        if counts_working_time(rule):
            return self.add_working_seconds(resumed_at, remaining)
        return self.add_natural(resumed_at, remaining)

    def _since_origin(self, instant: datetime) -> timedelta:
        """Local time since the first day: its `.days` count days, its `.seconds` the clock."""
        if instant.tzinfo is None:
            raise ValueError(f"{instant} has no time zone")
        since = instant - self._origin
        if not 0 <= since.days < len(self._before) - 1:
            raise CalendarRangeError(f"{instant} is outside {FIRST_DAY} to {LAST_DAY}")
        return since

    def _worked(self, since: timedelta) -> int:
        """Microseconds of working time from the first day until then."""
        day = since.days
        before = self._before[day]
        if before == self._before[day + 1]:
            return before * self._day_us
        today = since.seconds * _MICROSECONDS + since.microseconds - self._opens_us
        return before * self._day_us + min(max(today, 0), self._day_us)

    def _moment(self, start_day: int, working_day: int, worked: int) -> Moment:
        """`worked` microseconds into the working day of that number."""
        try:
            day = self._working[working_day]
        except IndexError:
            raise CalendarRangeError(f"the limit ends after {LAST_DAY}") from None
        at = self._origin + timedelta(days=day, microseconds=self._opens_us + worked)
        return Moment(at=at, provisional=max(day, start_day) > self._last_known)

    def _make_version(self) -> str:
        name = f"cn-{installed_version('chinesecalendar')}"
        own = (sorted(self.extra_holidays), sorted(self.extra_workdays), self.opens, self.closes)
        usual = own == ([], [], time(8, 30), time(17, 30)) and self.tz == SHANGHAI
        if usual and not self.announced:
            return name
        data = (own, self.tz, sorted(self.announced)) if self.announced else (own, self.tz)
        return f"{name}+{hashlib.sha256(repr(data).encode()).hexdigest()[:8]}"


def counts_working_time(rule: str | CountedTime) -> bool:
    """Whether a limit runs in working time ("4wh", "5WD*0.8") or day and night ("24h")."""
    if not isinstance(rule, str):
        return rule.working
    if (found := _COUNTED.search(rule)) is None:
        raise ValueError(f"{rule!r} is not a limit such as 15m, 24h, 4wh or 5WD")
    return found[1] in {"wh", "WD"}


def in_utc(instant: datetime) -> datetime:
    """The same instant in UTC; a time without zone is an error, never a guess."""
    if instant.tzinfo is UTC:
        return instant
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no time zone")
    return instant.astimezone(UTC)


def _microsecond_of_day(clock: time) -> int:
    whole = (clock.hour * 60 + clock.minute) * 60 + clock.second
    return whole * _MICROSECONDS + clock.microsecond


def _index(day: date) -> int:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise CalendarRangeError(f"{day} is outside {FIRST_DAY} to {LAST_DAY}")
    return day.toordinal() - FIRST_DAY.toordinal()


def _fallback_workday(day: date) -> bool:
    return day.weekday() < 5 and (day.month, day.day) not in FIXED_DAYS_OFF


def _announced_workday(day: date) -> bool:
    if day > LAST_KNOWN_DAY:
        return _fallback_workday(day)
    return day in announced_workdays or (day.weekday() < 5 and day not in announced_holidays)


@cache
def _announced_flags() -> bytes:
    """One byte a day from the first to the last: 1 on a working day."""
    first, last = FIRST_DAY.toordinal(), LAST_DAY.toordinal()
    return bytes(_announced_workday(date.fromordinal(n)) for n in range(first, last + 1))
