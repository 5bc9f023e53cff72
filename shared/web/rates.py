"""How often one caller may ask: a table of rates, counted in each process for itself.

What must hold over all copies of a service (sign-in, what residents send) is counted in its
database instead. Counted as in GCRA, the leaky bucket of ATM: each caller has a moment at which its
bucket is empty; a request moves it on by an interval, and it may lie ahead by at most the burst.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Final

MOST_CALLERS: Final = 20_000  # remembered at once; those whose bucket is empty are forgotten


class Who(StrEnum):
    """On whom a rate is counted."""

    CALLER = "caller"  # 调用方: the program or person of a token; without one the address
    ADDRESS = "address"  # 地址: the network it comes from


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """At most `per_second` in the long run and `burst` at once of requests that begin so."""

    path: str
    who: Who
    per_second: float
    burst: int


# The first that fits counts. Many people share one address of a mobile network or an office.
RATES: Final = (
    Rate(path="/open311/", who=Who.ADDRESS, per_second=20, burst=200),
    Rate(path="/q/", who=Who.ADDRESS, per_second=2, burst=120),
    Rate(path="/e/", who=Who.ADDRESS, per_second=2, burst=120),
    Rate(path="/t/", who=Who.ADDRESS, per_second=5, burst=200),
    Rate(path="/api/v1/department/token", who=Who.ADDRESS, per_second=1, burst=60),
    Rate(path="/api/v1/department/", who=Who.CALLER, per_second=20, burst=400),
)


def rate_of(path: str) -> Rate | None:
    """The rate a request falls under; None where there is none."""
    for rate in RATES:
        if path.startswith(rate.path):
            return rate
    return None


class Buckets:
    """How much each caller has asked lately; `factor` widens all rates."""

    def __init__(self, factor: float = 1.0) -> None:
        self._factor = factor
        self._empty_at: dict[tuple[str, Hashable], float] = {}

    def take(self, rate: Rate, caller: Hashable, *, now: float) -> int | None:
        """Count a request; None when it may pass, else the seconds until the next may."""
        key = (rate.path, caller)
        interval = 1.0 / (rate.per_second * self._factor)
        most_ahead = rate.burst * self._factor * interval
        known = self._empty_at.get(key)
        empty_at = now if known is None else max(now, known)
        over = empty_at + interval - now - most_ahead
        if over > interval / 1000:  # rounding is no request
            return max(1, ceil(over))
        if known is None and len(self._empty_at) >= MOST_CALLERS:
            self._forget(now)
        self._empty_at[key] = empty_at + interval
        return None

    def _forget(self, now: float) -> None:
        """Forget who has asked nothing lately; everybody when that is not enough."""
        kept = {key: at for key, at in self._empty_at.items() if at > now}
        self._empty_at = kept if len(kept) < MOST_CALLERS else {}
