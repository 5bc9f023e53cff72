"""The router as a process: its wiring, and nothing else."""

import tomllib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from services.router import handlers, metrics
from services.router.api import (
    department,
    department_keys,
    duties,
    duty_drafts,
    files,
    grids,
    held,
    joint,
    live,
    proposals,
    reports,
    review,
    units,
    webhooks,
    whistles,
)
from services.router.api.duties import ROWS_BODIES
from services.router.api.files import LARGER_BODIES
from services.router.context import CityNow, Departments, RouterContext
from services.router.current import Current, current
from services.router.domain.city import City, read_policy
from services.router.domain.department import Answer
from services.router.domain.outcome import Outcome
from services.router.domain.reports.judgement import Refused
from services.router.feed import Feed
from services.router.files import Shelf
from services.router.forward import Forwarder
from services.router.judge import Reported, judge_requests
from services.router.live import live_whistles
from services.router.move_dues import mover
from services.router.pages import (
    console,
    console_blow,
    console_map,
    console_whistle,
    contracts,
    work,
    work_asks,
    work_figures,
    work_phone,
)
from services.router.pages import dispatch as dispatch_pages
from services.router.pages import reviews as review_pages
from services.router.push import Pushed, forget_for_ever, push
from services.router.refresh import refresh_for_ever
from services.router.rehome import rehome_for_ever
from services.router.seed import seed
from services.router.sending import NO_SEALS, start_sending
from services.router.stand import show_stand
from services.router.unnamed_files import let_go_for_ever
from shared.calendar import WorkCalendar
from shared.catalogue.load import load_catalogue
from shared.catalogue.load_grids import heads_by_compound, load_building_heads, load_grids
from shared.catalogue.load_limits import load_time_limits
from shared.delivery.calling import new_client
from shared.dues.moved import move_for_ever
from shared.errors import ShaodaoError
from shared.runtime.database import Connection
from shared.runtime.group_commit import GroupCommit
from shared.runtime.reading import Reading
from shared.runtime.service import Runtime, running
from shared.runtime.settings import ServiceSettings, split_keys
from shared.runtime.watching import Watch
from shared.sealing import Seals
from shared.uploads.objects import ObjectStore
from shared.web.app import new_app, serve
from shared.web.pages import Pages

NAME = "router"
HERE = Path(__file__).parent
MIGRATIONS = HERE / "sql" / "migrations"


class RouterSettings(ServiceSettings):
    """What the router needs besides: where files of units are kept, what seals their secrets."""

    file_store: str | None = None  # file:///folder or s3://bucket/prefix; absent: no files
    vault_key: SecretStr | None = None  # base64 of 32 bytes; absent: no webhooks
    vault_old_keys: SecretStr = SecretStr("")  # the same, separated by commas

    def address(self) -> str:
        """Where other systems reach the router, without a slash at the end."""
        own = f"http://{self.http_host}:{self.http_port}"
        return str(self.public_url or self.router_url or own).rstrip("/")

    def seals(self) -> Seals | None:
        """What seals the signing secrets of webhooks; None where no key is configured."""
        if self.vault_key is None:
            return None
        return Seals(split_keys(self.vault_key, self.vault_old_keys))


def create_app(settings: RouterSettings) -> FastAPI:
    """The router's application; its lifespan starts and stops everything."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Runtime]:
        async with (
            new_client() as client,
            running(settings, name=NAME, migrations=MIGRATIONS) as runtime,
        ):
            found = await seeded_city(runtime)
            context = app.state.context = wire(runtime, found, settings, app.state.pages)
            start_forwarding(runtime, context.departments, client)
            runtime.loop("refresh", partial(refresh_for_ever, context))
            runtime.loop(
                "move-dues",
                partial(move_for_ever, runtime, lambda: context.city.calendar, mover(context.now)),
            )
            runtime.loop("rehome", partial(rehome_for_ever, runtime, context.now))
            feed = context.departments.feed
            app.state.ending += [context.live.end, feed.watch.end]
            await runtime.start()
            yield runtime
            await context.live.stop()
            await feed.reading.stop()

    app = new_app(
        NAME,
        settings=settings,
        lifespan=lifespan,
        folder=HERE,
        larger_bodies={**LARGER_BODIES, **ROWS_BODIES, **department.LARGER_BODIES},
        neighbour=settings.intake_url,  # who asked, and their photos, are there alone
    )
    for noun in (
        *(reports, whistles, held, review, units, live, files),
        *(proposals, duties, duty_drafts, grids, joint),
        *(department, department_keys, webhooks, contracts),
        *(
            dispatch_pages,
            review_pages,
        ),
        *(console, console_map, console_blow, console_whistle),  # `/console/{whistle_id}` last
        *(work_figures, work_phone, work_asks, work),  # `/workbench/{whistle_id}` last
    ):
        app.include_router(noun.router)
    return app


def city_of_files() -> City:
    """The city as its files have it; the units become the table's in `seeded_city`."""
    policy = tomllib.loads((HERE / "policy.toml").read_text(encoding="utf-8"))
    evidence = tomllib.loads((HERE / "evidence.toml").read_text(encoding="utf-8"))
    routing = tomllib.loads((HERE / "routing.toml").read_text(encoding="utf-8"))
    catalogue = load_catalogue()
    return City(
        catalogue=catalogue,
        limits=load_time_limits(),
        calendar=WorkCalendar(),
        policy=read_policy(policy | {"evidence": evidence, "routing": routing}),
        grids=load_grids(catalogue),
        heads=heads_by_compound(load_building_heads(catalogue)),
    )


async def seeded_city(runtime: Runtime) -> Current:
    """The city with the units and the duty list of the tables, seeded from the files first."""
    files = city_of_files()
    async with runtime.transaction() as connection:
        await seed(connection, files.catalogue, policy=files.version, now=runtime.clock.now())
        return await current(connection, files)


def wire(runtime: Runtime, found: Current, settings: RouterSettings, pages: Pages) -> RouterContext:
    """Connect the edges with the verbs."""
    here = CityNow(found.city, found.version)
    pages.learn(found.names)
    runtime.subscribe(handlers.city_topics(here))
    runtime.subscribe(handlers.unit_topics(here))
    metrics.measure_by(runtime.clock.wall_at)
    runtime.loop("stand", partial(show_stand, runtime, here))

    async def judge(
        connection: Connection, reported: Sequence[Reported], now: datetime
    ) -> Sequence[Outcome | Refused | ShaodaoError]:
        return await judge_requests(connection, reported, city=here.city, now=now)

    return RouterContext(
        runtime=runtime,
        now=here,
        reports=GroupCommit(runtime, "reports", judge),
        live=live_whistles(runtime),
        shelf=shelf_of(runtime, settings),
        departments=departments_of(runtime, settings, here),
        pages=pages,
    )


def departments_of(runtime: Runtime, settings: RouterSettings, here: CityNow) -> Departments:
    """What departments' systems come to over HTTP."""
    watch = Watch(settings, client_id="router.watch")
    runtime.loop("watch", watch.run)
    runtime.loop("forget-answers", partial(forget_for_ever, runtime))
    reading = Reading(settings, client_id="router.reading")

    async def judge(
        connection: Connection, pushed: Sequence[Pushed], now: datetime
    ) -> Sequence[Answer | ShaodaoError]:
        return await push(connection, pushed, city=here.city, now=now)

    return Departments(
        feed=Feed(reading=reading, watch=watch, clock=runtime.clock),
        pushes=GroupCommit(runtime, "pushed", judge),
        seals=settings.seals(),
    )


def start_forwarding(runtime: Runtime, departments: Departments, client: httpx.AsyncClient) -> None:
    """Call the webhooks of departments, where their secrets can be sealed."""
    if departments.seals is None:
        runtime.degraded["webhooks"] = NO_SEALS
        return
    deliverer = start_sending(runtime, seals=departments.seals, client=client)
    Forwarder(runtime, departments.feed, deliverer)


def shelf_of(runtime: Runtime, settings: RouterSettings) -> Shelf:
    """Where the files of units are kept; /ready tells when there is no such place."""
    objects = ObjectStore(settings.file_store) if settings.file_store else None
    if objects is None:
        runtime.degraded["files"] = "no file store is configured (SHAODAO_FILE_STORE)"
    else:
        runtime.loop("files", partial(let_go_for_ever, runtime, objects))
    return Shelf(objects=objects, address=settings.address())


def main() -> None:
    """Serve with the settings of the environment."""
    settings = RouterSettings()
    serve(NAME, create_app(settings), settings)


if __name__ == "__main__":
    main()
