"""The metrics that the code has, by the names and labels under which Prometheus sees them."""

import importlib
from functools import cache
from typing import Any, Final

from prometheus_client import GC_COLLECTOR, PROCESS_COLLECTOR, REGISTRY, Histogram
from prometheus_client.metrics import MetricWrapperBase

APPS: Final = ("services.intake.app", "services.router.app", "services.notifier.app")
ADDED: Final = frozenset({"job", "instance"})  # by the scrape
# Not of our code: of the scrape, and what Prometheus and Alertmanager tell of themselves.
OTHERS: Final = {
    "up": ADDED,
    "alertmanager_notifications_failed_total": ADDED | {"integration"},
    "prometheus_rule_evaluation_failures_total": ADDED | {"rule_group"},
}


def _collectors() -> list[MetricWrapperBase]:
    for name in APPS:
        importlib.import_module(name)
    found: dict[Any, Any] = REGISTRY._collector_to_names
    return [each for each in found if isinstance(each, MetricWrapperBase)]


@cache
def known_metrics() -> dict[str, frozenset[str]]:
    """The labels of every series there is, by its name (`…_bucket`, `…_sum` and `…_count` too)."""
    found = {**OTHERS, **_of_processes()}
    for each in _collectors():
        labels = ADDED | frozenset(each._labelnames)
        for family in each.describe():
            counted = "_total" if family.type == "counter" else ""
            found[family.name + counted] = labels
            if family.type == "histogram":
                found[f"{family.name}_bucket"] = labels | {"le"}
                found[f"{family.name}_sum"] = found[f"{family.name}_count"] = labels
                del found[family.name]
    return found


def _of_processes() -> dict[str, frozenset[str]]:
    """What prometheus_client itself tells of every process."""
    families = [*PROCESS_COLLECTOR.collect(), *GC_COLLECTOR.collect()]
    return {
        sample.name: ADDED | frozenset(sample.labels)
        for family in families
        for sample in family.samples
    }


@cache
def bounds() -> dict[str, frozenset[str]]:
    """The values of `le` of every histogram, by its name without an ending."""
    return {
        each._name: frozenset(map(_as_text, each._upper_bounds))
        for each in _collectors()
        if isinstance(each, Histogram)
    }


def _as_text(bound: float) -> str:
    return "+Inf" if bound == float("inf") else str(float(bound))
