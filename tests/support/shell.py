"""The pages all services share, served alone: a database, no Kafka, no routes of a service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from deploy.local.ports import LOOPBACK, free_base
from shared.runtime.service import Runtime, running
from shared.runtime.settings import ServiceSettings
from shared.web.app import new_app
from tests.support.serving import SECRET, served_copy


@dataclass(frozen=True)
class Shell:
    """One served copy."""

    url: str
    app: FastAPI


def shell_app(settings: ServiceSettings, nothing: Path) -> FastAPI:
    """An app on a runtime that was not started; `nothing` is an empty folder."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[Runtime]:
        async with running(settings, name="intake", migrations=nothing) as runtime:
            yield runtime

    return new_app("intake", settings=settings, lifespan=lifespan, folder=nothing / "intake")


@asynccontextmanager
async def shell_on(
    dsn: str, accounts_file: Path, nothing: Path, *, port: int | None = None, **more: Any
) -> AsyncIterator[Shell]:
    """The shared pages on a database that has the runtime's tables."""
    port = port or free_base()
    settings = ServiceSettings(
        database_url=dsn,
        kafka_bootstrap="127.0.0.1:1",
        token_secret=SECRET,
        accounts_file=accounts_file,
        http_port=port,
        intake_url=f"http://{LOOPBACK}:{port}",
        **more,
    )
    app = shell_app(settings, nothing)
    async with served_copy(app, port) as url:
        yield Shell(url=url, app=app)
