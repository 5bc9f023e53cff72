"""Holds the dashboards' JSON against the types of `@grafana/schema`, by the TypeScript compiler."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

TYPES: Final = Path(__file__).with_name("types")
COMPILER: Final = Path("node_modules/typescript/bin/tsc")
SCHEMA: Final = Path("node_modules/@grafana/schema")


class NotInstalledError(Exception):
    """The compiler, the schema or node is not there: `make setup` installs them."""


def type_faults(boards: Path, project: Path) -> list[str]:
    """What the compiler says of the JSON files of a folder; nothing when they fit the schema.

    The compiler and the schema are those of `project`.
    """
    node = shutil.which(
        "node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    )
    if node is None or not all((project / each).exists() for each in (COMPILER, SCHEMA)):
        raise NotInstalledError("typescript and @grafana/schema")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "node_modules").symlink_to(project / "node_modules")
        shutil.copytree(TYPES, folder, dirs_exist_ok=True)
        for path in boards.glob("*.json"):
            _assign(path, folder)
        done = subprocess.run(
            [node, project / COMPILER, "--project", "tsconfig.json"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return said if done.returncode else []


def _assign(path: Path, folder: Path) -> None:
    """A module that assigns the file's text, which is an expression of TypeScript too."""
    head = 'import type { Dashboard } from "./dashboard";\nexport const board: Dashboard = '
    (folder / f"{path.stem}.ts").write_text(f"{head}{path.read_text('utf-8')};\n", "utf-8")
