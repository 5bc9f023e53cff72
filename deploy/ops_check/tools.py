"""Runs the outside tools of the checks, and says which is missing."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path


class ToolMissingError(Exception):
    """A tool that a check needs is not on this machine; a fault where it must be, in CI."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not installed")
        self.name = name


@dataclass(frozen=True, slots=True)
class Ran:
    """How a tool ended and all that it said."""

    code: int
    output: str

    def faults(self, what: str) -> list[str]:
        """Nothing when it ended well, else its words in one line."""
        if self.code == 0:
            return []
        said = " | ".join(line.strip() for line in self.output.splitlines() if line.strip())
        return [f"{what}: {said or f'exit code {self.code}'}"]


def run(tool: str, *arguments: str | Path, folder: Path) -> Ran:
    """Run a tool of the PATH in a folder; ToolMissingError when it is not there."""
    path = shutil.which(tool)
    if path is None:
        raise ToolMissingError(tool)
    done = subprocess.run(
        [path, *map(str, arguments)],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    return Ran(done.returncode, done.stdout)
