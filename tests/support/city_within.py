"""The small city with its services in this process: what a test puts in their place, they use."""

from contextlib import AsyncExitStack
from typing import Any

from deploy.local.program import Program
from services.intake import app as intake
from services.notifier import app as notifier
from services.router import app as router
from tests.support.city import City
from tests.support.serving import served_copy

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
        self._serving = served_copy(app, settings.http_port, within=60)
        self._open = AsyncExitStack()

    async def start(self) -> None:
        await self._open.enter_async_context(self._serving)

    async def stop(self) -> None:
        await self._open.aclose()


class CityWithin(City):
    """The city with its services in this process."""

    def program(self, service: str, *, port: int | None = None) -> Program:
        served: Any = Served(self, service)
        return served
