"""What others decide of a unit's work: disputes, pauses and resolutions, through all services."""

from typing import Any

import httpx

from tests.support.city import RESOLVED, City
from tests.support.waiting import eventually

LEAD, OTHER, ASSISTING = "C-SZZ", "BH-ZJJ", "U-GD1"
RETURN = {"reason": "not_duty", "clause": "《云川市市政设施管理办法》第六条"}


async def decide(
    city: City, whistle_id: str, what: str, role: str = "supervisor", **body: Any
) -> httpx.Response:
    return await city.call(
        "POST", "router", f"/api/v1/whistles/{whistle_id}/{what}", role=role, unit="C-RXZX",
        name=f"{role} 一号", json={"unit": LEAD, "reason": "依据权责清单", **body},
    )  # fmt: skip


async def reviews(city: City, whistle_id: str, **query: Any) -> list[dict[str, Any]]:
    answer = await city.call(
        "GET", "router", "/api/v1/reviews", role="supervisor",
        params={"whistle_id": whistle_id, **query},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_dispute_is_adjudicated_and_that_is_final(city: City):
    lead, other = await city.bureau(LEAD), await city.bureau(OTHER)
    ticket_id = (await city.submit())["ticket_id"]
    whistle = await lead.whistled(ticket_id)
    whistle_id = whistle["whistle_id"]
    early = await lead.refused(await lead.report("disputed", whistle_id, reason="不服"))
    assert early["code"] == "wrong_state"
    await lead.accepted(await lead.report("return_requested", whistle_id, **RETURN))
    ruled = await decide(city, whistle_id, "rulings", "reviewer", decision="refused")
    assert ruled.status_code == 201, ruled.text
    disputed = await lead.accepted(
        await lead.report("disputed", whistle_id, reason="移交协议第三条", suggested_unit=OTHER)
    )
    assert disputed["state"] == "disputed"
    busy = await lead.refused(await lead.report("resolved", whistle_id, **RESOLVED))
    assert busy["state"] == "disputed"
    assert (await decide(city, whistle_id, "adjudications", "reviewer")).status_code == 403
    final = await decide(city, whistle_id, "adjudications", decision="returned", new_unit=OTHER)
    assert final.status_code == 201, final.text
    taken = await other.whistled(ticket_id)
    assert taken["assignment"]["resolve"]["by"] == whistle["assignment"]["resolve"]["by"]
    gone = await lead.refused(await lead.report("disputed", whistle_id, reason="再次申请"))
    assert gone["state"] == "returned"
    again = await decide(city, whistle_id, "adjudications", decision="refused")
    assert again.status_code == 409
    assert [item["kind"] for item in await reviews(city, whistle_id, state="granted")] == [
        "dispute"
    ]


async def test_a_rejected_resolution_goes_on_as_if_never_stopped(city: City):
    lead, assisting = await city.bureau(LEAD), await city.bureau(ASSISTING)
    ticket_id = (await city.submit())["ticket_id"]
    whistle_id = (await lead.whistled(ticket_id))["whistle_id"]
    await assisting.whistled(ticket_id)
    for bureau in (assisting, lead):
        await bureau.accepted(await bureau.report("acknowledged", whistle_id))
    await assisting.accepted(await assisting.report("resolved", whistle_id, **RESOLVED))
    untrue = {**RESOLVED, "result": "untrue", "facts_true": "no"}
    await lead.accepted(await lead.report("resolved", whistle_id, **untrue))
    await city.ticket_in(ticket_id, "resolved")
    met = await city.deadline(
        lambda d: d["state"] == "met", kind="resolve", unit=LEAD, whistle_id=whistle_id
    )
    (item,) = await reviews(city, whistle_id)
    assert (item["kind"], item["request"]["result"]) == ("resolution", "untrue")
    back = await decide(city, whistle_id, "reviews", "reviewer", decision="rejected")
    assert back.status_code == 201, back.text
    await lead.hears("bureau.review_rejected", whistle_id=whistle_id)
    await city.ticket_in(ticket_id, "processing")
    owed = await city.deadline(
        lambda d: d["state"] == "running", kind="resolve", unit=LEAD, whistle_id=whistle_id
    )
    assert owed["due"] == met["due"]
    await lead.accepted(await lead.report("resolved", whistle_id, **untrue))
    passed = await decide(city, whistle_id, "reviews", "reviewer", decision="passed")
    assert passed.status_code == 201, passed.text
    await city.ticket_in(ticket_id, "callback")


async def test_a_pause_keeps_the_time_that_was_left(city: City):
    lead = await city.bureau(LEAD)
    ticket_id = (await city.submit())["ticket_id"]
    whistle = await lead.whistled(ticket_id)
    whistle_id, before = whistle["whistle_id"], whistle["assignment"]["resolve"]
    await lead.accepted(await lead.report("acknowledged", whistle_id))
    ask = {"code": "funds", "reason": "改造资金未批复", "plan": "列入四季度预算"}
    await lead.accepted(await lead.report("suspension_requested", whistle_id, **ask))
    paused = await decide(city, whistle_id, "suspensions", decision="granted", review_days=10)
    assert paused.status_code == 201, paused.text
    await city.ticket_in(ticket_id, "suspended")
    still = await city.deadline(
        lambda d: d["state"] == "paused", kind="resolve", unit=LEAD, whistle_id=whistle_id
    )
    assert still["due"]["by"] == before["by"]
    city.forward(days=11)
    await city.deadline(
        lambda d: d["state"] == "missed", kind="citizen", ticket_id=ticket_id
    )  # the citizen's clock ran on
    (item,) = await reviews(city, whistle_id)
    assert item["kind"] == "suspension_review", "never an automatic resume"
    refused = await lead.refused(await lead.report("progressed", whistle_id, text="还在等"))
    assert refused["state"] == "paused"
    resumed = await decide(city, whistle_id, "resumptions")
    assert resumed.status_code == 201, resumed.text
    told = await lead.hears("bureau.resumed", whistle_id=whistle_id)
    new = next(change["due"] for change in told["changes"] if change["kind"] == "resolve")
    running = await city.deadline(
        lambda d: d["state"] == "running", kind="resolve", unit=LEAD, whistle_id=whistle_id
    )
    assert running["due"]["by"] == new["by"] > before["by"]
    await city.ticket_in(ticket_id, "processing")
    contact = await lead.accepted(await lead.report("contacted", whistle_id, how="phone"))
    assert contact["late"] is False, "its day of contact had been kept as well"
    await eventually(lambda: reviews(city, whistle_id), until=lambda found: found == [])
