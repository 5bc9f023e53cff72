"""What nobody clearly owns is held for a person, and the hard guard holds against persons too."""

from tests.support.city import City
from tests.support.waiting import eventually


async def held(city: City, ticket_id: str):
    answer = await city.call("GET", "router", "/api/v1/held", role="dispatcher", unit="C-RXZX")
    assert answer.status_code == 200, answer.text
    return [item for item in answer.json()["items"] if item["ticket_id"] == ticket_id]


async def dispatch(city: City, ticket_id: str, lead: str):
    return await city.call(
        "POST", "router", f"/api/v1/held/{ticket_id}/dispatch",
        role="dispatcher", unit="C-RXZX", name="派单员一", json={"lead": lead, "assisting": []},
    )  # fmt: skip


async def test_a_telecom_matter_is_held_with_its_three_candidates(city: City):
    ticket_id = (
        await city.submit(category="2602", description="家里手机没有信号，打不出去电话。")
    )["ticket_id"]
    waiting = (await eventually(lambda: held(city, ticket_id)))[0]
    assert {"U-TX1", "U-TX2", "U-TX3"} <= {c["unit"] for c in waiting["candidates"]}
    carrier = await city.bureau("U-TX2")
    answer = await dispatch(city, ticket_id, "U-TX2")
    assert answer.status_code in (200, 201), answer.text
    whistle = await carrier.whistled(ticket_id)
    assert whistle["assignment"]["relation"] == "lead"
    again = await dispatch(city, ticket_id, "U-TX2")
    assert again.status_code in (404, 409)


async def test_without_a_category_a_person_decides(city: City):
    ticket_id = (await city.submit(category=None))["ticket_id"]
    assert (await eventually(lambda: held(city, ticket_id)))[0]["why"]
    assert (await city.ticket(ticket_id))["state"] == "registered"


async def test_what_a_bureau_must_do_is_never_dispatched_down(city: City):
    ticket_id = (await city.submit(category="2601", description="每个月莫名其妙扣我的流量费。"))[
        "ticket_id"
    ]
    await eventually(lambda: held(city, ticket_id))
    for lower in ("S-159902001", "Q-159902001001"):
        answer = await dispatch(city, ticket_id, lower)
        assert answer.status_code in (409, 422), answer.text
        assert "zh" in answer.text
    assert await held(city, ticket_id)
