"""Holds the dashboards' JSON against the types of `@grafana/schema`, by the TypeScript compiler."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

TYPES: Final = Path("deploy/grafana/types")
COMPILER: Final = Path("node_modules/typescript/bin/tsc")


class NotInstalled(Exception):  # noqa: N818 - it says what is, not what went wrong
    """The compiler or the schema is not there: `make setup` installs both."""


def type_faults(boards: Path, project: Path, node: str | None = None) -> list[str]:
    """What the compiler says of the JSON files of a folder; nothing when they fit the schema."""
    node = node or shutil.which("node") or str(project / ".venv" / "bin" / "node")
    if not (project / COMPILER).is_file() or not Path(node).is_file():
        raise NotInstalled
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "node_modules").symlink_to((project / "node_modules").resolve())
        shutil.copytree(project / TYPES, folder, dirs_exist_ok=True)
        for path in boards.glob("*.json"):
            _assign(path, folder)
        done = subprocess.run(
            [node, str((project / COMPILER).resolve()), "--project", "tsconfig.json"],
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
