"""Runs the canary: `python -m deploy.canary`, until SIGTERM.

Every minute it registers a ticket at intake, acknowledges over Kafka as the unit that is whistled
for it, and takes it back. It judges nothing: whether all went well, the notifier measures by the
facts it hears, so that its alarm rises when this process dies, too.
"""

import asyncio
import logging
import signal
import sys
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import httpx
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from deploy.canary.desk import Desk
from deploy.canary.settings import CanarySettings
from deploy.canary.unit import Unit
from shared.runtime.clock import wall_now
from shared.runtime.logging import configure, logger

AGAIN_SECONDS: Final = 3.0
log = logger("canary")


class Canary:
    """What is to be taken back yet, and the desk to do it at."""

    def __init__(self, settings: CanarySettings) -> None:
        self._settings = settings
        self._desk = Desk(settings)
        self._over: set[UUID] = set()

    async def close(self) -> None:
        await self._desk.close()

    async def sing(self) -> None:
        """A ticket every so often, for ever; what an earlier process left is taken back."""
        every = self._settings.canary_seconds
        while True:
            at = wall_now().timestamp() // every * every
            try:
                await self._desk.register(datetime.fromtimestamp(at, UTC))
                await self._tidy()
            except httpx.HTTPError as error:
                log.warning("not_registered", error=repr(error))
            await asyncio.sleep(max(0.0, at + every - wall_now().timestamp()))

    async def answer(self) -> None:
        """As the unit: acknowledge, and once that counts take the ticket back, for ever."""
        while True:
            unit = Unit(self._settings)
            try:
                await unit.open()
                async for ticket_id in unit.accepted():
                    self._over.add(ticket_id)
                    await self._withdraw()
            except KafkaError as error:
                log.warning("kafka_away", error=repr(error))
                await asyncio.sleep(AGAIN_SECONDS)
            finally:
                await unit.close()

    async def _tidy(self) -> None:
        """Whatever is on its way for longer than a round has failed: take it back."""
        await self._withdraw()
        self._over |= set(await self._desk.left_over())
        await self._withdraw()

    async def _withdraw(self) -> None:
        for ticket_id in sorted(self._over):
            try:
                await self._desk.withdraw(ticket_id)
            except httpx.HTTPError as error:
                log.warning("not_withdrawn", ticket_id=str(ticket_id), error=repr(error))
            else:
                self._over.discard(ticket_id)


async def run(settings: CanarySettings) -> None:
    """Until SIGTERM or SIGINT, or until one of its two parts fails for a reason of our own."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    canary = Canary(settings)
    tasks = [asyncio.create_task(each) for each in (canary.sing(), canary.answer(), stop.wait())]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await canary.close()


def main() -> None:
    """With the settings of the environment."""
    try:
        settings = CanarySettings()
    except ValidationError as error:
        sys.exit(f"canary: {error}")
    configure("canary", fmt=settings.log_format, level=settings.log_level)
    for chatty in ("httpx", "aiokafka"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    asyncio.run(run(settings))


if __name__ == "__main__":
    main()
