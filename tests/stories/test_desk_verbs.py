"""What the desk decides reaches the bureaus: merged and parted again, appealed, reopened."""

from typing import Any

from tests.support.city import RESOLVED, Bureau, City
from tests.support.waiting import eventually

LEAD, ASSISTING = "C-SZZ", "U-GD1"


async def command(city: City, ticket_id: str, what: str, role: str, **body: Any) -> dict[str, Any]:
    """A command at the desk that must be carried out."""
    path = f"/api/v1/tickets/{ticket_id}/{what}"
    answer = await city.call("POST", "intake", path, role=role, json=body)
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


async def resolved(bureaus: tuple[Bureau, ...], whistle_id: str) -> None:
    """All acknowledge and finish their part, the lead last."""
    for bureau in bureaus:
        for verb, data in (("acknowledged", {}), ("resolved", RESOLVED)):
            await bureau.accepted(await bureau.report(verb, whistle_id, **data))


async def test_merged_before_anybody_took_it_and_parted_again(city: City):
    lead, assisting = await city.bureau(LEAD), await city.bureau(ASSISTING)
    first, second = [(await city.submit())["ticket_id"] for _ in range(2)]
    whistle = await lead.whistled(first)
    lost = await lead.whistled(second)
    await city.ticket_in(second, "dispatched")
    merged = await command(city, second, "merges", "operator", into=first)
    assert merged["state"] == "merged"
    await lead.hears("bureau.withdrawn", whistle_id=lost["whistle_id"])

    path = f"/api/v1/tickets/{second}/merges"
    undone = await city.call("DELETE", "intake", path, role="dispatcher")
    assert undone.status_code == 200, undone.text

    async def again() -> list[dict[str, Any]]:
        found = [w for w in lead.all("bureau.whistled") if second in w["ticket_ids"]]
        return [w for w in found if w["whistle_id"] != lost["whistle_id"]]

    anew = (await eventually(again))[0]
    assert anew["round"] == 1
    await city.ticket_in(second, "dispatched")
    await command(city, second, "merges", "dispatcher", into=first)
    await lead.hears("bureau.withdrawn", whistle_id=anew["whistle_id"])

    await resolved((assisting, lead), whistle["whistle_id"])
    for ticket_id in (first, second):
        await city.ticket_in(ticket_id, "callback")
    await city.callback(first, "solved", "satisfied")
    await city.callback(second, "unsolved", "unsatisfied")
    own = await lead.whistled(second, round=2)
    assert own["ticket_ids"] == [second]
    await city.ticket_in(first, "closed")


async def test_a_rejection_that_is_appealed_waits_for_a_dispatcher_again(city: City):
    ticket_id = (await city.submit(category=None))["ticket_id"]

    async def held() -> list[dict[str, Any]]:
        answer = await city.call("GET", "router", "/api/v1/held", role="dispatcher")
        return [item for item in answer.json()["items"] if item["ticket_id"] == ticket_id]

    await eventually(held)
    await command(city, ticket_id, "rejections", "shift_lead", reason="unclear")
    await eventually(held, until=lambda items: not items)
    await command(city, ticket_id, "appeals", "operator", reason="地点就在河湾社区门口")
    await eventually(held)
    dispatch = await city.deadline(
        lambda d: d["state"] == "running", kind="dispatch", ticket_id=ticket_id
    )
    assert len(dispatch["history"]) >= 3


async def test_a_closed_ticket_is_reopened_and_whistled_in_the_next_round(city: City):
    lead, assisting = await city.bureau(LEAD), await city.bureau(ASSISTING)
    ticket_id = (await city.submit())["ticket_id"]
    whistle = await lead.whistled(ticket_id)
    await resolved((assisting, lead), whistle["whistle_id"])
    await city.ticket_in(ticket_id, "callback")
    await city.callback(ticket_id, "solved", "satisfied")
    await lead.hears("bureau.closed", whistle_id=whistle["whistle_id"])
    opened = await command(city, ticket_id, "reopenings", "operator", reason="好了两天又不亮了")
    assert (opened["state"], opened["round"]) == ("dispatched", 2)
    second = await lead.whistled(ticket_id, round=2)
    await lead.accepted(await lead.report("acknowledged", second["whistle_id"]))
    await city.ticket_in(ticket_id, "processing")
