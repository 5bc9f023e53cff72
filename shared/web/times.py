"""Moments as people read them: local time, how long ago or ahead, what is left of a promise."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from shared.countdown import Countdown
from shared.runtime.clock import Clock
from shared.web.strings import Language

YEAR: Final = timedelta(days=365)
MINUTE, HOUR = 60, 3600
ZONE: Final = ZoneInfo("Asia/Shanghai")
MONTHS: Final = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def local(moment: datetime, *, now: datetime, language: Language, seconds: bool = False) -> str:
    """`11月23日 12:30`, with the year when it is not this one."""
    here, today = moment.astimezone(ZONE), now.astimezone(ZONE)
    time = f"{here:%H:%M:%S}" if seconds else f"{here:%H:%M}"
    if language is Language.EN:
        year = "" if here.year == today.year else f" {here.year}"
        return f"{here.day} {MONTHS[here.month - 1]}{year} {time}"
    year = "" if here.year == today.year else f"{here.year}年"
    return f"{year}{here.month}月{here.day}日 {time}"


def ago(moment: datetime, *, now: datetime, language: Language) -> str:
    """`3 小时前`, `还有 2 天`; minutes up to an hour, hours up to two days, then days."""
    seconds = (now - moment).total_seconds()
    minutes = int(abs(seconds) // 60)
    if minutes < 1:
        return "刚刚" if language is Language.ZH else "just now"
    if minutes < 60:
        amount, zh, en = minutes, "分钟", "min"
    elif minutes < 48 * 60:
        amount, zh, en = minutes // 60, "小时", "h"
    else:
        amount, zh, en = minutes // (24 * 60), "天", "d"
    if language is Language.EN:
        return f"{amount} {en} ago" if seconds > 0 else f"in {amount} {en}"
    return f"{amount} {zh}前" if seconds > 0 else f"还有 {amount} {zh}"


def left(counted: Countdown, say: Callable[..., str]) -> str:
    """`剩 3 个工作小时 20 分` or `超时 2 小时`; `say` has the words countdown.js goes on with."""
    return say("late" if counted.late else "left", time=span(counted, say))


def span(counted: Countdown, say: Callable[..., str]) -> str:
    """An amount of a promise's time, as `time` in countdown.js has it."""
    kind = "working_" if counted.working else ""
    seconds = abs(counted.seconds)
    days, rest = divmod(seconds, counted.day_seconds)
    hours, rest = divmod(rest, HOUR)
    minutes = rest // MINUTE
    if days:
        text = say(f"{kind}days", n=days)
        # a limit of working days begins on the day after: hours beside them would read as more
        return text + (" " + say("hours", n=hours) if hours and not kind else "")
    if hours:
        text = say(f"{kind}hours", n=hours)
        return text + (" " + say("minutes", n=minutes) if minutes else "")
    return say(f"{kind}minutes", n=minutes) if minutes else say("moment")


def rate_of(clock: Clock) -> float:
    """How fast the city's clock runs against the wall's: 1 but in a demonstration."""
    if clock.is_real:
        return 1.0
    hour = timedelta(hours=1)
    wall = clock.wall_seconds_until(clock.now() + hour)
    return round(hour.total_seconds() / wall, 3) if 0 < wall < float("inf") else 0.0
