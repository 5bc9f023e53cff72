"""Prometheus' configuration and rules: well formed, on metrics that exist, in both languages."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from deploy.ops_check import copies, promql
from deploy.ops_check.registry import ADDED, bounds, known_metrics
from deploy.ops_check.rules import FOLDER, Rule, read_rules
from deploy.ops_check.tools import run

SEVERITIES: Final = ("page", "ticket", "none")
CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")
TEMPLATE: Final = re.compile(r"\{\{.*?\}\}")
ENGLISH: Final = re.compile(r"[A-Za-z]{3,}.*[A-Za-z]{2,}")


def check(folder: Path) -> list[str]:
    """What is wrong with the configuration and the rules of a checkout, in words."""
    there = folder / FOLDER
    lint = ("--lint=all", "--lint-fatal")
    ran = run("promtool", "check", "config", *lint, "prometheus.yml", folder=there)
    if faults := ran.faults("promtool check config"):
        return faults
    rules = read_rules(folder)
    known = {**known_metrics(), **recorded(rules)}
    return [
        f"{rule.file}: {rule.name}: {fault}"
        for rule in rules
        for fault in (
            *promql.faults(rule.expr, known, bounds()),
            *copies.faults(rule.expr),
            *_of_alert(rule),
        )
    ]


def recorded(rules: list[Rule]) -> Mapping[str, frozenset[str]]:
    """The labels of the series that rules record, by name."""
    found: dict[str, frozenset[str]] = {}
    for rule in rules:
        if not rule.is_alert:
            labels = ADDED | frozenset(rule.labels) | promql.read(rule.expr).grouped
            found[rule.name] = found.get(rule.name, frozenset()) | labels
    return found


def _of_alert(rule: Rule) -> Iterator[str]:
    """An alert says how bad it is, waits or looks back, and speaks Chinese and English."""
    if not rule.is_alert:
        return
    severity = rule.labels.get("severity")
    if severity not in SEVERITIES:
        yield f"its severity is none of {', '.join(SEVERITIES)}"
    looks_back = "[" in rule.expr or "rate" in rule.expr  # a recorded one says so in its name
    if not rule.lasting and not looks_back and severity != "none":
        yield "it neither waits (`for`) nor looks back over a range"
    for name in ("summary", "description"):
        text = TEMPLATE.sub("", rule.annotations.get(name, ""))
        if not CHINESE.search(text) or not ENGLISH.search(text):
            yield f"its {name} is not in Chinese and English"
