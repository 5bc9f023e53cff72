"""The likely ruling on a return, from those of the past: who had such a matter in the end."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from shared.records import record

ENOUGH: Final = 3
"""From so many rulings on the very category those on its lead function are left aside."""


@record
class PastRuling:
    """So many times the matters of a category that `unit` returned were `holder`'s."""

    unit: str
    category: str | None
    lead_function: str
    holder: str
    n: int


@record
class Likely:
    """Who will have it: in this share of `n` rulings."""

    unit: str
    share: float
    n: int


def likely(
    past: Iterable[PastRuling], *, unit: str, category: str | None, lead_function: str | None
) -> Likely | None:
    """The most frequent holder, of the same category where enough is known, else of its function.

    None where nothing like it was ruled on.
    """
    same = [p for p in past if p.unit == unit and p.lead_function == lead_function]
    exact = [p for p in same if p.category == category]
    chosen = exact if sum(p.n for p in exact) >= ENOUGH else same
    holders: Counter[str] = Counter()
    for ruling in chosen:
        holders[ruling.holder] += ruling.n
    if not holders:
        return None
    total = sum(holders.values())
    holder, n = min(holders.items(), key=lambda each: (-each[1], each[0]))
    return Likely(unit=holder, share=round(n / total, 3), n=total)
