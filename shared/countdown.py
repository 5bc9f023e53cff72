"""How much is left of a promise, in the time it is counted in, and in words a person reads."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.calendar import SHANGHAI, WorkCalendar
from shared.catalogue.limits import RuleUnit, parse_rule
from shared.contracts.values import Due


@dataclass(frozen=True, slots=True, kw_only=True)
class Countdown:
    """What is left (or how long it is past, negative) in seconds of the promise's own time.

    `runs`: whether that time passes at this moment; working time stands still at night.
    """

    seconds: int
    working: bool
    runs: bool
    day_seconds: int  # of one day of that time: 24 h, or a working day's length

    @property
    def late(self) -> bool:
        """Past its due time."""
        return self.seconds < 0


def countdown(due: Due, now: datetime, calendar: WorkCalendar) -> Countdown:
    """What is left of a promise now."""
    rule = parse_rule(due.rule)
    if not rule.working:
        left = int((due.by - now) / timedelta(seconds=1))
        if left == 0 and now > due.by:
            left = -1
        return Countdown(seconds=left, working=False, runs=True, day_seconds=86_400)
    left = calendar.working_seconds_between(now, due.by)
    if left >= 0 and now > due.by:
        left = -1  # past it, and no working time since
    local = now.astimezone(SHANGHAI)
    open_now = calendar.opens <= local.time() < calendar.closes
    return Countdown(
        seconds=left,
        working=True,
        runs=open_now and calendar.is_workday(local.date()),
        day_seconds=_day(calendar),
    )


def _day(calendar: WorkCalendar) -> int:
    opens, closes = calendar.opens, calendar.closes
    minutes = (closes.hour - opens.hour) * 60 + closes.minute - opens.minute
    return minutes * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A limit in parts that a language can be put on: 4 working hours, 80 % of 5 working days."""

    number: int
    unit: str  # minute, hour, day, working_hour, working_day
    percent: int = 100


_NATURAL = ((86_400, "day"), (3600, "hour"), (60, "minute"))


def amounts(rule: str) -> tuple[Amount, ...]:
    """The steps of a limit, in order: "2wh+5WD*0.8" is two."""
    found: list[Amount] = []
    step = parse_rule(rule)
    while step is not None:
        percent = round(step.share * 100)
        if step.unit is RuleUnit.WORKING_DAY:
            found.append(Amount(number=step.amount, unit="working_day", percent=percent))
        elif step.unit is RuleUnit.WORKING_HOUR:
            found.append(Amount(number=step.amount // 3600, unit="working_hour", percent=percent))
        else:
            size, unit = next(
                (size, unit)
                for size, unit in _NATURAL
                if step.amount % size == 0 and (step.amount > size or size < 86_400)
            )
            found.append(Amount(number=step.amount // size, unit=unit, percent=percent))
        if step.first is None:
            break
        step = step.first
    return tuple(reversed(found))
