"""The small city with its services in this process: what a test puts in their place, they use."""

import asyncio
from typing import Any

import uvicorn

from deploy.local.ports import LOOPBACK
from deploy.local.program import Program
from services.intake import app as intake
from services.notifier import app as notifier
from services.router import app as router
from tests.support.city import City
from tests.support.waiting import eventually

MADE = {
    "intake": (intake.IntakeSettings, intake.create_app),
    "router": (router.RouterSettings, router.create_app),
    "notifier": (notifier.NotifierSettings, notifier.create_app),
}


def settings_of(city: City, service: str) -> Any:
    """What a service of the city is told, as it reads it."""
    env = city.environment(service, city.ports[service])
    said = {k.removeprefix("SHAODAO_").lower(): v for k, v in env.items() if "SHAODAO_" in k}
    made: Any = MADE[service][0]
    return made(**said)


class Served:
    """A service within this process."""

    def __init__(self, city: City, service: str) -> None:
        settings = settings_of(city, service)
        app = MADE[service][1](settings)
        config = uvicorn.Config(app, host=LOOPBACK, port=settings.http_port, log_config=None)
        self._server = uvicorn.Server(config)

    async def start(self) -> None:
        self._task = asyncio.create_task(self._server._serve())

        async def started() -> bool:
            if self._task.done():
                self._task.result()
            return self._server.started

        await eventually(started, within=60)

    async def stop(self) -> None:
        self._server.should_exit = True
        await self._task


class CityWithin(City):
    """The city with its services in this process."""

    def program(self, service: str, *, port: int | None = None) -> Program:
        served: Any = Served(self, service)
        return served
