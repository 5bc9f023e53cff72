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


async def test_the_same_lead_goes_on_with_one_whistle_and_both_are_called_back(city: City):
    lead, assisting = await city.bureau(LEAD), await city.bureau(ASSISTING)
    first = (await city.submit())["ticket_id"]
    kept = await taken(city, lead, first)
    second = (await city.submit())["ticket_id"]
    gone = await taken(city, lead, second)
    await command(city, second, "merges", "dispatcher", into=first)
    await lead.hears("bureau.withdrawn", whistle_id=gone)
    told = await lead.hears("bureau.supplemented", whistle_id=kept)
    assert "另一件诉求并入本单" in told["text"]
    assert set((await whistle(city, kept))["ticket_ids"]) == {first, second}

    await assisting.accepted(await assisting.report("acknowledged", kept))
    for bureau in (assisting, lead):
        await resolved_part(bureau, kept)
    for ticket_id in (first, second):
        await city.ticket_in(ticket_id, "callback")
    await city.callback(first, "solved", "satisfied")
    await city.ticket_in(first, "closed")
    await city.callback(second, "unsolved", "unsatisfied")
    own = await lead.whistled(second, round=2)
    assert own["ticket_ids"] == [second]


async def resolved_part(bureau: Bureau, whistle_id: str) -> None:
    await bureau.accepted(await bureau.report("resolved", whistle_id, **RESOLVED))


async def test_parted_again_the_ticket_leaves_the_whistle_and_is_whistled_anew(city: City):
    lead = await city.bureau(LEAD)
    first = (await city.submit())["ticket_id"]
    kept = await taken(city, lead, first)
    second = (await city.submit())["ticket_id"]
    gone = await taken(city, lead, second)
    await command(city, second, "merges", "dispatcher", into=first)
    await lead.hears("bureau.withdrawn", whistle_id=gone)
    path = f"/api/v1/tickets/{second}/merges"
    undone = await city.call("DELETE", "intake", path, role="dispatcher")
    assert undone.status_code == 200, undone.text

    async def anew() -> list[dict[str, Any]]:
        found = [w for w in lead.all("bureau.whistled") if w["ticket_ids"] == [second]]
        return [w for w in found if w["whistle_id"] != gone]

    await eventually(anew)
    assert (await whistle(city, kept))["ticket_ids"] == [first]
    await city.ticket_in(second, "dispatched")
    await city.ticket_in(first, "processing")


async def test_two_leads_wait_for_a_dispatcher_who_keeps_the_parents(city: City):
    lead, assisting = await city.bureau(LEAD), await city.bureau(ASSISTING)
    other = await city.bureau(OTHER)
    second = await another(city)
    gone = await taken(city, other, second)
    first = (await city.submit())["ticket_id"]
    kept = (await lead.whistled(first))["whistle_id"]
    await city.ticket_in(first, "dispatched")
    await command(city, second, "merges", "dispatcher", into=first)
    asked = await question(city, second)
    assert asked["own"]["whistle"]["whistle_id"] == gone
    assert asked["into"]["whistle"]["whistle_id"] == kept
    assert not other.all("bureau.withdrawn", whistle_id=gone)  # both go on until then

    answer = await settle(city, second, "kept_into")
    assert answer.status_code == 201, answer.text
    assert set(answer.json()["ticket_ids"]) == {first, second}
    await other.hears("bureau.withdrawn", whistle_id=gone)
    assert (await settle(city, second, "kept_both")).status_code == 404
    await resolved((assisting, lead), kept)
    for ticket_id in (first, second):
        await city.ticket_in(ticket_id, "callback")


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
    await other.hears("bureau.closed", whistle_id=kept)


async def test_what_a_lead_has_finished_is_no_merge(city: City):
    lead, other = await city.bureau(LEAD), await city.bureau(OTHER)
    second = await another(city)
    done = await taken(city, other, second)
    first = (await city.submit())["ticket_id"]
    await lead.whistled(first)
    await city.ticket_in(first, "dispatched")
    await other.accepted(await other.report("contacted", done, how="phone"))
    await resolved_part(other, done)
    path = f"/api/v1/tickets/{second}/merges"
    await city.call("POST", "intake", path, role="dispatcher", json={"into": first})
    await city.ticket_in(second, "callback")  # merged a moment too late, or refused at once


async def test_two_leads_and_both_go_on(city: City):
    """Each unit finishes its own work; the merged ticket's person is asked with the parent's."""
    lead, assisting = await city.bureau(LEAD), await city.bureau(ASSISTING)
    other = await city.bureau(OTHER)
    second = await another(city)
    own = await taken(city, other, second)
    first = (await city.submit())["ticket_id"]
    parents = (await lead.whistled(first))["whistle_id"]
    await city.ticket_in(first, "dispatched")
    await command(city, second, "merges", "dispatcher", into=first)
    await question(city, second)

    answer = await settle(city, second, "kept_both")
    assert answer.status_code == 201, answer.text
    assert answer.json()["whistle_id"] == own
    assert (await settle(city, second, "kept_into")).status_code == 404
    assert (await whistle(city, own))["ticket_ids"] == [second]
    assert (await whistle(city, parents))["ticket_ids"] == [first]

    await other.accepted(await other.report("contacted", own, how="phone"))
    await resolved_part(other, own)
    assert (await whistle(city, parents))["state"] == "open"
    assert (await city.ticket(second))["state"] == "merged"
    await resolved((assisting, lead), parents)
    for ticket_id in (first, second):
        await city.ticket_in(ticket_id, "callback")
        await city.callback(ticket_id, "solved", "satisfied")
        await city.ticket_in(ticket_id, "closed")
    await other.hears("bureau.closed", whistle_id=own)
    await lead.hears("bureau.closed", whistle_id=parents)
    for bureau, whistle_id in ((other, own), (lead, parents)):
        assert not bureau.all("bureau.withdrawn", whistle_id=whistle_id)
        assert not bureau.all("bureau.supplemented", whistle_id=whistle_id)


async def waiting(city: City) -> str:
    """A ticket that is held for a dispatcher."""
    ticket_id: str = (
        await city.submit(category="2602", description="路灯杆上的基站坏了，灯也不亮了。")
    )["ticket_id"]
    await eventually(lambda: held(city, ticket_id))
    return ticket_id


def of_ticket(bureau: Bureau, ticket_id: str) -> list[str]:
    """The whistles by which a unit was called to a ticket."""
    return [w["whistle_id"] for w in bureau.all("bureau.whistled") if ticket_id in w["ticket_ids"]]


async def test_merged_into_one_that_is_held_nobody_is_called_until_it_is_dispatched(city: City):
    """Nobody had begun: the child's unit is called off, and one whistle is blown for both."""
    lead, other = await city.bureau(LEAD), await city.bureau(OTHER)
    parent = await waiting(city)
    child = (await city.submit())["ticket_id"]
    gone = (await lead.whistled(child))["whistle_id"]
    await city.ticket_in(child, "dispatched")
    await command(city, child, "merges", "dispatcher", into=parent)
    await lead.hears("bureau.withdrawn", whistle_id=gone)
    assert await held(city, parent), "the parent waits for a dispatcher as before"
    assert not await held(city, child), "the child waits with it"

    assert (await dispatch(city, parent, OTHER)).status_code == 201
    blown = (await other.whistled(parent))["whistle_id"]
    await city.ticket_in(parent, "dispatched")
    await other.accepted(await other.report("acknowledged", blown))
    await other.accepted(await other.report("contacted", blown, how="phone"))
    await resolved_part(other, blown)
    for ticket_id in (parent, child):
        await city.ticket_in(ticket_id, "callback")
    assert of_ticket(lead, child) == [gone]
    assert of_ticket(other, parent) == [blown]


async def test_merged_into_one_that_is_held_a_unit_at_work_goes_on_until_it_is_decided(city: City):
    """The dispatcher is asked at once; who works and who is called hears only what is decided."""
    lead, other = await city.bureau(LEAD), await city.bureau(OTHER)
    parent = await waiting(city)
    child = (await city.submit())["ticket_id"]
    own = await taken(city, lead, child)
    await command(city, child, "merges", "dispatcher", into=parent)
    asked = await question(city, child)
    assert (asked["own"]["whistle"]["whistle_id"], asked["own"]["whistle"]["state"]) == (
        own,
        "open",
    )
    assert asked["into"]["whistle"]["state"] == "held"
    assert await held(city, parent)
    assert not lead.all("bureau.withdrawn", whistle_id=own)

    answer = await settle(city, child, "kept_into")
    assert answer.status_code == 201, answer.text
    await lead.hears("bureau.withdrawn", whistle_id=own)
    assert await held(city, parent), "it still waits for its units"
    assert (await dispatch(city, parent, OTHER)).status_code == 201
    called = await other.whistled(parent)
    assert set(called["ticket_ids"]) == {parent, child}
    blown = called["whistle_id"]
    await other.accepted(await other.report("acknowledged", blown))
    await other.accepted(await other.report("contacted", blown, how="phone"))
    await resolved_part(other, blown)
    for ticket_id in (parent, child):
        await city.ticket_in(ticket_id, "callback")


async def test_merged_into_one_that_is_held_its_own_unit_takes_both(city: City):
    """Kept with the child's unit, the parent is held no more: it goes by that whistle."""
    lead, assisting = await city.bureau(LEAD), await city.bureau(ASSISTING)
    parent = await waiting(city)
    child = (await city.submit())["ticket_id"]
    own = await taken(city, lead, child)
    await command(city, child, "merges", "dispatcher", into=parent)
    await question(city, child)
    answer = await settle(city, child, "kept_own")
    assert answer.status_code == 201, answer.text
    assert set(answer.json()["ticket_ids"]) == {parent, child}
    told = await lead.hears("bureau.supplemented", whistle_id=own)
    assert "另一件诉求并入本单" in told["text"]
    assert not await held(city, parent)
    await city.ticket_in(parent, "processing")
    await assisting.accepted(await assisting.report("acknowledged", own))
    for bureau in (assisting, lead):
        await resolved_part(bureau, own)
    for ticket_id in (parent, child):
        await city.ticket_in(ticket_id, "callback")
