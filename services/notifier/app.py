"""The notifier as a process: its wiring, and nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx
from fastapi import FastAPI
from pydantic import Field, SecretStr

from services.notifier import handlers
from services.notifier.api import audit as audit_api
from services.notifier.api import brief as brief_api
from services.notifier.api import canary as canary_api
from services.notifier.api import (
    deadlines,
    deliveries,
    exclusions,
    figures,
    live,
    notices,
    outages,
    rankings,
    rota,
    supervisions,
    views,
)
from services.notifier.audit import Auditor
from services.notifier.board import Board
from services.notifier.brief import write_for_ever
from services.notifier.canary import watch_canary
from services.notifier.channels import load_wording
from services.notifier.context import NotifierContext
from services.notifier.domain.audit.rungs import Book
from services.notifier.domain.escalation import Escalation
from services.notifier.fact_log import FactLog, keep_ahead
from services.notifier.heartbeat import Heartbeat
from services.notifier.live import live_promises
from services.notifier.move_dues import mover
from services.notifier.names import learn_names
from services.notifier.pages import board, board_list, board_phone, ops_audit, promises
from services.notifier.pages import brief as brief_page
from services.notifier.pages import supervisions as supervision_pages
from services.notifier.pulse import beat
from services.notifier.put_away import load_terms, put_away_for_ever
from services.notifier.roster import RosterNow
from services.notifier.score import follow_for_ever
from services.notifier.seed_rota import seed_rota, seed_units
from services.notifier.sending import NO_SEALS, Outlets, start_sending
from services.notifier.stand import show_oldest_rung, show_stand
from services.notifier.tell import Telling, load_rules
from services.notifier.teller import Teller, show_messages
from services.notifier.watch import Watch
from services.notifier.wording import load_digests
from shared.calendar import WorkCalendar
from shared.catalogue.load import load_catalogue
from shared.catalogue.load_limits import load_time_limits
from shared.delivery.calling import new_client
from shared.dues.moved import move_for_ever
from shared.runtime.calendar_years import learn_years_for_ever
from shared.runtime.service import Runtime, running
from shared.runtime.settings import ServiceSettings, split_keys
from shared.sealing import Seals
from shared.web.app import new_app, serve

NAME = "notifier"
HERE = Path(__file__).parent
MIGRATIONS = HERE / "sql" / "migrations"


class NotifierSettings(ServiceSettings):
    """What the notifier needs besides: what seals the addresses of people, a first rota."""

    vault_key: SecretStr | None = None  # base64 of 32 bytes; absent: nobody is told but units
    vault_old_keys: SecretStr = SecretStr("")  # the same, separated by commas
    rota_file: Path | None = None  # CSV; taken where nobody is on duty yet
    wecom_url: SecretStr | None = None  # of a WeChat Work robot, with its key
    wecom_per_minute: int = Field(default=20, ge=1)
    sms_per_minute: int = Field(default=600, ge=1)

    audit_every_seconds: float = Field(default=60.0, gt=0)
    audit_settle_seconds: float = Field(default=30.0, ge=1)  # what fires may take so long

    def outlets(self) -> Outlets:
        """The ways out besides the gateway of text messages."""
        wecom = self.wecom_url
        return Outlets(
            wecom_url=None if wecom is None else wecom.get_secret_value(),
            wecom_per_minute=self.wecom_per_minute,
            sms_per_minute=self.sms_per_minute,
        )

    def seals(self) -> Seals | None:
        """What seals the addresses of people; None where no key is configured."""
        if self.vault_key is None:
            return None
        return Seals(split_keys(self.vault_key, self.vault_old_keys))


def create_app(settings: NotifierSettings) -> FastAPI:
    """The notifier's application; its lifespan starts and stops everything."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Runtime]:
        async with (
            new_client() as client,
            running(settings, name=NAME, migrations=MIGRATIONS) as runtime,
        ):
            context = new_context(runtime, settings)
            app.state.context = context
            await seed(context, settings.rota_file)
            await wire(context)
            start_telling(context, client, settings.outlets())
            start_auditing(context)
            runtime.loop("unit-names", partial(learn_names, runtime, app.state.pages))
            app.state.ending.append(context.live.end)
            await runtime.start()
            yield runtime
            await context.live.stop()

    app = new_app(NAME, settings=settings, lifespan=lifespan, folder=HERE)
    for noun in (deadlines, supervisions, outages, deliveries, views, live, rota, notices):
        app.include_router(noun.router)
    for noun in (audit_api, canary_api):
        app.include_router(noun.router)
    for noun in (figures, exclusions, rankings, brief_api, brief_page):
        app.include_router(noun.router)
    for pages in (board_list, board_phone, supervision_pages, board, promises, ops_audit):
        app.include_router(pages.router)
    return app


def new_context(runtime: Runtime, settings: NotifierSettings) -> NotifierContext:
    """The parts of the notifier on a runtime."""
    escalation = Escalation(limits=load_time_limits(), calendar=WorkCalendar())
    wording, catalogue = load_wording(), load_catalogue()
    rules = load_rules(escalation.calendar)
    telling = Telling(
        rules=rules,
        rota=RosterNow(catalogue.city),
        heartbeat=Heartbeat(runtime, rules),
    )
    return NotifierContext(
        runtime=runtime,
        escalation=escalation,
        wording=wording,
        fact_log=FactLog(),
        watch=Watch(runtime, escalation=escalation, wording=wording, telling=telling),
        catalogue=catalogue,
        board=Board(runtime, catalogue),
        live=live_promises(runtime),
        telling=telling,
        seals=settings.seals(),
        auditor=Auditor(
            runtime,
            Book(limits=load_time_limits(), calendar=WorkCalendar()),
            every=timedelta(seconds=settings.audit_every_seconds),
            settle=timedelta(seconds=settings.audit_settle_seconds),
        ),
    )


async def seed(context: NotifierContext, rota_file: Path | None) -> None:
    """Units of the catalogue, a first rota where there is none; then the rota as it stands."""
    runtime, rota = context.runtime, context.telling.rota
    city = context.catalogue.city
    async with runtime.transaction() as connection:
        await seed_units(connection, context.catalogue, city=city)
        if rota_file is not None and context.seals is not None:
            now = runtime.clock.now()
            await seed_rota(connection, rota_file, city=city, seals=context.seals, now=now)
    await rota.refresh(runtime)


def start_telling(context: NotifierContext, client: httpx.AsyncClient, outlets: Outlets) -> None:
    """Tell the people on duty, where their addresses can be opened."""
    runtime, telling = context.runtime, context.telling
    runtime.loop("rota", partial(telling.rota.refresh_for_ever, runtime))
    runtime.loop("messages", partial(show_messages, runtime, telling))
    if context.seals is None:
        runtime.degraded["people"] = NO_SEALS
        return
    deliverer, available = start_sending(
        runtime, seals=context.seals, client=client, outlets=outlets
    )
    teller = Teller(
        runtime,
        telling=telling,
        digests=load_digests(context.wording),
        categories={c.code: c.name for c in context.catalogue.categories.values()},
        available=available,
        sent=deliverer.wake,
    )
    runtime.loop("teller", teller.run)


def start_auditing(context: NotifierContext) -> None:
    """Hold what fired against what should have, and the whole path against the clock."""
    runtime = context.runtime
    runtime.loop("pulse", partial(beat, runtime))
    runtime.loop("audit", context.auditor.run)
    runtime.loop("canary", partial(watch_canary, runtime))


async def wire(context: NotifierContext) -> None:
    """Connect the edges and loops, with the first partitions made."""
    runtime, fact_log = context.runtime, context.fact_log
    await fact_log.make_ready(runtime.transaction, runtime.clock.now())
    runtime.subscribe(handlers.subscription(context))

    def learn(calendar: WorkCalendar) -> None:
        context.escalation.learn_calendar(calendar)
        context.auditor.learn_calendar(calendar)
        context.telling.learn_calendar(calendar)

    runtime.loop("years", partial(learn_years_for_ever, runtime, learn))
    moving = mover(context.escalation, context.wording, wake=context.watch.wake)
    runtime.loop(
        "move-dues", partial(move_for_ever, runtime, lambda: context.escalation.calendar, moving)
    )
    runtime.loop("watch-deadlines", context.watch.run)
    runtime.loop("fact-months", partial(keep_ahead, fact_log, runtime.transaction, runtime.clock))
    runtime.loop("put-away", partial(put_away_for_ever, runtime, terms=load_terms()))
    runtime.loop("stand", partial(show_stand, runtime))
    runtime.loop("oldest-rung", partial(show_oldest_rung, runtime))
    runtime.loop("score", partial(follow_for_ever, runtime))
    runtime.loop("brief", partial(write_for_ever, runtime, catalogue=context.catalogue))


def main() -> None:
    """Serve with the settings of the environment."""
    settings = NotifierSettings()
    serve(NAME, create_app(settings), settings)


if __name__ == "__main__":
    main()
