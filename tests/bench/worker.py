"""A process of the bench that gets ready, waits for the word, works and tells what it found.

A floor runs alone in its process, as a service does. Parent and child speak lines of JSON over the
child's standard input and output: arguments, `ready`, `go`, the result.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvloop

from deploy.local.data_folder import PROJECT

Ready = Callable[[], Awaitable[None]]
"""Told by the child when it is ready; returns when it may begin."""


class Worker:
    """The parent's side of a started child."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self._name = name
        self._process = process

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    async def go(self) -> float:
        """Give the word; returns the moment (`time.perf_counter`)."""
        moment = time.perf_counter()
        await self._say("go")
        return moment

    async def result(self) -> Any:
        """What the child found; raises RuntimeError when it ended without telling."""
        return json.loads(await self._hear())

    async def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        await self._process.stdin.drain()

    async def _hear(self) -> bytes:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._name} ended with {await self._process.wait()}")
        return line


@asynccontextmanager
async def working(module: str, arguments: dict[str, Any], *, log: Path) -> AsyncIterator[Worker]:
    """Start `module`'s child with these arguments; yields when it is ready, ends it at the end."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            cwd=PROJECT,
            limit=1 << 26,
        )
    worker = Worker(module, process)
    try:
        await worker._say(json.dumps(arguments))
        if await worker._hear() != b"ready\n":
            raise RuntimeError(f"{module} did not get ready")
        yield worker
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def work(child: Callable[[dict[str, Any], Ready], Awaitable[Any]]) -> None:
    """The child's side: run it on uvloop, as the services run."""

    async def whole() -> None:
        lines = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
        )

        async def ready() -> None:
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            if await lines.readline() != b"go\n":
                raise RuntimeError("the bench is gone")

        found = await child(json.loads(await lines.readline()), ready)
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()

    uvloop.run(whole())
