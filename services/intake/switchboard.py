"""Shows running calls to the desks that look, live and from every copy of the service.

The state is told and not the messages: one query a turn reads the running calls of all desks that
look here, and each stream compares with what it told before. So nothing is lost by a reconnect, a
call posted to another copy or words out of order, and a hundred desks cost one query.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Final

from services.intake.domain.call import LONGEST_CALL, PhoneCall
from services.intake.store import calls as store
from services.intake.store.vault import Vault
from shared.runtime.database import is_transient
from shared.runtime.logging import logger
from shared.runtime.service import Runtime

TURN_SECONDS: Final = 0.5
ALIVE_SECONDS: Final = 15.0
log = logger(__name__)


class Switchboard:
    """The running calls by account, as read in the last turn; one a process."""

    def __init__(self, runtime: Runtime, vault: Vault) -> None:
        self._runtime = runtime
        self._vault = vault
        self._looking: Counter[str] = Counter()
        self._calls: dict[str, tuple[PhoneCall, ...]] = {}
        self._wake = asyncio.Event()
        self._turned = asyncio.Condition()
        self._ended = False
        runtime.loop("switchboard", self._run)

    def wake(self) -> None:
        """Look now: something was told to this copy."""
        self._wake.set()

    def end(self) -> None:
        """Let all who look go: the process ends, and another copy tells them on."""
        self._ended = True
        self._wake.set()

    async def calls(self, account: str, *, seconds: float) -> AsyncIterator[tuple[PhoneCall, ...]]:
        """The running calls of an account at once, then each time they changed, for a while.

        Yields the same again when nothing changed, so that a stream shows it is alive.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        self._looking[account] += 1
        try:
            await self._read()
            while (now := loop.time()) < end and not self._ended:
                told = self._calls.get(account, ())
                yield told
                await self._changed(account, told, within=min(ALIVE_SECONDS, end - now))
        finally:
            self._looking[account] -= 1
            if not self._looking[account]:
                del self._looking[account]

    async def _changed(self, account: str, told: tuple[PhoneCall, ...], *, within: float) -> None:
        try:
            async with asyncio.timeout(within), self._turned:
                await self._turned.wait_for(
                    lambda: self._ended or self._calls.get(account, ()) != told
                )
        except TimeoutError:
            return

    async def _run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(TURN_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            if not self._looking:
                continue
            try:
                await self._read()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("switchboard_unavailable", error=repr(error))

    async def _read(self) -> None:
        accounts = list(self._looking)
        since = self._runtime.clock.now() - LONGEST_CALL
        async with self._runtime.pool.acquire() as connection:
            seats = await store.seats_of(connection, accounts)
            found = await store.running_calls(
                connection, list(seats), since=since, vault=self._vault
            )
        calls: dict[str, list[PhoneCall]] = {account: [] for account in accounts}
        for call in found:
            calls[seats[call.operator]].append(call)
        async with self._turned:
            self._calls = {account: tuple(each) for account, each in calls.items()}
            self._turned.notify_all()
