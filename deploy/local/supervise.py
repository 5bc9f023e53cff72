"""Keeps the parts of a stack running: one that ends is started again, later and later."""

import asyncio
import time
from typing import Protocol

from deploy.local.errors import StackError
from deploy.local.processes import Running
from deploy.local.program import Program
from deploy.local.report import Report

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0  # after this long the next end counts as the first again


class Part(Protocol):
    """What can be kept: Kafka, PostgreSQL, a service."""

    async def start(self) -> None:
        """Start; returns when it is ready."""

    async def wait(self) -> int:
        """Wait for its end."""

    async def stop(self) -> None:
        """End it in order."""

    @property
    def process(self) -> Running:
        """Its process."""


class Supervisor:
    """Holds the running parts in the order they were started, and ends them in reverse."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._kept: dict[str, tuple[Part, asyncio.Task[None]]] = {}

    def keep(self, name: str, part: Part) -> None:
        """From now on start `part` again whenever it ends."""
        self._kept[name] = (part, asyncio.create_task(self._watch(name, part)))

    def pids(self) -> dict[str, int]:
        """The process of each part."""
        return {name: part.process.pid for name, (part, _) in self._kept.items()}

    def raise_if_broken(self) -> None:
        """Raise what kept a part from being watched any longer: then nothing would restart it."""
        for _, task in self._kept.values():
            if task.done():
                task.result()

    async def replace(self, name: str, fresh: Program) -> None:
        """Start `fresh` beside the part of that name, keep it instead, and let the other leave.

        Raises StackError when it does not get ready: then the part goes on as before.
        """
        old, _ = self._kept[name]
        await fresh.start()
        _, watching = self._kept[name]
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        self.keep(name, fresh)
        if isinstance(old, Program):
            await old.leave()

    async def stop(self, *names: str) -> None:
        """End these parts together; unknown names are passed over."""
        found = [self._kept.pop(name) for name in names if name in self._kept]
        for _, task in found:
            task.cancel()
        await asyncio.gather(*(task for _, task in found), return_exceptions=True)
        await asyncio.gather(*(part.stop() for part, _ in found))

    async def _watch(self, name: str, part: Part) -> None:
        pause = FIRST_PAUSE
        while True:
            begun = time.monotonic()
            code = await part.wait()
            if time.monotonic() - begun > STEADY_SECONDS:
                pause = FIRST_PAUSE
            self._report.say(
                f"{name} 意外结束（{_how(code)}），{pause:.0f} 秒后重新启动。",
                f"{name} ended ({_how(code)}); it is started again in {pause:.0f} s",
            )
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            try:
                await part.start()
            except StackError as error:
                self._report.say(error.zh, error.en)
            else:
                self._report.say(f"{name} 已恢复。", f"{name} is back")


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit {code}"
