"""What a PromQL expression names: its series, and the labels by which it picks and groups them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import promql_parser as promql

VARIABLE: Final = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))")
OF_GRAFANA: Final = {"__rate_interval": "1m", "__interval": "15s", "__range": "1h"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """One selector: the metric and what is asked of its labels."""

    metric: str
    labels: Mapping[str, str]


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
    """What an expression names and nobody has: series, labels, bounds of buckets."""
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
    bound = selector.labels.get("le")
    if bound is not None and bound not in bounds.get(metric.removesuffix("_bucket"), {bound}):
        found.append(f"{metric} has no bucket le={bound}")
    return found


def _selector(node: Any) -> Selector:
    matchers = {each.name: each.value for each in node.matchers.matchers}
    return Selector(metric=node.name or matchers.pop("__name__", ""), labels=matchers)


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
