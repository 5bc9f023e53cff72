"""The rule tests of promtool: they pass, and each alert is seen to fire and seen not to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped,unused-ignore]

from deploy.ops_check.rules import FOLDER, Rule, alerts
from deploy.ops_check.tools import run

SHOWN: Final = re.compile(r'(\w+)="([^"]*)"')
USED: Final = re.compile(r"\$labels\.(\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One look at an alert: with which labels it fired; none: it did not."""

    alert: str
    fired: tuple[frozenset[tuple[str, str]], ...]


def check(folder: Path) -> list[str]:
    """What the tests of a checkout find, and which alert they leave out, in words."""
    files = sorted(path.name for path in tests_of(folder))
    if not files:
        return [f"no tests in {FOLDER}/tests"]
    there = folder / FOLDER / "tests"
    faults = run("promtool", "test", "rules", *files, folder=there).faults("promtool test rules")
    seen = [each for path in tests_of(folder) for each in looks(path)]
    return faults + [fault for rule in alerts(folder) for fault in _untested(rule, seen)]


def tests_of(folder: Path) -> list[Path]:
    """The files of tests, in order."""
    return sorted((folder / FOLDER / "tests").glob("*_test.yml"))


def looks(path: Path) -> Iterator[Seen]:
    """Every look at the series ALERTS of a file of tests."""
    for group in yaml.safe_load(path.read_text("utf-8"))["tests"]:
        for look in group["promql_expr_test"]:
            asked = dict(SHOWN.findall(look["expr"]))
            if asked.get("alertstate") == "firing":
                yield Seen(alert=asked["alertname"], fired=tuple(_labels(look)))


def _labels(look: dict[str, Any]) -> Iterator[frozenset[tuple[str, str]]]:
    for sample in look["exp_samples"]:
        yield frozenset(SHOWN.findall(sample["labels"]))


def _untested(rule: Rule, seen: list[Seen]) -> Iterator[str]:
    of_it = [each for each in seen if each.alert == rule.name]
    fired = [labels for each in of_it for labels in each.fired if rule.labels.items() <= labels]
    if not fired:
        yield f"{rule.file}: {rule.name} ({_shown(rule)}) is in no test that sees it fire"
    if all(each.fired for each in of_it) and rule.labels["severity"] != "none":
        yield f"{rule.file}: {rule.name} is in no test that sees it not fire"
    used = {name for text in rule.annotations.values() for name in USED.findall(text)}
    for labels in fired[:1]:
        for name in sorted(used - {label for label, _ in labels}):
            yield f"{rule.file}: {rule.name}: a text names the label {name}, which it has not"


def _shown(rule: Rule) -> str:
    return ", ".join(f"{name}={value}" for name, value in rule.labels.items())
