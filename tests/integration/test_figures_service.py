"""Figures over HTTP: who sees what, down to the tickets; rulings, lists, the morning's page."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from pydantic_core import from_json

from deploy.local import clock_file
from services.notifier.app import MIGRATIONS, NotifierSettings, create_app
from services.notifier.domain.figures.figure import Figure
from shared.contracts.topics import DEADLINES
from shared.runtime.clock import wall_now
from shared.web.identity import issue_token
from tests.support.figure_tables import follow_all, log_facts
from tests.support.quarter import Quarter
from tests.support.waiting import eventually
from tests.unit.notifier.samples import local

SECRET = "a secret of these tests alone"
UNIT = "BH-CGJ"
QUARTER = Quarter(7, 420)
RANGE = {"from": "2026-07-01", "to": "2026-10-10"}


class City:
    def __init__(self, *, http, pool, heard, clock_path) -> None:
        self.http, self.pool, self.heard, self.clock_path = http, pool, heard, clock_path

    async def ask(self, method, path, *, role="supervisor", unit=None, status=200, **more):
        token = issue_token(SECRET, role=role, unit=unit, name="白海涛")
        answer = await self.http.request(
            method, f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"}, **more
        )
        assert answer.status_code == status, answer.text
        return answer

    async def figures(self, **params):
        who = {name: params.pop(name) for name in ("role", "unit_of") if name in params}
        answer = await self.ask(
            "GET",
            "/figures",
            role=who.get("role", "supervisor"),
            unit=who.get("unit_of"),
            params=RANGE | params,
        )
        return {row["key"]: row for row in answer.json()["rows"]}

    async def behind(self, figure, **params) -> list[dict]:
        found, cursor = [], None
        while True:
            more = {"cursor": cursor} if cursor else {}
            page = await self.ask(
                "GET", f"/figures/{figure}/tickets", params=RANGE | params | {"limit": 37} | more
            )
            found += page.json()["items"]
            cursor = page.json()["next"]
            if cursor is None:
                return found

    def forward(self, **by) -> None:
        clock_file.forward(self.clock_path, timedelta(**by), wall=wall_now())


@pytest.fixture
async def city(database, kafka, prefix, topics_of, tmp_path) -> AsyncIterator[City]:
    await topics_of(prefix, [UNIT])
    clock_path = tmp_path / "clock.json"
    clock_file.write_initial(clock_path, local("2026-10-10 07:50"), 1.0, wall=wall_now())
    dsn = await database(MIGRATIONS)
    app = create_app(
        NotifierSettings(
            database_url=dsn,
            kafka_bootstrap=kafka,
            topic_prefix=prefix,
            clock_file=clock_path,
            token_secret=SECRET,
        )
    )
    heard = AIOKafkaConsumer(
        prefix + DEADLINES.name, bootstrap_servers=kafka, auto_offset_reset="earliest"
    )
    async with asyncpg.create_pool(dsn, min_size=1, max_size=4) as pool:
        await log_facts(pool, QUARTER.heard(), QUARTER.now)
        await follow_all(pool)
        async with app.router.lifespan_context(app):
            await heard.start()
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://notifier") as http:
                try:
                    yield City(http=http, pool=pool, heard=heard, clock_path=clock_path)
                finally:
                    await heard.stop()


async def test_every_number_opens_the_tickets_behind_it(city):
    (whole,) = (await city.figures()).values()
    assert whole["n"] > 150
    for name in Figure:
        if name in (Figure.THREE_RATES, Figure.BUREAU_SCORE):
            continue
        figure = whole["figures"][name]
        found = await city.behind(name.value)
        kept = [each for each in found if each["kept"]]
        if name in (Figure.HOPS, Figure.REQUESTS_PER_10K):
            assert len(found) == whole["n"]
            continue
        if name is Figure.WHISTLE_RATE:
            assert len(kept) == float(figure["numerator"])
            continue
        assert len(found) == figure["n"] > 0, name
        if name not in (Figure.RESOLUTION, Figure.SATISFACTION):
            assert len(kept) == float(figure["numerator"]), name
        assert len(await city.behind(name.value, kept=True)) == len(kept)
        assert len(await city.behind(name.value, kept=False)) == len(found) - len(kept)
    out = await city.behind("left-out")
    assert len(out) == sum(whole["excluded"].values()) > 0
    by_unit = await city.figures(by="unit")
    rows = await city.behind("response", unit=UNIT)
    assert len(rows) == by_unit[UNIT]["figures"]["response"]["n"]
    assert {row["unit"] for row in rows} == {UNIT}
    await city.ask("GET", "/figures/three_rates/tickets", status=422)
    await city.ask("GET", "/figures/response/tickets", params={"cursor": "x"}, status=422)


async def test_who_sees_which_figures(city):
    totals = await city.figures()
    assert await city.figures(role="liaison", unit_of=UNIT) == totals
    own = await city.figures(role="liaison", unit_of=UNIT, by="unit")
    assert set(own) == {UNIT}
    assert own[UNIT] == (await city.figures(by="unit"))[UNIT]
    for path in ("/figures", "/figures.csv", "/figures/response/tickets"):
        params = RANGE | {"by": "unit", "unit": "C-GR"}
        await city.ask("GET", path, role="handler", unit=UNIT, params=params, status=403)
    streets = await city.figures(role="street_officer", unit_of="S-159902001", by="street")
    whole = await city.figures(by="street")
    region = next(iter(streets))
    assert set(streets) == {region} <= set(whole)
    assert streets[region]["figures"]["response"] == whole[region]["figures"]["response"]
    await city.ask(
        "GET",
        "/figures",
        role="community_worker",
        unit="S-159902001",
        params=RANGE | {"region": "159903"},
        status=403,
    )
    page = await city.ask(
        "GET", "/figures/response/tickets", role="liaison", unit=UNIT, params=RANGE
    )
    assert {row["unit"] for row in page.json()["items"]} == {UNIT}
    await city.ask("GET", "/figures", role="citizen", status=403)
    assert (await city.http.get("/api/v1/figures")).status_code == 401


async def test_a_table_has_n_and_coverage_in_the_cell_of_each_rate(city):
    answer = await city.ask("GET", "/figures.csv", params=RANGE | {"by": "unit"})
    text = answer.content.decode()
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    figures = (await city.figures(by="unit"))[UNIT]["figures"]["response"]
    (row,) = [each for each in rows if each["分组"] == UNIT]
    share = f"{float(figures['value']):.2%}"
    covered = f"{float(figures['coverage']['value']):.2%}"
    assert row["响应率"] == f"{share}（n={figures['n']}，覆盖{covered}）"
    english = await city.ask("GET", "/figures.csv", params=RANGE | {"lang": "en"})
    assert "Response" in english.text.splitlines()[0]


async def test_a_ruling_takes_a_ticket_out_counted_and_shown(city):
    (row,) = (await city.behind("hops", category="0101"))[:1]
    before = (await city.figures())["city"]
    body = {"ticket_id": row["ticket_id"], "reason": "malicious", "words": "回听确认为恶意诉求"}
    await city.ask("POST", "/exclusions", role="leader", json=body, status=403)
    await city.ask("POST", "/exclusions", json=body | {"words": " "}, status=422)
    await city.ask("POST", "/exclusions", json=body | {"ticket_id": str(UUID(int=1))}, status=404)
    made = (await city.ask("POST", "/exclusions", json=body, status=201)).json()
    told = (made["number"], made["unit"], made["day"])
    assert told == (row["number"], row["unit"], row["day"])
    await city.ask("POST", "/exclusions", json=body, status=409)

    async def out():
        now = (await city.figures())["city"]
        return now if now["n"] == before["n"] - 1 else None

    after = await eventually(out)
    had = before["excluded"].get("malicious", 0)
    assert after["excluded"]["malicious"] == had + 1
    listed = await city.ask(
        "GET", "/exclusions", params={"in_force": True, "ticket_id": row["ticket_id"]}
    )
    assert [each["number"] for each in listed.json()["items"]] == [row["number"]]
    end = f"/exclusions/{made['exclusion_id']}/ends"
    ended = (await city.ask("POST", end, json={"words": "复核后诉求属实"})).json()
    assert (ended["number"], ended["unit"], ended["day"]) == told
    await city.ask("POST", end, json={"words": "复核后诉求属实"}, status=409)

    async def back():
        return (await city.figures())["city"]["n"] == before["n"]

    await eventually(back)

    async def said():
        for batch in (await city.heard.getmany(timeout_ms=20)).values():
            told.extend(from_json(record.value)["type"] for record in batch)
        return len([each for each in told if ".figures." in each]) == 2

    told: list[str] = []
    await eventually(said)
    kept = await city.pool.fetch(
        "select what from history where aggregate_id = $1 order by seq", UUID(made["exclusion_id"])
    )
    assert [each["what"] for each in kept] == ["excluded", "exclusion_ended"]


async def test_a_list_is_open_to_objections_then_frozen(city):
    query = {"of": "units", "quarter": "2026Q3"}
    drawn = (await city.ask("GET", "/rankings", params=query)).json()
    assert drawn["ranking"] is None
    ranks = [row["rank"] for row in drawn["rows"] if row["rank"] is not None]
    assert ranks == sorted(ranks)
    lows = [float(row["low"]) for row in drawn["rows"] if row["rank"] is not None]
    assert lows == sorted(lows, reverse=True)
    assert all(row["n"] >= 30 for row in drawn["rows"] if row["rank"] is not None)
    assert len(ranks) > 1
    await city.ask("POST", "/rankings", json=query, role="leader", status=403)
    await city.ask("POST", "/rankings", json=query | {"quarter": "2026Q4"}, status=409)
    opened = (await city.ask("POST", "/rankings", json=query, status=201)).json()
    await city.ask("POST", "/rankings", json=query, status=409)
    path = f"/rankings/{opened['ranking_id']}"
    body = {"subject": UNIT, "words": "两张工单属误派"}
    who = {"role": "liaison", "unit": UNIT}
    await city.ask("POST", f"{path}/objections", json=body, role="liaison", unit="C-GR", status=403)
    said = (await city.ask("POST", f"{path}/objections", json=body, **who, status=201)).json()
    seen = (await city.ask("GET", "/rankings", params=query, **who)).json()
    assert {row["subject"] for row in seen["rows"]} <= {UNIT}
    await city.ask("POST", f"{path}/publish", status=409)  # still open
    city.forward(days=9)
    await city.ask("POST", f"{path}/publish", status=409)  # not answered
    await city.ask("POST", f"{path}/objections", json=body, **who, status=409)  # too late
    answer = f"/rankings/objections/{said['objection_id']}/answers"
    await city.ask("POST", answer, json={"words": "已复核，维持", "upheld": False})
    await city.ask("POST", f"{path}/publish")
    await city.ask("POST", f"{path}/publish", status=409)
    public = (await city.ask("GET", "/rankings", params=query, **who)).json()
    assert public["ranking"]["state"] == "published"
    assert len(public["rows"]) == len(drawn["rows"])
    past = (await city.ask("GET", "/rankings/history", role="handler", unit=UNIT)).json()
    assert [each["ranking_id"] for each in past] == [opened["ranking_id"]]


async def test_the_page_of_the_morning_comes_at_eight(city):
    await city.ask("GET", "/brief", params={"day": "2026-10-09"}, status=404)
    city.forward(minutes=11)

    async def there():
        token = issue_token(SECRET, role="leader")
        answer = await city.http.get("/api/v1/brief", headers={"Authorization": f"Bearer {token}"})
        return answer.json() if answer.status_code == 200 else None

    found = await eventually(there)
    assert found["day"] == "2026-10-09"
    assert {"figure", "value", "n", "coverage", "low", "high"} == set(found["figures"][0])
    days = (await city.ask("GET", "/brief/days", role="leader")).json()
    assert days == {"items": ["2026-10-09", "2026-10-08"], "next": None}
    first = {"limit": 1}
    one = (await city.ask("GET", "/brief/days", role="leader", params=first)).json()
    assert one == {"items": ["2026-10-09"], "next": "2026-10-09"}
    rest = first | {"cursor": one["next"]}
    two = (await city.ask("GET", "/brief/days", role="leader", params=rest)).json()
    assert two == {"items": ["2026-10-08"], "next": None}
    assert found["counted_to"] is None
    await city.ask("GET", "/brief", role="liaison", unit=UNIT, status=403)
    token = issue_token(SECRET, role="leader")
    for lang, words in (("zh-CN", "接诉即办每日简报"), ("en", "Daily brief of 2026-10-09")):
        sheet = await city.http.get(
            "/brief", params={"lang": lang}, headers={"Authorization": f"Bearer {token}"}
        )
        assert sheet.status_code == 200
        assert words in sheet.text
        assert f"n={found['figures'][0]['n']}" in sheet.text


async def test_it_is_rebuilt_while_it_is_read(city):
    before = await city.figures(by="unit")
    await city.ask("POST", "/figures/rebuilds", role="liaison", unit=UNIT, status=403)
    await city.ask("POST", "/figures/rebuilds", role="ops", status=202)

    async def done():
        status = (await city.ask("GET", "/figures/rebuilds", role="ops")).json()
        await city.figures(by="unit")
        assert status["state"] != "failed", status
        return status if status["state"] == "done" else None

    status = await eventually(done)
    assert status["equal"] is True
    rows = {each["name"]: each["n"] for each in status["tables"]}
    assert rows["figure_ticket"] > 0
    assert len(rows) == 7
    assert await city.figures(by="unit") == before
    schemas = await city.pool.fetch("select nspname from pg_namespace where nspname ~ '^figures_'")
    assert schemas == []
