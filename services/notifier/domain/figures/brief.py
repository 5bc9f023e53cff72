"""The leaders' page of the morning: what the day before brought, what is late, what rises."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from services.notifier.domain.figures.derive import local_day
from services.notifier.domain.figures.figure import Counts, Figure, measures
from shared.calendar import SHANGHAI
from shared.records import record

HOUR: Final = time(8)  # when it is drawn up, by the city's clock
SHOWN: Final = (
    Figure.RESPONSE,
    Figure.RESOLUTION,
    Figure.SATISFACTION,
    Figure.THREE_RATES,
    Figure.ACKNOWLEDGED_IN_TIME,
    Figure.RESOLVED_IN_TIME,
    Figure.RETURN_RATE,
    Figure.REWORK_RATE,
    Figure.DISPATCH_ACCURACY,
    Figure.FALSE_SOLVE_RATE,
)


@record
class DayCounts:
    """What came and went on the day."""

    registered: int
    dispatched: int
    closed: int
    critical: int


@record
class Standing:
    """What stays in sight until it is done."""

    returned_twice: int
    reworked_twice: int
    suspended: int
    suspended_since: datetime | None
    group_matters: int


@record
class Late:
    """A unit with what it is late with now."""

    unit: str
    tickets: int
    oldest: datetime
    name: str = ""


@record
class Rising:
    """A category that came more often than in the week before."""

    category: str
    today: int
    week: int
    name: str = ""


@record
class StreetWhistles:
    """What streets and communities whistled for."""

    blown: int
    accepted: int
    open: int


@record
class BriefFigure:
    """A figure of the month so far; a rate never stands without its n and coverage."""

    figure: Figure
    value: Decimal | None
    n: int
    coverage: Decimal | None
    low: Decimal | None
    high: Decimal | None


@record
class Brief:
    """The page of one day, as it was when it was drawn up.

    `counted_to`: what was heard from then on is not in it, as the figures were behind; None where
    all is in it that was heard by eight o'clock.
    """

    day: date
    made_at: datetime
    month_from: date
    counts: DayCounts
    figures: tuple[BriefFigure, ...]
    tickets: int
    excluded: Mapping[str, int]
    overdue: Mapping[str, int]
    late: tuple[Late, ...]
    rising: tuple[Rising, ...]
    standing: Standing
    whistles: StreetWhistles
    rulings: Mapping[str, int]
    counted_to: datetime | None = None


def day_due(now: datetime) -> date:
    """The newest day whose page is due: yesterday from eight o'clock on, else the day before."""
    local = now.astimezone(SHANGHAI)
    return local_day(now) - timedelta(days=1 if local.time() >= HOUR else 2)


def due_at(day: date) -> datetime:
    """When the page of a day is due."""
    return datetime.combine(day + timedelta(days=1), HOUR, SHANGHAI).astimezone(UTC)


def bounds(day: date) -> tuple[datetime, datetime]:
    """The instants at which a local day begins and ends."""
    start = datetime.combine(day, time(), SHANGHAI)
    return start.astimezone(UTC), (start + timedelta(days=1)).astimezone(UTC)


def next_due(now: datetime) -> datetime:
    """When the next page is due."""
    local = now.astimezone(SHANGHAI)
    today = datetime.combine(local.date(), HOUR, SHANGHAI)
    return (today if local < today else today + timedelta(days=1)).astimezone(UTC)


def figures_of(counts: Counts) -> tuple[BriefFigure, ...]:
    """The figures that the page shows."""
    found = measures(counts)
    return tuple(
        BriefFigure(
            figure=figure,
            value=found[figure].shown,
            n=found[figure].n,
            coverage=found[figure].coverage,
            low=found[figure].low,
            high=found[figure].high,
        )
        for figure in SHOWN
    )


def named(brief: Brief, units: Mapping[str, str], categories: Mapping[str, str]) -> Brief:
    """The page with the names that units and categories have on the day."""
    return replace(
        brief,
        late=tuple(replace(each, name=units.get(each.unit, each.unit)) for each in brief.late),
        rising=tuple(
            replace(each, name=categories.get(each.category, each.category))
            for each in brief.rising
        ),
    )
