"""PromQL as the dashboards write it: what copies count is summed, what they share is seen once."""

from typing import Final

RATE: Final = "$__rate_interval"
RANGE: Final = "$__range"


def per_second(counter: str, labels: str = "", *, by: str = "") -> str:
    """How many a second, over all copies."""
    return f"sum{_by(by)} (rate({counter}{_in(labels)}[{RATE}]))"


def per_hour(counter: str, labels: str = "", *, by: str = "") -> str:
    """How many an hour at the pace of now, over all copies."""
    return f"3600 * {per_second(counter, labels, by=by)}"


def in_range(counter: str, labels: str = "", *, by: str = "") -> str:
    """How many in the time that the dashboard shows."""
    return f"sum{_by(by)} (increase({counter}{_in(labels)}[{RANGE}]))"


def total(gauge: str, labels: str = "", *, by: str = "") -> str:
    """The sum of what each copy has of its own: the lag of its partitions, its connections."""
    return f"sum{_by(by)} ({gauge}{_in(labels)})"


def seen(gauge: str, labels: str = "", *, by: str = "") -> str:
    """What all copies read of one thing that they share: a database, an outbox."""
    return f"max{_by(by)} ({gauge}{_in(labels)})"


def summed(gauge: str, labels: str, *, of: str, by: str = "") -> str:
    """The sum over some labels of what all copies read of one table; `of` are all its labels."""
    return f"sum{_by(by)} ({seen(gauge, labels, by=of)})"


def quantile(q: float, histogram: str, labels: str = "", *, by: str = "") -> str:
    """A quantile of a histogram over all copies."""
    groups = f"le, {by}" if by else "le"
    return f"histogram_quantile({q}, {per_second(f'{histogram}_bucket', labels, by=groups)})"


def mean(histogram: str, labels: str = "", *, by: str = "") -> str:
    """The mean of a histogram over all copies."""
    whole = per_second(f"{histogram}_sum", labels, by=by)
    return f"{whole} / {per_second(f'{histogram}_count', labels, by=by)}"


def within(histogram: str, bound: str) -> str:
    """The share of cases in a histogram at or below a bucket; 1 where there was no case."""
    kept = in_range(f"{histogram}_bucket", f'le="{bound}"')
    return f"({kept} / ({in_range(f'{histogram}_count')} > 0)) or on () vector(1)"


def share(part: str, whole: str) -> str:
    """A part of a whole; 0 where there is nothing."""
    return f"({part} / ({whole} > 0)) or on () vector(0)"


def buckets(histogram: str) -> str:
    """How many fell into each bucket, for a heat map."""
    return f"sum by (le) (increase({histogram}_bucket[{RATE}]))"


def most(number: int, expr: str) -> str:
    """The largest of them, in order."""
    return f"sort_desc(topk({number}, {expr}))"


def or_zero(expr: str) -> str:
    """0 where a count that never began has no series; nothing is added to those there are."""
    return f"({expr}) or on () vector(0)"


def _by(labels: str) -> str:
    return f" by ({labels})" if labels else ""


def _in(labels: str) -> str:
    return f"{{{labels}}}" if labels else ""
