"""A unit says "not mine": the ruling, who may make it, and that a return is made once."""

from tests.support.city import RESOLVED, City

LEAD = "C-SZZ"
RETURN = {
    "reason": "not_duty",
    "clause": "《云川市市政设施管理办法》第六条：小区内路灯由产权单位负责",
    "suggested_unit": "BH-ZJJ",
}


async def ruling(city: City, whistle_id: str, name: str = "审核员二", **body):
    return await city.call(
        "POST", "router", f"/api/v1/whistles/{whistle_id}/rulings",
        role="reviewer", unit="C-RXZX", name=name, json={"unit": LEAD, **body},
    )  # fmt: skip


async def test_a_granted_return_calls_another_unit_with_full_time(city: City):
    lead, other = await city.bureau(LEAD), await city.bureau("BH-ZJJ")
    ticket_id = (await city.submit())["ticket_id"]
    whistle_id = (await lead.whistled(ticket_id))["whistle_id"]
    asked = await lead.report("return_requested", whistle_id, **RETURN)
    assert (await lead.accepted(asked))["state"] == "return_requested"
    meanwhile = await lead.refused(await lead.report("resolved", whistle_id, **RESOLVED))
    assert meanwhile["code"] == "wrong_state"
    answer = await ruling(
        city, whistle_id, decision="returned", new_unit="BH-ZJJ", reason="小区内设施归住建部门"
    )
    assert answer.status_code in (200, 201), answer.text
    whistle = await other.whistled(ticket_id)
    assert whistle["assignment"]["relation"] == "lead"
    assert whistle["assignment"]["state"] == "offered"
    told = await lead.hears("bureau.ruling", whistle_id=whistle_id)
    assert told["state"] == "returned"
    gone = await lead.refused(await lead.report("acknowledged", whistle_id))
    assert gone["code"] == "wrong_state"


async def test_a_refused_return_leaves_the_time_and_cannot_be_asked_again(city: City):
    lead = await city.bureau(LEAD)
    ticket_id = (await city.submit())["ticket_id"]
    whistle = await lead.whistled(ticket_id)
    whistle_id = whistle["whistle_id"]
    await lead.accepted(await lead.report("return_requested", whistle_id, **RETURN))
    answer = await ruling(city, whistle_id, decision="refused", reason="该路段路灯由市政养护")
    assert answer.status_code in (200, 201), answer.text
    told = await lead.hears("bureau.ruling", whistle_id=whistle_id)
    assert told["state"] in ("offered", "acknowledged")
    accepted = await lead.accepted(await lead.report("acknowledged", whistle_id))
    assert accepted["assignment"]["resolve"]["by"] == whistle["assignment"]["resolve"]["by"]
    again = await lead.refused(await lead.report("return_requested", whistle_id, **RETURN))
    assert again["code"] in ("wrong_state", "invalid")


async def test_a_return_after_the_acknowledge_limit_is_refused(city: City):
    lead = await city.bureau(LEAD)
    ticket_id = (await city.submit())["ticket_id"]
    whistle_id = (await lead.whistled(ticket_id))["whistle_id"]
    city.forward(days=1)
    late = await lead.refused(await lead.report("return_requested", whistle_id, **RETURN))
    assert late["zh"]


async def test_more_time_is_asked_for_before_the_due_time(city: City):
    lead = await city.bureau(LEAD)
    ticket_id = (await city.submit())["ticket_id"]
    whistle = await lead.whistled(ticket_id)
    whistle_id = whistle["whistle_id"]
    await lead.accepted(await lead.report("acknowledged", whistle_id))
    ask = {"amount": 5, "unit": "WD", "reason": "灯具需要定制"}
    await lead.accepted(await lead.report("extension_requested", whistle_id, **ask))
    answer = await city.call(
        "POST", "router", f"/api/v1/whistles/{whistle_id}/extensions", role="reviewer",
        unit="C-RXZX", json={"unit": LEAD, "decision": "granted", "reason": "同意"},
    )  # fmt: skip
    assert answer.status_code in (200, 201), answer.text
    changed = await lead.hears("bureau.due_changed", whistle_id=whistle_id)
    new_due = changed["changes"][0]["due"]["by"]
    assert new_due > whistle["assignment"]["resolve"]["by"]
    moved = await city.deadline(
        lambda d: d["due"]["by"] == new_due, kind="resolve", unit=LEAD, whistle_id=whistle_id
    )
    assert moved["state"] == "running"
