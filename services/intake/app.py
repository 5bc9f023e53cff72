"""Intake as a process: its settings and wiring, and nothing else."""

import tomllib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from pydantic import Field, SecretStr

from services.intake import handlers
from services.intake.api import persons, tickets
from services.intake.context import IntakeContext
from services.intake.domain.registration import Rules
from services.intake.domain.retention import read_retention
from services.intake.register import Registered, Registration, register_many
from services.intake.retain import retain_for_ever
from services.intake.store.vault import Vault
from shared.calendar import WorkCalendar
from shared.catalogue.gazetteer import Gazetteer
from shared.catalogue.load import load_catalogue
from shared.catalogue.load_limits import load_time_limits
from shared.errors import ShaodaoError
from shared.runtime.database import Connection
from shared.runtime.group_commit import GroupCommit
from shared.runtime.service import Runtime, running
from shared.runtime.settings import ServiceSettings
from shared.web.app import new_app, serve

NAME: Final = "intake"
HERE: Final = Path(__file__).parent
MIGRATIONS: Final = HERE / "sql" / "migrations"


class IntakeSettings(ServiceSettings):
    """What intake needs besides: the keys of the vault and the city's four digits.

    To rotate, put the new key in `vault_key` and add the one before to `vault_old_keys`.
    """

    vault_key: SecretStr  # base64 of 32 bytes
    vault_old_keys: SecretStr = SecretStr("")  # the same, separated by commas
    city_prefix: str = Field(default="1599", pattern=r"^\d{4}$")

    def vault_keys(self) -> list[str]:
        """All keys, the current one first."""
        old = self.vault_old_keys.get_secret_value().split(",")
        return [self.vault_key.get_secret_value(), *(key.strip() for key in old if key.strip())]


def create_app(settings: IntakeSettings) -> FastAPI:
    """Intake's application; its lifespan starts and stops everything."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Runtime]:
        async with running(settings, name=NAME, migrations=MIGRATIONS) as runtime:
            context = new_context(runtime, settings)
            app.state.context = context
            keep_terms(runtime, context)
            runtime.subscribe(handlers.subscription(context.rules))
            await runtime.start()
            yield runtime

    app = new_app(NAME, settings=settings, lifespan=lifespan)
    app.include_router(tickets.router)
    app.include_router(persons.router)
    return app


def new_context(runtime: Runtime, settings: IntakeSettings) -> IntakeContext:
    """The parts of intake on a runtime."""
    catalogue = load_catalogue()
    rules = Rules(
        catalogue=catalogue,
        gazetteer=Gazetteer(catalogue),
        limits=load_time_limits(),
        calendar=WorkCalendar(),
        city_prefix=settings.city_prefix,
    )
    vault = Vault(settings.vault_keys())

    async def register(
        connection: Connection, registrations: Sequence[Registration], now: datetime
    ) -> list[Registered | ShaodaoError]:
        return await register_many(connection, registrations, now, rules=rules, vault=vault)

    return IntakeContext(
        runtime=runtime,
        rules=rules,
        vault=vault,
        registrations=GroupCommit(runtime, "register", register),
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


def main() -> None:
    """Serve with the settings of the environment."""
    settings = IntakeSettings()
    serve(NAME, create_app(settings), settings)


if __name__ == "__main__":
    main()
