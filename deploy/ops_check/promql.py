"""What a PromQL expression names: its series, and the labels by which it picks and groups them."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import promql_parser as promql

from shared.runtime.instruments import DECLARED, Open

VARIABLE: Final = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))")
ENDING: Final = re.compile("_(bucket|sum|count)$")
OF_GRAFANA: Final = {"__rate_interval": "1m", "__interval": "15s", "__range": "1h"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a selector asks of a label; a pattern where `pattern` is set, else the very value."""

    value: str
    pattern: bool

    def holds(self, value: str) -> bool:
        """Whether a value is meant."""
        return re.fullmatch(self.value, value) is not None if self.pattern else value == self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """One selector: the metric and what is asked of its labels, by their names."""

    metric: str
    labels: Mapping[str, Asked]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """All that an expression names; `made` are labels that it makes itself."""

    selectors: tuple[Selector, ...]
    grouped: frozenset[str]
    made: frozenset[str]


def filled(expr: str, variables: Mapping[str, str] | None = None) -> str:
    """The expression with Grafana's variables replaced; one without a value matches everything."""
    values = {**OF_GRAFANA, **(variables or {})}
    return VARIABLE.sub(lambda found: values.get(found[1] or found[2], ".*"), expr)


def read(expr: str) -> Named:
    """What a filled expression names; ValueError when it is no PromQL."""
    nodes: list[Any] = []
    promql.walk(promql.parse(expr), nodes.append)
    return Named(
        selectors=tuple(_selector(n) for n in nodes if isinstance(n, promql.VectorSelector)),
        grouped=frozenset(label for node in nodes for label in _grouped(node)),
        made=frozenset(n.args[1].val for n in nodes if _makes_label(n)),
    )


def faults(
    expr: str, known: Mapping[str, frozenset[str]], bounds: Mapping[str, frozenset[str]]
) -> list[str]:
    """What an expression names and nobody has: series, labels, values of closed labels, buckets."""
    try:
        named = read(expr)
    except ValueError as error:
        return [f"no PromQL ({error}): {expr}"]
    found = [fault for each in named.selectors for fault in _faults(each, known, bounds)]
    there = named.made.union(*(known.get(each.metric, ()) for each in named.selectors))
    found += [f"no label {label} in {expr}" for label in sorted(named.grouped - there)]
    return found


def _faults(
    selector: Selector, known: Mapping[str, frozenset[str]], bounds: Mapping[str, frozenset[str]]
) -> list[str]:
    metric = selector.metric
    if metric not in known:
        return [f"no metric {metric}"]
    found = [
        f"{metric} has no label {label}" for label in sorted(set(selector.labels) - known[metric])
    ]
    values = {"le": bounds.get(metric.removesuffix("_bucket"), frozenset()), **closed(metric)}
    for label, asked in selector.labels.items():
        if values.get(label) and not any(map(asked.holds, values[label])):
            what = "bucket" if label == "le" else "value"
            found.append(f"{metric} has no {what} {label}={asked.value}")
    return found


def closed(metric: str) -> Mapping[str, Collection[str]]:
    """The values of those labels of a metric that are a closed set."""
    name = metric if metric in DECLARED else ENDING.sub("", metric)
    labels = DECLARED[name].labels if name in DECLARED else {}
    return {label: values for label, values in labels.items() if not isinstance(values, Open)}


def _selector(node: Any) -> Selector:
    patterns = (promql.MatchOp.Re, promql.MatchOp.NotRe)
    labels = {
        each.name: Asked(value=each.value, pattern=each.op in patterns)
        for each in node.matchers.matchers
    }
    return Selector(metric=node.name or labels.pop("__name__").value, labels=labels)


def _grouped(node: Any) -> list[str]:
    """The labels of `by`, `without`, `on`, `ignoring` and `group_left`."""
    modifier = getattr(node, "modifier", None)
    if isinstance(node, promql.AggregateExpr):
        return modifier.labels if modifier else []
    if isinstance(node, promql.BinaryExpr) and modifier:
        matching = modifier.matching.labels if modifier.matching else []
        return [*matching, *(modifier.group_labels or [])]
    return []


def _makes_label(node: Any) -> bool:
    made_by = ("label_replace", "label_join")
    return isinstance(node, promql.Call) and node.func.name in made_by
