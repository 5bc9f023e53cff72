"""What votes add up to: shares with their sample size and the bounds that it allows.

Bounds are Wilson's at 95 %: they stay between 0 and 1 and are honest for small samples.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.intake.domain.campaign import Question, QuestionKind, choices
from shared.contracts.tickets import Satisfaction

Z: Final = 1.959963984540054  # of 95 %
BASICALLY: Final = 0.8  # what 基本满意 counts (DOMAIN §8)
GOOD_SCORE: Final = 4
SMALL: Final = 10  # fewer say little


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share of `n` answers, with its lower and upper bound; None without any."""

    n: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One question: how often each answer was given, and the satisfied (or the marks from 4 on).

    `n` counts all answers; 不了解 stays out of the share. `mean` is of marks alone.
    """

    question: Question
    n: int
    counts: Mapping[str, int]
    satisfied: Share
    mean: float | None


def wilson(good: float, n: int) -> Share:
    """The share of `good` among n, with its 95 % bounds; `good` may be weighted."""
    if n == 0:
        return Share(n=0, share=None, low=None, high=None)
    share = good / n
    middle = share + Z * Z / (2 * n)
    spread = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    whole = 1 + Z * Z / n
    return Share(
        n=n,
        share=share,
        low=max(0.0, (middle - spread) / whole),
        high=min(1.0, (middle + spread) / whole),
    )


def tally(question: Question, counts: Mapping[str, int]) -> Tally:
    """A question's votes added up."""
    whole = {choice: counts.get(choice, 0) for choice in choices(question)}
    n = sum(whole.values())
    if question.kind is QuestionKind.FOUR:
        good = whole[Satisfaction.SATISFIED] + BASICALLY * whole[Satisfaction.BASICALLY]
        known = n - whole[Satisfaction.UNKNOWN]
        return Tally(question=question, n=n, counts=whole, satisfied=wilson(good, known), mean=None)
    marks = {int(choice): count for choice, count in whole.items()}
    good = sum(count for mark, count in marks.items() if mark >= GOOD_SCORE)
    mean = sum(mark * count for mark, count in marks.items()) / n if n else None
    return Tally(question=question, n=n, counts=whole, satisfied=wilson(good, n), mean=mean)
