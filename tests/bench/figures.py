"""What a row of the bench yields: ours beside its floor, pair by pair, and the table of them."""

import json
import statistics
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One measurement of the floor and one of ours, right after each other."""

    floor: float
    ours: float

    @property
    def ratio(self) -> float:
        return self.ours / self.floor


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row: its pairs, what it counts in, and what the issue wants of it."""

    name: str
    unit: str
    wanted: str
    pairs: tuple[Pair, ...]
    note: str = ""
    beside: str = "floor"  # what the floor of the pairs is

    def summary(self) -> dict[str, float | int | str]:
        """Medians, and the median, least and greatest ratio of the pairs."""
        ratios = [pair.ratio for pair in self.pairs]
        return {
            "ours": round(statistics.median(pair.ours for pair in self.pairs), 3),
            "floor": round(statistics.median(pair.floor for pair in self.pairs), 3),
            "ratio": round(statistics.median(ratios), 3),
            "unit": self.unit,
            "ratio_min": round(min(ratios), 3),
            "ratio_max": round(max(ratios), 3),
            "pairs": len(ratios),
            **({"note": self.note} if self.note else {}),
            **({"beside": self.beside} if self.beside != "floor" else {}),
        }


Measure = Callable[[], Awaitable[float]]
"""One measurement."""


async def alternate(pairs: int, *, floor: Measure, ours: Measure) -> tuple[Pair, ...]:
    """Floor, ours, floor, ours …: what disturbs the machine disturbs both."""
    return tuple([Pair(floor=await floor(), ours=await ours()) for _ in range(pairs)])


class Cost:
    """Processor time of a process, added up over its runs; told beside a row.

    It says where the time goes on a machine that others use too.
    """

    def __init__(self) -> None:
        self._seconds = 0.0
        self._pieces = 0

    @contextmanager
    def of(self, pid: int, pieces: int) -> Iterator[None]:
        """Count the time that the process `pid` takes for so many pieces of work."""
        process = psutil.Process(pid)
        before = process.cpu_times()
        yield
        after = process.cpu_times()
        self._seconds += after.user + after.system - before.user - before.system
        self._pieces += pieces

    def __str__(self) -> str:
        return f"{self._seconds / max(1, self._pieces) * 1e6:.0f} µs"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]


def show(console: Console, figures: Sequence[Figure]) -> None:
    """Print the figures, a table for each thing that ours stands beside."""
    for beside in dict.fromkeys(figure.beside for figure in figures):
        _show(console, beside, [figure for figure in figures if figure.beside == beside])
    for figure in figures:
        if figure.note:
            console.print(f"{figure.name}: {figure.note}")


def _show(console: Console, beside: str, figures: Sequence[Figure]) -> None:
    table = Table(title="哨到 bench", title_justify="left")
    for heading in ("what", "unit"):
        table.add_column(heading)
    for heading in (beside, "ours", "ratio", "least–greatest"):
        table.add_column(heading, justify="right")
    table.add_column("wanted")
    for figure in figures:
        row = figure.summary()
        table.add_row(
            figure.name,
            figure.unit,
            f"{row['floor']:,.1f}",
            f"{row['ours']:,.1f}",
            f"{row['ratio']:.2f}",
            f"{row['ratio_min']:.2f}–{row['ratio_max']:.2f}",
            figure.wanted,
        )
    console.print(table)


def keep(file: Path, figures: Sequence[Figure]) -> None:
    """Write the figures as JSON; rows measured before and not now are kept."""
    file.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(file.read_text()) if file.exists() else {}
    known.update({figure.name: figure.summary() for figure in figures})
    file.write_text(json.dumps(known, indent=1) + "\n")
