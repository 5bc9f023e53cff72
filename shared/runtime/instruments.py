"""Declares metrics: what each counts, its labels and their bounds, and how its copies add up.

Names are Prometheus's: base units, `_total` for what only grows. A label is either a closed set,
whose series are there at 0 from the start, or an `Open` one with a stated bound. No label holds an
id of a ticket or a person. `deploy/METRICS.md` is written from what is declared here.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from math import prod
from typing import Final, TypeAlias, TypeVar

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]  # or each has a second series

AT_ZERO: Final = 150  # series that a metric of closed labels has from the start, at most
NAN: Final = float("nan")  # what is not known now: a panel shows a gap


@dataclass(frozen=True, slots=True)
class Open:
    """A label whose values are not known beforehand: what they are, and how many at most."""

    meaning: str
    most: int


Values: TypeAlias = Iterable[str] | Open


class Copies(StrEnum):
    """What the values of several copies of a service make together."""

    SUM = "sum"  # 求和: each has its share
    MAX = "max"  # 取最大: each shows the same: what the database they share says
    MIN = "min"  # 取最小: the worst of them counts
    EACH = "each"  # 逐个: of one process: look at it by instance
    MAX_OF_RATES = "max of rates"  # 速率取最大: each counts the same: rate first, then max


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One metric as it was declared."""

    name: str
    type: str
    meaning: str
    labels: Mapping[str, tuple[str, ...] | Open]
    copies: Copies
    buckets: tuple[float, ...] = ()

    @property
    def most(self) -> int:
        """How many series a copy has at most; of a histogram, times its buckets and two."""
        each = len(self.buckets) + 3 if self.buckets else 1
        return each * prod(
            values.most if isinstance(values, Open) else len(values)
            for values in self.labels.values()
        )


DECLARED: Final[dict[str, Declared]] = {}

GROUP: Final = Open("the consumer group, without topic prefix", 6)
DISTRICT: Final = Open(
    "a district's six digits; the city's own where it is city-wide; none without a place",
    40,
)
UNIT: Final = Open("a unit's code; other for a unit that the city does not know", 800)
NO_DISTRICT: Final = "none"
OTHER: Final = "other"


def district_of_place(region: str | None) -> str:
    """The label of a place's district."""
    return region[:6] if region else NO_DISTRICT


def counter(name: str, meaning: str, /, *, over: Copies = Copies.SUM, **labels: Values) -> Counter:
    """A counter; `over`: how its copies add up. Labels in the order in which they are written."""
    declared = _declare(name, "counter", meaning, labels, over)
    made = Counter(name, meaning, tuple(declared.labels))
    _begin(made, declared)
    return made


def gauge(
    name: str, meaning: str, /, *, over: Copies, begins: float = 0.0, **labels: Values
) -> Gauge:
    """A gauge; of closed labels it has its series from the start.

    What must be looked up `begins` as NAN: a 0 after a restart would say that all is well.
    """
    declared = _declare(name, "gauge", meaning, labels, over)
    made = Gauge(name, meaning, tuple(declared.labels))
    _begin(made, declared, begins)
    return made


def histogram(
    name: str, meaning: str, /, *, buckets: Sequence[float], **labels: Values
) -> Histogram:
    """A histogram of observations, of all copies together."""
    declared = _declare(name, "histogram", meaning, labels, Copies.SUM, tuple(buckets))
    made = Histogram(name, meaning, tuple(declared.labels), buckets=declared.buckets)
    _begin(made, declared)
    return made


Labels = TypeVar("Labels", bound=tuple[str, ...])
_SHOWN: Final[dict[Gauge, Set[tuple[str, ...]]]] = {}


def show_all(shown: Gauge, values: Mapping[Labels, float]) -> None:
    """These are all the series it has now; none is missing meanwhile, for who reads just then."""
    for labels, value in values.items():
        shown.labels(*labels).set(value)
    for gone in _SHOWN.get(shown, frozenset()) - frozenset(values):
        shown.remove(*gone)
    _SHOWN[shown] = frozenset(values)


def _declare(
    name: str,
    type_: str,
    meaning: str,
    labels: Mapping[str, Values],
    copies: Copies,
    buckets: tuple[float, ...] = (),
) -> Declared:
    DECLARED[name] = Declared(
        name=name,
        type=type_,
        meaning=meaning,
        labels={
            label: values if isinstance(values, Open) else tuple(str(value) for value in values)
            for label, values in labels.items()
        },
        copies=copies,
        buckets=buckets,
    )
    return DECLARED[name]


def _begin(made: Counter | Gauge | Histogram, declared: Declared, value: float = 0.0) -> None:
    """What never happened is 0 and not missing: a rate sees its first time."""
    closed = [values for values in declared.labels.values() if not isinstance(values, Open)]
    if len(closed) < len(declared.labels) or prod(map(len, closed)) > AT_ZERO:
        return
    for labels in product(*closed):
        series = made.labels(*labels) if labels else made
        if isinstance(series, Gauge):
            series.set(value)
