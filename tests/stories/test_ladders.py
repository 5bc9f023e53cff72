"""Promises by the calendar of a year: every rung at its minute, a pause, asking too late."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.calendar import SHANGHAI
from tests.stories.conftest import UNITS
from tests.support.city import Bureau, City
from tests.support.stack import Servers, topic_prefix

LEAD = "C-SZZ"
MINUTE = timedelta(minutes=1)
BEFORE_SPRING_FESTIVAL = "2026-02-13 09:00"  # a Friday; Saturday is worked, then nine days off


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
async def city(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    city = City(servers, tmp_path_factory.mktemp("city"), topic_prefix(), UNITS)
    try:
        await city.start(at=local(BEFORE_SPRING_FESTIVAL))
        yield city
    finally:
        await city.stop()


def forward_to(city: City, moment: datetime) -> None:
    city.forward(seconds=(moment - city.clock.now()).total_seconds())


async def called(city: City, lead: Bureau, at: str, **fields: Any) -> dict[str, Any]:
    """A complaint that arrives then, and the whistle it leads to."""
    if city.clock.now() < local(at):
        forward_to(city, local(at))
    ticket_id = (await city.submit(type="complain", **fields))["ticket_id"]
    return await lead.whistled(ticket_id)


async def climbs(city: City, whistle_id: str, *rungs: tuple[str, str, str]) -> None:
    """Each rung (kind, name, moment) is awaited a minute before, and fired at its moment."""
    for at in sorted({at for _, _, at in rungs}):
        forward_to(city, local(at) - MINUTE)
        together = [(kind, name) for kind, name, moment in rungs if moment == at]
        told = [await rung(city, whistle_id, kind, name, at) for kind, name in together]
        forward_to(city, local(at))
        for (kind, name), lines in zip(together, told, strict=True):
            about = {"kind": kind, "unit": LEAD, "whistle_id": whistle_id}
            fired = await city.deadline(lambda d, n=lines: len(d["history"]) > n, **about)
            last = fired["history"][lines]
            assert datetime.fromisoformat(last["at"]) == local(at), name
            assert last["what"] == WHAT.get(name, "climbed"), name


WHAT = {"yellow": "warned", "red": "warned", "due": "missed"}


async def rung(city: City, whistle_id: str, kind: str, name: str, at: str) -> int:
    """The rung that waits, due at that moment; returns the lines of the history before it."""
    about = {"kind": kind, "unit": LEAD, "whistle_id": whistle_id}
    waiting = await city.deadline(lambda d: d["next_rung"] == name, **about)
    assert datetime.fromisoformat(waiting["next_fire_at"]) == local(at), name
    return len(waiting["history"])


async def test_what_everybody_ignores_climbs_every_rung_over_the_spring_festival(city: City):
    lead = await city.bureau(LEAD)
    whistle = await called(city, lead, BEFORE_SPRING_FESTIVAL)
    assert datetime.fromisoformat(whistle["assignment"]["resolve"]["by"]) == local(
        "2026-02-27 17:30"
    )
    due = datetime.fromisoformat(whistle["assignment"]["acknowledge"]["by"])  # 4 working hours
    assert local("2026-02-13 13:00") <= due < local("2026-02-13 13:05")
    missed = due.astimezone(SHANGHAI).isoformat()[:-6]
    await climbs(
        city,
        whistle["whistle_id"],
        ("acknowledge", "due", missed),
        ("acknowledge", "district_supervision", "2026-02-14 17:30"),  # a worked Saturday
        ("acknowledge", "district_leader", "2026-02-25 17:30"),
        ("resolve", "yellow", "2026-02-25 17:30"),
        ("resolve", "red", "2026-02-26 17:30"),
        ("acknowledge", "city", "2026-02-27 17:30"),
        ("resolve", "due", "2026-02-27 17:30"),
        ("resolve", "district_supervision", "2026-02-28 17:30"),  # a worked Saturday
        ("acknowledge", "city_leader", "2026-03-02 17:30"),
        ("resolve", "district_leader", "2026-03-03 17:30"),
        ("resolve", "city", "2026-03-05 17:30"),
        ("resolve", "city_leader", "2026-03-09 17:30"),
    )
    city.forward(days=30)
    for kind in ("acknowledge", "resolve"):
        about = {"kind": kind, "unit": LEAD, "whistle_id": whistle["whistle_id"]}
        ended = await city.deadline(lambda d: d["next_rung"] is None, **about)
        climbed = [line["what"] for line in ended["history"]]
        assert climbed.count("climbed") == 4, "each once"
    levels = [notice["level"] for notice in lead.all("notice.overdue", kind="resolve")]
    assert levels == [1, 2, 3, 4, 5]


async def test_a_rung_falls_on_a_sunday_that_is_worked(city: City):
    lead = await city.bureau(LEAD)
    whistle = await called(city, lead, "2026-09-18 16:00")
    assert datetime.fromisoformat(whistle["assignment"]["resolve"]["by"]) == local(
        "2026-09-24 17:30"
    )
    contact = datetime.fromisoformat(whistle["assignment"]["contact"]["by"])
    assert contact == local("2026-09-20 17:30")
    await lead.accepted(await lead.report("acknowledged", whistle["whistle_id"]))
    await climbs(city, whistle["whistle_id"], ("contact", "due", "2026-09-20 17:30"))


async def test_frozen_ground_stops_the_clock_and_every_second_of_it_is_kept(city: City):
    lead = await city.bureau(LEAD)
    whistle = await called(city, lead, "2026-11-16 09:00")
    whistle_id, before = whistle["whistle_id"], whistle["assignment"]["resolve"]
    await lead.accepted(await lead.report("acknowledged", whistle_id))
    forward_to(city, local("2026-11-17 10:00"))
    ask = {"code": "frozen_ground", "reason": "冻土无法开挖", "plan": "解冻后施工"}
    await lead.accepted(await lead.report("suspension_requested", whistle_id, **ask))
    await decided(city, whistle_id, "suspensions", decision="granted", review_days=30)
    about = {"unit": LEAD, "whistle_id": whistle_id}
    paused = await city.deadline(lambda d: d["state"] == "paused", kind="resolve", **about)
    ran = paused["seconds_run"]
    ten_hours = timedelta(hours=8, minutes=30) + timedelta(hours=1, minutes=30)
    assert ran == pytest.approx(ten_hours.total_seconds(), abs=60)  # to 17:30, and 08:30 to 10:00
    assert len(paused["segments"]) == 1
    review = await city.deadline(
        lambda d: d["state"] == "running", kind="suspension", whistle_id=whistle_id
    )
    forward_to(city, datetime.fromisoformat(review["due"]["by"]) + MINUTE)
    await city.deadline(lambda d: d["state"] == "missed", kind="suspension", whistle_id=whistle_id)
    still = await city.deadline(lambda d: d["state"] == "paused", kind="resolve", **about)
    assert (still["seconds_run"], still["due"]) == (ran, paused["due"])
    forward_to(city, local("2026-12-21 09:30"))  # a Monday
    await decided(city, whistle_id, "resumptions")
    running = await city.deadline(lambda d: d["state"] == "running", kind="resolve", **about)
    assert running["due"]["by"] > before["by"]
    assert len(running["segments"]) == 2
    left = local("2026-12-25 17:00") - datetime.fromisoformat(running["due"]["by"])
    assert abs(left) < MINUTE, running["due"]  # 43.5 of 53.5 working hours were left
    await climbs(city, whistle_id, ("resolve", "due", _moment(running["due"]["by"])))


def _moment(by: str) -> str:
    return datetime.fromisoformat(by).astimezone(SHANGHAI).isoformat()[:-6]


async def decided(city: City, whistle_id: str, what: str, **body: Any) -> None:
    answer = await city.call(
        "POST", "router", f"/api/v1/whistles/{whistle_id}/{what}", role="supervisor",
        unit="C-RXZX", name="督办一号", json={"unit": LEAD, "reason": "冻土期", **body},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text


async def test_a_year_that_is_not_announced_has_a_provisional_end(city: City):
    lead = await city.bureau(LEAD)
    whistle = await called(city, lead, "2026-12-28 10:00")
    resolve = whistle["assignment"]["resolve"]
    assert datetime.fromisoformat(resolve["by"]) == local("2027-01-05 17:30")
    assert resolve["provisional"]
    await lead.accepted(await lead.report("acknowledged", whistle["whistle_id"]))
    await climbs(
        city,
        whistle["whistle_id"],
        ("resolve", "yellow", "2027-01-03 17:30"),
        ("resolve", "red", "2027-01-04 17:30"),
        ("resolve", "due", "2027-01-05 17:30"),
        ("resolve", "district_supervision", "2027-01-06 17:30"),
    )


async def test_more_time_asked_for_a_minute_too_late_is_refused(city: City):
    lead = await city.bureau(LEAD)
    ask = {"amount": 5, "unit": "WD", "reason": "灯具需要定制"}
    in_time = await called(city, lead, "2027-03-01 10:00")
    too_late = await called(city, lead, "2027-03-01 10:00")
    for whistle in (in_time, too_late):
        await lead.accepted(await lead.report("acknowledged", whistle["whistle_id"]))
    due = datetime.fromisoformat(in_time["assignment"]["resolve"]["by"])
    forward_to(city, due - MINUTE)
    asked = await lead.report("extension_requested", in_time["whistle_id"], **ask)
    await lead.accepted(asked)
    decision = await city.deadline(
        lambda d: d["state"] == "running", kind="extension", whistle_id=in_time["whistle_id"]
    )
    assert decision["due"]["rule"] == "4wh"
    forward_to(city, due + MINUTE)
    late = await lead.report("extension_requested", too_late["whistle_id"], **ask)
    refused = await lead.refused(late)
    assert refused["zh"]
    found = await city.deadlines(whistle_id=too_late["whistle_id"])
    assert "extension" not in {each["kind"] for each in found}
