"""Runs the tools that came with a package, beside this Python, with what they say kept apart."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from deploy.ops_check.tools import ToolMissingError


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool wrote as its result, and what went wrong in one line; empty when nothing did."""

    output: str
    fault: str


def ask(tool: str, *arguments: object, folder: Path) -> Answer:
    """Run a tool in a folder; ToolMissingError when it is not there."""
    path = Path(sys.executable).parent / tool
    if not path.exists():
        raise ToolMissingError(tool)
    done = subprocess.run(
        [path, *map(str, arguments)],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode == 0:
        return Answer(done.stdout, "")
    lines = (line.strip() for line in (done.stderr or done.stdout).splitlines())
    said = " | ".join(line for line in lines if line)
    return Answer(done.stdout, said or f"exit code {done.returncode}")
