"""The rule tests notice each change of an alert: of its threshold, its waiting, its firing."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.data_folder import PROJECT
from deploy.ops_check.rules import FOLDER
from deploy.ops_check.tools import run

pytestmark = pytest.mark.proof

THRESHOLD = re.compile(r"([<>]=?) (\d+(?:\.\d+)?(?:e\d+)?)\b")
FILES = sorted(path.stem for path in (PROJECT / FOLDER / "rules").glob("*.yml"))


@dataclass(frozen=True, slots=True)
class Mutant:
    """One alert with one change."""

    name: str
    change: str
    rule: dict[str, Any]


def mutants(rule: dict[str, Any]) -> Iterator[Mutant]:
    name, expr = rule["alert"], rule["expr"]
    yield Mutant(name, "never", {**rule, "expr": "vector(0) > 1"})
    if "for" in rule:
        number, unit = re.fullmatch(r"(\d+)([smhd])", rule["for"]).groups()  # type: ignore[union-attr]
        yield Mutant(name, "waits longer", {**rule, "for": f"{int(number) * 2}{unit}"})
        yield Mutant(name, "does not wait", {key: rule[key] for key in rule if key != "for"})
    for place, found in enumerate(THRESHOLD.finditer(expr)):
        sign, value = found[1], float(found[2])
        if value == 0:
            continue
        for change, factor in (("higher", 3.0), ("lower", 0.3)):
            start, end = found.span()
            text = f"{expr[:start]}{sign} {value * factor!r}{expr[end:]}"
            yield Mutant(name, f"threshold {place + 1} {change}", {**rule, "expr": text})


def survives(
    folder: Path, file: str, content: dict[str, Any], mutant: Mutant, at: tuple[int, int]
) -> bool:
    """Whether all tests of a file of rules pass with this change."""
    group, place = at
    rules = content["groups"][group]["rules"]
    before, rules[place] = rules[place], mutant.rule
    (folder / "rules" / f"{file}.yml").write_text(yaml.safe_dump(content), "utf-8")
    rules[place] = before
    tests = sorted(path.name for path in (folder / "tests").glob(f"{file}*_test.yml"))
    return run("promtool", "test", "rules", *tests, folder=folder / "tests").code == 0


@pytest.mark.timeout(900)
@pytest.mark.parametrize("file", FILES)
def test_every_change_of_an_alert_is_noticed(file: str, tmp_path: Path) -> None:
    folder = tmp_path / "prometheus"
    shutil.copytree(PROJECT / FOLDER, folder)
    content = yaml.safe_load((folder / "rules" / f"{file}.yml").read_text("utf-8"))
    survivors = [
        f"{mutant.name}: {mutant.change}"
        for group, of_it in enumerate(content["groups"])
        for place, rule in enumerate(of_it["rules"])
        if "alert" in rule
        for mutant in mutants(rule)
        if survives(folder, file, content, mutant, (group, place))
    ]
    assert survivors == [], "\n".join(survivors)
