"""A request whistles the bureau and comes back solved: flow (a) of the contracts, both ways."""

from tests.support.city import RESOLVED, City
from tests.support.waiting import eventually

LEAD, ASSISTING = "C-SZZ", "U-GD1"  # 0205 street lights: municipal works lead, power assists


async def kinds_met(city: City, **query) -> dict[str, str]:
    return {d["kind"]: d["state"] for d in await city.deadlines(**query)}


async def test_a_request_is_whistled_acknowledged_solved_and_closed(city: City):
    lead, assisting = await city.bureau(LEAD), await city.bureau(ASSISTING)
    created = await city.submit()
    ticket_id = created["ticket_id"]
    assert created["state"] == "registered"
    assert created["dispatch_by"]["rule"] == "2wh"

    whistle = await lead.whistled(ticket_id)
    whistle_id = whistle["whistle_id"]
    assert whistle["assignment"]["relation"] == "lead"
    assert whistle["assignment"]["acknowledge"]["rule"] == "4wh"
    assert whistle["assignment"]["resolve"]["rule"] == "3WD"
    assert any("0205" in reason for reason in whistle["why"])
    helping = await assisting.whistled(ticket_id)
    assert helping["whistle_id"] == whistle_id
    assert helping["assignment"]["relation"] == "assisting"
    assert helping["assignment"]["resolve"]["by"] < whistle["assignment"]["resolve"]["by"]
    await city.ticket_in(ticket_id, "dispatched")

    accepted = await lead.accepted(await lead.report("acknowledged", whistle_id))
    assert (accepted["state"], accepted["late"]) == ("acknowledged", False)
    await city.ticket_in(ticket_id, "processing")
    await lead.accepted(await lead.report("contacted", whistle_id, how="phone"))
    progress = await lead.report("progressed", whistle_id, text="已派抢修班组")
    assert (await lead.accepted(progress))["state"] == "working"

    early = await lead.refused(await lead.report("resolved", whistle_id, **RESOLVED))
    assert early["code"] == "wrong_state"
    assert early["zh"]
    await assisting.accepted(await assisting.report("acknowledged", whistle_id))
    await assisting.accepted(await assisting.report("resolved", whistle_id, **RESOLVED))
    done = await lead.accepted(await lead.report("resolved", whistle_id, **RESOLVED))
    assert done["state"] == "done"

    await city.ticket_in(ticket_id, "callback")
    answer = await city.callback(ticket_id, "solved", "satisfied")
    assert answer.status_code in (200, 201), answer.text
    ticket = await city.ticket_in(ticket_id, "closed")
    closed = await lead.hears("bureau.closed", whistle_id=whistle_id)
    assert (closed["result"], closed["satisfaction"]) == ("solved", "satisfied")
    words = [row["zh"] for row in ticket["timeline"]]
    assert all(words)
    assert any("市政设施服务中心" in line for line in words)
    await eventually(
        lambda: kinds_met(city, ticket_id=ticket_id),
        until=lambda kinds: (
            {"dispatch", "acknowledge", "contact", "resolve", "callback", "citizen"} <= kinds.keys()
            and set(kinds.values()) <= {"met", "cancelled"}
        ),
    )


async def test_not_solved_means_a_second_round_in_half_the_time(city: City):
    lead, assisting = await city.bureau(LEAD), await city.bureau(ASSISTING)
    ticket_id = (await city.submit())["ticket_id"]
    first = await lead.whistled(ticket_id, round=1)
    await assisting.whistled(ticket_id)
    for bureau in (assisting, lead):
        for verb, data in (("acknowledged", {}), ("resolved", RESOLVED)):
            await bureau.accepted(await bureau.report(verb, first["whistle_id"], **data))
    await city.ticket_in(ticket_id, "callback")
    answer = await city.callback(ticket_id, "unsolved", "unsatisfied")
    assert answer.status_code in (200, 201), answer.text

    second = await lead.whistled(ticket_id, round=2)
    assert second["whistle_id"] != first["whistle_id"]
    assert second["assignment"]["resolve"]["by"] < first["assignment"]["resolve"]["by"]
    await lead.hears("bureau.closed", whistle_id=first["whistle_id"])
    stale = await lead.refused(await lead.report("progressed", first["whistle_id"], text="还在办"))
    assert stale["code"] == "stale"
    for bureau in (assisting, lead):
        for verb, data in (("acknowledged", {}), ("resolved", RESOLVED)):
            await bureau.accepted(await bureau.report(verb, second["whistle_id"], **data))
    await city.ticket_in(ticket_id, "callback")
    await city.callback(ticket_id, "solved", "satisfied")
    await city.ticket_in(ticket_id, "closed")


async def test_nobody_reached_three_times_is_never_satisfied(city: City):
    lead, assisting = await city.bureau(LEAD), await city.bureau(ASSISTING)
    ticket_id = (await city.submit())["ticket_id"]
    whistle_id = (await lead.whistled(ticket_id))["whistle_id"]
    await assisting.whistled(ticket_id)
    for bureau in (assisting, lead):
        for verb, data in (("acknowledged", {}), ("resolved", RESOLVED)):
            await bureau.accepted(await bureau.report(verb, whistle_id, **data))
    await city.ticket_in(ticket_id, "callback")
    for _ in range(2):
        await city.callback(ticket_id, "unreachable", "unknown")
        assert (await city.ticket(ticket_id))["state"] == "callback"
        city.forward(hours=5)  # tried again in another part of the day
    await city.callback(ticket_id, "unreachable", "unknown")
    await city.ticket_in(ticket_id, "closed")
    closed = await lead.hears("bureau.closed", whistle_id=whistle_id)
    assert (closed["result"], closed["satisfaction"]) == ("unreachable", "unknown")
    again = await city.callback(ticket_id, "solved", "satisfied")
    assert again.status_code == 409
    assert again.json()["state"] == "closed"


async def test_the_workbench_and_kafka_are_the_same_door(city: City):
    lead = await city.bureau(LEAD)
    ticket_id = (await city.submit())["ticket_id"]
    whistle_id = (await lead.whistled(ticket_id))["whistle_id"]
    body = {
        "type": "acknowledged",
        "handler": {"name": "王工"},
        "at": city.clock.now().isoformat(),
    }
    path = f"/api/v1/whistles/{whistle_id}/reports"
    mine = await city.call("POST", "router", path, role="liaison", unit=LEAD, json=body)
    assert mine.status_code == 201, mine.text
    assert mine.json()["state"] == "acknowledged"
    twice = await city.call("POST", "router", path, role="liaison", unit=LEAD, json=body)
    assert (twice.status_code, twice.json()["code"]) == (409, "wrong_state")
    other = await city.call("POST", "router", path, role="liaison", unit="BH-CGJ", json=body)
    assert (other.status_code, other.json()["code"]) == (409, "wrong_unit")
    await city.ticket_in(ticket_id, "processing")


async def test_the_same_request_again_is_the_same_ticket(city: City):
    body = {
        "channel": "hotline",
        "description": "小区门口的井盖松动，车一压就响，很危险。",
        "category": "0203",
        "place": {"region": "159902001001"},
    }

    async def post(body, key):
        return await city.call(
            "POST", "intake", "/api/v1/tickets", role="operator", json=body,
            headers={"Idempotency-Key": key},
        )  # fmt: skip

    first, again = await post(body, "key-1"), await post(body, "key-1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = await post(body | {"category": "0205"}, "key-1")
    assert other.status_code == 409
