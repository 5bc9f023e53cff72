"""How long the locks have not been looked at: what nobody renews gathers known weak points."""

import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from deploy.ops_check.tools import ToolMissingError
from deploy.security_check.locks import LOCKS

MOST_DAYS: Final = 90


def check(folder: Path) -> list[str]:
    """Locks that were last changed too long ago, as git has it."""
    return stale({lock: _changed(folder, lock) for lock in LOCKS}, datetime.now(UTC).date())


def stale(changed: Mapping[str, date | None], today: date) -> list[str]:
    """Which of these were not renewed in time; None: git knows nothing of it."""
    faults = []
    for lock, at in changed.items():
        if at is None:
            faults.append(f"{lock}: git does not know when it was changed")
        elif (days := (today - at).days) > MOST_DAYS:
            faults.append(f"{lock}: not renewed for {days} days, at most {MOST_DAYS}")
    return faults


def _changed(folder: Path, lock: str) -> date | None:
    git = shutil.which("git")
    if git is None:
        raise ToolMissingError("git")
    said = subprocess.run(  # nosec B603
        [git, "log", "-1", "--format=%cs", "--", lock],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    text = said.stdout.strip()
    return date.fromisoformat(text) if text else None
