"""Draws the board of `shaodao watch`: totals, the tickets that moved last, the latest facts."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from deploy.cli.watch_board import Board, Matter, Stage
from deploy.cli.watch_words import KINDS, Line, Names, local, span_zh
from shared.catalogue.labels import label_zh
from shared.contracts.values import Urgency

TOTALS: Mapping[str, tuple[str, str]] = {
    "registered": ("登记", "bold"),
    "whistled": ("吹哨", "bold cyan"),
    "acknowledged": ("签收", "bold blue"),
    "resolved": ("办结", "bold green"),
    "overdue": ("超时", "bold red"),
    "closed": ("结束", "bold dim"),
}
URGENCY_STYLE: Mapping[Urgency, str] = {
    Urgency.CRITICAL: "bold white on red",
    Urgency.URGENT: "bold yellow",
    Urgency.NORMAL: "",
}
STAGE_STYLE: Mapping[Stage, str] = {
    Stage.HELD: "yellow",
    Stage.WHISTLED: "cyan",
    Stage.RETURNING: "magenta",
    Stage.REWORK: "magenta",
    Stage.RESOLVED: "green",
    Stage.CALLBACK: "green",
    Stage.CLOSED: "dim",
    Stage.WITHDRAWN: "dim",
}
FACTS_SHARE = 0.35
NUMBER_TAIL = 11  # month, day, sequence and check digit are enough to tell tickets apart


def screen(
    board: Board, facts: Iterable[Text], names: Names, *, now: datetime, height: int
) -> RenderableType:
    """The whole picture for a terminal of that height."""
    told = max(4, int(height * FACTS_SHARE))
    rows = max(3, height - told - 6)
    latest = list(facts)[-told:]
    return Group(_totals(board, now), _table(board, names, now, rows), *latest)


def fact_text(number: str, line: Line, *, at: datetime) -> Text:
    """One fact as a line of the terminal or of a pipe."""
    style = "red" if line.bad else ""
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{local(at)} ", style="dim")
    text.append(f"【{line.label}】", style=f"bold {style}")
    text.append(f"{_short(number)} " if number else "", style="dim")
    text.append(line.words, style=style)
    return text


def totals_text(board: Board) -> Text:
    """登记 12 吹哨 11 …"""
    text = Text()
    for key, (label, style) in TOTALS.items():
        text.append(f"{label} ", style="dim")
        text.append(f"{board.totals[key]}  ", style=style)
    return text


def _totals(board: Board, now: datetime) -> Text:
    return Text.assemble(
        ("哨到 · 吹哨报到平台  ", "bold"), (f"{local(now)}  ", "cyan")
    ).append_text(totals_text(board))


def _table(board: Board, names: Names, now: datetime, rows: int) -> Table:
    table = Table(expand=True, pad_edge=False, show_lines=False, box=None, header_style="dim")
    table.add_column("单号", no_wrap=True, width=NUMBER_TAIL + 1)
    table.add_column("急", no_wrap=True, width=4)
    table.add_column("类别", no_wrap=True, overflow="ellipsis", ratio=3)
    table.add_column("地点", no_wrap=True, overflow="ellipsis", ratio=3)
    table.add_column("状态", no_wrap=True, width=10)
    table.add_column("主办", no_wrap=True, overflow="ellipsis", ratio=4)
    table.add_column("下一时限", no_wrap=True, overflow="ellipsis", ratio=3)
    for matter in board.latest(rows):
        table.add_row(
            _short(matter.number),
            Text(label_zh(matter.urgency), style=URGENCY_STYLE[matter.urgency]),
            names.category(matter.category) if matter.category else matter.title or "未分类",
            names.place(matter.place) if matter.place else "",
            _stage(matter),
            names.unit(matter.lead),
            countdown(matter, now),
        )
    return table


def _short(number: str) -> str:
    """The end of a number; a whistle's keeps its S, which tells it from a ticket's."""
    tail = number[-NUMBER_TAIL:]
    return f"S{tail}" if number.startswith("S") and not tail.startswith("S") else tail


def _stage(matter: Matter) -> Text:
    again = f"·{matter.round}" if matter.round > 1 else ""
    return Text(f"{matter.stage}{again}", style=STAGE_STYLE.get(matter.stage, ""))


def countdown(matter: Matter, now: datetime) -> Text:
    """办结 还剩3小时05分, or in red how long it is overdue, with what was missed before."""
    promise = matter.next_promise
    missed = "".join(f" ‼{KINDS[kind]}" for kind in sorted(matter.late))
    if promise is None:
        return Text(missed.strip(), style="red")
    kind, due = promise
    if due.by < now:
        return Text(f"{KINDS[kind]} 超时{span_zh(now - due.by)}{missed}", style="bold red")
    text = Text(f"{KINDS[kind]} 还剩{span_zh(due.by - now)}")
    return text.append(missed, style="red")
