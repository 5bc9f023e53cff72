"""Moments as people read them: local time, and how long ago or how far ahead."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from shared.web.strings import Language

YEAR: Final = timedelta(days=365)
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
