"""A server whose end is in order: it leaves, is shut, finishes what was begun, and ends.

On SIGTERM `/ready` says no at once while everybody is served for a stated time, so that whoever
shares out requests can take notice. SIGINT leaves that time out; a second one ends it.
"""

import asyncio
import signal
import socket
import time
from types import FrameType
from typing import Any, Final

import uvicorn

from shared.web.doors import Doors

FINISH_SECONDS: Final = 1.0  # new requests are still told to come later, while others finish
LOOK_SECONDS: Final = 0.05


class Server(uvicorn.Server):
    """One a process; `drain_seconds` it serves on after SIGTERM.

    With sockets that it was given, and that others hold as well, it stops accepting at once: what
    connects waits for another copy.
    """

    def __init__(self, config: uvicorn.Config, *, drain_seconds: float, given: bool) -> None:
        super().__init__(config)
        self._drain_seconds = drain_seconds
        self._given = given
        self._hurried = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGINT once hurries an end that has begun; twice it ends at once, as uvicorn has it."""
        was_hurried, self._hurried = self._hurried, self._hurried or sig == signal.SIGINT
        if self.should_exit and not was_hurried:
            self._captured_signals.append(sig)
            return
        super().handle_exit(sig, frame)

    async def main_loop(self) -> None:
        """Serve until asked to end; then leave."""
        await super().main_loop()
        await self._leave()

    async def _leave(self) -> None:
        app: Any = self.config.app
        doors: Doors = app.state.doors
        doors.leave()
        if self._given:
            for server in self.servers:
                server.close()
        for end in app.state.ending:
            end()
        self._close_when_answered()
        until = time.monotonic() + self._drain_seconds
        while self._stays(until):  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(LOOK_SECONDS)
        doors.shut()

    def _stays(self, until: float) -> bool:
        """Whether there is time, and somebody who is connected still or can be."""
        is_left = self._given and not self.server_state.connections
        return time.monotonic() < until and not self._hurried and not is_left

    def _finishes(self, until: float) -> bool:
        is_busy = bool(self.server_state.tasks) and not self.force_exit
        return is_busy and time.monotonic() < until

    def _close_when_answered(self) -> None:
        """Answers that were begun before cannot tell it, yet their connections are closed, too."""
        for connection in self.server_state.connections:
            cycle: Any = getattr(connection, "cycle", None)
            if cycle is not None and not cycle.response_complete:
                cycle.keep_alive = False

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, once requests had a moment to be answered with the doors shut."""
        until = time.monotonic() + FINISH_SECONDS
        while self._finishes(until):  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(LOOK_SECONDS)
        await super().shutdown(sockets)
