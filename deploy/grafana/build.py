"""`python -m deploy.grafana.build`: writes the dashboards' JSON; `--check` tells what is stale."""

import argparse
import sys
from pathlib import Path
from typing import Final

from deploy.grafana import city, data_health, deadlines, delivery, intake, postgres, router
from deploy.grafana.board import Board, as_json
from deploy.grafana.panels import RUNBOOK

FOLDER: Final = Path(__file__).with_name("dashboards")
MODULES: Final = (city, intake, router, deadlines, delivery, data_health, postgres)


def boards() -> list[Board]:
    """Every dashboard, in the order of the list."""
    return [module.board() for module in MODULES]


def files(*, runbook: str = RUNBOOK) -> dict[str, str]:
    """What each file holds, by its name."""
    return {f"{board.uid}.json": as_json(board, runbook=runbook) for board in boards()}


def stale(folder: Path = FOLDER) -> list[str]:
    """The names of files that are not as the code makes them, are missing, or belong to none."""
    wanted = files()
    there = {path.name: path.read_text("utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in wanted | there if wanted.get(name) != there.get(name))


def main(arguments: list[str] | None = None) -> int:
    """Write them, or only look; exit code 1 when something is stale."""
    parser = argparse.ArgumentParser(prog="python -m deploy.grafana.build", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing")
    parser.add_argument("--runbook", default=RUNBOOK, help="where the runbook is served")
    parser.add_argument("--into", type=Path, default=FOLDER, help="another folder")
    given = parser.parse_args(arguments)
    if given.check:
        found = stale(given.into)
        sys.stdout.writelines(f"stale: {name}\n" for name in found)
        return int(bool(found))
    given.into.mkdir(parents=True, exist_ok=True)
    for name, text in files(runbook=given.runbook).items():
        (given.into / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
