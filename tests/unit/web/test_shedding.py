"""What a process cannot take on is refused at its edge: 429 or 503, with Retry-After, in order."""

import asyncio
import json
from collections.abc import Callable
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI, Request

from shared.runtime import metrics
from shared.runtime.load import Limits, Load
from shared.runtime.settings import ServiceSettings
from shared.web import rates, shedding
from shared.web.doors import Doors
from shared.web.edge import Edge
from shared.web.identity import Tokens, issue_token
from shared.web.pages import Pages
from shared.web.rates import Buckets, Rate, Who
from shared.web.shedding import Shedding
from tests.support.waiting import eventually

SECRET = "a secret of thirty-two characters!"
LIMITS = Limits(
    requests_at_once=6,
    critical_at_once=24,
    wait_seconds=1.0,
    outbox_rows=1000,
    outbox_age_seconds=600,
)
TICKETS = "/api/v1/tickets"
CRITICAL = b'{"urgency":"critical"}'


@pytest.fixture
def settings() -> ServiceSettings:
    return ServiceSettings(
        kafka_bootstrap="nowhere:1",
        database_url="postgresql://nobody@nowhere/x",
        token_secret=SECRET,
    )


@pytest.fixture
def app(settings, tmp_path) -> FastAPI:
    """Routes that answer when `state.go` is set, behind the real middleware."""
    app = FastAPI()
    state = app.state
    state.tokens = Tokens(SECRET)
    state.pages = Pages(tmp_path / "nothing", settings)
    state.doors = Doors(
        state.tokens, rate_factor=1.0, critical={TICKETS: lambda body: b"critical" in body}
    )
    state.runtime = SimpleNamespace(load=Load(LIMITS), spans=None)
    state.asked = 0
    state.go = asyncio.Event()
    state.go.set()

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    async def answer(request: Request):
        state.asked += 1
        await state.go.wait()
        return {"body": (await request.body()).decode()}

    app.add_middleware(Shedding, owner=app)
    app.add_middleware(Edge, body_limit=1000)
    return app


@pytest.fixture
async def client(app):
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {issue_token(SECRET, role='operator', name=name)}"}


async def in_work(app: FastAPI, client: httpx.AsyncClient, number: int) -> list[asyncio.Task]:
    """So many requests that are in work, until `state.go` is set again."""
    app.state.go.clear()
    begun = [
        asyncio.create_task(client.post("/api/v1/whistles/x/reports", headers=bearer(f"p{n}")))
        for n in range(number)
    ]
    await until(lambda: app.state.runtime.load.in_work >= number)
    return begun


async def until(holds: Callable[[], bool]) -> None:
    async def look() -> bool:
        return holds()

    await eventually(look, every=0.001)


def counted(reason: str) -> float:
    return metrics.REQUESTS_REFUSED.labels(reason)._value.get()


async def test_looks_are_refused_before_new_tickets_and_these_before_work(app, client):
    begun = await in_work(app, client, 3)
    before = counted("capacity")
    look = await client.get(TICKETS)
    assert look.status_code == 503
    begun += await in_work(app, client, 6)
    new = await client.post(TICKETS, content=b"{}")
    assert new.status_code == 503
    assert counted("capacity") - before == 2
    for each in (look, new):
        assert 2 <= int(each.headers["retry-after"]) <= 5
        assert each.headers["content-type"] == "application/problem+json"
        assert each.json().keys() == {"title", "status", "detail", "code", "zh", "en"}
        assert each.json()["code"] == "busy"
        assert each.json()["status"] == 503
    work = asyncio.create_task(client.post("/api/v1/whistles/x/reports"))
    app.state.go.set()
    assert (await work).status_code == 200
    assert {(await each).status_code for each in begun} == {200}
    assert app.state.runtime.load.in_work == 0
    assert (await client.get(TICKETS)).status_code == 200


async def test_a_critical_ticket_is_taken_when_all_others_are_refused(app, client):
    begun = await in_work(app, client, 12)
    assert (await client.post("/api/v1/whistles/x/reports")).status_code == 503
    assert (await client.post(TICKETS, content=b"{}")).status_code == 503
    critical = asyncio.create_task(client.post(TICKETS, content=CRITICAL))
    await asyncio.sleep(0)
    app.state.go.set()
    answer = await critical
    assert answer.status_code == 200
    assert answer.json()["body"] == CRITICAL.decode()  # the route reads it all the same
    await asyncio.gather(*begun)
    assert app.state.runtime.load.in_work == 0


async def test_critical_tickets_are_refused_only_when_as_many_of_them_are_in_work(app, client):
    load, before = app.state.runtime.load, counted("critical")
    load.in_work = 10_000  # all that is ordinary takes none of their places
    load.looks.append(lambda: 3600.0)
    load.outbox(rows=10**9, age_seconds=10**9)
    app.state.go.clear()
    begun = [asyncio.create_task(client.post(TICKETS, content=CRITICAL)) for _ in range(24)]
    await until(lambda: load.critical_in_work == 24)
    assert load.in_work == 10_024
    answer = await client.post(TICKETS, content=CRITICAL)
    assert (answer.status_code, answer.json()["code"]) == (503, "critical_busy")
    assert 2 <= int(answer.headers["retry-after"]) <= 5
    assert counted("critical") - before == 1
    app.state.go.set()
    assert {(await each).status_code for each in begun} == {200}
    assert (await client.post(TICKETS, content=CRITICAL)).status_code == 200
    assert (load.in_work, load.critical_in_work) == (10_000, 0)


async def test_all_others_make_way_for_critical_tickets(app, client):
    load = app.state.runtime.load
    load.in_work = 6
    app.state.go.clear()
    begun = [asyncio.create_task(client.post(TICKETS, content=CRITICAL)) for _ in range(6)]
    await until(lambda: load.critical_in_work == 6)
    load.in_work -= 6
    assert (await client.post(TICKETS, content=b"{}")).status_code == 503
    app.state.go.set()
    await asyncio.gather(*begun)
    assert (await client.post(TICKETS, content=b"{}")).status_code == 200


async def test_a_body_that_is_too_large_is_not_read_to_its_end(app, client):
    app.state.runtime.load.in_work = 10
    sent = []

    async def parts():
        for number in range(1000):
            sent.append(number)
            yield b"critical"

    answer = await client.post(TICKETS, content=parts())
    assert answer.status_code == 503
    assert len(sent) < 200


async def test_only_so_much_of_a_body_is_kept_to_be_looked_at(app, client, monkeypatch):
    monkeypatch.setattr(shedding, "MOST_READ", 100)
    app.state.runtime.load.in_work = 10
    answers = [await client.post(TICKETS, content=CRITICAL + b" " * n) for n in (1, 100)]
    assert [each.status_code for each in answers] == [200, 503]


async def test_probes_metrics_and_static_files_are_always_answered(app, client):
    app.state.runtime.load.in_work = 1000
    for path in ("/health", "/ready", "/metrics", "/static/x.css"):
        assert (await client.get(path)).status_code == 200


async def test_streams_and_uploads_take_no_place(app, client):
    app.state.go.clear()
    asked = [client.get("/api/v1/live"), client.post("/r/photos", files={"file": b"x"})]
    begun = [asyncio.create_task(each) for each in asked]
    await until(lambda: app.state.asked == 2)
    assert app.state.runtime.load.in_work == 0
    app.state.go.set()
    assert {(await each).status_code for each in begun} == {200}


async def test_one_program_leaves_places_to_the_others(app, client):
    app.state.go.clear()
    begun = [
        asyncio.create_task(client.post("/api/v1/held/x/dispatch", headers=bearer("greedy")))
        for _ in range(6)
    ]
    await until(lambda: sum(each.done() for each in begun) == 2)
    refused = [each.result() for each in begun if each.done()]
    assert {each.status_code for each in refused} == {429}
    assert refused[0].json()["code"] == "too_many"
    assert "retry-after" in refused[0].headers
    other = asyncio.create_task(client.post("/api/v1/held/x/dispatch", headers=bearer("other")))
    app.state.go.set()
    assert (await other).status_code == 200
    await asyncio.gather(*begun)


async def test_a_caller_over_its_rate_is_told_when_to_come_again(app, client, monkeypatch):
    rate = Rate(path="/open311/", who=Who.ADDRESS, per_second=0.5, burst=3)
    monkeypatch.setattr(rates, "RATES", (rate,))
    before = counted("rate")
    answers = [await client.get("/open311/v2/services.json") for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert answers[3].headers["retry-after"] == "2"
    assert counted("rate") - before == 1
    assert (await client.get("/api/v1/figures")).status_code == 200


async def test_a_rate_of_callers_is_the_address_s_for_whom_nobody_knows(client, monkeypatch):
    rate = Rate(path="/api/v1/department/", who=Who.CALLER, per_second=0.5, burst=3)
    monkeypatch.setattr(rates, "RATES", (rate,))
    path = "/api/v1/department/events"
    made_up = [await client.get(path, headers={"X-API-Key": f"key {n}"}) for n in range(4)]
    assert [each.status_code for each in made_up] == [200, 200, 200, 429]
    for name in ("one", "two"):
        known = [await client.get(path, headers=bearer(name)) for _ in range(4)]
        assert [each.status_code for each in known] == [200, 200, 200, 429]


async def test_a_page_tells_it_in_the_language_of_its_reader(app, client):
    app.state.runtime.load.in_work = 100
    wanted = {"zh-CN": "系统正忙", "en-GB": "the service is busy"}
    for language, words in wanted.items():
        answer = await client.get(
            "/r", headers={"Accept": "text/html", "Accept-Language": language}
        )
        assert answer.status_code == 503
        assert "retry-after" in answer.headers
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert words in answer.text
        assert "12345" in answer.text
        assert f'lang="{language[:2]}' in answer.text


async def test_who_leaves_serves_on_but_asks_to_connect_anew(app, client):
    app.state.doors.leave()
    answer = await client.get(TICKETS)
    assert (answer.status_code, answer.headers["connection"]) == (200, "close")
    stream = await client.get("/api/v1/live")
    assert (stream.status_code, stream.headers["connection"]) == (503, "close")


async def test_who_is_shut_lets_nothing_in(app, client):
    app.state.doors.shut()
    before = counted("draining")
    answer = await client.post(TICKETS, content=CRITICAL)
    assert (answer.status_code, answer.headers["connection"]) == (503, "close")
    assert answer.headers["retry-after"] == "2"
    assert json.loads(answer.content)["code"] == "restarting"
    assert counted("draining") - before == 1


def test_a_bucket_gives_its_burst_and_then_its_rate():
    rate, buckets = Rate(path="/x", who=Who.ADDRESS, per_second=10, burst=5), Buckets()
    taken = [buckets.take(rate, "a", now=100.0) for _ in range(7)]
    assert taken == [None] * 5 + [1, 1]
    passed = sum(buckets.take(rate, "a", now=100.0 + n / 100) is None for n in range(1, 1001))
    assert 99 <= passed <= 101  # ten seconds at ten a second
    assert buckets.take(rate, "b", now=100.0) is None


def test_a_wider_factor_widens_burst_and_rate():
    rate, buckets = Rate(path="/x", who=Who.ADDRESS, per_second=10, burst=5), Buckets(4.0)
    assert sum(buckets.take(rate, "a", now=1.0) is None for _ in range(100)) == 20


def test_callers_who_ask_no_more_are_forgotten(monkeypatch):
    monkeypatch.setattr(rates, "MOST_CALLERS", 100)
    rate, buckets = Rate(path="/x", who=Who.ADDRESS, per_second=10, burst=5), Buckets()
    for number in range(1000):
        assert buckets.take(rate, number, now=number / 100) is None
    assert len(buckets._empty_at) <= 100
