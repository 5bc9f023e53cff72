"""Requests to start a service of a running stack anew: asked by a file in its data folder.

`shaodao restart` leaves the file, the supervisor answers in it, and whoever asked takes it away.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from deploy.local.data_folder import SERVICES, DataFolder, write_private
from deploy.local.errors import StackError

LOOK_SECONDS: Final = 0.3
LONGEST_SECONDS: Final = 180.0  # to start the new one, to let the old one leave


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarted:
    """The answer: the process that serves now, or why the old one was kept."""

    service: str
    process: int | None = None
    zh: str | None = None
    en: str | None = None


def _asked(folder: DataFolder, service: str) -> Path:
    return folder.path / f"restart-{service}.json"


def _answered(folder: DataFolder, service: str) -> Path:
    return folder.path / f"restarted-{service}.json"


async def answer_for_ever(folder: DataFolder, restart: Callable[[str], Awaitable[int]]) -> None:
    """Carry out what is asked, one after the other; `restart` gives the new process."""
    for service in SERVICES:
        _asked(folder, service).unlink(missing_ok=True)  # of a stack before this one
    while True:
        for service in SERVICES:
            if _asked(folder, service).exists():
                _asked(folder, service).unlink()
                try:
                    found = Restarted(service=service, process=await restart(service))
                except StackError as error:
                    found = Restarted(service=service, zh=error.zh, en=error.en)
                write_private(_answered(folder, service), asdict(found))
        await asyncio.sleep(LOOK_SECONDS)


def ask(folder: DataFolder, service: str) -> int:
    """Ask the running stack and wait; the new process. StackError when it was not done."""
    folder.read_stack()  # raises when none runs
    answer = _answered(folder, service)
    answer.unlink(missing_ok=True)
    write_private(_asked(folder, service), {})
    until = time.monotonic() + LONGEST_SECONDS
    while not answer.exists():
        if time.monotonic() > until or not folder.is_held():
            _asked(folder, service).unlink(missing_ok=True)
            raise StackError(
                f"{service} 没有在 {LONGEST_SECONDS:.0f} 秒内重启完成，见 {folder.logs}。",
                f"{service} was not restarted within {LONGEST_SECONDS:.0f} s; see {folder.logs}",
            )
        time.sleep(LOOK_SECONDS)
    found = Restarted(**json.loads(answer.read_text()))
    answer.unlink()
    if found.process is None:
        raise StackError(found.zh or "", found.en or "")
    return found.process
