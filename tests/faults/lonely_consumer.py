"""A service that only listens, and whose group coordinator dies when it is told to by a signal.

SIGUSR1: an error in its routine, as of a broker that answers what nobody expects; its partitions
stay assigned. SIGUSR2: the same while it joins the group again; its partitions are taken away.
FastStream logs both and goes on without a coordinator (#2412).
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from fastapi import FastAPI

from shared.contracts.topics import UNITS
from shared.runtime import migrate
from shared.runtime.consumer import Subscription
from shared.runtime.database import Connection
from shared.runtime.incoming import Incoming
from shared.runtime.service import Runtime, running
from shared.runtime.settings import ServiceSettings
from shared.web.app import new_app, serve


async def hear(_connection: Connection, _events: Sequence[Incoming], _now: datetime) -> None:
    """The inbox remembers; nothing else is to be done."""


async def fails(*_: Any) -> None:
    raise RuntimeError("a bug of the client")


def dies(runtime: Runtime, *, rejoining: bool) -> None:
    """Let the coordinator's routine meet an error it does not expect."""
    coordinator = runtime.groups[0]._subscriber.consumer._coordinator
    if rejoining:
        coordinator._do_rejoin_group = fails
    else:
        coordinator._maybe_do_autocommit = fails
    coordinator.request_rejoin()


def create_app(settings: ServiceSettings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[Runtime]:
        async with running(settings, name="lonely", migrations=migrate.RUNTIME) as runtime:
            runtime.subscribe(Subscription(group="lonely", topics=(UNITS,), handle=hear))
            await runtime.start()
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGUSR1, lambda: dies(runtime, rejoining=False))
            loop.add_signal_handler(signal.SIGUSR2, lambda: dies(runtime, rejoining=True))
            yield runtime

    return new_app("lonely", settings=settings, lifespan=lifespan)


if __name__ == "__main__":
    made = ServiceSettings()
    serve("lonely", create_app(made), made)
