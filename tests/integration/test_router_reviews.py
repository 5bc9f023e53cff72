"""Returns, pauses and resolutions over HTTP: the queue of reviews, and two who decide at once."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from services.router.app import MIGRATIONS
from services.router.store.reviews import SQL
from shared.contracts.values import TicketType
from tests.support.city import own_reply
from tests.support.router import Router, router_on
from tests.support.stack import Servers, topic_prefix

LEAD, OTHER, HELPERS = "BH-CGJ", "BH-ZJJ", ("BH-SCJ", "S-159902001")
UNITS = (LEAD, OTHER, *HELPERS)
RETURN = {"reason": "not_duty", "clause": "《云川市城市管理条例》第十二条", "suggested_unit": OTHER}
RESOLVED = {
    "result": "solved",
    "facts_true": "yes",
    "measures": "已清理",
    "contacted_how": "phone",
}


@pytest.fixture(scope="module")
async def router(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Router]:
    prefix = topic_prefix()
    await servers.make_topics(prefix, UNITS)
    dsn, folder = await servers.fresh_database(MIGRATIONS), tmp_path_factory.mktemp("router")
    async with router_on(dsn, servers.kafka_bootstrap, prefix, folder, units=[LEAD, OTHER]) as made:
        yield made
    await servers.drop_database(dsn)


async def whistled(router: Router, *units: str, **fields: Any) -> str:
    """A ticket's whistle that these units have acknowledged; the lead alone works on it."""
    whistle_id = await router.blown(await router.registers(**fields))
    for unit in units:
        assert (await report(router, whistle_id, "acknowledged", unit)).status_code == 201
    return whistle_id


async def helped(router: Router, **fields: Any) -> str:
    """The same, with the assisting units done."""
    whistle_id = await whistled(router, LEAD, *HELPERS, **fields)
    for unit in HELPERS:
        assert (await resolve(router, whistle_id, unit)).status_code == 201
    return whistle_id


async def resolve(router: Router, whistle_id: str, by: str, **data: Any) -> httpx.Response:
    reply = {"public_reply": own_reply()}
    return await report(router, whistle_id, "resolved", by, **{**RESOLVED, **reply, **data})


async def reviews(router: Router, role: str = "reviewer", **params: Any) -> list[dict[str, Any]]:
    answer = await router.call("GET", "/reviews", role=role, name="李审核", params=params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def report(
    router: Router, whistle_id: str, type_: str, by: str, **data: Any
) -> httpx.Response:
    """A unit's report by its liaison; `unit` among the data is the report's own field."""
    return await router.call(
        "POST",
        f"/whistles/{whistle_id}/reports",
        role="liaison",
        unit=by,
        name="联络员",
        json={"type": type_, **data},
    )


async def decide(
    router: Router, whistle_id: str, what: str, role: str = "reviewer", **body: Any
) -> httpx.Response:
    name = body.pop("name", "李审核" if role == "reviewer" else "赵督办")
    return await router.call(
        "POST",
        f"/whistles/{whistle_id}/{what}",
        role=role,
        unit="C-RXZX",
        name=name,
        json={"unit": LEAD, "reason": "依据权责清单", **body},
    )


def state_of(answer: httpx.Response, unit: str = LEAD) -> str:
    found = [a["state"] for a in answer.json()["assignments"] if a["unit"] == unit]
    return str(found[-1])


async def test_a_return_disputed_and_adjudicated_through_the_queue(router: Router) -> None:
    whistle_id = await whistled(router)
    assert (await report(router, whistle_id, "return_requested", LEAD, **RETURN)).is_success
    (item,) = await reviews(router, whistle_id=whistle_id)
    assert (item["kind"], item["for_role"], item["unit"]) == ("return", "reviewer", LEAD)
    assert item["request"]["clause"] == RETURN["clause"]
    assert item["dispatched_by"] == {"role": "system", "name": None}
    assert (item["blocked"], item["title"]) == (None, "占道经营")
    ruled = await decide(router, whistle_id, "rulings", decision="refused")
    assert (ruled.status_code, state_of(ruled)) == (201, "offered")
    assert await reviews(router, whistle_id=whistle_id) == []
    disputed = await report(router, whistle_id, "disputed", LEAD, reason="清单写明归住建")
    assert disputed.json()["state"] == "disputed", disputed.text
    (item,) = await reviews(router, whistle_id=whistle_id)
    assert (item["kind"], item["due"]["rule"], item["for_role"]) == ("dispute", "1WD", "supervisor")
    assert "督办员" in item["blocked"]["zh"]
    assert item["likely"]["unit"] == LEAD, "it stayed there before"
    known = item["likely"]["n"]
    early = await decide(router, whistle_id, "rulings", role="supervisor", decision="refused")
    assert (early.status_code, early.json()["state"]) == (409, "disputed")
    mine = await decide(router, whistle_id, "adjudications", decision="refused")
    assert mine.status_code == 403
    final = await decide(
        router,
        whistle_id,
        "adjudications",
        role="supervisor",
        decision="returned",
        new_unit=OTHER,
    )
    assert (final.status_code, state_of(final), state_of(final, OTHER)) == (
        201, "returned", "offered",
    )  # fmt: skip
    adjudicated = await router.hears("whistle.adjudicated", unit=LEAD)
    assert adjudicated["data"]["decision"] == "returned"
    decided = await reviews(router, state="granted", whistle_id=whistle_id)
    assert [(d["kind"], d["decided_by"]["name"]) for d in decided] == [("dispute", "赵督办")]
    second = await whistled(router)
    assert (await report(router, second, "return_requested", LEAD, **RETURN)).is_success
    (item,) = await reviews(router, whistle_id=second)
    assert item["likely"]["n"] == known + 1


async def test_a_pause_keeps_its_time_and_is_looked_at_again(router: Router) -> None:
    whistle_id = await whistled(router, LEAD)
    ask = {"code": "funds", "reason": "改造资金未批复", "plan": "列入四季度预算"}
    assert (await report(router, whistle_id, "suspension_requested", LEAD, **ask)).is_success
    refused = await decide(router, whistle_id, "suspensions", decision="granted")
    assert refused.status_code == 403
    paused = await decide(
        router, whistle_id, "suspensions", role="supervisor", decision="granted", review_days=20
    )
    assert (paused.status_code, state_of(paused)) == (201, "paused")
    (item,) = await reviews(router, "supervisor", whistle_id=whistle_id)
    assert (item["kind"], item["due"]["rule"], item["asked_by"]["name"]) == (
        "suspension_review", "20d", "赵督办",
    )  # fmt: skip
    told = await router.hears("bureau.suspended", whistle_id=whistle_id)
    assert told["data"]["reason"].startswith("资金未落实")
    early = await report(router, whistle_id, "progressed", LEAD, text="还在等")
    assert (early.status_code, early.json()["state"], early.json()["version"]) == (
        409, "paused", early.json()["seq"],
    )  # fmt: skip
    router.forward(days=21)
    (item,) = await reviews(router, "supervisor", whistle_id=whistle_id)
    shown = await router.whistle(whistle_id)
    assert item["due"]["by"] < shown["now"], "overdue, and still paused"
    before = shown["whistle"]["assignments"][0]["resolve"]
    resumed = await decide(router, whistle_id, "resumptions", role="supervisor")
    assert (resumed.status_code, state_of(resumed)) == (201, "acknowledged")
    after = resumed.json()["assignments"][0]["resolve"]
    assert after["by"] > before["by"]
    assert await reviews(router, "supervisor", whistle_id=whistle_id) == []
    fact = await router.hears("whistle.resumed", unit=LEAD)
    assert {change["kind"] for change in fact["data"]["changes"]} == {"contact", "resolve"}


async def test_a_risky_resolution_is_rejected_and_goes_on_as_if_never_stopped(
    router: Router,
) -> None:
    whistle_id = await helped(router)
    done = await resolve(router, whistle_id, LEAD, result="untrue", facts_true="no")
    assert (done.json()["state"], done.json()["review"]) == ("done", "pending"), done.text
    (item,) = await reviews(router, whistle_id=whistle_id)
    assert item["request"]["risk"] == ["untrue", "no_evidence"]
    assert (item["request"]["handler"], item["request"]["result"]) == ("联络员", "untrue")
    back = await decide(router, whistle_id, "reviews", decision="rejected")
    assert (back.status_code, state_of(back)) == (201, "working")
    fact = await router.hears("whistle.review_rejected", unit=LEAD)
    assert fact["data"]["reason"] == "依据权责清单"
    again = await decide(router, whistle_id, "reviews", decision="passed")
    assert (again.status_code, again.json()["state"]) == (409, "working")
    assert again.json()["version"] == back.json()["seq"]


async def test_a_template_is_sent_back_at_once(router: Router) -> None:
    first, second = await helped(router), await helped(router)
    reply = "河湾路早市的摊位全部劝离，并在两端路口安排专人早晚值守。"
    one = await resolve(router, first, LEAD, public_reply=reply)
    assert (one.json()["state"], one.json()["review"]) == ("done", "none")
    two = await resolve(router, second, LEAD, public_reply=reply.replace("全部", "已全部"))
    number = (await router.whistle(first))["whistle"]["number"]
    assert (two.status_code, two.json()["state"], two.json()["like"]) == (201, "working", number)
    assert number in two.json()["sent_back"]
    three = await resolve(router, second, LEAD)
    assert (three.json()["state"], three.json()["like"]) == ("done", None)


async def test_two_decide_at_once_and_one_is_told_what_came_of_it(router: Router) -> None:
    returned, resolving = await whistled(router), await helped(router)
    asked = await report(router, returned, "return_requested", LEAD, **RETURN)
    assert asked.is_success
    rulings = await asyncio.gather(
        decide(router, returned, "rulings", decision="refused", name="甲审核"),
        decide(router, returned, "rulings", decision="returned", new_unit=OTHER, name="乙审核"),
        decide(router, returned, "rulings", decision="refused", name="丙审核"),
    )
    assert sorted(answer.status_code for answer in rulings) == [201, 409, 409]
    won = next(answer for answer in rulings if answer.status_code == 201)
    for lost in (answer for answer in rulings if answer.status_code == 409):
        assert lost.json()["version"] == won.json()["seq"]
        assert lost.json()["state"] == state_of(won)
    resolves = await asyncio.gather(*(resolve(router, resolving, LEAD) for _ in range(2)))
    assert sorted(answer.status_code for answer in resolves) == [201, 409]
    lost = next(answer for answer in resolves if answer.status_code == 409)
    assert (lost.json()["code"], lost.json()["state"]) == ("wrong_state", "done")
    resolved = "select count(*) as n from history where what = 'resolved' and aggregate_id = $1"
    (row,) = await router.rows(resolved, resolving)
    assert row["n"] == len(HELPERS) + 1, "the assisting units' and one of the lead's"


async def test_the_queue_is_read_page_by_page_and_by_whom_it_concerns(router: Router) -> None:
    asked = []
    for _ in range(3):
        whistle_id = await whistled(router, LEAD)
        ask = {"amount": 2, "unit": "WD", "reason": "等待检测报告"}
        assert (await report(router, whistle_id, "extension_requested", LEAD, **ask)).is_success
        asked.append(whistle_id)
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        params = {"limit": 2, "kind": "extension", **cursor}
        page = (await router.call("GET", "/reviews", role="reviewer", params=params)).json()
        found += page["items"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert set(asked) <= {item["whistle_id"] for item in found}
    assert len(found) == len({item["review_id"] for item in found})
    dues = [item["due"]["by"] for item in found]
    assert dues == sorted(dues)
    wrong = await router.call("GET", "/reviews", role="reviewer", params={"cursor": "***"})
    assert wrong.status_code == 422
    own = await router.call("GET", "/reviews", role="liaison", unit=LEAD)
    assert set(asked) <= {item["whistle_id"] for item in own.json()["items"]}
    assert "不能决定" in own.json()["items"][0]["blocked"]["zh"]
    other = await router.call("GET", "/reviews", role="liaison", unit=OTHER)
    assert other.json()["items"] == []
    street = await router.call("GET", "/reviews", role="street_officer", unit="S-159902001")
    assert street.json()["items"] == [], "what a ticket's units ask is not the street's to say"
    assert (await router.call("GET", "/reviews", role="operator")).status_code == 403
    assert await reviews(router, kind=["return", "dispute"], whistle_id=asked[0]) == []


async def test_the_lead_adds_and_asks_to_be_rid_of_who_assists(router: Router) -> None:
    whistle_id = await whistled(router, LEAD, type=TicketType.COMPLAIN)
    more = await report(
        router, whistle_id, "assisting_requested", LEAD, unit=OTHER, task="核实产权"
    )
    assert more.status_code == 201, more.text
    assert (await router.hears("bureau.whistled", whistle_id=whistle_id))["data"]
    added = await router.hears("whistle.assisting_added")
    assert added["data"]["assignment"]["task"] == "核实产权"
    asked = await report(
        router, whistle_id, "release_requested", LEAD, unit=OTHER, reason="三日未到场"
    )
    assert asked.status_code == 201, asked.text
    (item,) = await reviews(router, whistle_id=whistle_id)
    assert (item["kind"], item["unit"], item["request"]["by"]) == ("release", OTHER, LEAD)
    stays = await decide(
        router, whistle_id, "releases", role="dispatcher", unit=OTHER, decision="refused"
    )
    assert (stays.status_code, state_of(stays, OTHER)) == (201, "offered")
    refused = await router.hears("whistle.release_refused", whistle_id=whistle_id)
    assert (refused["data"]["unit"], refused["data"]["by"]) == (OTHER, LEAD)
    told = await router.hears("bureau.release_refused", whistle_id=whistle_id)
    assert (told["data"]["unit"], told["data"]["reason"]) == (OTHER, refused["data"]["reason"])
    assert await reviews(router, whistle_id=whistle_id) == []
    (settled,) = await reviews(router, state="refused", whistle_id=whistle_id)
    assert (settled["kind"], settled["decided_by"]["role"]) == ("release", "dispatcher")
    nobody_asks = await decide(router, whistle_id, "releases", unit=OTHER, decision="refused")
    assert (nobody_asks.status_code, nobody_asks.json()["code"]) == (409, "wrong_state")

    again = await report(
        router, whistle_id, "release_requested", LEAD, unit=OTHER, reason="五日未到场"
    )
    assert again.status_code == 201, again.text
    let_go = await decide(router, whistle_id, "releases", unit=OTHER)
    assert (let_go.status_code, state_of(let_go, OTHER)) == (201, "released")
    assert await reviews(router, whistle_id=whistle_id) == []
    (done,) = await reviews(router, state="granted", whistle_id=whistle_id)
    assert done["kind"] == "release"


async def test_a_dispatcher_sees_who_need_not_assist_and_nothing_else(router: Router) -> None:
    whistle_id = await whistled(router, LEAD)
    more = await report(
        router, whistle_id, "assisting_requested", LEAD, unit=OTHER, task="核实产权"
    )
    assert more.status_code == 201, more.text
    for verb, words in (
        ("release_requested", {"unit": OTHER, "reason": "三日未到场"}),
        ("extension_requested", {"amount": 2, "unit": "WD", "reason": "等待检测报告"}),
    ):
        assert (await report(router, whistle_id, verb, LEAD, **words)).status_code == 201
    for asked in ({}, {"for_role": "reviewer"}, {"kind": "extension"}):
        answer = await router.call(
            "GET", "/reviews", role="dispatcher", params={"whistle_id": whistle_id, **asked}
        )
        found = [(item["kind"], item["blocked"]) for item in answer.json()["items"]]
        assert found == ([] if "kind" in asked else [("release", None)]), asked
    by_reviewer = await reviews(router, kind="release", whistle_id=whistle_id)
    assert [item["for_role"] for item in by_reviewer] == ["dispatcher"]
    assert by_reviewer[0]["blocked"] is None, "the reviewer stands in"


async def test_the_same_wish_twice_at_once_is_one_wish(router: Router) -> None:
    whistle_id = await whistled(router, LEAD)
    ask = {"amount": 2, "unit": "WD", "reason": "等待检测报告"}
    both = await asyncio.gather(
        *(report(router, whistle_id, "extension_requested", LEAD, **ask) for _ in range(2))
    )
    assert sorted(answer.status_code for answer in both) == [201, 409]
    assert len(await reviews(router, whistle_id=whistle_id)) == 1


async def test_the_queue_is_found_by_its_indexes(router: Router) -> None:
    connection = await asyncpg.connect(router.dsn)
    try:
        await connection.execute("set enable_seqscan = off")
        none: list[Any] = [None] * 7
        pending = await connection.fetch(f"explain {SQL.reviews_pending}", *none, 50)
        ruled = await connection.fetch(f"explain {SQL.past_rulings}", [LEAD], ["CGJ"])
    finally:
        await connection.close()
    assert any("review_pending" in row[0] for row in pending)
    assert any("review_ruled" in row[0] for row in ruled)
