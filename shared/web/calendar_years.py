"""The calendar of working days over HTTP, alike in every service: which years, and a new one."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import Depends, Request
from pydantic import Field

from shared.calendar import LAST_KNOWN_DAY, CalendarRangeError, WorkCalendar, YearDays
from shared.errors import FieldError, InvalidError
from shared.runtime.calendar_years import LoadedYear, loaded_years, put_year
from shared.runtime.service import Runtime
from shared.web.commands import CommandRouter
from shared.web.identity import Caller, allow

router = CommandRouter(prefix="/api/v1", tags=["calendar"])

Loading = Annotated[Caller, Depends(allow("calendar.load"))]
Days = Annotated[list[date], Field(max_length=120)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """A year as the State Council announced it: days off, and weekend days that are worked."""

    year: Annotated[int, Field(ge=1, le=2199)]
    holidays: Days
    workdays: Days
    source: Annotated[str, Field(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class YearItem(Year):
    """A year that was loaded, when and by whom."""

    loaded_at: datetime
    loaded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarAnswer:
    """What due times are reckoned by: its version, and until when days off are known."""

    version: str
    known_until: date
    years: list[YearItem]
    changed: bool = False


@router.get("/calendar")
async def get_calendar(request: Request, _caller: Loading) -> CalendarAnswer:
    """The years that are known beyond those of the package."""
    runtime: Runtime = request.app.state.runtime
    async with runtime.pool.acquire() as connection:
        return _answer(await loaded_years(connection), changed=False)


@router.post("/calendar/years")
async def post_year(request: Request, body: Year, caller: Loading) -> CalendarAnswer:
    """Load a year, or load it again; the same days change nothing."""
    runtime: Runtime = request.app.state.runtime
    loaded = LoadedYear(
        days=_days(body),
        source=body.source,
        loaded_at=runtime.clock.now(),
        loaded_by=caller.name or caller.role,
    )
    async with runtime.transaction() as connection:
        changed = await put_year(connection, loaded)
        return _answer(await loaded_years(connection), changed=changed)


def _days(body: Year) -> YearDays:
    if body.year < LAST_KNOWN_DAY.year:
        raise _wrong("year", f"{body.year} 年已经过去", f"{body.year} is over")
    if date(body.year, 1, 1) not in body.holidays:
        raise _wrong("holidays", "放假日应含元旦", "New Year's Day is a day off")
    if weekdays := [day for day in body.workdays if day.weekday() < 5]:
        zh, en = f"{weekdays[0]} 本来就是工作日", f"{weekdays[0]} is no weekend day"
        raise _wrong("workdays", zh, en)
    try:
        holidays, workdays = tuple(sorted(set(body.holidays))), tuple(sorted(set(body.workdays)))
        return YearDays(year=body.year, holidays=holidays, workdays=workdays)
    except (CalendarRangeError, ValueError) as error:
        zh = f"日期须都在 {body.year} 年内，且不能既放假又上班"
        raise _wrong("holidays", zh, str(error)) from None


def _wrong(field: str, zh: str, en: str) -> InvalidError:
    return InvalidError(FieldError(field=field, zh=zh, en=en))


def _answer(years: tuple[LoadedYear, ...], *, changed: bool) -> CalendarAnswer:
    calendar = WorkCalendar(announced=tuple(each.days for each in years))
    return CalendarAnswer(
        version=calendar.version,
        known_until=calendar.known_until,
        changed=changed,
        years=[
            YearItem(
                year=each.days.year,
                holidays=list(each.days.holidays),
                workdays=list(each.days.workdays),
                source=each.source,
                loaded_at=each.loaded_at,
                loaded_by=each.loaded_by,
            )
            for each in years
        ],
    )
