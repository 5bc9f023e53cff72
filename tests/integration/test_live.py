"""Live updates: each page is told of the whistles it may see, and looks anew when it was away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

import httpx
import pytest
from pydantic_core import from_json

from services.router.app import MIGRATIONS
from services.router.look import Sight
from shared.contracts.parts import Role
from shared.runtime.live import MOST_WAITING, Happened, Listener, Sign
from shared.web.identity import issue_token
from shared.web.sessions import SESSION_COOKIE
from tests.support.browser import PASSWORD, add_account, save_accounts
from tests.support.router import router_on
from tests.support.serving import SECRET
from tests.support.waiting import eventually
from tests.unit.router.samples import COMMUNITY

LEAD, OTHER = "BH-CGJ", "BH-XFJ"


class Heard:
    """One open stream: its events in order, as (name, data)."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.events: list[tuple[str, dict[str, str]]] = []

    async def read(self) -> None:
        name = ""
        async for line in self.answer.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            if line.startswith("data: "):
                self.events.append((name, from_json(line.removeprefix("data: "))))

    async def has(self, name: str, **data: str) -> None:
        async def look() -> bool:
            return any(each == name and data.items() <= what.items() for each, what in self.events)

        await eventually(look)

    def whistles(self) -> list[dict[str, str]]:
        return [data for name, data in self.events if name == "whistle"]


@asynccontextmanager
async def listening(router, role: str, unit: str | None = None) -> AsyncIterator[Heard]:
    """An open stream of somebody, from where it is told all."""
    token = issue_token(SECRET, role=role, unit=unit)
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(timeout=60, trust_env=False) as client,
        client.stream("GET", f"{router.url}/api/v1/live", headers=headers) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        heard = Heard(answer)
        task = asyncio.create_task(heard.read())
        try:
            await heard.has("ready")
            yield heard
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def router(database, kafka, prefix, topics_of, tmp_path):
    await topics_of(prefix, [LEAD, OTHER])
    dsn = await database(MIGRATIONS)
    accounts = tmp_path / "accounts.json"
    accounts.write_text('{"accounts": []}')
    async with router_on(
        dsn, kafka, prefix, tmp_path, units=[LEAD, OTHER], accounts_file=accounts
    ) as made:
        yield made


async def test_each_is_told_of_what_it_may_see(router):
    async with (
        listening(router, "liaison", LEAD) as lead,
        listening(router, "liaison", OTHER) as other,
        listening(router, "community_worker", f"Q-{COMMUNITY}") as near,
        listening(router, "community_worker", "Q-159903001001") as far,
        listening(router, "dispatcher") as centre,
    ):
        whistle_id = await router.blown(await router.registers())
        for heard in (lead, near, centre):
            await heard.has("whistle", whistle_id=whistle_id, what="blown")
        answer = await router.report(whistle_id, "acknowledged", unit=LEAD)
        assert answer.status_code == 201, answer.text
        await lead.has("whistle", whistle_id=whistle_id, what="acknowledged")
        assert other.whistles() == far.whistles() == []


async def test_a_broken_line_is_taken_up_again(router):
    async with listening(router, "liaison", LEAD) as heard:
        whistle_id = await router.blown(await router.registers())
        await heard.has("whistle", what="blown")
    assert (await router.report(whistle_id, "acknowledged", unit=LEAD)).status_code == 201
    # nobody listened: the page looks anew at `ready`, and is told of what comes after it
    async with listening(router, "liaison", LEAD) as again:
        answer = await router.report(whistle_id, "progressed", unit=LEAD, text="已到现场处理")
        assert answer.status_code == 201, answer.text
        await again.has("whistle", whistle_id=whistle_id, what="progressed")
        assert [each["what"] for each in again.whistles()] == ["progressed"]


async def test_who_is_signed_out_hears_no_more(router, tmp_path, monkeypatch):
    monkeypatch.setattr("shared.web.live.TICK_SECONDS", 0.05)
    file = tmp_path / "accounts.json"
    add_account(file, Role.LIAISON, LEAD)
    async with httpx.AsyncClient(base_url=router.url, timeout=60, trust_env=False) as client:
        page = (await client.get("/login")).text
        csrf = page.split('name="csrf" value="')[1].split('"')[0]
        form = {"login": f"liaison-{LEAD}".lower(), "password": PASSWORD}
        await client.post("/login", data={**form, "csrf": csrf})
        assert SESSION_COOKIE in client.cookies
        async with client.stream("GET", "/api/v1/live") as answer:
            heard = Heard(answer)
            task = asyncio.create_task(heard.read())
            await heard.has("tick")
            save_accounts(file, {})
            await asyncio.wait_for(task, 10)
        assert (await client.get("/api/v1/live")).status_code == 401


async def test_a_server_that_stops_lets_its_listeners_go(
    database, kafka, prefix, topics_of, tmp_path
):
    await topics_of(prefix, [])
    dsn = await database(MIGRATIONS)
    async with AsyncExitStack() as streams:
        async with router_on(dsn, kafka, prefix, tmp_path) as router:
            await streams.enter_async_context(listening(router, "dispatcher"))
            # a server that waited for the answer's end would wait for ever
            began = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - began < 10


async def test_who_is_too_slow_is_told_to_look_anew():
    listener = Listener(Sight())
    for _ in range(MOST_WAITING):
        listener.tell(Happened(uuid4(), "blown"))
    listener.tell(Happened(uuid4(), "blown"))
    assert await listener.next() is Sign.RELOAD
    last = Happened(uuid4(), "closed")
    listener.tell(last)
    assert await listener.next() == last
