"""The department's program, where the kit may start it: killed and started again on purpose."""

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import suppress


class Program:
    """A command that is started, killed without warning, and started again."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._process: Process | None = None
        self._watching: asyncio.Task[None] | None = None
        self._died = asyncio.get_running_loop().create_future()

    async def start(self) -> None:
        """Start it; its output goes where the kit's goes. OSError when it cannot be started."""
        self._process = await asyncio.create_subprocess_exec(*self._command, start_new_session=True)
        self._watching = asyncio.create_task(self._watch(self._process))

    async def died(self) -> int:
        """Its exit status, once it ends although nobody asked it to."""
        status: int = await asyncio.shield(self._died)
        return status

    async def kill(self) -> None:
        """kill -9, as a power cut would."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Ask it to end; after ten seconds, kill it."""
        try:
            async with asyncio.timeout(10):
                await self._end(signal.SIGTERM)
        except TimeoutError:
            await self.kill()

    async def _watch(self, process: Process) -> None:
        status = await process.wait()
        if not self._died.done():
            self._died.set_result(status)

    async def _end(self, number: signal.Signals) -> None:
        """End it on purpose."""
        if self._process is None:
            return
        if self._watching is not None:
            self._watching.cancel()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
        await self._process.wait()
