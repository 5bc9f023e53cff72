"""The dashboards: built from their code, of Grafana's types, on metrics and sections that exist."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

from deploy.grafana.build import stale
from deploy.grafana.panels import RUNBOOK
from deploy.grafana.typed import NotInstalledError, type_faults
from deploy.ops_check import copies, promql
from deploy.ops_check.prometheus import recorded
from deploy.ops_check.registry import bounds, known_metrics
from deploy.ops_check.rules import read_rules
from deploy.ops_check.tools import ToolMissingError

ROOT: Final = Path(__file__).parents[2]  # where the compiler is installed
FOLDER: Final = Path("deploy/grafana/dashboards")
PAGE: Final = Path("deploy/README.md")
WIDTH: Final = 24  # how wide a dashboard is
ASKED: Final = re.compile(r"label_values\((.+), (\w+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One query of a panel, or of a variable, with what says where it stands."""

    where: str
    expr: str
    instant: bool = False
    of_variable: bool = False


def check(folder: Path) -> list[str]:
    """What is wrong with the dashboards of a checkout, in words."""
    there = folder / FOLDER
    boards = {path.name: _read(path) for path in sorted(there.glob("*.json"))}
    if not boards:
        return [f"no dashboards in {FOLDER}"]
    old = [
        f"{name} is not what its code makes: python -m deploy.grafana.build"
        for name in stale(there)
    ]
    if broken := [f"{name} is no JSON" for name, board in boards.items() if board is None]:
        return old + broken
    read = {name: board for name, board in boards.items() if board is not None}
    faults = [*_twice(read), *_of_queries(folder, read), *_of_links(folder, read), *_of_tiles(read)]
    return old + (faults or _of_types(there))


def _of_types(there: Path) -> list[str]:
    try:
        return type_faults(there, ROOT)
    except NotInstalledError as missing:
        raise ToolMissingError(str(missing)) from None


def queries(board: Mapping[str, Any]) -> Iterator[Query]:
    """Every query of a dashboard, those of its variables as well."""
    for panel in panels(board):
        for target in panel["targets"]:
            where = f"{board['title']} / {panel['title']} / {target['refId']}"
            yield Query(where=where, expr=target["expr"], instant=target.get("instant", False))
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            asked = ASKED.fullmatch(variable["query"]["query"])
            where = f"{board['title']} / ${variable['name']}"
            expr = f"count by ({asked[2]}) ({asked[1]})" if asked else variable["query"]["query"]
            yield Query(where=where, expr=expr, instant=True, of_variable=True)


def panels(board: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The panels of a dashboard without its headings."""
    return (panel for panel in board["panels"] if panel["type"] != "row")


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except json.JSONDecodeError:
        return None
    return found


def _twice(boards: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Addresses and titles that two dashboards have."""
    for what in ("uid", "title"):
        seen: dict[str, str] = {}
        for name, board in boards.items():
            other = seen.setdefault(board[what], name)
            if other != name:
                yield f"{name} has the {what} of {other}: {board[what]}"


def _of_queries(folder: Path, boards: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What queries name and nobody has."""
    known = {**known_metrics(), **recorded(read_rules(folder))}
    for board in boards.values():
        for query in queries(board):
            expr = promql.filled(query.expr)
            found = promql.faults(expr, known, bounds())
            if not found and not query.of_variable:
                found = copies.faults(expr)
            yield from (f"{query.where}: {fault}" for fault in found)


def _of_links(folder: Path, boards: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Panels without a way to the runbook, and sections that it does not have."""
    there = anchors((folder / PAGE).read_text("utf-8").splitlines())
    asked: dict[str, int] = {}
    for board in boards.values():
        for part in (board, *panels(board)):
            urls = [link.get("url", "") for link in part.get("links", ())]
            sections = [url.removeprefix(f"{RUNBOOK}#") for url in urls if url.startswith(RUNBOOK)]
            if not sections:
                yield f"{board['title']} / {part['title']} has no link to the runbook"
            for section in sections:
                asked[section] = asked.get(section, 0) + 1
    for section, times in asked.items():
        if section not in there:
            yield f"the runbook has no #{section}, to which {times} links lead"


def anchors(lines: Iterable[str]) -> frozenset[str]:
    """The anchors of a page's headings, as they are made of their words."""
    headings = (line.lstrip("#").strip().lower() for line in lines if line.startswith("#"))
    return frozenset(re.sub(r"[^\w\- ]", "", each).replace(" ", "-") for each in headings)


def _of_tiles(boards: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Panels that lie on one another, or leave the page."""
    for name, board in boards.items():
        taken: set[tuple[int, int]] = set()
        for panel in board["panels"]:
            at = panel["gridPos"]
            columns, rows = range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])
            cells = set(product(columns, rows))
            if columns.stop > WIDTH or not taken.isdisjoint(cells):
                yield f"{name}: {panel['title']} lies on another or leaves the page"
            taken |= cells
