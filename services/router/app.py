"""The router as a process: its wiring, and nothing else."""

import tomllib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from fastapi import FastAPI

from services.router import handlers
from services.router.api import files, held, live, reports, review, units, whistles
from services.router.api.files import LARGER_BODIES
from services.router.context import CityNow, RouterContext
from services.router.domain.city import City, read_policy
from services.router.domain.judgement import Refused
from services.router.domain.outcome import Outcome
from services.router.files import Shelf
from services.router.judge import Reported, judge_requests
from services.router.live import Live
from services.router.seed import seed
from shared.calendar import WorkCalendar
from shared.catalogue.load import load_catalogue
from shared.catalogue.load_limits import load_time_limits
from shared.errors import ShaodaoError
from shared.runtime.database import Connection
from shared.runtime.group_commit import GroupCommit
from shared.runtime.service import Runtime, running
from shared.runtime.settings import ServiceSettings
from shared.uploads.objects import ObjectStore
from shared.web.app import new_app, serve

NAME = "router"
HERE = Path(__file__).parent
MIGRATIONS = HERE / "sql" / "migrations"


class RouterSettings(ServiceSettings):
    """What the router needs besides: where the files of units are kept."""

    file_store: str | None = None  # file:///folder or s3://bucket/prefix; absent: no files

    def address(self) -> str:
        """Where other systems reach the router, without a slash at the end."""
        own = f"http://{self.http_host}:{self.http_port}"
        return str(self.public_url or self.router_url or own).rstrip("/")


def create_app(settings: RouterSettings) -> FastAPI:
    """The router's application; its lifespan starts and stops everything."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Runtime]:
        async with running(settings, name=NAME, migrations=MIGRATIONS) as runtime:
            city = await seeded_city(runtime)
            context = app.state.context = wire(runtime, city, settings)
            app.state.ending.append(context.live.end)
            await runtime.start()
            yield runtime
            await context.live.stop()

    app = new_app(
        NAME, settings=settings, lifespan=lifespan, folder=HERE, larger_bodies=LARGER_BODIES
    )
    for noun in (reports, whistles, held, review, units, live, files):
        app.include_router(noun.router)
    return app


def city_of_files() -> City:
    """The city as its files have it; the units become the table's in `seeded_city`."""
    policy = tomllib.loads((HERE / "policy.toml").read_text(encoding="utf-8"))
    evidence = tomllib.loads((HERE / "evidence.toml").read_text(encoding="utf-8"))
    return City(
        catalogue=load_catalogue(),
        limits=load_time_limits(),
        calendar=WorkCalendar(),
        policy=read_policy(policy | {"evidence": evidence}),
    )


async def seeded_city(runtime: Runtime) -> City:
    """The city with the units of the table, which is seeded from the file first."""
    files = city_of_files()
    async with runtime.transaction() as connection:
        catalogue = await seed(
            connection, files.catalogue, policy=files.version, now=runtime.clock.now()
        )
    return City(
        catalogue=catalogue, limits=files.limits, calendar=files.calendar, policy=files.policy
    )


def wire(runtime: Runtime, city: City, settings: RouterSettings) -> RouterContext:
    """Connect the edges with the verbs."""
    here = CityNow(city)
    runtime.subscribe(handlers.city_topics(here))
    runtime.subscribe(handlers.unit_topics(here))

    async def judge(
        connection: Connection, reported: Sequence[Reported], now: datetime
    ) -> Sequence[Outcome | Refused | ShaodaoError]:
        return await judge_requests(connection, reported, city=here.city, now=now)

    return RouterContext(
        runtime=runtime,
        now=here,
        reports=GroupCommit(runtime, "reports", judge),
        live=Live(runtime),
        shelf=shelf_of(runtime, settings),
    )


def shelf_of(runtime: Runtime, settings: RouterSettings) -> Shelf:
    """Where the files of units are kept; /ready tells when there is no such place."""
    objects = ObjectStore(settings.file_store) if settings.file_store else None
    if objects is None:
        runtime.degraded["files"] = "no file store is configured (SHAODAO_FILE_STORE)"
    return Shelf(objects=objects, address=settings.address())


def main() -> None:
    """Serve with the settings of the environment."""
    settings = RouterSettings()
    serve(NAME, create_app(settings), settings)


if __name__ == "__main__":
    main()
