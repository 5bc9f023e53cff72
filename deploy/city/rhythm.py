"""The city's day: how often people call at which hour, and what they call about in which season."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from random import Random
from typing import Any

from shared.calendar import SHANGHAI
from shared.catalogue.duties import parse_condition

# From this hour on, seconds of domain time between two requests, at least and at most. Never more
# than 120, so that a clock at 60x brings one every two real seconds in the dead of night.
_CURVE: Sequence[tuple[time, float, float]] = (
    (time(0), 90, 120),
    (time(6, 30), 60, 110),
    (time(8, 30), 30, 75),
    (time(12), 40, 90),
    (time(14), 30, 75),
    (time(17, 30), 50, 100),
    (time(22), 80, 120),
)


def gap(now: datetime, rng: Random) -> timedelta:
    """How long until the next request."""
    clock = now.astimezone(SHANGHAI).time()
    _, least, most = next(row for row in reversed(_CURVE) if row[0] <= clock)
    return timedelta(seconds=rng.uniform(least, most))


def next_request_at(planned: datetime, now: datetime, rng: Random) -> datetime:
    """The time after `planned`; what a jump of the clock passed over is not made up for."""
    following = planned + gap(now, rng)
    return following if following > now - timedelta(minutes=10) else now


def in_season(request: Mapping[str, Any], now: datetime) -> bool:
    """Whether people say this at this time of the year."""
    season = request.get("season")
    condition = parse_condition(f"season={season}") if season else None
    return condition is None or condition.holds(now.astimezone(SHANGHAI))


def within_hours(now: datetime, opens: time, closes: time) -> bool:
    """Whether the local clock is between the two."""
    return opens <= now.astimezone(SHANGHAI).time() < closes
