"""Ratings: by the link of a text message, and anonymously by one-use codes."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from pydantic_core import from_json

from deploy.city.sms_gateway import create_app
from deploy.local import clock_file
from services.intake.app import MIGRATIONS
from services.intake.domain.links import signing_key
from services.intake.domain.rate_link import RateGrant, rate_token
from shared.contracts.topics import RATINGS
from shared.runtime.clock import Clock, wall_now
from shared.web.identity import issue_token
from shared.web.sessions import CSRF_FIELD
from tests.support.intake import Intake, intake_on
from tests.support.played_router import Whistle, in_callback
from tests.support.receiver import served_app
from tests.support.serving import SECRET
from tests.support.waiting import eventually

MONDAY = datetime(2026, 9, 14, 1, 20, tzinfo=UTC)  # 09:20 in Shanghai, a working day
STREET = "S-159902001"
CAMPAIGN = {
    "title": "夜市整治评价",
    "subject_kind": "unit",
    "subject": "BH-CGJ",
    "ends_at": "2026-09-30T16:00:00Z",
    "codes": 3,
}


@dataclass
class Rated:
    """Intake on a clock of its own, and one browser of the public."""

    intake: Intake
    path: Path
    clock: Clock
    kafka: str

    def forward(self, **delta: float) -> None:
        clock_file.forward(self.path, timedelta(**delta), wall=wall_now())

    async def call(
        self, method: str, path: str = "", role: str = "supervisor", **more: Any
    ) -> httpx.Response:
        token = issue_token(SECRET, role=role, unit=more.pop("unit", None), name="测试员")
        return await self.intake.http.request(
            method,
            f"{self.intake.url}/api/v1/ratings/campaigns{path}",
            headers={"Authorization": f"Bearer {token}"},
            **more,
        )

    async def post(self, path: str, **form: str) -> httpx.Response:
        """Open a page as a fresh browser would, and send its form."""
        async with httpx.AsyncClient(base_url=self.intake.url, trust_env=False) as browser:
            shown = await browser.get(path)
            token = re.search(r'name="csrf" content="([^"]+)"', shown.text)
            assert token is not None, shown.text
            return await browser.post(path, data={**form, CSRF_FIELD: token[1]})

    async def get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(base_url=self.intake.url, trust_env=False) as browser:
            return await browser.get(path)

    async def told(self, number: int) -> list[dict[str, Any]]:
        """That many ratings, as they are on Kafka."""
        consumer = AIOKafkaConsumer(
            self.intake.prefix + RATINGS.name,
            bootstrap_servers=self.kafka,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        found: list[dict[str, Any]] = []
        try:
            async with asyncio.timeout(20):
                while len(found) < number:
                    found.append(from_json((await consumer.getone()).value))
        finally:
            await consumer.stop()
        return found


@pytest.fixture
async def rated(
    database: Any, kafka: str, prefix: str, topics_of: Any, tmp_path: Path
) -> AsyncIterator[Rated]:
    await topics_of(prefix, [])
    path = tmp_path / "clock.json"
    clock_file.write_initial(path, MONDAY, 1.0, wall=wall_now())
    dsn = await database(MIGRATIONS)
    async with intake_on(dsn, kafka, prefix, clock_file=path) as intake:
        yield Rated(intake, path, Clock(path), kafka)


def path_of(ticket_id: str, *, round: int = 1) -> str:
    grant = RateGrant(ticket_id=UUID(ticket_id), round=round)
    return f"/e/{rate_token(signing_key(SECRET), grant)}"


async def test_a_link_shows_the_answer_and_only_a_post_says_it(rated: Rated) -> None:
    ticket_id, _ = await in_callback(rated.intake, now=rated.clock.now)
    path = path_of(ticket_id)
    shown = await rated.get(f"{path}?answer=satisfied")
    assert shown.status_code == 200
    assert re.search(r'value="satisfied" required checked', shown.text)
    assert "赵小明" not in shown.text
    assert (await rated.intake.ticket(ticket_id))["state"] == "callback"  # a scanner casts no vote
    bare = await rated.intake.http.post(
        f"{rated.intake.url}{path}", data={"result": "solved", "satisfaction": "satisfied"}
    )
    assert bare.status_code == 403  # not from our page
    done = await rated.post(path, result="solved", satisfaction="satisfied")
    assert done.status_code == 200, done.text
    assert (await rated.intake.ticket(ticket_id))["state"] == "closed"
    fact = await rated.intake.says("called_back", ticket_id)
    assert (fact["satisfaction"], fact["actor"]) == (
        "satisfied",
        {"role": "citizen", "unit": None, "name": None, "on_behalf_of": None},
    )
    assert (await rated.get(path)).status_code == 410  # over with the callback
    assert (await rated.get("/e/" + "A" * 34)).status_code == 404


async def test_a_link_is_of_its_round(rated: Rated) -> None:
    ticket_id, _ = await in_callback(rated.intake, now=rated.clock.now)
    again = await rated.post(
        path_of(ticket_id),
        result="unsolved",
        satisfaction="unsatisfied",
        note="我是赵小明，还是坏的",
    )
    assert "重新办理" in again.text
    rework = await rated.intake.says("rework_requested", ticket_id)
    assert (rework["round"], rework["note"]) == (2, "我是〔姓名〕，还是坏的")
    second = Whistle(rated.intake, UUID(ticket_id), round=2, now=rated.clock.now)
    await second.blow()
    await second.acknowledge()
    await second.resolve()
    await rated.intake.ticket_in(ticket_id, "callback")
    assert (await rated.get(path_of(ticket_id))).status_code == 410
    assert (await rated.get(path_of(ticket_id, round=2))).status_code == 200


async def test_whoever_is_to_be_called_back_gets_the_link_by_text(
    database: Any, kafka: str, prefix: str, topics_of: Any
) -> None:
    await topics_of(prefix, [])
    dsn = await database(MIGRATIONS)
    gateway = create_app("sms key")
    async with (
        served_app(gateway) as url,
        intake_on(dsn, kafka, prefix, sms_url=f"{url}/messages", sms_key="sms key") as intake,
    ):
        ticket_id, _ = await in_callback(intake)

        async def asked() -> list[str]:
            texts = [each["text"] for each in gateway.state.gateway.messages("13900001111")]
            return [text for text in texts if "评价" in text]

        (text,) = await eventually(asked)
        link = re.search(r"http\S+", text)
        assert link is not None
        assert link[0].endswith(path_of(ticket_id))
        async with httpx.AsyncClient(trust_env=False) as browser:
            assert (await browser.get(link[0])).status_code == 200


async def made(rated: Rated, **fields: Any) -> dict[str, Any]:
    answer = await rated.call("POST", json={**CAMPAIGN, **fields})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_code_votes_once_and_nothing_tells_who(rated: Rated) -> None:
    campaign = await made(rated)
    codes = campaign["codes"]
    assert len({*codes}) == 3
    asked = await rated.get(f"/q/{codes[0]}")
    assert "滨河区城市管理综合行政执法局" in asked.text
    missing = await rated.post(f"/q/{codes[0]}")
    assert missing.status_code == 422  # and the code is still good
    both = await asyncio.gather(
        *(rated.post(f"/q/{codes[0]}", overall=each) for each in ("satisfied", "unsatisfied"))
    )
    assert sorted(answer.status_code for answer in both) == [200, 409]
    await rated.post(f"/q/{codes[1].lower().replace('-', '')}", overall="unknown")
    assert (await rated.get(f"/q/{codes[0]}")).status_code == 404
    votes = await rated.intake.rows("select *, xmin::text as xact from rating_vote")
    assert {row["hour"] for row in votes} == {MONDAY.replace(minute=0)}
    assert set(votes[0].keys()) == {"vote_id", "campaign_id", "hour", "answers", "told", "xact"}
    assert all(row["vote_id"].version == 4 for row in votes)
    left = await rated.intake.rows("select *, xmin::text as xact from rating_code")
    assert len(left) == 1
    assert not {row["xact"] for row in left} & {row["xact"] for row in votes}
    assert not any(codes[2].replace("-", "").encode() in bytes(row["code_hash"]) for row in left)

    path = f"/{campaign['campaign']['campaign_id']}"
    results = (await rated.call("GET", path)).json()
    assert (results["n"], results["small"]) == (2, True)
    (question,) = results["questions"]
    assert (question["n"], question["share_n"]) == (2, 1)
    assert question["low"] <= question["share"] <= question["high"]

    rated.forward(hours=1)  # votes are told after their hour, in no order of arrival
    told = await rated.told(2)
    assert {event["time"] for event in told} == {"2026-09-14T01:00:00Z"}
    assert [event["id"] for event in told] == sorted(event["id"] for event in told)
    assert {event["subject"] for event in told} == {campaign["campaign"]["campaign_id"]}
    assert {event["data"]["evaluator_class"] for event in told} == {"public"}
    assert "unknown" in {event["data"]["answer"] for event in told}


async def test_other_classes_are_asked_other_questions(rated: Rated) -> None:
    campaign = await made(rated, evaluator_class="street", codes=1)
    (code,) = campaign["codes"]
    marks = {"timely": "5", "present": "4", "effect": "4", "cooperation": "2"}
    assert (await rated.post(f"/q/{code}", **marks)).status_code == 200
    rated.forward(hours=1)
    (event,) = await rated.told(1)
    assert event["data"]["answer"] == "unknown"
    assert {s["question"]: str(s["score"]) for s in event["data"]["scores"]} == marks


async def test_only_in_its_period(rated: Rated) -> None:
    later = await made(rated, starts_at="2026-09-15T00:00:00Z")
    assert (await rated.get(f"/q/{later['codes'][0]}")).status_code == 404
    now = await made(rated)
    path = f"/{now['campaign']['campaign_id']}"
    more = await rated.call("POST", f"{path}/codes", json={"codes": 2})
    assert len(more.json()["codes"]) == 2
    ended = await rated.call("POST", f"{path}/endings")
    assert ended.json()["open"] is False
    assert ended.json()["codes"] == 5
    assert (await rated.call("POST", f"{path}/endings")).status_code == 409
    assert (await rated.get(f"/q/{now['codes'][0]}")).status_code == 404


async def test_who_may_make_what(rated: Rated) -> None:
    assert (await rated.call("POST", role="operator", json=CAMPAIGN)).status_code == 403
    by = {"role": "street_officer", "unit": STREET}
    own = await rated.call("POST", **by, json=CAMPAIGN)  # its district's bureau
    assert own.json()["campaign"]["region"] == "159902001", own.text
    far = await rated.call("POST", **by, json={**CAMPAIGN, "subject": "XS-CGJ"})
    assert far.json()["errors"][0]["field"] == "subject"
    everywhere = await made(rated)
    path = f"/{everywhere['campaign']['campaign_id']}"
    assert (await rated.call("GET", path, **by)).status_code == 404
    listed = (await rated.call("GET", "", **by)).json()["items"]
    assert [item["campaign_id"] for item in listed] == [own.json()["campaign"]["campaign_id"]]
    for field, wrong in (
        ("subject", "nobody"),
        ("evaluator_class", "x"),
        ("ends_at", "2026-09-01T00:00:00Z"),
        ("codes", 99_999),
        ("title", "x"),
    ):
        answer = await rated.call("POST", json={**CAMPAIGN, field: wrong})
        assert [e["field"] for e in answer.json()["errors"]] == [field]
