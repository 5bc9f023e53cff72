"""The department's program, where the kit may start it: killed and started again on purpose."""

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress


class Program:
    """A command that is started, killed without warning, and started again."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it; its output goes where the kit's goes. OSError when it cannot be started."""
        self._process = await asyncio.create_subprocess_exec(*self._command, start_new_session=True)

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

    async def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
        await self._process.wait()

    @property
    def ended(self) -> int | None:
        """The exit status of a program that ended by itself."""
        return self._process.returncode if self._process else None
