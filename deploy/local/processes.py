"""One child process: started in a group of its own, its output in a log file, surely ended.

Each process leads a process group, so that ending it ends what it started. A `Reaper` stands by
for the case that the supervisor itself is killed.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from deploy.local import reaper as reaper_program
from deploy.local.errors import StackError

LOG_LIMIT = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to start and how to end it; `env` is added to this process's own.

    Without a log its output goes where ours goes.
    """

    name: str
    argv: tuple[str, ...]
    log: Path | None
    env: Mapping[str, str] = field(default_factory=dict, repr=False)  # holds secrets
    cwd: Path | None = None
    user: str | None = None
    stop_signal: int = signal.SIGTERM
    stop_seconds: float = 15.0
    files: tuple[int, ...] = ()  # open files that it is given, under the same numbers


class Reaper:
    """The stand-by process that ends what is left when this process dies; see reaper.py."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", reaper_program.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def watch(self, pid: int, stop_signal: int) -> None:
        """From now on, end this group when the supervisor is gone."""
        self._say(f"+{pid} {stop_signal}\n")

    def forget(self, pid: int) -> None:
        """The group has ended."""
        self._say(f"-{pid}\n")

    def _say(self, line: str) -> None:
        if self._process.stdin is None or self._process.stdin.closed:
            return
        try:
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()
        except BrokenPipeError as gone:
            raise StackError(
                "看护进程已不在，子进程无法保证被清理。",
                "the reaper is gone, so processes might be left behind",
                code="reaper_gone",
            ) from gone

    def close(self) -> None:
        """Let the stand-by process go; what it still watches is ended by it."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
        self._process.wait()


class Running:
    """A started process."""

    def __init__(
        self, command: Command, process: asyncio.subprocess.Process, reaper: Reaper | None
    ) -> None:
        self.command = command
        self._process = process
        self._reaper = reaper

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def wait(self) -> int:
        """Wait for its end; returns the exit code, negative for a signal."""
        code = await self._process.wait()
        if self._reaper is not None:
            self._reaper.forget(self.pid)
        return code

    def send(self, number: int) -> None:
        """Signal the whole group; nothing happens when it has ended."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    async def stop(self) -> int:
        """Ask it to end, wait as long as its command allows, then kill it."""
        return await self._end(self.command.stop_signal, self.command.stop_seconds)

    async def leave(self, *, within: float) -> int:
        """Ask it to end once its work went to another copy, wait so long, then kill it."""
        return await self._end(signal.SIGTERM, within)

    async def _end(self, number: int, seconds: float) -> int:
        self.send(number)
        try:
            return await asyncio.wait_for(self.wait(), seconds)
        except TimeoutError:
            return await self.kill()

    async def kill(self) -> int:
        """End the group at once, as a crash would."""
        self.send(signal.SIGKILL)
        return await self.wait()


async def start(command: Command, *, reaper: Reaper | None = None) -> Running:
    """Start a process in a group of its own, appending its output to its log."""
    with _output(command.log) as output:
        process = await asyncio.create_subprocess_exec(
            *command.argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            cwd=command.cwd,
            env={**os.environ, **command.env},
            user=command.user,
            extra_groups=None if command.user is None else (),
            start_new_session=True,
            pass_fds=command.files,
        )
    if reaper is not None:
        reaper.watch(process.pid, command.stop_signal)
    return Running(command, process, reaper)


def _output(log: Path | None) -> AbstractContextManager[BinaryIO | None]:
    """The log to append to; a long one is put aside first, one old log is kept."""
    if log is None:
        return nullcontext()
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
    return log.open("ab")
