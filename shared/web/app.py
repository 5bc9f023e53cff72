"""The FastAPI application every service is made of, and how it is served."""

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import uvicorn
from fastapi import FastAPI

from shared.runtime import logging as logs
from shared.runtime.service import Runtime
from shared.runtime.settings import ServiceSettings
from shared.web import operations, problems
from shared.web.edge import Edge
from shared.web.identity import Tokens

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[Runtime]]


def new_app(name: str, *, settings: ServiceSettings, lifespan: Lifespan) -> FastAPI:
    """An app with health, readiness, metrics, dead letters, error answers, body limit and traces.

    `lifespan` wires the service and yields its started Runtime.
    """

    @asynccontextmanager
    async def whole(app: FastAPI) -> AsyncIterator[None]:
        async with lifespan(app) as runtime:
            app.state.runtime = runtime
            gc.collect()
            gc.freeze()  # what lives as long as the process is not looked through again
            gc.set_threshold(50_000, 20, 50)  # a batch makes thousands of short-lived objects
            yield

    app = FastAPI(title=f"哨到 · {name}", version="1", lifespan=whole)
    app.state.tokens = Tokens(settings.token_secret.get_secret_value())
    problems.install(app)
    app.include_router(operations.router)
    app.add_middleware(Edge, body_limit=settings.body_limit_bytes)
    return app


def serve(name: str, app: FastAPI, settings: ServiceSettings) -> None:
    """Serve until SIGTERM or SIGINT; what was begun is finished."""
    logs.configure(name, fmt=settings.log_format, level=settings.log_level)
    uvicorn.run(
        app,
        host=settings.http_host,
        port=settings.http_port,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=4,
        backlog=4096,
    )
