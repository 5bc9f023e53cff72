"""Two at once, twice, late and out of order, on the real service: one outcome, all are told.

What two reviewers, two liaisons, and a street and its community do at once is also looked at with
the reviews and the joint matters; here the doors are mixed: Kafka, the feed and HTTP.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.router.app import MIGRATIONS
from shared.contracts import reports
from shared.contracts.parts import Handler
from tests.support.router import Router, router_on
from tests.support.stack import Servers, topic_prefix
from tests.support.waiting import eventually
from tests.unit.router.samples import COMMUNITY, MONDAY, STREET

LEAD, OTHER, COMMUNITY_UNIT = "BH-CGJ", "BH-SCJ", f"Q-{COMMUNITY}"
HANDLER = Handler(name="王工")
RETURN = {"reason": "not_duty", "clause": "《条例》第十二条", "suggested_unit": "BH-ZJJ"}
OFFICERS = ("孟和", "包勇", "赵燕")


@pytest.fixture(scope="module")
async def router(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Router]:
    prefix, folder = topic_prefix(), tmp_path_factory.mktemp("router")
    await servers.make_topics(prefix, [LEAD, OTHER, "BH-ZJJ", STREET, COMMUNITY_UNIT])
    dsn = await servers.fresh_database(MIGRATIONS)
    async with router_on(
        dsn, servers.kafka_bootstrap, prefix, folder, units=[LEAD, COMMUNITY_UNIT]
    ) as made:
        yield made
    await servers.drop_database(dsn)


async def post(
    router: Router, whistle_id: str, what: str, role: str, of: str, name: str, **body: Any
) -> httpx.Response:
    return await router.call(
        "POST", f"/whistles/{whistle_id}/{what}", role=role, unit=of, name=name, json=body
    )


async def happened(router: Router, whistle_id: str) -> list[str]:
    """What its history says, whose numbers have no gap."""
    rows = await router.rows(
        "select seq, what from history where aggregate_id = $1 order by seq", whistle_id
    )
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    return [row["what"] for row in rows]


def pushed(whistle_id: str, verb: str, **data: Any) -> dict[str, Any]:
    """A report as a department's system sends it over HTTP."""
    said = {"whistle_id": whistle_id, "handler": {"name": "王工"}, "at": MONDAY.isoformat()}
    return {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/cgj/oa",
        "type": f"shaodao.report.{verb}.v1",
        "subject": whistle_id,
        "time": MONDAY.isoformat(),
        "data": {**said, **data},
    }


async def push(router: Router, event: dict[str, Any]) -> dict[str, Any]:
    answer = await router.call(
        "POST", "/department/reports", role="department", unit=LEAD, json=event
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["items"][0]
    return found


async def test_a_reviewer_and_the_supervisor_rule_at_once(router: Router) -> None:
    whistle_id = await router.blown(await router.registers())
    asked = await router.report(whistle_id, "return_requested", unit=LEAD, **RETURN)
    assert asked.status_code == 201, asked.text
    word = {"unit": LEAD, "reason": "依据权责清单"}
    answers = await asyncio.gather(
        post(router, whistle_id, "rulings", "reviewer", "C-RXZX", "李审核", **word,
             decision="refused"),
        post(router, whistle_id, "rulings", "supervisor", "C-RXZX", "赵督办", **word,
             decision="returned", new_unit="BH-ZJJ"),
    )  # fmt: skip
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert lost.json()["version"] == won.json()["seq"]
    assert lost.json()["state"] in ("offered", "returned")
    ruled = [
        w for w in await happened(router, whistle_id) if w in ("unit_returned", "return_refused")
    ]
    assert len(ruled) == 1


async def told(router: Router, report_id: str) -> dict[str, Any]:
    """What a unit is told of its report on its own topic: accepted or refused."""

    async def look() -> list[dict[str, Any]]:
        return [
            event["data"]
            for event in router.said
            if event["type"].startswith("shaodao.bureau.report_")
            and event["data"]["report_id"] == report_id
        ]

    return (await eventually(look))[0]


async def test_one_report_by_every_door_at_once_counts_once(router: Router) -> None:
    whistle_id = await router.blown(await router.registers())
    event = pushed(whistle_id, "acknowledged")
    own = reports.Acknowledged(whistle_id=UUID(whistle_id), handler=HANDLER, at=MONDAY)
    first, second, by_hand, *sent = await asyncio.gather(
        push(router, event),
        push(router, event),
        router.report(whistle_id, "acknowledged", unit=LEAD),
        router.reports(LEAD, own),
        router.reports(LEAD, own),
    )
    plain = [{**each, "repeated": None} for each in (first, second)]
    assert plain[0] == plain[1], "the same event is given the same answer"
    heard = [await told(router, report_id) for report_id in sent]
    assert (await happened(router, whistle_id)).count("acknowledged") == 1
    counted = [by_hand.status_code == 201, first["verdict"] == "accepted"]
    counted += ["code" not in each for each in heard]
    assert counted.count(True) == 1
    for each in [by_hand.json(), first, *heard]:
        assert each["state"] == "acknowledged", "who was not first is told how it stands"
        assert (each.get("version") or each["seq"]) >= 2


async def test_what_comes_out_of_order_is_answered_and_harms_nothing(router: Router) -> None:
    whistle_id = await router.blown(await router.registers())
    early = await push(router, pushed(whistle_id, "progressed", text="已到场"))
    assert (early["verdict"], early["code"], early["state"]) == (
        "refused",
        "wrong_state",
        "offered",
    )
    own = reports.Acknowledged(whistle_id=UUID(whistle_id), handler=HANDLER, at=MONDAY)
    assert (await told(router, await router.reports(LEAD, own)))["state"] == "acknowledged"
    again = await push(router, pushed(whistle_id, "progressed", text="已到场"))
    assert (again["verdict"], again["state"]) == ("accepted", "working")
    back = await router.report(whistle_id, "return_requested", unit=LEAD, **RETURN)
    assert (back.status_code, back.json()["state"], back.json()["version"]) == (409, "working", 3)
    assert await happened(router, whistle_id) == ["blown", "acknowledged", "progressed"]


async def blown(router: Router) -> str:
    """A community's joint whistle, which its street may still take over or withdraw."""
    body = {
        "kind": "joint_enforcement",
        "title": "早市占道联合整治",
        "summary": "河湾路早市占道，须多部门到场会商。",
        "own_effort": "已三次上门劝导",
        "place": {"region": COMMUNITY, "address": "河湾路早市"},
        "units": [{"unit": LEAD, "relation": "lead"}, {"unit": OTHER, "relation": "assisting"}],
    }
    answer = await router.call(
        "POST", "/whistles", role="community_worker", unit=COMMUNITY_UNIT, name="周敏", json=body
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["whistle_id"])


async def test_a_street_of_two_minds_has_one_outcome(router: Router) -> None:
    for _ in range(3):
        whistle_id = await blown(router)
        asked = zip(("take-overs", "withdrawals", "take-overs"), OFFICERS, strict=True)
        answers = await asyncio.gather(
            *(
                post(router, whistle_id, what, "street_officer", STREET, name, reason="两人同时")
                for what, name in asked
            )
        )
        story = (await happened(router, whistle_id))[1:]
        # a whistle that was taken over may be withdrawn by whoever is in charge, and by that only
        assert story in (["withdrawn"], ["taken_over", "withdrawn"])
        assert [answer.status_code for answer in answers].count(201) == len(story)
        for lost in (answer for answer in answers if answer.status_code != 201):
            refused = lost.json()
            assert (lost.status_code, refused["code"]) == (409, "wrong_state")
            assert refused["state"] in ("open", "withdrawn")
            assert refused["version"] in (2, 3)


async def test_a_withdrawn_whistle_takes_no_report_and_says_so(router: Router) -> None:
    whistle_id = await blown(router)
    withdrawn, reported = await asyncio.gather(
        post(router, whistle_id, "withdrawals", "street_officer", STREET, "孟和", reason="重复"),
        router.report(whistle_id, "acknowledged", unit=LEAD),
    )
    assert withdrawn.status_code == 201, withdrawn.text
    story = await happened(router, whistle_id)
    assert story == (
        ["blown", "acknowledged", "withdrawn"]
        if reported.status_code == 201
        else ["blown", "withdrawn"]
    )
    assert (await router.hears("bureau.withdrawn", whistle_id=whistle_id))["data"]["reason"]
    late = reports.Progressed(
        whistle_id=UUID(whistle_id), handler=HANDLER, at=MONDAY, text="已在路上"
    )
    by_kafka = await told(router, await router.reports(LEAD, late))
    by_feed = await push(router, pushed(whistle_id, "acknowledged"))
    by_hand = await router.report(whistle_id, "progressed", unit=LEAD, text="已在路上")
    assert by_hand.status_code == 409
    for refused in (by_kafka, by_feed, by_hand.json()):
        assert refused["code"] in ("wrong_state", "stale"), refused
        assert refused["seq"] == len(story), refused
        assert refused["state"], refused
    assert await happened(router, whistle_id) == story
