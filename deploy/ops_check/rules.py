"""The rules of Prometheus as their files have them: recorded series and alerts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped,unused-ignore]

FOLDER: Final = Path("deploy/prometheus")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: `alert` or `record` is its name."""

    file: str
    name: str
    is_alert: bool
    expr: str
    lasting: str = ""  # `for`
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


def read_rules(folder: Path) -> list[Rule]:
    """All rules of a checkout, in the order of their files."""
    return [
        _rule(path.name, row)
        for path in sorted((folder / FOLDER / "rules").glob("*.yml"))
        for group in yaml.safe_load(path.read_text("utf-8"))["groups"]
        for row in group["rules"]
    ]


def alerts(folder: Path) -> list[Rule]:
    """The alerts among them."""
    return [rule for rule in read_rules(folder) if rule.is_alert]


def _rule(file: str, row: Mapping[str, Any]) -> Rule:
    return Rule(
        file=file,
        name=row.get("alert") or row["record"],
        is_alert="alert" in row,
        expr=str(row["expr"]),
        lasting=row.get("for", ""),
        labels=row.get("labels", {}),
        annotations=row.get("annotations", {}),
    )
