"""Rising topics: categories of which more comes in than is usual for them.

Usual is the mean of the weeks before. Counts scatter by their root, so a topic rises when it
is three such roots above the usual and at least `LEAST`; with fewer than a week's history nothing
can be called usual and nothing rises.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from math import sqrt
from typing import Final

from shared.records import record

LEAST: Final = 5
ROOTS: Final = 3.0
LOOKED_AT: Final = timedelta(days=35)
SHORTEST: Final = timedelta(days=7)


class Window(StrEnum):
    """Over which time is counted."""

    DAY = "day"  # 近 24 小时
    WEEK = "week"  # 近 7 天


SPAN: Final = {Window.DAY: timedelta(days=1), Window.WEEK: timedelta(days=7)}


@record
class Counted:
    """How many tickets a category had in a window, and in the time before it."""

    category: str
    n: dict[Window, int]
    before: dict[Window, int]


@record
class Rising:
    """A category above its usual; `usual` is of a window of the same length."""

    category: str
    window: Window
    n: int
    usual: float
    beyond: float  # how many roots above the usual


def rising(counts: list[Counted], *, since: datetime | None, now: datetime) -> list[Rising]:
    """The rising categories, the steepest first; each once, by its steeper window.

    `since` is the oldest ticket that was counted.
    """
    found: dict[str, Rising] = {}
    for counted in counts:
        for window in Window:
            each = _rising(counted, window, since=since, now=now)
            if each is None:
                continue
            known = found.get(each.category)
            if known is None or known.beyond < each.beyond:
                found[each.category] = each
    return sorted(found.values(), key=lambda each: (-each.beyond, each.category))


def _rising(
    counted: Counted, window: Window, *, since: datetime | None, now: datetime
) -> Rising | None:
    n, span = counted.n[window], SPAN[window]
    if since is None or n < LEAST:
        return None
    history = now - span - max(since, now - LOOKED_AT)
    if history < SHORTEST:
        return None
    usual = counted.before[window] * (span / history)
    beyond = (n - usual) / sqrt(max(usual, 1.0))
    if beyond < ROOTS:
        return None
    return Rising(category=counted.category, window=window, n=n, usual=usual, beyond=beyond)
