"""The figures of DOMAIN §8: what each one is a share of, worked out from exact counts.

A figure never stands without its `n` and how much of what it is about that covers: what is not
decided yet (a clock that still runs, a callback not made) is in neither, and shown by the coverage.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from services.notifier.domain.figures.wilson import rounded, wilson

BASICALLY: Final = Fraction(8, 10)
PARTLY: Final = Fraction(1, 2)
LEAST_MARKED: Final = 5  # whistles, below which a bureau has no score


class Figure(StrEnum):
    RESPONSE = "response"  # 响应率
    RESOLUTION = "resolution"  # 解决率
    SATISFACTION = "satisfaction"  # 满意率
    THREE_RATES = "three_rates"  # 三率综合
    ACKNOWLEDGED_IN_TIME = "acknowledged_in_time"  # 按时签收率
    RESOLVED_IN_TIME = "resolved_in_time"  # 按时办结率
    RETURN_RATE = "return_rate"  # 退单率
    UNFOUNDED_RETURN_RATE = "unfounded_return_rate"  # 不当退单率
    DISPATCH_ACCURACY = "dispatch_accuracy"  # 派单准确率
    HOPS = "hops"  # 平均转办次数
    REWORK_RATE = "rework_rate"  # 重办率
    CALLBACK_RATE = "callback_rate"  # 回访率
    CALLBACK_REACH = "callback_reach"  # 回访接通率
    SOLVED_IN_ROUND_1 = "solved_in_round_1"  # 一次办结解决率
    FALSE_SOLVE_RATE = "false_solve_rate"  # 虚假办结率
    REQUESTS_PER_10K = "requests_per_10k"  # 万人诉求量
    WHISTLE_RATE = "whistle_rate"  # 吹哨率
    ARRIVAL_RATE = "arrival_rate"  # 按时到场率
    FIRST_ACCEPTANCE_RATE = "first_acceptance_rate"  # 一次验收通过率
    BUREAU_SCORE = "bureau_score"  # 街道评价得分


THREE: Final[Mapping[Figure, Fraction]] = {
    Figure.RESPONSE: Fraction(30, 100),
    Figure.RESOLUTION: Fraction(35, 100),
    Figure.SATISFACTION: Fraction(35, 100),
}
# No shares: an average, a sum on a population, points. They have no bounds.
NO_SHARES: Final = frozenset(
    {Figure.HOPS, Figure.REQUESTS_PER_10K, Figure.WHISTLE_RATE, Figure.BUREAU_SCORE}
)
OF_PARTS: Final = frozenset(
    {
        Figure.RESPONSE,
        Figure.ACKNOWLEDGED_IN_TIME,
        Figure.RESOLVED_IN_TIME,
        Figure.RETURN_RATE,
        Figure.UNFOUNDED_RETURN_RATE,
        Figure.ARRIVAL_RATE,
    }
)
OF_ROUNDS: Final = frozenset(
    {
        Figure.RESOLUTION,
        Figure.SATISFACTION,
        Figure.REWORK_RATE,
        Figure.CALLBACK_RATE,
        Figure.CALLBACK_REACH,
        Figure.SOLVED_IN_ROUND_1,
        Figure.FALSE_SOLVE_RATE,
    }
)
OF_TICKETS: Final = frozenset({Figure.DISPATCH_ACCURACY, Figure.HOPS, Figure.REQUESTS_PER_10K})
OF_WHISTLES: Final = frozenset({Figure.FIRST_ACCEPTANCE_RATE, Figure.WHISTLE_RATE})
OF_MARKS: Final = frozenset({Figure.BUREAU_SCORE})


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure: `numerator` / `n`, of `of` that it is about; value None where n is 0."""

    numerator: Fraction
    n: int
    of: int
    value: Fraction | None
    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def shown(self) -> Decimal | None:
        return None if self.value is None else rounded(self.value)

    @property
    def coverage(self) -> Decimal | None:
        """The share of what the figure is about that it rests on."""
        return rounded(Fraction(self.n, self.of)) if self.of else None


def share(numerator: Fraction | int, n: int, of: int) -> Measure:
    """A share with its bounds."""
    top = Fraction(numerator)
    if n == 0:
        return Measure(top, 0, of, None)
    low, high = wilson(top / n, n)
    return Measure(top, n, of, top / n, low, high)


def ratio(numerator: Fraction | int, n: int, of: int, *, factor: int = 1) -> Measure:
    """What is no share: an average, or so much on a number."""
    top = Fraction(numerator)
    return Measure(top, n, of, top * factor / n if n else None)


@dataclass(slots=True, kw_only=True)
class Counts:
    """What was counted under one key; each field is an exact number of rows, or a sum of integers.

    `leads` are lead parts of the base, `clock_n` those of which it is decided whether they kept
    their clock, `clock_kept` those that did, `clock_of` all that have it.
    """

    leads: int = 0
    respond_of: int = 0
    respond_n: int = 0
    respond_kept: int = 0
    acknowledge_of: int = 0
    acknowledge_n: int = 0
    acknowledge_kept: int = 0
    resolve_of: int = 0
    resolve_n: int = 0
    resolve_kept: int = 0
    arrive_of: int = 0
    arrive_n: int = 0
    arrive_kept: int = 0
    returns: int = 0
    returns_ruled: int = 0
    returns_refused: int = 0
    rounds: int = 0
    called: int = 0
    concluded: int = 0
    answered: int = 0
    solved: int = 0
    partly: int = 0
    satisfied: int = 0
    basically: int = 0
    unsatisfied: int = 0
    reworked: int = 0
    first_concluded: int = 0
    first_answered: int = 0
    first_solved: int = 0
    claimed: int = 0
    claimed_of: int = 0
    false_solved: int = 0
    tickets: int = 0
    hops: int = 0
    stood_n: int = 0
    stood: int = 0
    whistles: int = 0
    accepted_of: int = 0
    accepted_n: int = 0
    accepted_first: int = 0
    marked: int = 0
    mark_points: int = 0  # hundredths of tenths: points × weight in tenths × 100
    mark_weight: int = 0  # tenths
    excluded: dict[str, int] = field(default_factory=dict)
    overdue: dict[str, int] = field(default_factory=dict)


COUNTED: Final = tuple(f.name for f in fields(Counts) if f.name not in {"excluded", "overdue"})


def measures(c: Counts, *, population: int | None = None) -> dict[Figure, Measure]:
    """All figures of what was counted; those that need a population only where there is one."""
    told = c.satisfied + c.basically + c.unsatisfied
    found = {
        Figure.RESPONSE: share(c.respond_kept, c.respond_n, c.respond_of),
        Figure.RESOLUTION: share(c.solved + c.partly * PARTLY, c.answered, c.rounds),
        Figure.SATISFACTION: share(c.satisfied + c.basically * BASICALLY, told, c.rounds),
        Figure.ACKNOWLEDGED_IN_TIME: share(c.acknowledge_kept, c.acknowledge_n, c.acknowledge_of),
        Figure.RESOLVED_IN_TIME: share(c.resolve_kept, c.resolve_n, c.resolve_of),
        Figure.RETURN_RATE: share(c.returns, c.leads, c.leads),
        Figure.UNFOUNDED_RETURN_RATE: share(c.returns_refused, c.returns_ruled, c.returns),
        Figure.DISPATCH_ACCURACY: share(c.stood, c.stood_n, c.tickets),
        Figure.HOPS: ratio(c.hops, c.tickets, c.tickets),
        Figure.REWORK_RATE: share(c.reworked, c.concluded, c.rounds),
        Figure.CALLBACK_RATE: share(c.called, c.rounds, c.rounds),
        Figure.CALLBACK_REACH: share(c.answered, c.concluded, c.rounds),
        Figure.SOLVED_IN_ROUND_1: share(c.first_solved, c.first_answered, c.first_concluded),
        Figure.FALSE_SOLVE_RATE: share(c.false_solved, c.claimed, c.claimed_of),
        Figure.WHISTLE_RATE: ratio(c.whistles, c.tickets, c.tickets),
        Figure.ARRIVAL_RATE: share(c.arrive_kept, c.arrive_n, c.arrive_of),
        Figure.FIRST_ACCEPTANCE_RATE: share(c.accepted_first, c.accepted_n, c.accepted_of),
        Figure.BUREAU_SCORE: _score(c),
    }
    if population:
        found[Figure.REQUESTS_PER_10K] = ratio(c.tickets, population, population, factor=10_000)
    found[Figure.THREE_RATES] = _three(found)
    return found


def _three(found: Mapping[Figure, Measure]) -> Measure:
    """0.30, 0.35, 0.35; none where one of the three is missing. Its n is the smallest of theirs."""
    parts = {figure: found[figure] for figure in THREE}
    n = min(part.n for part in parts.values())
    of = max(part.of for part in parts.values())
    if n == 0:
        return Measure(Fraction(0), 0, of, None)
    value = sum((THREE[f] * (part.value or 0) for f, part in parts.items()), Fraction(0))
    low, high = wilson(value, n)
    return Measure(value * n, n, of, value, low, high)


def _score(c: Counts) -> Measure:
    """Points of 100 by weight; none is told of fewer than five whistles."""
    if c.marked < LEAST_MARKED:
        return Measure(Fraction(c.mark_points, 100), c.marked, c.marked, None)
    value = Fraction(c.mark_points, 100 * c.mark_weight)
    return Measure(Fraction(c.mark_points, 100), c.marked, c.marked, value)
