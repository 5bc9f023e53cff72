"""Wrong, stale, huge and garbled reports are answered or kept, and harm no neighbour."""

from collections import Counter
from uuid import uuid4

from tests.support.city import City, envelope
from tests.support.waiting import eventually

LEAD = "C-SZZ"


async def dead_letters(city: City):
    answer = await city.call("GET", "router", "/api/v1/dead-letters", role="ops")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_another_units_whistle_is_refused_as_wrong_unit(city: City):
    lead, other = await city.bureau(LEAD), await city.bureau("BH-CGJ")
    whistle_id = (await lead.whistled((await city.submit())["ticket_id"]))["whistle_id"]
    answer = await other.refused(await other.report("acknowledged", whistle_id))
    assert answer["code"] == "wrong_unit"
    assert answer["state"] is None
    assert answer["topic"].endswith("bureau.BH-CGJ.reports")


async def test_an_unknown_whistle_is_refused(city: City):
    lead = await city.bureau(LEAD)
    answer = await lead.refused(await lead.report("acknowledged", str(uuid4())))
    assert answer["code"] == "unknown_whistle"


async def test_an_invalid_report_is_answered_and_kept(city: City):
    lead = await city.bureau(LEAD)
    whistle_id = (await lead.whistled((await city.submit())["ticket_id"]))["whistle_id"]
    answer = await lead.refused(await lead.report("contacted", whistle_id, how="telepathy"))
    assert answer["code"] == "invalid"
    assert "how" in answer["en"]
    unzoned = {"whistle_id": whistle_id, "handler": {"name": "王工"}, "at": "2026-09-14T09:00:00"}
    report_id = await lead.send(
        envelope("report.acknowledged", whistle_id, unzoned, city.clock.now())
    )
    assert "at" in (await lead.refused(report_id))["en"]


async def test_garbage_of_every_kind_leaves_the_next_report_unharmed(city: City):
    lead = await city.bureau(LEAD)
    whistle_id = (await lead.whistled((await city.submit())["ticket_id"]))["whistle_id"]
    before = len(await dead_letters(city))
    garbage = (b"\xff\xfe\x00", b"{", b"[]", b'"text"', None, b"{}", b"x" * 950_000)
    for value in garbage:
        await lead.send_bytes(value, headers=[("trace", None), ("x", b"\xff")])
    accepted = await lead.accepted(await lead.report("acknowledged", whistle_id))
    assert accepted["state"] == "acknowledged"
    after = await eventually(
        lambda: dead_letters(city), until=lambda items: len(items) == before + len(garbage)
    )
    assert {item["error_code"] for item in after} >= {"not_json", "too_large", "empty"}
    answer = await city.call("GET", "router", "/api/v1/dead-letters/errors?kind=dead", role="ops")
    heaps = {heap["error"]: heap["n"] for heap in answer.json()["items"]}
    assert heaps == Counter(item["error_code"] for item in await dead_letters(city))


async def test_a_report_that_arrives_twice_counts_once(city: City):
    lead = await city.bureau(LEAD)
    whistle_id = (await lead.whistled((await city.submit())["ticket_id"]))["whistle_id"]
    now = city.clock.now()
    body = {"whistle_id": whistle_id, "handler": {"name": "王工"}, "at": now.isoformat()}
    event = envelope("report.acknowledged", whistle_id, body, now)
    for _ in range(2):
        await lead.send(event)
    await lead.accepted(event["id"])
    last = await lead.report("contacted", whistle_id, how="phone")
    await lead.accepted(last)
    assert len(lead.all("bureau.report_accepted", report_id=event["id"])) == 1
    assert not lead.all("bureau.report_refused", report_id=event["id"])
