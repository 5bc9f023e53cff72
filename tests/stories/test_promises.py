"""Nobody answers: warned, missed, deemed acknowledged, climbing; and a late answer is late."""

from tests.support.city import City, envelope

LEAD = "C-SZZ"


async def test_an_ignored_whistle_is_warned_missed_deemed_and_climbs(city: City):
    lead = await city.bureau(LEAD)
    ticket_id = (await city.submit())["ticket_id"]
    whistle_id = (await lead.whistled(ticket_id))["whistle_id"]  # Monday 09:00, 4 wh: 13:00

    city.forward(hours=2, minutes=1)  # half of the limit is gone
    soon = await lead.hears("notice.due_soon", whistle_id=whistle_id, kind="acknowledge")
    assert soon["rung"] == "yellow"
    assert soon["zh"]
    city.forward(hours=2)
    overdue = await lead.hears("notice.overdue", whistle_id=whistle_id, kind="acknowledge")
    assert overdue["level"] == 1
    missed = await city.deadline(
        lambda d: d["state"] == "missed", kind="acknowledge", unit=LEAD, whistle_id=whistle_id
    )
    assert missed["history"]
    city.forward(hours=4)
    await city.ticket_in(ticket_id, "processing")  # twice the limit: deemed acknowledged

    city.forward(days=1, hours=1)  # past Tuesday 17:30: one working day to contact
    late = await lead.accepted(await lead.report("contacted", whistle_id, how="phone"))
    assert late["late"]
    met = await city.deadline(
        lambda d: d["state"] == "met", kind="contact", unit=LEAD, whistle_id=whistle_id
    )
    assert met["late"]

    city.forward(days=3)  # Friday evening: one working day after the resolve limit
    climbed = await lead.hears("notice.overdue", whistle_id=whistle_id, kind="resolve", level=2)
    assert climbed["due"]["by"] < city.clock.now().isoformat()


async def test_the_citizens_clock_runs_on_and_time_is_judged_by_receipt(city: City):
    lead = await city.bureau(LEAD)
    created = await city.submit()
    whistle_id = (await lead.whistled(created["ticket_id"]))["whistle_id"]
    statement = city.clock.now()
    city.forward(days=2)
    body = {"whistle_id": whistle_id, "handler": {"name": "王工"}, "at": statement.isoformat()}
    report_id = await lead.send(envelope("report.acknowledged", whistle_id, body, statement))
    assert (await lead.accepted(report_id))["late"]
    citizen = await city.deadline(
        lambda d: d["state"] == "running", kind="citizen", ticket_id=created["ticket_id"]
    )
    assert citizen["due"]["rule"]


async def test_a_citizen_who_urges_is_heard_by_the_unit(city: City):
    lead = await city.bureau(LEAD)
    ticket_id = (await city.submit())["ticket_id"]
    whistle_id = (await lead.whistled(ticket_id))["whistle_id"]
    await city.deadline(lambda d: True, kind="acknowledge", unit=LEAD, whistle_id=whistle_id)
    answer = await city.call(
        "POST", "intake", f"/api/v1/tickets/{ticket_id}/urges", role="operator", json={}
    )
    assert answer.status_code in (200, 201), answer.text
    urged = await lead.hears("notice.urged", whistle_id=whistle_id)
    assert urged["count"] == 1
