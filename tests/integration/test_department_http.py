"""Departments without Kafka: events read by cursor, reports pushed, a token for a key."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.router.app import MIGRATIONS
from shared.contracts import notices, reports
from shared.contracts.ids import new_id
from shared.contracts.parts import Handler
from tests.support.router import Router, router_on
from tests.unit.router.samples import MONDAY

LEAD, OTHER, UNHEARD = "BH-CGJ", "BH-ZJJ", "BH-NYJ"
HANDLER = {"name": "王工", "post": "科员"}


@pytest.fixture
async def router(
    database: Any, kafka: str, prefix: str, topics_of: Any, tmp_path: Path
) -> AsyncIterator[Router]:
    await topics_of(prefix, (LEAD, OTHER, "S-159902001", "Q-159902001001", "BH-SCJ"))
    dsn = await database(MIGRATIONS)
    async with router_on(dsn, kafka, prefix, tmp_path, units=(LEAD,)) as made:
        yield made


async def events(router: Router, unit: str = LEAD, **asked: Any) -> dict[str, Any]:
    answer = await router.call(
        "GET", "/department/events", role="department", unit=unit, params=asked
    )
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def report(whistle_id: str, verb: str, **data: Any) -> dict[str, Any]:
    """A report as the contract has it."""
    return {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/cgj/oa",
        "type": f"shaodao.report.{verb}.v1",
        "subject": whistle_id,
        "time": MONDAY.isoformat(),
        "data": {"whistle_id": whistle_id, "handler": HANDLER, "at": MONDAY.isoformat(), **data},
    }


async def push(router: Router, body: Any, *, unit: str = LEAD) -> list[dict[str, Any]]:
    answer = await router.call(
        "POST", "/department/reports", role="department", unit=unit, json=body
    )
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_the_feed_is_what_stands_in_kafka(router: Router) -> None:
    assert await events(router) == {"stream": "whistles", "items": [], "next": 0, "more": False}
    ids = [await router.blown(await router.registers()) for _ in range(3)]
    await router.hears("bureau.whistled", whistle_id=ids[2])
    said = [each for each in router.said if each["type"] == "shaodao.bureau.whistled.v1"]
    first = await events(router, limit=2)
    assert (first["items"], first["next"], first["more"]) == (said[:2], 2, True)
    second = await events(router, after=first["next"])
    assert (second["items"], second["next"], second["more"]) == (said[2:], 3, False)
    assert [each["subject"] for each in said] == ids
    assert (await events(router, unit=OTHER))["items"] == []
    await router.send(
        f"bureau.{LEAD}.notices",
        notices.Urged(whistle_id=UUID(ids[0]), unit=LEAD, count=1, zh="请尽快办理", en="hurry"),
        ids[0],
    )
    page = await events(router, stream="notices")
    assert [each["type"] for each in page["items"]] == ["shaodao.notice.urged.v1"]


async def test_who_waits_is_told_as_soon_as_something_comes(router: Router) -> None:
    waiting = asyncio.create_task(events(router, wait=20))
    others = asyncio.create_task(events(router, unit=OTHER, wait=1))
    assert (await others)["items"] == []
    assert not waiting.done()
    whistle_id = await router.blown(await router.registers())
    page = await asyncio.wait_for(waiting, 5)
    assert page["items"][0]["subject"] == whistle_id
    # a topic that is watched already, many who wait, one event: all are told
    many = [asyncio.create_task(events(router, after=page["next"], wait=20)) for _ in range(12)]
    await asyncio.sleep(0)
    again = await router.blown(await router.registers())
    for each in await asyncio.wait_for(asyncio.gather(*many), 10):
        assert [event["subject"] for event in each["items"]] == [again]


async def test_replay_from_a_date(router: Router) -> None:
    await router.blown(await router.registers())
    router.forward(days=3)
    later = await router.blown(await router.registers())
    await router.hears("bureau.whistled", whistle_id=later)
    friday = (MONDAY + timedelta(days=2)).date().isoformat()
    assert [e["subject"] for e in (await events(router, since=friday))["items"]] == [later]
    assert len((await events(router, since="2026-09-14"))["items"]) == 2
    assert (await events(router, since="2026-12-01T08:00:00+08:00"))["items"] == []


async def test_what_the_feed_refuses(router: Router) -> None:
    async def status(**asked: Any) -> tuple[int, str]:
        answer = await router.call("GET", "/department/events", params=asked, **who)
        return answer.status_code, answer.json().get("code", "")

    who: dict[str, Any] = {"role": "department", "unit": LEAD}
    assert await status(after=7) == (409, "cursor_beyond_end")
    assert await status(since="0009-01-01") == (422, "invalid")
    assert await status(wait=31) == (422, "invalid")
    who = {"role": "department", "unit": UNHEARD}
    assert (await status())[0] == 404
    who = {"role": "department", "unit": None}
    assert (await status())[0] == 403
    who = {"role": "operator", "unit": "C-RXZX"}
    assert (await status())[0] == 403


async def test_reports_are_judged_in_order_and_each_by_itself(router: Router) -> None:
    whistle_id = await router.blown(await router.registers())
    body = [
        report(whistle_id, "contacted", how="phone"),  # before it is acknowledged
        report(whistle_id, "acknowledged"),
        report(whistle_id, "contacted", how="phone"),
        report(whistle_id, "contacted", how="by pigeon"),
        report(str(new_id(MONDAY)), "acknowledged"),
        {**report(whistle_id, "progressed", text="已到现场"), "type": "shaodao.report.sung.v1"},
    ]
    answers = await push(router, body)
    assert [each["report_id"] for each in answers[:5]] == [each["id"] for each in body[:5]]
    assert [(each["verdict"], each["code"], each["state"]) for each in answers] == [
        ("refused", "wrong_state", "offered"),
        ("accepted", None, "acknowledged"),
        ("accepted", None, "acknowledged"),
        ("refused", "invalid", None),
        ("refused", "unknown_whistle", None),
        ("refused", "invalid", None),
    ]
    assert answers[1]["seq"] + 1 == answers[2]["seq"]
    assert all(each["zh"] and each["en"] for each in answers if each["verdict"] == "refused")
    accepted = await router.hears("bureau.report_accepted", report_id=body[1]["id"])
    assert accepted["data"]["seq"] == answers[1]["seq"]
    (foreign,) = await push(router, report(whistle_id, "progressed", text="看过"), unit=OTHER)
    assert foreign["code"] == "wrong_unit"


async def test_a_report_counts_once_whichever_way_it_comes(router: Router) -> None:
    whistle_id = await router.blown(await router.registers())
    first = report(whistle_id, "acknowledged")
    (answer,) = await push(router, first)
    assert (answer["verdict"], answer["repeated"]) == ("accepted", False)
    (again,) = await push(router, first)
    assert again == {**answer, "repeated": True}
    told, twice = await push(router, [same := report(whistle_id, "progressed", text="在办"), same])
    assert (told["verdict"], told["repeated"], twice["repeated"]) == ("accepted", False, True)
    assert twice["seq"] == told["seq"]
    refused = report(whistle_id, "acknowledged")
    assert [(await push(router, refused))[0]["code"] for _ in range(2)] == ["wrong_state"] * 2

    by_kafka = await router.reports(
        LEAD,
        reports.Progressed(
            whistle_id=UUID(whistle_id), handler=Handler(name="王工"), at=MONDAY, text="已整改"
        ),
    )
    await router.hears("bureau.report_accepted", report_id=by_kafka)
    late = {**report(whistle_id, "progressed", text="已整改"), "id": by_kafka}
    (known,) = await push(router, late)
    assert (known["verdict"], known["repeated"]) == ("known", True)
    detail = await router.whistle(whistle_id)
    assert [each["what"] for each in detail["timeline"]].count("progressed") == 2


async def test_what_is_no_report_at_all(router: Router) -> None:
    for body in (b"", b"[]", b"17", b"{", b'"text"'):
        answer = await router.call(
            "POST", "/department/reports", role="department", unit=LEAD, content=body
        )
        assert answer.status_code == 422, body
        assert answer.json()["errors"][0]["field"] == "body"
    (refused,) = await push(router, {"type": "shaodao.report.acknowledged.v1"})
    assert (refused["verdict"], refused["code"]) == ("refused", "invalid")


async def test_five_hundred_at_once(router: Router) -> None:
    whistle_id = await router.blown(await router.registers())
    await push(router, report(whistle_id, "acknowledged"))
    body = [report(whistle_id, "progressed", text=f"第{n}步") for n in range(500)]
    answers = await push(router, body)
    assert {each["verdict"] for each in answers} == {"accepted"}
    seqs = [each["seq"] for each in answers]
    assert seqs == list(range(seqs[0], seqs[0] + 500))
    too_many = await router.call(
        "POST", "/department/reports", role="department", unit=LEAD, json=[*body, body[0]]
    )
    assert too_many.status_code == 422


async def test_a_key_gives_tokens_of_its_unit_until_it_is_revoked(router: Router) -> None:
    made = await router.call("POST", "/department/keys", role="ops", json={"unit": LEAD})
    assert made.status_code == 201, made.text
    key = made.json()

    async def token(text: str) -> httpx.Response:
        url = f"{router.url}/api/v1/department/token"
        return await router.http.post(url, headers={"X-API-Key": text})

    given = (await token(key["key"])).json()
    assert given["unit"] == LEAD
    answer = await router.http.get(
        f"{router.url}/api/v1/department/events",
        headers={"Authorization": f"Bearer {given['token']}"},
    )
    assert answer.status_code == 200
    assert (await token(key["key"][:-1])).status_code == 401
    (listed,) = (await router.call("GET", "/department/keys", role="ops")).json()["items"]
    assert (listed["key"], listed["prefix"]) == (None, key["prefix"])
    assert listed["last_used"] is not None
    assert key["key"] not in str(await router.rows("select * from department_key"))
    gone = await router.call("DELETE", f"/department/keys/{key['key_id']}", role="ops")
    assert gone.status_code == 204
    assert (await token(key["key"])).status_code == 401
    for role in ("department", "liaison", "supervisor"):
        refused = await router.call(
            "POST", "/department/keys", role=role, unit=LEAD, json={"unit": LEAD}
        )
        assert refused.status_code == 403
    nobody = await router.call("POST", "/department/keys", role="ops", json={"unit": "BH-NONE"})
    assert nobody.status_code == 422
