"""The dashboards: built from their code, of Grafana's types, on metrics and sections that exist."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from deploy.grafana.build import stale
from deploy.grafana.panels import RUNBOOK
from deploy.grafana.typed import NotInstalled, type_faults
from deploy.ops_check import promql
from deploy.ops_check.registry import bounds, known_metrics
from deploy.ops_check.rules import read_rules
from deploy.ops_check.tools import ToolMissing

FOLDER: Final = Path("deploy/grafana/dashboards")
PAGE: Final = Path("deploy/README.md")
TILE: Final = 24  # how wide a dashboard is
ASKED: Final = re.compile(r"label_values\((.+), (\w+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One query of a panel, or of a variable, with what says where it stands."""

    where: str
    expr: str
    instant: bool = False


def check(folder: Path) -> list[str]:
    """What is wrong with the dashboards of a checkout, in words."""
    boards = {path.name: _read(path) for path in sorted((folder / FOLDER).glob("*.json"))}
    if not boards:
        return [f"no dashboards in {FOLDER}"]
    faults = [
        f"{name} is not as its code makes it: python -m deploy.grafana.build"
        for name in stale(folder / FOLDER)
    ]
    faults += [f"{name}: no JSON" for name, board in boards.items() if board is None]
    read = {name: board for name, board in boards.items() if board is not None}
    faults += [
        *_twice(read),
        *_of_metrics(folder, read),
        *_of_links(folder, read),
        *_of_tiles(read),
    ]
    try:
        return faults + type_faults(folder / FOLDER, folder)
    except NotInstalled:
        raise ToolMissing("typescript, @grafana/schema") from None


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
            yield Query(where=where, expr=expr, instant=True)


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


def _of_metrics(folder: Path, boards: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What queries name and nobody has."""
    known = {
        **known_metrics(),
        **{rule.name: frozenset(rule.labels) for rule in read_rules(folder)},
    }
    for board in boards.values():
        for query in queries(board):
            expr = promql.filled(query.expr)
            for fault in promql.faults(expr, known, bounds()):
                yield f"{query.where}: {fault}"


def _of_links(folder: Path, boards: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Panels without a way to the runbook, and ways to a section that it does not have."""
    there = anchors((folder / PAGE).read_text("utf-8").splitlines())
    for board in boards.values():
        for part in (board, *panels(board)):
            where = part["title"] if part is board else f"{board['title']} / {part['title']}"
            urls = [link.get("url", "") for link in part.get("links", ())]
            sections = [url.removeprefix(f"{RUNBOOK}#") for url in urls if url.startswith(RUNBOOK)]
            if not sections:
                yield f"{where}: no link to the runbook"
            yield from (
                f"{where}: the runbook has no #{each}" for each in sections if each not in there
            )


def anchors(lines: Iterable[str]) -> frozenset[str]:
    """The anchors of a page's headings, as they are made of their words."""
    headings = (line.lstrip("#").strip().lower() for line in lines if line.startswith("#"))
    return frozenset(re.sub(r"[^\w\- ]", "", each).replace(" ", "-") for each in headings)


def _of_tiles(boards: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Panels that lie on one another, or leave the page."""
    for name, board in boards.items():
        taken: dict[tuple[int, int], str] = {}
        for panel in board["panels"]:
            at = panel["gridPos"]
            if at["x"] + at["w"] > TILE:
                yield f"{name}: {panel['title']} is wider than the page"
            for cell in (
                (x, y)
                for x in range(at["x"], at["x"] + at["w"])
                for y in range(at["y"], at["y"] + at["h"])
            ):
                if cell in taken:
                    yield f"{name}: {panel['title']} lies on {taken[cell]}"
                    break
                taken[cell] = panel["title"]
