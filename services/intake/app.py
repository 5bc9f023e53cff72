"""Intake as a process: its settings and wiring, and nothing else."""

import re
import tomllib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from pydantic import Field, SecretStr

from services.intake import handlers, open311
from services.intake.album import Album, clean_for_ever
from services.intake.api import (
    callbacks,
    calls,
    commands,
    drafts,
    hints,
    knowledge,
    persons,
    photos,
    ratings,
    search,
    sources,
    tickets,
)
from services.intake.api.critical import critical_bodies
from services.intake.api.photos import LARGER_BODIES
from services.intake.archive import archive_for_ever
from services.intake.campaigns import tell_for_ever
from services.intake.codes import Codes
from services.intake.context import IntakeContext
from services.intake.domain.campaign import read_rating_terms
from services.intake.domain.desk_terms import read_desk_terms
from services.intake.domain.registration import Rules
from services.intake.domain.retention import read_retention
from services.intake.domain.settle import read_settlements
from services.intake.flag_group import flag_groups_for_ever
from services.intake.hints import new_hints
from services.intake.index import index_for_ever
from services.intake.learn import learn_for_ever
from services.intake.links import links_of
from services.intake.maps import Maps
from services.intake.move_dues import mover
from services.intake.pages import callbacks as callback_pages
from services.intake.pages import campaigns as campaign_pages
from services.intake.pages import (
    desk,
    desk_tickets,
    resident,
    resident_act,
    resident_follow,
    resident_near,
    resident_state,
)
from services.intake.pages import knowledge as knowledge_pages
from services.intake.pages import lists as list_pages
from services.intake.pages import map as map_pages
from services.intake.pages import photos as photo_pages
from services.intake.pages import phrases as phrase_pages
from services.intake.pages import ratings as rating_pages
from services.intake.register import Registered, Registration, register_many
from services.intake.retain import retain_for_ever
from services.intake.sending import start_sending
from services.intake.sources import KeyRing
from services.intake.stand import show_open_tickets
from services.intake.stock import fill, read_stock
from services.intake.store.vault import Vault
from services.intake.switchboard import Switchboard
from services.intake.units import learn_units_for_ever
from shared.calendar import WorkCalendar
from shared.catalogue.gazetteer import Gazetteer
from shared.catalogue.load import load_catalogue
from shared.catalogue.load_grids import heads_by_compound, load_building_heads, load_grids
from shared.catalogue.load_limits import load_time_limits
from shared.catalogue.report_labels import load_report_labels
from shared.delivery.calling import new_client
from shared.dues.moved import move_for_ever
from shared.errors import ShaodaoError
from shared.runtime.calendar_years import learn_years_for_ever
from shared.runtime.database import Connection
from shared.runtime.group_commit import GroupCommit
from shared.runtime.service import Runtime, running
from shared.runtime.settings import ServiceSettings, split_keys
from shared.uploads.objects import ObjectStore
from shared.web.app import new_app, serve
from shared.web.neighbour import Neighbour
from shared.web.priorities import NEW_TICKET

NAME: Final = "intake"
# What the pages of the 承办工作台 ask for: the contact, which is recorded here, and the photos.
FOR_THE_WORKBENCH: Final = re.compile(
    r"/api/v1/(tickets/[0-9a-f-]{36}/disclosures|photos/[0-9a-f-]{36}/file)"
)
HERE: Final = Path(__file__).parent
MIGRATIONS: Final = HERE / "sql" / "migrations"


class IntakeSettings(ServiceSettings):
    """What intake needs besides: the keys of the vault and the city's four digits.

    To rotate, put the new key in `vault_key` and add the one before to `vault_old_keys`.
    """

    vault_key: SecretStr  # base64 of 32 bytes
    vault_old_keys: SecretStr = SecretStr("")  # the same, separated by commas
    city_prefix: str = Field(default="1599", pattern=r"^\d{4}$")
    photo_store: str | None = None  # file:///folder or s3://bucket/prefix; absent: no photos
    tile_gcj02: bool = False  # whether the tiles are shifted, as those of 高德 and 腾讯 are
    tile_subdomains: str = "abc"  # what {s} stands for; 01234567 for 天地图
    tile_credit: str = ""

    def vault_keys(self) -> list[str]:
        """All keys, the current one first."""
        return split_keys(self.vault_key, self.vault_old_keys)

    def address(self) -> str:
        """Where other systems reach intake, without a slash at the end."""
        own = f"http://{self.http_host}:{self.http_port}"
        return str(self.public_url or self.intake_url or own).rstrip("/")


def create_app(settings: IntakeSettings) -> FastAPI:
    """Intake's application; its lifespan starts and stops everything."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Runtime]:
        async with (
            new_client() as client,
            running(settings, name=NAME, migrations=MIGRATIONS) as runtime,
        ):
            context = new_context(runtime, settings)
            app.state.context = context
            app.state.ending.append(context.switchboard.end)
            app.state.open311 = open311.load_definitions(context.rules.catalogue)
            start_sending(runtime, vault=context.vault, client=client)
            keep_terms(runtime, context)
            await begin_knowledge(runtime)
            runtime.loop("ratings", partial(tell_for_ever, runtime, context.ratings))
            runtime.loop("archive", partial(archive_for_ever, runtime, context.rules))
            learning = partial(learn_units_for_ever, runtime, context.rules, app.state.pages)
            runtime.loop("units", learning)
            rules = context.rules
            runtime.loop("years", partial(learn_years_for_ever, runtime, rules.learn_calendar))
            moving = partial(move_for_ever, runtime, lambda: rules.calendar, mover(rules))
            runtime.loop("move-dues", moving)
            runtime.loop("index", partial(index_for_ever, runtime))
            runtime.loop("open-tickets", partial(show_open_tickets, runtime))
            keep_hints(runtime, context)
            runtime.loop("photos", partial(clean_for_ever, runtime, context.album))
            by_sms = settings.sms_url is not None
            runtime.subscribe(handlers.subscription(context.rules, by_sms=by_sms))
            await runtime.start()
            yield runtime

    app = new_app(
        NAME,
        settings=settings,
        lifespan=lifespan,
        folder=HERE,
        larger_bodies={**LARGER_BODIES, **resident.LARGER_BODIES},
        critical={NEW_TICKET: critical_bodies(load_catalogue())},
    )
    include_routers(app)
    if settings.router_url is not None:
        app.add_middleware(Neighbour, origin=settings.router_url, paths=FOR_THE_WORKBENCH)
    return app


def include_routers(app: FastAPI) -> None:
    """Every edge of intake."""
    app.include_router(tickets.router)
    app.include_router(hints.router)  # asked at every keystroke: routers are tried in order
    app.include_router(commands.router)
    app.include_router(callbacks.router)
    app.include_router(callback_pages.router)
    app.include_router(rating_pages.router)
    app.include_router(ratings.router)
    app.include_router(campaign_pages.router)
    app.include_router(sources.router)
    app.include_router(sources.lines_router)
    app.include_router(open311.router)
    app.include_router(photos.router)
    app.include_router(photo_pages.router)
    app.include_router(map_pages.router)
    for of_residents in (
        resident, resident_act, resident_follow, resident_near, resident_state
    ):  # fmt: skip
        app.include_router(of_residents.router)
    app.include_router(persons.router)
    app.include_router(calls.router)
    app.include_router(drafts.router)
    app.include_router(desk.router)
    app.include_router(desk_tickets.router)
    app.include_router(search.router)
    app.include_router(knowledge.router)
    app.include_router(list_pages.router)
    app.include_router(knowledge_pages.router)
    app.include_router(phrase_pages.router)


def new_context(runtime: Runtime, settings: IntakeSettings) -> IntakeContext:
    """The parts of intake on a runtime."""
    catalogue = load_catalogue()
    grids = load_grids(catalogue)
    rules = Rules(
        catalogue=catalogue,
        gazetteer=Gazetteer(catalogue, grids),
        grids=grids,
        heads=heads_by_compound(load_building_heads(catalogue)),
        limits=load_time_limits(),
        calendar=WorkCalendar(),
        city_prefix=settings.city_prefix,
        address=settings.address(),
    )
    vault = Vault(settings.vault_keys())
    objects = ObjectStore(settings.photo_store) if settings.photo_store else None
    if objects is None:
        runtime.degraded["photos"] = "no photo store is configured"

    hinted = new_hints(catalogue)
    links, by_sms = links_of(settings), settings.sms_url is not None

    async def register(
        connection: Connection, registrations: Sequence[Registration], now: datetime
    ) -> list[Registered | ShaodaoError]:
        return await register_many(
            connection,
            registrations,
            now,
            rules=rules,
            vault=vault,
            by_sms=by_sms,
            limits=hinted.limits,
        )

    return IntakeContext(
        runtime=runtime,
        rules=rules,
        vault=vault,
        registrations=GroupCommit(runtime, "register", register),
        register=register,
        album=Album(objects=objects),
        maps=Maps(catalogue, rules.gazetteer),
        ratings=read_rating_terms(
            tomllib.loads((HERE / "ratings.toml").read_text(encoding="utf-8"))
        ),
        settlements=read_settlements(
            tomllib.loads((HERE / "settlements.toml").read_text(encoding="utf-8"))
        ),
        desk=read_desk_terms(tomllib.loads((HERE / "desk.toml").read_text(encoding="utf-8"))),
        switchboard=Switchboard(runtime, vault),
        links=links,
        codes=Codes(links=links, vault=vault),
        labels=load_report_labels(catalogue),
        keys=KeyRing(runtime),
        hints=hinted,
    )


def keep_terms(runtime: Runtime, context: IntakeContext) -> None:
    """Let go of what is past its term, as long as the service runs."""
    terms = read_retention(tomllib.loads((HERE / "retention.toml").read_text(encoding="utf-8")))
    runtime.loop(
        "retain",
        partial(
            retain_for_ever, runtime, rules=context.rules, vault=context.vault, retention=terms
        ),
    )


def keep_hints(runtime: Runtime, context: IntakeContext) -> None:
    """Learn what the desk confirms and flag groups of callers, as long as the service runs."""
    limits = context.hints.limits
    runtime.loop("learn", partial(learn_for_ever, runtime, context.hints))
    runtime.loop(
        "groups", partial(flag_groups_for_ever, runtime, rules=context.rules, limits=limits)
    )


async def begin_knowledge(runtime: Runtime) -> None:
    """An empty knowledge base begins with the city's file."""
    stock = read_stock(tomllib.loads((HERE / "knowledge.toml").read_text(encoding="utf-8")))
    async with runtime.transaction() as connection:
        await fill(connection, stock, now=runtime.clock.now())


def main() -> None:
    """Serve with the settings of the environment."""
    settings = IntakeSettings()
    serve(NAME, create_app(settings), settings)


if __name__ == "__main__":
    main()
