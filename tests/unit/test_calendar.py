"""Working days and hours: the golden cases of the domain page, and what must hold always."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from importlib.metadata import version

import chinese_calendar
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.calendar import (
    LAST_KNOWN_DAY,
    SHANGHAI,
    CalendarRangeError,
    WorkCalendar,
    YearDays,
    counts_working_time,
)

CALENDAR = WorkCalendar()

days = st.dates(date(2024, 1, 1), date(2029, 12, 31))
instants = st.datetimes(datetime(2024, 1, 1), datetime(2029, 12, 31)).map(  # noqa: DTZ001
    lambda local: local.replace(tzinfo=SHANGHAI)
)
whole_instants = instants.map(lambda at: at.replace(microsecond=0))
pauses = st.timedeltas(timedelta(0), timedelta(days=60))
rules = st.sampled_from(["4wh", "5WD", "5WD*0.8", "2wh+5WD", "24h", "15m"])


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("start", "days", "due", "provisional"),
    [
        ("2026-09-18 16:00", 5, "2026-09-24 17:30", False),  # Sunday 09-20 is worked
        ("2026-09-30 17:45", 5, "2026-10-14 17:30", False),
        ("2026-09-26 12:00", 1, "2026-09-29 17:30", False),
        ("2026-02-13 12:00", 5, "2026-02-27 17:30", False),
        ("2026-05-08 17:29", 2, "2026-05-11 17:30", False),  # Saturday 05-09 is worked
        ("2026-12-28 10:00", 5, "2027-01-05 17:30", True),
        # The edges of a day: at closing time it is still day 0, a moment later it is not.
        ("2026-09-21 17:30", 1, "2026-09-22 17:30", False),
        ("2026-09-21 17:30:00.000001", 1, "2026-09-23 17:30", False),
        ("2026-09-21 00:00", 1, "2026-09-22 17:30", False),
        ("2026-12-30 18:00", 0, "2026-12-31 17:30", False),
        ("2026-12-31 17:31", 1, "2027-01-05 17:30", True),
    ],
)
def test_working_days(start: str, days: int, due: str, provisional: bool) -> None:
    moment = CALENDAR.add_working_days(local(start), days)
    assert moment.at == local(due)
    assert moment.at.tzinfo is UTC
    assert moment.provisional is provisional


@pytest.mark.parametrize(
    ("start", "hours", "due", "provisional"),
    [
        ("2026-09-21 09:00", 4, "2026-09-21 13:00", False),  # no noon break
        ("2026-09-21 13:30", 4, "2026-09-21 17:30", False),  # ends with the day, not the next
        ("2026-09-21 16:00", 2, "2026-09-22 09:00", False),
        ("2026-09-19 10:00", 4, "2026-09-20 12:30", False),  # Saturday off, Sunday worked
        ("2026-09-30 17:00", 4, "2026-10-08 12:00", False),
        ("2026-12-31 16:00", 4, "2027-01-04 11:00", True),
        ("2026-09-21 08:00", 9, "2026-09-21 17:30", False),
        ("2026-09-21 20:00", 0, "2026-09-21 20:00", False),
    ],
)
def test_working_hours(start: str, hours: int, due: str, provisional: bool) -> None:
    moment = CALENDAR.add_working_seconds(local(start), hours * 3600)
    assert moment.at == local(due)
    assert moment.provisional is provisional


def test_a_start_in_any_zone_is_the_same_start() -> None:
    start = local("2026-09-18 23:30")
    for zone in (UTC, timezone(timedelta(hours=-7))):
        assert CALENDAR.add_working_days(start.astimezone(zone), 5) == CALENDAR.add_working_days(
            start, 5
        )


@given(days)
def test_announced_years_are_the_package_and_others_fall_back(day: date) -> None:
    if day <= LAST_KNOWN_DAY:
        assert CALENDAR.is_known(day)
        assert CALENDAR.is_workday(day) == chinese_calendar.is_workday(day)
    else:
        fixed = {(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)}
        assert not CALENDAR.is_known(day)
        assert CALENDAR.is_workday(day) == (day.weekday() < 5 and (day.month, day.day) not in fixed)


def test_years_outside_the_tables() -> None:
    assert CALENDAR.is_workday(date(2101, 1, 3))
    assert not CALENDAR.is_workday(date(2110, 5, 1))
    with pytest.raises(CalendarRangeError, match="1999"):
        CALENDAR.add_working_days(local("1999-12-31 10:00"), 1)
    with pytest.raises(CalendarRangeError, match="2099"):
        CALENDAR.add_working_days(local("2099-12-30 10:00"), 20)


@pytest.mark.parametrize("method", ["add_working_days", "add_working_seconds", "add_natural"])
def test_a_time_without_zone_or_a_negative_limit_is_refused(method: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        getattr(CALENDAR, method)(datetime(2026, 9, 18, 16), 1)  # noqa: DTZ001
    if method != "add_natural":
        with pytest.raises(ValueError, match="cannot be -1"):
            getattr(CALENDAR, method)(local("2026-09-18 16:00"), -1)


def test_the_version_names_the_data_and_the_citys_own_days() -> None:
    assert CALENDAR.version == f"cn-{version('chinesecalendar')}"
    own = WorkCalendar(extra_holidays=frozenset({date(2026, 8, 3)}))
    other = WorkCalendar(extra_holidays=frozenset({date(2026, 8, 4)}))
    assert own.version.startswith(CALENDAR.version + "+")
    assert len({CALENDAR.version, own.version, other.version}) == 3
    assert own.version == WorkCalendar(extra_holidays=frozenset({date(2026, 8, 3)})).version


def test_the_citys_own_days_count() -> None:
    calendar = WorkCalendar(
        extra_holidays=frozenset({date(2026, 8, 4)}), extra_workdays=frozenset({date(2026, 8, 8)})
    )
    assert not calendar.is_workday(date(2026, 8, 4))
    assert calendar.is_workday(date(2026, 8, 8))
    due = calendar.add_working_days(local("2026-08-03 10:00"), 4)  # Monday; 5th, 6th, 7th, 8th
    assert due.at == local("2026-08-08 17:30")


def test_contradicting_days_and_hours_are_refused() -> None:
    day = frozenset({date(2026, 8, 4)})
    with pytest.raises(ValueError, match="both"):
        WorkCalendar(extra_holidays=day, extra_workdays=day)
    with pytest.raises(ValueError, match="before they begin"):
        WorkCalendar(opens=time(18), closes=time(9))


@given(instants, st.integers(0, 40), st.integers(0, 40 * 9 * 3600), st.sets(days, max_size=12))
def test_a_holiday_more_never_makes_a_deadline_earlier(
    start: datetime, count: int, seconds: int, holidays: set[date]
) -> None:
    fewer = WorkCalendar(extra_holidays=frozenset(holidays))
    more = WorkCalendar(
        extra_holidays=frozenset(holidays | {start.date(), start.date() + timedelta(days=count)})
    )
    for kind, amount in (("add_working_days", count), ("add_working_seconds", seconds)):
        plain, one, other = (
            getattr(calendar, kind)(start, amount).at for calendar in (CALENDAR, fewer, more)
        )
        assert plain <= one <= other
        assert plain >= start or count == 0


@given(instants, st.integers(1, 40))
def test_a_day_more_is_a_later_deadline_on_a_working_day(start: datetime, count: int) -> None:
    due, next_due = (CALENDAR.add_working_days(start, n).at for n in (count, count + 1))
    assert due < next_due
    assert CALENDAR.is_workday(due.astimezone(SHANGHAI).date())
    between = next_due - due
    assert CALENDAR.working_seconds_between(due, next_due) == 9 * 3600
    assert between >= timedelta(days=1)


@given(instants, st.integers(1, 500 * 3600))
def test_adding_and_measuring_agree(start: datetime, seconds: int) -> None:
    due = CALENDAR.add_working_seconds(start, seconds).at
    assert due > start
    assert CALENDAR.working_seconds_between(start, due) == seconds
    assert CALENDAR.working_seconds_between(due, start) == -seconds
    assert time(8, 30) < due.astimezone(SHANGHAI).time() <= time(17, 30)


@given(instants, st.integers(1, 90 * 3600), st.integers(1, 90 * 3600))
def test_adding_twice_is_adding_the_sum(start: datetime, first: int, second: int) -> None:
    middle = CALENDAR.add_working_seconds(start, first).at
    together = CALENDAR.add_working_seconds(start, first + second)
    assert CALENDAR.add_working_seconds(middle, second).at == together.at


@given(whole_instants, pauses, instants, rules)
def test_a_pause_conserves_the_remaining_time(
    paused_at: datetime, ahead: timedelta, resumed_at: datetime, rule: str
) -> None:
    due_by = (paused_at + ahead).replace(microsecond=0)
    left = CALENDAR.remaining(rule, due_by, paused_at)
    resumed = CALENDAR.resume(rule, left, resumed_at)
    assert CALENDAR.remaining(rule, resumed.at, resumed_at) == left
    if not counts_working_time(rule):
        assert resumed.at - resumed_at == due_by - paused_at


@given(whole_instants, st.integers(1, 30), st.integers(0, 10**6))
def test_a_pause_of_no_length_changes_nothing(start: datetime, count: int, later: int) -> None:
    due = CALENDAR.add_working_days(start, count)
    paused_at = start + timedelta(seconds=later)
    assume(CALENDAR.working_seconds_between(paused_at, due.at) > 0)
    left = CALENDAR.remaining("5WD", due.at, paused_at)
    assert CALENDAR.resume("5WD", left, paused_at).at == due.at


@given(instants, pauses, pauses, rules)
def test_a_longer_pause_never_brings_the_deadline_forward(
    paused_at: datetime, pause: timedelta, longer: timedelta, rule: str
) -> None:
    resumed_at, later = paused_at + pause, paused_at + pause + longer
    due = CALENDAR.add_working_days(paused_at, 5).at
    left = CALENDAR.remaining(rule, due, paused_at)
    assert due <= CALENDAR.resume(rule, left, resumed_at).at
    assert CALENDAR.resume(rule, left, resumed_at).at <= CALENDAR.resume(rule, left, later).at


def test_nothing_is_left_of_what_is_past_and_a_begun_second_counts() -> None:
    due = local("2026-09-21 12:00")
    assert CALENDAR.remaining("24h", due, due + timedelta(hours=1)) == 0
    assert CALENDAR.remaining("4wh", due, due + timedelta(hours=1)) == 0
    assert CALENDAR.remaining("24h", due, due - timedelta(seconds=1.5)) == 2
    assert CALENDAR.remaining("4wh", due, due - timedelta(seconds=1.5)) == 2


def test_what_is_no_limit_cannot_be_paused() -> None:
    with pytest.raises(ValueError, match="is not a limit"):
        CALENDAR.remaining("soon", local("2026-09-21 12:00"), local("2026-09-21 11:00"))


def a_year(year: int = 2027) -> YearDays:
    """A year as it might be announced: Spring Festival, two Saturdays worked."""
    festival = [date(year, 2, day) for day in range(5, 12)]
    return YearDays(
        year=year,
        holidays=(date(year, 1, 1), date(year, 1, 2), date(year, 1, 3), *festival),
        workdays=(date(2027, 1, 30), date(2027, 2, 20)) if year == 2027 else (),
    )


def test_a_loaded_year_counts_and_is_no_longer_provisional() -> None:
    known = WorkCalendar(announced=(a_year(),))
    moment = known.add_working_days(local("2027-02-04 10:00"), 3)
    assert moment == CALENDAR.add_working_days(local("2027-02-04 10:00"), 3).__class__(
        at=local("2027-02-16 17:30").astimezone(UTC), provisional=False
    )
    assert known.is_workday(date(2027, 2, 20))
    assert known.known_until == date(2027, 12, 31)
    assert known.version != CALENDAR.version
    assert CALENDAR.add_working_days(local("2027-02-04 10:00"), 3).provisional


def test_a_year_after_one_that_is_missing_stays_provisional() -> None:
    gap = WorkCalendar(announced=(a_year(2028),))
    assert gap.known_until == LAST_KNOWN_DAY
    assert gap.add_working_days(local("2028-03-01 10:00"), 3).provisional


def test_a_year_of_the_package_can_be_loaded_again() -> None:
    """The State Council has changed a year in its course."""
    changed = WorkCalendar(
        announced=(YearDays(year=2026, holidays=(date(2026, 9, 7),), workdays=()),)
    )
    assert not changed.is_workday(date(2026, 9, 7))
    assert CALENDAR.is_workday(date(2026, 9, 7))


@pytest.mark.parametrize(
    ("year", "holidays", "workdays"),
    [
        (2027, (date(2028, 1, 1),), ()),
        (2027, (date(2027, 1, 2),), (date(2027, 1, 2),)),
        (2003, (), ()),
    ],
)
def test_a_year_that_cannot_be(year, holidays, workdays) -> None:
    with pytest.raises(ValueError):
        YearDays(year=year, holidays=holidays, workdays=workdays)


def test_which_version_does_not_depend_on_the_order_of_loading() -> None:
    one, other = a_year(2027), a_year(2028)
    assert (
        WorkCalendar(announced=(one, other)).version == WorkCalendar(announced=(other, one)).version
    )
