"""`python -m tests.bench`: measure the rows, print the table, keep `build/bench.json`."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from rich.console import Console

from deploy.local.data_folder import PROJECT
from tests.bench import (
    deadlines_4000,
    decisions,
    due_rows,
    hints,
    relay_rows,
    router_rows,
    submit_http,
    submit_to_bureau,
    whistle_to_all,
)
from tests.bench.figures import Figure, keep, show
from tests.bench.ground import Ground, open_ground
from tests.bench.plan import Plan

Row = Callable[[Ground, Plan], Awaitable[list[Figure]]]

ROWS: Mapping[str, Row] = {
    "router_acknowledgements": router_rows.measure_acknowledgements,
    "router_dispatches": router_rows.measure_dispatches,
    "relay_rows": relay_rows.measure,
    "hints_ms": hints.measure,
    "decisions_ms": decisions.measure,
    "submit_http": submit_http.measure,
    "submit_to_bureau_ms": submit_to_bureau.measure,
    "deadlines_4000": deadlines_4000.measure,
    "deadlines_burst": due_rows.measure_burst,
    "deadlines_flood": due_rows.measure_flood,
    "deadlines_million": due_rows.measure_million,
    "deadlines_idle": due_rows.measure_idle,
    "deadlines_takeover": due_rows.measure_takeover,
    "whistle_to_200_ms": whistle_to_all.measure,
}
BUILD = PROJECT / "build"
PAIRS, QUICK_PAIRS = 3, 1
WIDTH = 120  # of the table, also where the output is no terminal


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--only", action="append", metavar="ROW", help="this row, or all whose names begin so"
    )
    parser.add_argument("--pairs", type=int, help=f"floor and ours so many times ({PAIRS})")
    parser.add_argument("--quick", action="store_true", help="a tenth of the size, one pair")
    parser.add_argument("--port-base", type=int, default=27400, help="first of 10 ports")
    parser.add_argument("--profile", type=Path, help="write where our time goes to this folder")
    asked = parser.parse_args()
    asked.rows = [name for name in ROWS if any(map(name.startswith, asked.only or [""]))]
    if not asked.rows:
        parser.error(f"rows: {', '.join(ROWS)}")
    return asked


async def run(asked: argparse.Namespace, console: Console) -> None:
    """Measure row by row on the same servers."""
    plan = Plan(pairs=asked.pairs or (QUICK_PAIRS if asked.quick else PAIRS), quick=asked.quick)
    figures: list[Figure] = []
    folder = BUILD / f"bench-{asked.port_base}"
    profile = asked.profile.resolve() if asked.profile else None
    async with open_ground(folder, port_base=asked.port_base, profile=profile) as ground:
        for name in asked.rows:
            with console.status(name):
                found = await ROWS[name](ground, plan)
            figures += found
            show(console, found)
    show(console, figures)
    keep(BUILD / "bench.json", figures)


if __name__ == "__main__":
    asyncio.run(run(arguments(), Console(width=WIDTH)))
