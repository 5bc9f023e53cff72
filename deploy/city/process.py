"""One process of the city: its settings and log, its tasks, and a clean stop on SIGTERM."""

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable

from deploy.city.settings import CitySettings, MissingSettingError, from_environment
from shared.runtime.logging import configure

Main = Callable[[CitySettings, asyncio.Event], Awaitable[None]]


def run(name: str, main: Main) -> None:
    """Run `main` until it ends or the process is told to stop; exits with its code."""
    try:
        settings = from_environment()
    except MissingSettingError as missing:
        sys.exit(f"{name}: {missing}")
    configure(name, fmt=settings.log_format, level=settings.log_level)
    for chatty in ("httpx", "aiokafka"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    asyncio.run(_until_told(main, settings))


async def _until_told(main: Main, settings: CitySettings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await main(settings, stop)


async def pause(stop: asyncio.Event, seconds: float) -> bool:
    """Wait, or until told to stop; whether to go on."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return True
    return False


async def first_of(stop: asyncio.Event, *tasks: Awaitable[None]) -> None:
    """Run the tasks together until one fails or it is time to stop, then end them all."""
    running = [asyncio.ensure_future(task) for task in tasks]
    told = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait([told, *running], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for future in (told, *running):
            future.cancel()
        await asyncio.gather(told, *running, return_exceptions=True)
