"""The notifier as a whole tells people: by text message, at once or in one digest after a leap."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.city.sms_gateway import create_app as gateway_app
from deploy.local import clock_file
from services.notifier.app import MIGRATIONS, NotifierSettings, create_app
from shared.contracts.values import Urgency
from shared.runtime.clock import Clock, wall_now
from shared.web.identity import issue_token
from tests.integration.test_notifier_tables import hear
from tests.support.receiver import served_app
from tests.support.rota import ROTA, VAULT_KEY
from tests.support.waiting import eventually
from tests.unit.notifier import samples
from tests.unit.notifier.samples import UNIT, WHISTLE, local

SECRET = "a secret of these tests alone"
MONDAY = local("2026-09-14 10:00")
KEY = "a key of the gateway"
HANDLER, LIAISON, SECTION_HEAD, LEADER = "handler", "liaison", "section_head", "unit_leader"


class Ground:
    """A notifier with a few people on duty, a gateway of text messages, and the hands for it."""

    def __init__(self, *, dsn: str, kafka: str, prefix: str, folder: Path, sms: Any) -> None:
        self.dsn, self.kafka, self.prefix = dsn, kafka, prefix
        self.clock_path = folder / "clock.json"
        self.gateway = sms.state.gateway
        self.phones = phones()
        lines = ROTA.read_text(encoding="utf-8").splitlines()
        self.rota_file = folder / "rota.csv"
        kept = [line for line in lines if line.split(",")[1] in ("", "unit", UNIT)]
        self.rota_file.write_text("\n".join(kept) + "\n", encoding="utf-8")
        clock_file.write_initial(self.clock_path, MONDAY, 1.0, wall=wall_now())
        self.clock = Clock(self.clock_path)
        self.pool: Any = None

    @asynccontextmanager
    async def running(self, sms_url: str) -> AsyncIterator[None]:
        """The notifier from start to stop."""
        settings = NotifierSettings(
            database_url=self.dsn,
            kafka_bootstrap=self.kafka,
            topic_prefix=self.prefix,
            clock_file=self.clock_path,
            token_secret=SECRET,
            vault_key=VAULT_KEY,
            rota_file=self.rota_file,
            sms_url=f"{sms_url}/messages",
            sms_key=KEY,
        )
        app = create_app(settings)
        async with app.router.lifespan_context(app):
            self.pool = app.state.context.runtime.pool
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://notifier") as http:
                self.http = http
                yield

    async def call(self, method: str, path: str, *, role="supervisor", unit=None, **more):
        token = issue_token(SECRET, role=role, unit=unit, name="王督办")
        headers = {"Authorization": f"Bearer {token}"}
        return await self.http.request(method, f"/api/v1{path}", headers=headers, **more)

    async def get(self, path: str, **more) -> Any:
        answer = await self.call("GET", path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def forward(self, **delta: float) -> None:
        clock_file.forward(self.clock_path, timedelta(**delta), wall=wall_now())

    async def pass_by(self, minutes: float) -> None:
        """Let a few minutes go by under the eyes of the watch: no leap."""
        self.forward(minutes=minutes)
        now = self.clock.now()
        seen = "select at from watch_beat"
        await eventually(lambda: self.pool.fetchval(seen), until=lambda at: at and at >= now)

    def texts(self, post: str) -> list[str]:
        """The text messages that a post's person got, the oldest first."""
        found = self.gateway.messages(self.phones[post])
        return [message["text"] for message in reversed(found)]

    async def told(self, post: str, times: int) -> list[str]:
        async def look() -> list[str]:
            return self.texts(post)

        return await eventually(look, until=lambda texts: len(texts) >= times)


def phones() -> dict[str, str]:
    """The phone of each post of the unit, and of those above it, by the demo city's rota."""
    found = {}
    for line in ROTA.read_text(encoding="utf-8").splitlines()[1:]:
        post, unit, region, _, phone, _ = line.split(",")
        if unit == UNIT or region in ("159902", "159900"):
            found.setdefault(f"{post}@{region}" if region else post, phone)
    return found


@pytest.fixture
async def ground(database, kafka, prefix, topics_of, tmp_path) -> AsyncIterator[Ground]:
    await topics_of(prefix, [UNIT])
    dsn = await database(MIGRATIONS)
    sms = gateway_app(KEY)
    ground = Ground(dsn=dsn, kafka=kafka, prefix=prefix, folder=tmp_path, sms=sms)
    async with served_app(sms) as ground.sms_url:
        yield ground


async def test_a_critical_matter_is_told_at_once_post_by_post_and_again_until_acknowledged(
    ground,
):
    async with ground.running(ground.sms_url):
        now = ground.clock.now()
        part = samples.an_assignment(now, contact=False)
        quick = type(part)(
            assignment_id=part.assignment_id,
            unit=UNIT,
            relation=part.relation,
            acknowledge=samples.due_of("15m", now),
        )
        blown = samples.blown(now, assignments=(quick,), urgency=Urgency.CRITICAL)
        await hear(ground.pool, (blown, now))
        assert ground.texts(HANDLER) == []
        await ground.pass_by(8)  # 50 % are gone; not a leap that holds anything back
        for post in (HANDLER, LIAISON):
            (text,) = await ground.told(post, 1)
            assert "W1" in text
            assert "黄色预警" in text
        await ground.pass_by(5)  # 80 %
        for post in (SECTION_HEAD, "supervisor@159902"):
            (text,) = await ground.told(post, 1)
            assert "红色预警" in text
        await ground.pass_by(3)  # due
        (text,) = await ground.told(LEADER, 1)
        assert "书面催办" in text
        await ground.pass_by(8)  # ten minutes after the first word, nobody acknowledged
        again = await ground.told(SECTION_HEAD, 2)
        assert "尚未签收" in again[1]
        acknowledged = ground.clock.now()
        await hear(ground.pool, (samples.acknowledged(acknowledged), acknowledged))
        for _ in range(2):
            await ground.pass_by(9)
        waiting = "select count(*) from message where state = 'waiting'"
        await eventually(lambda: ground.pool.fetchval(waiting), until=lambda n: n == 0)
        assert len(ground.texts(SECTION_HEAD)) == 2
        assert len(ground.texts(LEADER)) == 1


async def test_after_a_leap_of_the_clock_people_get_one_digest_when_it_is_released(ground):
    async with ground.running(ground.sms_url):
        now = ground.clock.now()
        await hear(ground.pool, (samples.blown(now), now))
        ground.forward(days=2, hours=1)  # the acknowledgement is missed, and more

        async def look():
            return await ground.get("/notices/held", role="ops")

        held = await eventually(look, until=lambda h: h["messages"] > 0 and not h["behind"])
        assert held["gaps"][0]["why"] == "jump"
        assert held["receivers"] == len(held["items"])
        assert {item["unit"] for item in held["items"]} >= {UNIT}
        items = (await ground.get("/notices", params={"unit": UNIT}))["items"]
        assert {item["state"] for item in items} == {"held"}
        assert ground.gateway.calls == 0
        refused = await ground.call(
            "POST", "/notices/release", role="operator", json={"words": "x"}
        )
        assert refused.status_code == 403
        wrong = await ground.call("POST", "/notices/release", json={"words": "x", "all": True})
        assert wrong.status_code == 422
        done = await ground.call("POST", "/notices/release", role="ops", json={"words": "已核对"})
        assert done.status_code == 200, done.text
        assert done.json()["messages"] == held["messages"]
        assert done.json()["receivers"] == held["receivers"]
        for post in (HANDLER, LIAISON, SECTION_HEAD, LEADER):
            (text,) = await ground.told(post, 1)
            assert "系统停摆或跳时期间到期" in text
            assert "W1 签收" in text
        after = await ground.get("/notices/held", role="ops")
        assert (after["messages"], after["gaps"], after["oldest"]) == (0, [], None)
        told = await ground.get("/notices", params={"about": str(WHISTLE), "state": "told"})
        bundles = {item["person_id"]: set() for item in told["items"]}
        for item in told["items"]:
            bundles[item["person_id"]].add(item["bundle_id"])
        assert {len(ids) for ids in bundles.values()} == {1}


async def test_an_outage_of_hours_holds_what_fell_due_and_a_short_one_does_not(ground):
    async with ground.running(ground.sms_url):
        now = ground.clock.now()
        await hear(ground.pool, (samples.blown(now), now))
        beat = "select count(*) from watch_beat"
        await eventually(lambda: ground.pool.fetchval(beat))
    ground.forward(minutes=9)
    async with ground.running(ground.sms_url):
        gaps = "select count(*) from watch_gap"
        seen = "select at from watch_beat"
        start = ground.clock.now()
        await eventually(lambda: ground.pool.fetchval(seen), until=lambda at: at >= start)
        assert await ground.pool.fetchval(gaps) == 0
    ground.forward(hours=3)
    async with ground.running(ground.sms_url):

        async def look():
            return await ground.get("/notices/held", role="ops")

        held = await eventually(look, until=lambda h: h["messages"] > 0 and not h["behind"])
        assert held["messages"] == 2  # the yellow card, for handler and liaison
        yellow = (await ground.get("/notices", params={"unit": UNIT}))["items"]
        assert {item["at"][:16] for item in yellow} == {"2026-09-14T04:00"}  # at its own time


async def test_who_is_on_duty_is_kept_over_http(ground):
    async with ground.running(ground.sms_url):
        page = await ground.get("/rota", role="liaison", unit=UNIT)
        assert {item["post"] for item in page["items"]} == {HANDLER, LIAISON, SECTION_HEAD, LEADER}
        assert all(item["on_duty"] == item["person"]["person_id"] for item in page["items"])
        everything = str(await ground.get("/rota", params={"limit": 1000}))
        assert not [phone for phone in ground.phones.values() if phone in everything]
        other = await ground.call(
            "GET", "/rota", role="liaison", unit="C-GR", params={"unit": UNIT}
        )
        assert other.status_code == 403
        (handler,) = [item for item in page["items"] if item["post"] == HANDLER]
        path = f"/rota/shifts/{handler['shift_id']}"
        now = ground.clock.now()
        stand_in = {
            "who": {"name": "吴岚", "contact": {"sms": "15600000002"}},
            "starts_at": now.isoformat(),
            "ends_at": (now + timedelta(hours=8)).isoformat(),
            "reason": "休假",
        }
        answer = await ground.call(
            "POST", f"{path}/substitutes", role="liaison", unit=UNIT, json=stand_in
        )
        assert answer.status_code == 201, answer.text
        answer = await ground.call(
            "POST", f"{path}/ends", role="liaison", unit="C-GR", json={"words": "x"}
        )
        assert answer.status_code == 403
        ground.phones["stand_in"] = "15600000002"
        at = ground.clock.now()
        await hear(ground.pool, (samples.blown(at, urgency=Urgency.URGENT), at))
        ended = await ground.call("POST", f"{path}/ends", json={"words": "调离"})
        assert ended.status_code == 200, ended.text
        heard = await ground.get("/rota/heard", params={"unit": UNIT})
        at_posts = {item["post"]: item for item in heard}
        assert at_posts[HANDLER]["heard_at"] == LIAISON
        assert at_posts[HANDLER]["fell"]
        assert not at_posts[LEADER]["fell"]
        vacant = await ground.get("/rota/vacancies", role="liaison", unit=UNIT)
        assert vacant["items"] == [{"post": HANDLER, "place": UNIT}]
        new = {"shifts": [{"post": HANDLER, "unit": UNIT, "who": {"name": "吴岚"}}]}
        answer = await ground.call("POST", "/rota/shifts", role="liaison", unit=UNIT, json=new)
        assert answer.status_code == 201, answer.text
        vacant = await ground.get("/rota/vacancies", role="liaison", unit=UNIT)
        assert vacant["items"] == []
        bad = {"shifts": [{"post": HANDLER, "unit": UNIT, "who": {"name": "甲"}, "phone": "1"}]}
        answer = await ground.call("POST", "/rota/shifts", role="liaison", unit=UNIT, json=bad)
        assert answer.status_code == 422


async def test_a_fast_clock_is_no_leap(ground):
    """At 1,200 times the pace, minutes go by between two beats; people are told all the same."""
    clock_file.set_rate(ground.clock_path, 1200, wall=wall_now())
    async with ground.running(ground.sms_url):
        now = ground.clock.now()
        await hear(ground.pool, (samples.blown(now, urgency=Urgency.URGENT), now))
        for post in (HANDLER, LIAISON, SECTION_HEAD, LEADER):
            await ground.told(post, 1)
        assert await ground.pool.fetchval("select count(*) from watch_gap") == 0
