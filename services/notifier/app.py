"""The notifier as a process: its wiring, and nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from services.notifier import handlers
from services.notifier.api import deadlines, supervisions
from services.notifier.channels import load_wording
from services.notifier.context import NotifierContext
from services.notifier.domain.escalation import Escalation
from services.notifier.fact_log import FactLog, keep_ahead
from services.notifier.watch import Watch, show_figures
from shared.calendar import WorkCalendar
from shared.catalogue.load_limits import load_time_limits
from shared.runtime.service import Runtime, running
from shared.runtime.settings import ServiceSettings
from shared.web.app import new_app, serve

NAME = "notifier"
HERE = Path(__file__).parent
MIGRATIONS = HERE / "sql" / "migrations"


def create_app(settings: ServiceSettings) -> FastAPI:
    """The notifier's application; its lifespan starts and stops everything."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Runtime]:
        async with running(settings, name=NAME, migrations=MIGRATIONS) as runtime:
            context = new_context(runtime)
            app.state.context = context
            await wire(context)
            await runtime.start()
            yield runtime

    app = new_app(NAME, settings=settings, lifespan=lifespan, folder=HERE)
    for noun in (deadlines, supervisions):
        app.include_router(noun.router)
    return app


def new_context(runtime: Runtime) -> NotifierContext:
    """The parts of the notifier on a runtime."""
    escalation = Escalation(limits=load_time_limits(), calendar=WorkCalendar())
    wording = load_wording()
    return NotifierContext(
        runtime=runtime,
        escalation=escalation,
        wording=wording,
        fact_log=FactLog(),
        watch=Watch(runtime, escalation=escalation, wording=wording),
    )


async def wire(context: NotifierContext) -> None:
    """Connect the edges and loops, with the first partitions made."""
    runtime, fact_log = context.runtime, context.fact_log
    await fact_log.make_ready(runtime.transaction, runtime.clock.now())
    runtime.subscribe(handlers.subscription(context))
    runtime.loop("watch-deadlines", context.watch.run)
    runtime.loop("fact-months", partial(keep_ahead, fact_log, runtime.transaction, runtime.clock))
    runtime.loop("figures", partial(show_figures, runtime))


def main() -> None:
    """Serve with the settings of the environment."""
    settings = ServiceSettings()
    serve(NAME, create_app(settings), settings)


if __name__ == "__main__":
    main()
