"""A server that ends: it serves on for a while, refuses what is new, finishes what was begun."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from deploy.local.listening import listen
from deploy.local.ports import Ports, free_base
from shared.runtime.load import Limits, Load
from shared.runtime.settings import ServiceSettings
from shared.web.doors import Doors, Phase
from shared.web.identity import Tokens
from shared.web.pages import Pages
from shared.web.server import Server
from shared.web.shedding import Shedding
from tests.support.waiting import eventually

SECRET = "a secret of thirty-two characters!"
LIMITS = Limits(
    requests_at_once=100,
    critical_at_once=400,
    wait_seconds=1.0,
    outbox_rows=1000,
    outbox_age_seconds=600,
)
REFUSED = (503, "close", "2")


def new_app(name: str, folder) -> FastAPI:
    """Answers `/` at once and `/slow` when `state.go` is set; `/api/v1/live` is a stream."""
    settings = ServiceSettings(
        kafka_bootstrap="nowhere:1",
        database_url="postgresql://nobody@nowhere/x",
        token_secret=SECRET,
    )
    app = FastAPI()
    app.state.tokens = Tokens(SECRET)
    app.state.pages = Pages(folder / name, settings)
    app.state.doors = Doors(app.state.tokens, rate_factor=1.0, critical={})
    app.state.runtime = SimpleNamespace(load=Load(LIMITS), spans=None)
    app.state.go, app.state.ended = asyncio.Event(), asyncio.Event()
    app.state.ending = [app.state.ended.set]

    @app.get("/")
    async def get():
        return name

    @app.get("/slow")
    async def slow():
        await app.state.go.wait()
        return name

    @app.get("/api/v1/live")
    async def live():
        async def told():
            yield b"event: ready\n\n"
            await app.state.ended.wait()

        return StreamingResponse(told(), media_type="text/event-stream")

    app.add_middleware(Shedding, owner=app)
    return app


@pytest.fixture
def listening():
    listening = listen(Ports(free_base()).intake)
    yield listening
    listening.close()


@asynccontextmanager
async def served(
    app: FastAPI, listening: socket.socket, *, drain_seconds: float, given: bool
) -> AsyncIterator[Server]:
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=4)
    server = Server(config, drain_seconds=drain_seconds, given=given)
    # not `serve`: it would take the signals of the whole test run
    serving = asyncio.create_task(server._serve([listening.dup()]))

    async def started() -> bool:
        return server.started

    await eventually(started)
    try:
        yield server
    finally:
        app.state.go.set()
        server.handle_exit(signal.SIGINT, None)
        await asyncio.wait_for(serving, 20)


def client_of(listening: socket.socket) -> httpx.AsyncClient:
    host, port = listening.getsockname()
    return httpx.AsyncClient(base_url=f"http://{host}:{port}", trust_env=False, timeout=20)


async def phase(app: FastAPI, wanted: Phase) -> None:
    async def look() -> bool:
        return app.state.doors.phase is wanted

    await eventually(look)


async def test_it_serves_on_then_refuses_and_finishes_what_was_begun(tmp_path, listening):
    app = new_app("one", tmp_path)
    async with (
        client_of(listening) as http,
        client_of(listening) as other,
        served(app, listening, drain_seconds=60, given=False) as server,
    ):
        begun = asyncio.create_task(http.get("/slow"))
        stream = asyncio.create_task(other.get("/api/v1/live"))
        assert (await http.get("/")).headers.get("connection") != "close"
        server.handle_exit(signal.SIGTERM, None)
        await phase(app, Phase.LEAVING)
        leaving = await http.get("/")
        assert (leaving.status_code, leaving.headers["connection"]) == (200, "close")
        assert "ready" in (await stream).text  # it was ended, and comes again
        again = await other.get("/api/v1/live")
        assert _told(again) == REFUSED
        app.state.doors.shut()
        assert _told(await http.get("/")) == REFUSED
        app.state.go.set()
        assert (await begun).text == '"one"'


async def test_a_second_copy_on_the_same_socket_takes_over_without_a_gap(tmp_path, listening):
    """Clients that keep their connections see neither a refusal nor a connection that ends."""
    one, two = new_app("one", tmp_path), new_app("two", tmp_path)
    answered: list[str] = []
    over = asyncio.Event()

    async def ask(http: httpx.AsyncClient) -> None:
        while not over.is_set():
            answer = await http.get("/")
            assert answer.status_code == 200
            answered.append(answer.json())

    async def number() -> int:
        return len(answered)

    async with (
        client_of(listening) as http,
        served(one, listening, drain_seconds=60, given=True) as first,
    ):
        asking = [asyncio.create_task(ask(http)) for _ in range(8)]
        await eventually(number, until=lambda seen: seen > 50)
        async with served(two, listening, drain_seconds=0, given=True):
            first.handle_exit(signal.SIGTERM, None)
            await phase(one, Phase.SHUT)  # left alone: long before its time is over
            seen = len(answered)
            await eventually(number, until=lambda now: now > seen + 50)
            over.set()
            await asyncio.gather(*asking)
            assert set(answered[seen + 10 :]) == {"two"}


def _told(answer: httpx.Response) -> tuple[int, str, str]:
    return answer.status_code, answer.headers["connection"], answer.headers["retry-after"]
