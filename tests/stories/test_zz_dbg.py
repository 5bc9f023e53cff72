"""Two tickets about one matter after units were called: what becomes of whistles and tickets."""

from typing import Any

from tests.stories.test_desk_verbs import ASSISTING, LEAD, command, resolved
from tests.stories.test_held import dispatch, held
from tests.support.city import RESOLVED, Bureau, City
from tests.support.waiting import eventually

OTHER = "U-TX2"


async def whistle(city: City, whistle_id: str) -> dict[str, Any]:
    """The whistle as a dispatcher reads it."""
    answer = await city.call("GET", "router", f"/api/v1/whistles/{whistle_id}", role="dispatcher")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["whistle"]
    return found


async def taken(city: City, bureau: Bureau, ticket_id: str) -> str:
    """The ticket's whistle, acknowledged by its lead, and the ticket under way."""
    called = await bureau.whistled(ticket_id)
    whistle_id: str = called["whistle_id"]
    await bureau.accepted(await bureau.report("acknowledged", whistle_id))
    await city.ticket_in(ticket_id, "processing")
    return whistle_id


async def another(city: City) -> str:
    """A ticket that a dispatcher gave to another unit."""
    ticket_id: str = (
        await city.submit(category="2602", description="路灯杆上的基站坏了，灯也不亮了。")
    )["ticket_id"]
    await eventually(lambda: held(city, ticket_id))
    assert (await dispatch(city, ticket_id, OTHER)).status_code == 201
    return ticket_id


async def question(city: City, ticket_id: str) -> dict[str, Any]:
    """The merge that waits for a dispatcher, both whistles side by side."""

    async def asked() -> list[dict[str, Any]]:
        answer = await city.call("GET", "router", "/api/v1/merges", role="dispatcher")
        return [item for item in answer.json()["items"] if item["ticket_id"] == ticket_id]

    return (await eventually(asked))[0]


async def settle(city: City, ticket_id: str, decision: str) -> Any:
    return await city.call(
        "POST", "router", f"/api/v1/merges/{ticket_id}/decisions",
        role="dispatcher", name="派单员一", json={"decision": decision, "reason": "同一灯杆"},
    )  # fmt: skip


async def resolved_part(bureau: Bureau, whistle_id: str) -> None:
    await bureau.accepted(await bureau.report("resolved", whistle_id, **RESOLVED))


async def test_two_leads_and_the_parent_goes_over_to_the_childs(city: City):
    lead, other = await city.bureau(LEAD), await city.bureau(OTHER)
    second = await another(city)
    kept = await taken(city, other, second)
    first = (await city.submit())["ticket_id"]
    gone = (await lead.whistled(first))["whistle_id"]
    await city.ticket_in(first, "dispatched")
    await command(city, second, "merges", "dispatcher", into=first)
    await question(city, second)
    answer = await settle(city, second, "kept_own")
    assert answer.status_code == 201, answer.text
    await lead.hears("bureau.withdrawn", whistle_id=gone)
    await city.ticket_in(first, "processing")  # where the other's work stands
    await other.accepted(await other.report("contacted", kept, how="phone"))
    await resolved_part(other, kept)
    for ticket_id in (first, second):
        await city.ticket_in(ticket_id, "callback")
        said = await city.callback(ticket_id, "solved", "satisfied")
        assert said.status_code < 300, said.text
        await city.ticket_in(ticket_id, "closed")
    import asyncio
    await asyncio.sleep(3)
    import asyncpg
    c = await asyncpg.connect(city.databases["router"])
    for row in await c.fetch("select * from parked"): print("PARKED", dict(row))
    c = await asyncpg.connect(city.databases["intake"])
    for row in await c.fetch("select ticket_id, state, seq, whistle_id from ticket"): print(dict(row))
    for row in await c.fetch("select * from history order by at"): print(str(row["aggregate_id"])[-4:], row["seq"], row["what"])
    for row in await c.fetch("select * from outbox"): print("OUT", dict(row))
    import glob, re
    for f in glob.glob(str(city.folder / "router-*.log")) :
        for l in open(f):
            if "parked" in l or "rror" in l and "uvicorn.error" not in l: print(l[:1500])
    assert 0


