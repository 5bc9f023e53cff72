"""Which rows of a duty list may hold at the same time with equal right: then neither is clear.

Equal are rows for the same subject and region that both have a condition, or both have none.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import combinations, pairwise

from shared.catalogue.duties import Condition, Duty

Span = tuple[int, int]  # from the first, to before the second


def overlapping(duties: Sequence[Duty]) -> Iterator[tuple[int, int]]:
    """The places of two that meet; of more without a condition at least the neighbours in time."""
    groups: defaultdict[tuple[str, str, bool], list[int]] = defaultdict(list)
    for place, duty in enumerate(duties):
        groups[duty.subject, duty.region, duty.condition is not None].append(place)
    for (_, _, conditional), places in groups.items():
        places.sort(key=lambda place: duties[place].valid_from)
        pairs: Iterable[tuple[int, int]] = (
            combinations(places, 2) if conditional else pairwise(places)
        )
        yield from (pair for pair in pairs if at_once(duties[pair[0]], duties[pair[1]]))


def at_once(one: Duty, other: Duty) -> bool:
    """Whether both may hold at one moment with equal right."""
    return (
        (one.subject, one.region) == (other.subject, other.region)
        and (one.condition is None) == (other.condition is None)
        and _share_a_day(one, other)
        and _share_an_hour(one.condition or Condition(), other.condition or Condition())
    )


def _share_a_day(one: Duty, other: Duty) -> bool:
    return (one.valid_to is None or other.valid_from <= one.valid_to) and (
        other.valid_to is None or one.valid_from <= other.valid_to
    )


def _share_an_hour(one: Condition, other: Condition) -> bool:
    return _meet(_minutes(one), _minutes(other)) and _meet(_days(one), _days(other))


def _minutes(condition: Condition) -> tuple[Span, ...]:
    if condition.hours is None:
        return ((0, 1440),)
    start, end = (clock.hour * 60 + clock.minute for clock in condition.hours)
    return ((start, end),) if start < end else ((start, 1440), (0, end))


def _days(condition: Condition) -> tuple[Span, ...]:
    if condition.season is None:
        return ((1, 367),)
    # of a leap year: it has every day there is
    first, last = (date(2024, *day).timetuple().tm_yday for day in condition.season)
    return ((first, last + 1),) if first <= last else ((first, 367), (1, last + 1))


def _meet(some: Iterable[Span], others: Sequence[Span]) -> bool:
    return any(a < d and c < b for a, b in some for c, d in others)
