"""A service or a part of the city as the supervisor sees it: start until ready, wait, stop."""

import asyncio

import httpx

from deploy.local.errors import StackError, ended_early, not_in_time
from deploy.local.processes import Command, Reaper, Running, start

LEAVING_SECONDS = 40.0  # longer than it takes to drain and to end


class Program:
    """A process of ours; with a `ready_url` it is started when that answers 200."""

    def __init__(
        self,
        command: Command,
        *,
        ready_url: str | None = None,
        timeout: float = 90.0,
        reaper: Reaper | None = None,
        shares_address: bool = False,
    ) -> None:
        """With `shares_address` another copy may answer there, too, whose word is not ours."""
        self.name = command.name
        self._command = command
        self._ready_url = ready_url
        self._timeout = timeout
        self._reaper = reaper
        self._shares_address = shares_address
        self._process: Running | None = None

    @property
    def process(self) -> Running:
        """The running process; StackError when it was never started."""
        if self._process is None:
            raise StackError(f"{self.name} 尚未启动。", f"{self.name} was not started")
        return self._process

    async def start(self) -> None:
        """Start; returns when it is ready. StackError with its last words when it ended before."""
        self._process = await start(self._command, reaper=self._reaper)
        if self._ready_url is None:
            return
        try:
            await asyncio.wait_for(self._ready(self._ready_url), self._timeout)
        except TimeoutError:
            await self.stop()
            raise not_in_time(self.name, self._command.log, self._timeout) from None
        except BaseException:
            await self.stop()
            raise

    async def wait(self) -> int:
        """Wait until it ends."""
        return await self.process.wait()

    async def stop(self) -> None:
        """Ask it to finish what it began and end."""
        await self.process.stop()

    async def leave(self) -> None:
        """Ask it to serve on until its work went to another copy, and end."""
        await self.process.leave(within=LEAVING_SECONDS)

    async def _ready(self, url: str) -> None:
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            while not await self._answers(client, url):
                if not self.process.alive:
                    raise ended_early(self.name, self._command.log)
                await asyncio.sleep(0.1)

    async def _answers(self, client: httpx.AsyncClient, url: str) -> bool:
        if not self._shares_address:
            return await is_ready(client, url)
        headers = {"connection": "close"}  # the next time another process may answer
        try:
            answer = await client.get(url, headers=headers)
            found = answer.json() if answer.status_code == 200 else {}
        except (httpx.TransportError, ValueError):
            return False
        return isinstance(found, dict) and found.get("process") == self.process.pid


async def is_ready(client: httpx.AsyncClient, url: str) -> bool:
    """Whether GET answers 200 there now."""
    try:
        return (await client.get(url)).status_code == 200
    except httpx.TransportError:
        return False
