"""The FastAPI application every service is made of, and how it is served."""

import gc
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Final

import uvicorn
from fastapi import Depends, FastAPI
from fastapi.telemetry import TelemetryConfig
from pydantic import AnyHttpUrl

from shared.runtime import logging as logs
from shared.runtime.service import Runtime
from shared.runtime.settings import ServiceSettings
from shared.web import calendar_years, login, oidc, operations, ops_pages, problems
from shared.web.accounts import Accounts
from shared.web.description import describe
from shared.web.doors import Doors, IsCritical
from shared.web.edge import Edge
from shared.web.guards import guards_of
from shared.web.identity import Tokens
from shared.web.oidc import opened
from shared.web.oidc_mapping import People
from shared.web.pages import Pages
from shared.web.plain_text import plain_text_only
from shared.web.security import security_headers
from shared.web.server import Server
from shared.web.sessions import Sessions
from shared.web.shedding import Shedding

STARTUP_FAILURE: Final = 3  # as uvicorn has it
# Longer than proxies and clients keep an idle connection, so that it is they who close it: a
# request sent while we close one would be lost.
KEEP_ALIVE_SECONDS: Final = 75
TAKEN_A_TURN: Final = 16  # connections
# FastAPI's own spans, metrics and logs: ours say the same, and theirs would send what an exception
# says, which may name a person, to whatever collector the environment names.
NO_TELEMETRY: Final[TelemetryConfig] = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "auto_configure": False,
}
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[Runtime]]


def new_app(
    name: str,
    *,
    settings: ServiceSettings,
    lifespan: Lifespan,
    folder: Path | None = None,
    larger_bodies: Mapping[str, int] = MappingProxyType({}),
    neighbour: AnyHttpUrl | None = None,
    critical: Mapping[str, IsCritical] = MappingProxyType({}),
) -> FastAPI:
    """An app with pages, sign-in, health, metrics, dead letters, error answers, limits and traces.

    `lifespan` wires the service and yields its started Runtime; `folder` is the service's own, with
    its templates, texts and static files; `larger_bodies` are limits by path where the ordinary one
    is too small; `neighbour` is the service that pages of this one may ask; `critical` says by path
    how a new matter tells that it must be taken before all others.
    """

    @asynccontextmanager
    async def whole(app: FastAPI) -> AsyncIterator[None]:
        guards_of(app)  # a route that nobody guards is found before it is served
        people = app.state.sessions.people
        async with opened(name, settings, people) as app.state.oidc, lifespan(app) as runtime:
            app.state.runtime = runtime
            with _settled():
                yield

    # FastAPI's own documentation pages load from elsewhere; /openapi.json is there
    app = FastAPI(
        title=f"哨到 · {name}",
        version="1",
        lifespan=whole,
        docs_url=None,
        redoc_url=None,
        telemetry=NO_TELEMETRY,
        dependencies=[Depends(plain_text_only)],
    )
    app.state.ending = []  # called when the server begins to stop
    _know_callers(app, name, settings)
    app.state.doors = Doors(app.state.tokens, rate_factor=settings.rate_factor, critical=critical)
    app.state.pages = Pages(folder or Path(name), settings)
    app.state.security_headers = security_headers(
        settings.tile_url, neighbour, is_https=_is_https(name, settings)
    )
    problems.install(app)
    describe(app)
    for noun in (operations, ops_pages, calendar_years, login):
        app.include_router(noun.router)
    if settings.oidc_issuer is not None:
        app.include_router(oidc.router)
    app.add_route("/static/{name:path}", app.state.pages.files.answer, include_in_schema=False)
    app.add_middleware(Shedding, owner=app)
    app.add_middleware(
        Edge,
        body_limit=settings.body_limit_bytes,
        larger=larger_bodies,
        headers=app.state.security_headers,
    )
    return app


def _know_callers(app: FastAPI, name: str, settings: ServiceSettings) -> None:
    """By bearer token, by session; by the city's own sign-in once the app runs."""
    secret = settings.token_secret.get_secret_value()
    people = None if settings.oidc_mapping is None else People(settings.oidc_mapping)
    app.state.tokens = Tokens(secret)
    app.state.oidc = None
    app.state.sessions = Sessions(
        secret, Accounts(settings.accounts_file), secure=_is_https(name, settings), people=people
    )


@contextmanager
def _settled() -> Iterator[None]:
    """What lives as long as the process is not looked through for garbage again."""
    is_own = not gc.get_freeze_count()  # tests serve in a process that froze what it had
    gc.collect()
    if is_own:
        gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # a batch makes thousands of short-lived objects
    try:
        yield
    finally:
        if is_own:
            gc.unfreeze()  # a process that goes on gets its memory back


def _is_https(name: str, settings: ServiceSettings) -> bool:
    """Whether browsers come over TLS, so that cookies may insist on it."""
    url = settings.public_url or getattr(settings, f"{name}_url", None)
    return url is not None and url.scheme == "https"


def serve(name: str, app: FastAPI, settings: ServiceSettings) -> None:
    """Serve until SIGTERM or SIGINT; what was begun is finished."""
    logs.configure(name, fmt=settings.log_format, level=settings.log_level)
    config = uvicorn.Config(
        app,
        host=settings.http_host,
        port=settings.http_port,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=4,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        backlog=4096,
    )
    given = settings.http_socket is not None
    server = Server(config, drain_seconds=settings.drain_seconds, given=given)
    with suppress(KeyboardInterrupt):  # raised again by uvicorn once all is finished
        server.run(listening(settings))
    if not server.started:
        sys.exit(STARTUP_FAILURE)


def listening(settings: ServiceSettings) -> list[socket.socket]:
    """The socket to listen on, several times over; ends the process when its port is taken.

    The event loop takes one connection from each in a turn. Turns are long under load: with one
    socket, whoever connects then waited for half a minute while others were answered at once.
    """
    try:
        first = _bound(settings)
    except OSError as error:
        logs.logger(__name__).critical("port_taken", port=settings.http_port, error=repr(error))
        sys.exit(STARTUP_FAILURE)
    return [first, *(first.dup() for _ in range(TAKEN_A_TURN - 1))]


def _bound(settings: ServiceSettings) -> socket.socket:
    if settings.http_socket is not None:
        return socket.socket(fileno=settings.http_socket)
    family = socket.AF_INET6 if ":" in settings.http_host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((settings.http_host, settings.http_port))
    return bound
