"""The red and black list: points by DOMAIN §7, ordered by the lower bound, no rank without n.

40 three rates + 20 on time + 15 (1 - rework) + 10 (1 - unfounded returns) + 15 street checks. A
part that does not exist for a subject (nobody checks a street) gives its weight to the others.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from services.notifier.domain.figures.figure import Counts, Figure, Measure, measures
from services.notifier.domain.figures.wilson import rounded, wilson
from shared.records import record


class Subjects(StrEnum):
    UNITS = "units"  # 委办局
    STREETS = "streets"  # 街道
    COMPOUNDS = "compounds"  # 小区
    PROPERTIES = "properties"  # 物业公司


LEAST: Final[Mapping[Subjects, int]] = {
    Subjects.UNITS: 30,
    Subjects.STREETS: 30,
    Subjects.COMPOUNDS: 10,
    Subjects.PROPERTIES: 10,
}
WEIGHTS: Final[Mapping[str, int]] = {
    "three_rates": 40,
    "on_time": 20,
    "rework": 15,
    "unfounded_returns": 10,
    "street_checks": 15,
}


@record
class RankPart:
    """One part of the points: `value` 0 to 1, None where there is none."""

    value: Decimal | None
    weight: int
    n: int


@record
class Ranked:
    """One subject; `rank` None: too few tickets, or no three rates. `change`: places won."""

    subject: str
    name: str
    rank: int | None
    change: int | None
    n: int
    score: Decimal | None
    low: Decimal | None
    high: Decimal | None
    parts: Mapping[str, RankPart]


def quarter_days(quarter: str) -> tuple[date, date]:
    """The first and last day of "2026Q3"; raises ValueError."""
    year, _, number = quarter.partition("Q")
    if not (len(year) == 4 and number in ("1", "2", "3", "4")):
        raise ValueError(f"{quarter!r} is no quarter such as 2026Q3")
    first = date(int(year), 3 * int(number) - 2, 1)
    after = date(first.year + (number == "4"), first.month % 12 + 3 if number != "4" else 1, 1)
    return first, after - timedelta(days=1)


def quarter_before(quarter: str) -> str:
    year, _, number = quarter.partition("Q")
    return f"{int(year) - 1}Q4" if number == "1" else f"{year}Q{int(number) - 1}"


def ranked(
    subjects: Subjects,
    counted: Iterable[tuple[str, str, Counts]],
    before: Mapping[str, int],
) -> list[Ranked]:
    """Subjects (code, name, counts) in order, those without rank last; `before`: earlier ranks."""
    found = [_pointed(subjects, *each) for each in counted]
    with_rank = [each for each in found if each.low is not None]
    with_rank.sort(key=lambda each: (-_low(each), -(each.score or 0), each.subject))
    placed: list[Ranked] = []
    for place, each in enumerate(with_rank, start=1):
        last = placed[-1] if placed else None
        same = last is not None and (last.low, last.score) == (each.low, each.score)
        rank = last.rank if last is not None and same else place
        earlier = before.get(each.subject)
        change = None if earlier is None or rank is None else earlier - rank
        placed.append(replace(each, rank=rank, change=change))
    rest = sorted((e for e in found if e.low is None), key=lambda each: each.subject)
    return [*placed, *rest]


def _low(each: Ranked) -> Decimal:
    return each.low if each.low is not None else Decimal(-1)


def _pointed(subjects: Subjects, subject: str, name: str, counts: Counts) -> Ranked:
    found = measures(counts)
    values = _values(found, counts, checked=subjects in (Subjects.UNITS, Subjects.PROPERTIES))
    parts = {
        part: RankPart(value=None if value is None else rounded(value), weight=WEIGHTS[part], n=n)
        for part, (value, n) in values.items()
    }
    present = {part: value for part, (value, _) in values.items() if value is not None}
    whole = sum(WEIGHTS[part] for part in present)
    enough = counts.tickets >= LEAST[subjects] and "three_rates" in present
    score = low = high = None
    if whole:
        points = (
            sum((WEIGHTS[part] * value for part, value in present.items()), Fraction(0)) / whole
        )
        score = rounded(100 * points)
        if enough:
            low, high = wilson(points, counts.tickets)
    return Ranked(
        subject=subject,
        name=name,
        rank=None,
        change=None,
        n=counts.tickets,
        score=score,
        low=low,
        high=high,
        parts=parts,
    )


def _values(
    found: Mapping[Figure, Measure], counts: Counts, *, checked: bool
) -> dict[str, tuple[Fraction | None, int]]:
    rework, on_time = found[Figure.REWORK_RATE], found[Figure.RESOLVED_IN_TIME]
    returns, checks = found[Figure.UNFOUNDED_RETURN_RATE], found[Figure.BUREAU_SCORE]
    return {
        "three_rates": (found[Figure.THREE_RATES].value, found[Figure.THREE_RATES].n),
        "on_time": (on_time.value, on_time.n),
        "rework": (None if rework.value is None else 1 - rework.value, rework.n),
        # who never returned one has returned none without grounds
        "unfounded_returns": (
            1 - (returns.value or Fraction(0)) if counts.leads else None,
            returns.n,
        ),
        "street_checks": (
            checks.value / 100 if checked and checks.value is not None else None,
            checks.n,
        ),
    }
