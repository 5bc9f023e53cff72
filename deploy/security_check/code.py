"""Bandit over the code: what it finds is mended, or excused in its line (`# nosec B704: why`)."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

FOLDERS: Final = ("services", "shared", "deploy")
LEFT_OUT: Final[Mapping[str, str]] = {
    "B101": "asserts tell the type checker what it cannot see; nothing here runs with -O",
    "B404": "importing subprocess is no fault; how it is called is judged by B602 to B607",
    "B405": "importing ElementTree is no fault; what it parses is judged by B314",
    "B603": "every call without a shell, which is how it should be done",
}


def check(folder: Path) -> list[str]:
    """Each finding with its place."""
    there = [name for name in FOLDERS if (folder / name).is_dir()]
    done = subprocess.run(  # nosec B603
        [
            sys.executable,
            "-m",
            "bandit",
            "-q",
            "-f",
            "json",
            "-s",
            ",".join(LEFT_OUT),
            "-r",
            *there,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        told = json.loads(done.stdout)
    except ValueError:
        return [f"bandit: {done.stderr.strip() or f'exit code {done.returncode}'}"]
    return [
        *(f"{each['filename']}: {each['reason']}" for each in told["errors"]),
        *(
            f"{each['filename']}:{each['line_number']}: {each['test_id']} {each['issue_text']}"
            for each in told["results"]
        ),
    ]
