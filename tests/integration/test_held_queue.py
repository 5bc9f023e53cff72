"""The dispatcher's queue over HTTP: filters, bulk with preview, hand over, what is out of date."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.router.app import MIGRATIONS
from shared.contracts.values import Due, Urgency
from tests.support.router import Router, router_on
from tests.support.waiting import eventually
from tests.unit.router.samples import MONDAY

UNITS = ("U-TX1", "U-TX2", "U-TX3", "S-159902001", "C-RXZX", "BH-RXZX", "BH-GAJ")


@pytest.fixture
async def router(
    database: Any, kafka: str, prefix: str, topics_of: Any, tmp_path: Path
) -> AsyncIterator[Router]:
    await topics_of(prefix, UNITS)
    dsn = await database(MIGRATIONS)
    async with router_on(dsn, kafka, prefix, tmp_path, units=UNITS) as made:
        yield made


def due(minutes: int) -> Due:
    by = MONDAY + timedelta(minutes=minutes)
    return Due(by=by, rule="2wh", started_at=MONDAY, calendar="cn", policy="p")


async def held(router: Router, **query: Any) -> list[dict[str, Any]]:
    answer = await router.call("GET", "/held", role="shift_lead", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def three(router: Router) -> list[str]:
    """Telecom matters, the last registered due first."""
    ids = [
        await router.registers(
            number=f"1599202609140000{n:04d}",
            category="2602",
            dispatch_by=due(90 - 10 * n),
            urgency=Urgency.URGENT if n == 2 else Urgency.NORMAL,
        )
        for n in range(3)
    ]
    await eventually(lambda: held(router), until=lambda items: len(items) == 3)
    return ids


def item(ticket_id: str, lead: str, **more: Any) -> dict[str, Any]:
    return {"ticket_id": ticket_id, "lead": lead, "assisting": [], **more}


async def bulk(router: Router, items: list[dict[str, Any]], *, preview: bool) -> list[Any]:
    answer = await router.call(
        "POST", "/held/dispatches", role="dispatcher", name="白桦",
        json={"preview": preview, "items": items},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    answers: list[Any] = answer.json()["items"]
    return answers


async def test_the_queue_is_by_due_time_filtered_and_paged(router: Router):
    ids = await three(router)
    assert [each["ticket_id"] for each in await held(router)] == ids[::-1]
    assert [each["ticket_id"] for each in await held(router, urgency="urgent")] == [ids[2]]
    assert len(await held(router, region="159902", category="26")) == 3
    assert not await held(router, region="159903")
    assert not await held(router, reason="no_category")
    page = (await router.call("GET", "/held", role="dispatcher", params={"limit": 2})).json()
    rest = await held(router, cursor=page["next"])
    assert [each["ticket_id"] for each in page["items"] + rest] == ids[::-1]
    assert (await router.call("GET", "/held", role="operator")).status_code == 403


async def test_many_are_looked_over_and_one_that_fails_stops_no_other(router: Router):
    ids = await three(router)
    wanted = [item(ids[0], "U-TX1"), item(ids[1], "NO-SUCH"), item(ids[2], "U-TX2")]
    preview = await bulk(router, wanted, preview=True)
    assert [each["ok"] for each in preview] == [True, False, True]
    assert preview[1]["errors"][0]["field"] == "lead"
    called = {each["unit"]: each["relation"] for each in preview[0]["summonses"]}
    assert called["U-TX1"] == "lead"
    assert preview[0]["trace"]
    assert len(await held(router)) == 3  # nothing was sent

    # one of them changes before it is sent: its preview is out of date, and says by whom
    changed = await router.call(
        "POST", f"/held/{ids[2]}/hand-overs", role="shift_lead", name="王班长",
        json={"to_role": "supervisor", "note": "请召集认定"},
    )  # fmt: skip
    assert changed.status_code == 201, changed.text
    versions = [each["version"] for each in preview]
    sent = await bulk(
        router, [w | {"version": v} for w, v in zip(wanted, versions, strict=True)], preview=False
    )
    assert [each["ok"] for each in sent] == [True, False, False]
    assert sent[2]["code"] == "out_of_date"
    assert [(c["who"], c["what"]) for c in sent[2]["changes"]] == [("王班长", "held_handed_over")]
    await router.hears("bureau.whistled", ticket_ids=[ids[0]])
    (other, _) = await held(router)
    assert (other["desk"]["to_role"], other["desk"]["note"]) == ("supervisor", "请召集认定")
    assert [each["ticket_id"] for each in await held(router, desk="supervisor")] == [ids[2]]
    assert [each["ticket_id"] for each in await held(router, desk="dispatcher")] == [ids[1]]


async def test_the_same_ticket_twice_in_one_request_is_dispatched_once(router: Router):
    ids = await three(router)
    twice = [item(ids[0], "U-TX1"), item(ids[0], "U-TX2")]
    assert [each["ok"] for each in await bulk(router, twice, preview=True)] == [True, False]
    assert [each["ok"] for each in await bulk(router, twice, preview=False)] == [True, False]


async def test_handing_over_needs_somebody_and_a_note(router: Router):
    ticket_id = await router.registers(category="2602")
    await router.hears("whistle.held", ticket_ids=[ticket_id])
    named = {"to_role": "dispatcher", "to_name": "小李", "note": "请核实"}
    for body, status in (
        ({"to_role": "dispatcher", "note": "请核实"}, 422),
        (named | {"to_name": "白桦"}, 422),  # to oneself
        (named | {"to_role": "leader"}, 422),
        (named | {"note": ""}, 422),
        (named | {"version": 9}, 409),
        (named, 201),
    ):
        answer = await router.call(
            "POST", f"/held/{ticket_id}/hand-overs", role="dispatcher", name="白桦", json=body
        )
        assert answer.status_code == status, (body, answer.text)
    fact = await router.hears("whistle.held_handed_over", ticket_ids=[ticket_id])
    assert fact["data"]["to_name"] == "小李"
    assert await held(router, desk_name="小李")


async def test_an_assisting_unit_is_called_and_the_others_learn_of_it(router: Router):
    ticket_id = await router.registers(category="2602")
    await router.hears("whistle.held", ticket_ids=[ticket_id])
    sent = await bulk(router, [item(ticket_id, "U-TX1")], preview=False)
    whistle_id = sent[0]["whistle_id"]
    path = f"/whistles/{whistle_id}/assisting"
    body = {"unit": "BH-GAJ", "task": "维持现场秩序"}
    assert (await router.call("POST", path, role="operator", json=body)).status_code == 403
    added = await router.call("POST", path, role="dispatcher", json=body)
    assert added.status_code == 201, added.text
    told = await router.hears("bureau.whistled", whistle_id=whistle_id, seq=added.json()["seq"])
    assert told["data"]["assignment"]["task"] == "维持现场秩序"
    await router.hears("bureau.units_changed", whistle_id=whistle_id)
    again = await router.call("POST", path, role="dispatcher", json=body)
    assert again.status_code == 422, again.text


async def test_the_reason_of_a_convened_dispatch_stands_in_the_trace(router: Router):
    ticket_id = await router.registers(category="2602")
    await router.hears("whistle.held", ticket_ids=[ticket_id])
    body = {"lead": "U-TX1", "reason": "三家会商：基站在其站址"}
    path = f"/held/{ticket_id}/dispatch"
    sent = await router.call("POST", path, role="supervisor", name="罗督办", json=body)
    assert sent.status_code == 201, sent.text
    fact = await router.hears("whistle.blown", ticket_ids=[ticket_id])
    assert "11:ruled “三家会商：基站在其站址”" in fact["data"]["trace"]
