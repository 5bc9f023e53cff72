"""Reports and rulings on a real PostgreSQL: what a batch counts, refuses and leaves behind."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from services.router import look, rule
from services.router.app import MIGRATIONS
from services.router.domain.rulings.extension import Extension, ExtensionDecision
from services.router.domain.rulings.ruling import ReturnDecision, Ruling
from services.router.judge import refuse_unreadable
from services.router.look import Sight
from shared.contracts import reports, tickets
from shared.contracts.envelope import MalformedEventError
from shared.contracts.tickets import CallbackResult, Satisfaction
from shared.runtime.incoming import Unreadable
from tests.support.router_desk import (
    DISPATCHER,
    LEAD,
    REVIEWER,
    SUPERVISOR,
    Desk,
    ack,
    desk_on,
    resolved,
    returning,
)
from tests.unit.router.samples import HANDLER, MONDAY


@pytest.fixture
async def desk(database) -> AsyncIterator[Desk]:
    async with desk_on(await database(MIGRATIONS)) as made:
        yield made


async def test_reports_of_one_batch_build_on_each_other(desk: Desk):
    (ticket_id,) = await desk.registers(category="0205")  # one lead, the street informed
    whistle_id = await desk.whistle(ticket_id)
    assist = [u for u in await desk.rows("select unit from assignment where relation='assisting'")]
    said = [(row["unit"], kind(whistle_id)) for row in assist for kind in (ack, resolved)]
    await desk.reports(
        *said,
        ("C-SZZ", ack(whistle_id)),
        ("C-SZZ", ack(whistle_id)),
        ("C-SZZ", resolved(whistle_id)),
        ("BH-CGJ", ack(whistle_id)),
    )
    assert (await desk.types("bureau.C-SZZ.whistles")) == [
        "whistled",
        "units_changed",  # the assisting unit is done
        "report_accepted",
        "report_refused",
        "report_accepted",
    ]
    (refused,) = [e for e in await desk.said("bureau.BH-CGJ.whistles")]
    assert refused["data"]["code"] == "wrong_unit"
    (row,) = await desk.rows("select state from assignment where unit = 'C-SZZ'")
    assert row["state"] == "done"


async def test_every_refusal_has_its_code_and_goes_to_the_reporters_topic(desk: Desk):
    first, second = await desk.registers(2)
    await desk.hears(
        tickets.Closed(
            seq=2,
            actor=DISPATCHER,
            ticket_id=first,
            result=CallbackResult.SOLVED,
            satisfaction=Satisfaction.SATISFIED,
        )
    )
    ended, running = await desk.whistle(first), await desk.whistle(second)
    unknown = uuid4()
    await desk.reports(
        (LEAD, ack(ended)), (LEAD, ack(unknown)), (LEAD, resolved(running)), ("C-ZJJ", ack(running))
    )
    told = [
        (e["data"]["code"], e["data"]["whistle_id"])
        for unit in (LEAD, "C-ZJJ")
        for e in await desk.said(f"bureau.{unit}.whistles")
        if e["type"].endswith("report_refused.v1")
    ]
    assert told == [
        ("stale", str(ended)),
        ("unknown_whistle", str(unknown)),
        ("wrong_state", str(running)),
        ("wrong_unit", str(running)),
    ]


async def test_unreadable_records_are_answered(desk: Desk):
    whistle_id = uuid4()
    bad = [
        Unreadable(
            topic=f"bureau.{LEAD}.reports",
            partition=0,
            offset=offset,
            received_at=MONDAY,
            broker_time=MONDAY,
            key=None,
            value=b"",
            error=error,
        )
        for offset, error in enumerate(
            [
                MalformedEventError("not_json", "no JSON"),
                MalformedEventError(
                    "invalid_data", "data.how: wrong", event_id="r-7", subject=str(whistle_id)
                ),
            ]
        )
    ]
    async with desk.transaction() as connection:
        await refuse_unreadable(connection, bad, city=desk.city, now=MONDAY)
    garbage, wrong = await desk.said(f"bureau.{LEAD}.whistles")
    assert garbage["subject"] == f"bureau.{LEAD}.reports"
    assert garbage["data"]["report_id"] == "0/0"
    assert garbage["id"] != wrong["id"]
    assert wrong["subject"] == str(whistle_id)
    assert (wrong["data"]["report_id"], wrong["data"]["code"]) == ("r-7", "invalid")
    assert "data.how" in wrong["data"]["en"]


async def test_returned_ruled_and_returned_again_goes_to_the_supervisor(desk: Desk):
    (ticket_id,) = await desk.registers()
    whistle_id = await desk.whistle(ticket_id)
    await desk.reports((LEAD, returning(whistle_id, "BH-ZJJ")))
    ruling = Ruling(unit=LEAD, decision=ReturnDecision.RETURNED, reason="归住建", new_unit="BH-ZJJ")
    after = await desk.does(rule.rule, whistle_id, ruling, actor=REVIEWER)
    assert after.lead().unit == "BH-ZJJ"
    assert (await desk.types("whistles"))[-3:] == [
        "return_requested",
        "unit_returned",
        "unit_offered",
    ]
    (new,) = await desk.said("bureau.BH-ZJJ.whistles")
    assert new["data"]["title"] == "占道经营", "the words come from the ticket"
    await desk.reports((LEAD, ack(whistle_id)), ("BH-ZJJ", returning(whistle_id)))
    asked = (await desk.said("whistles"))[-1]
    assert asked["data"]["adjudicate"] is True
    again = Ruling(unit="BH-ZJJ", decision=ReturnDecision.REFUSED, reason="终裁")
    final = await desk.does(rule.rule, whistle_id, again, actor=SUPERVISOR)
    assert final.lead().unit == "BH-ZJJ"
    assert (await desk.types("whistles"))[-1] == "adjudicated"


async def test_a_return_counts_in_the_next_round_too(desk: Desk):
    (ticket_id,) = await desk.registers()
    first = await desk.whistle(ticket_id)
    await desk.reports((LEAD, returning(first)))
    kept = Ruling(unit=LEAD, decision=ReturnDecision.REFUSED, reason="属本单位")
    await desk.does(rule.rule, first, kept, actor=REVIEWER)
    await desk.hears(
        tickets.ReworkRequested(
            seq=4,
            actor=DISPATCHER,
            ticket_id=ticket_id,
            round=2,
            result=CallbackResult.UNSOLVED,
            satisfaction=Satisfaction.UNSATISFIED,
        )
    )
    second = await desk.whistle(ticket_id)
    assert second != first
    await desk.reports((LEAD, returning(second)), (LEAD, ack(first)))
    codes = [
        event["data"]["code"]
        for event in await desk.said(f"bureau.{LEAD}.whistles")
        if event["type"].endswith("report_refused.v1")
    ]
    assert codes == ["wrong_state", "stale"]


async def test_more_time_is_granted_and_kept(desk: Desk):
    (ticket_id,) = await desk.registers()
    whistle_id = await desk.whistle(ticket_id)
    ask = reports.ExtensionRequested(
        whistle_id=whistle_id, handler=HANDLER, at=MONDAY, amount=5, unit="WD", reason="材料"
    )
    await desk.reports((LEAD, ack(whistle_id)), (LEAD, ask))
    grant = Extension(unit=LEAD, decision=ExtensionDecision.GRANTED, reason="同意")
    await desk.does(rule.extend, whistle_id, grant, actor=REVIEWER)
    async with desk.pool.acquire() as connection:
        detail = await look.detail(connection, whistle_id, sight=Sight(), now=MONDAY)
    lead = detail.whistle.assignments[0]
    assert lead.resolve is not None
    assert lead.resolve.rule == "5WD+5WD"
    assert [moment.what for moment in detail.timeline] == [
        "blown",
        "acknowledged",
        "extension_requested",
        "due_changed",
    ]
    assert detail.timeline[2].after["words"]["amount"] == 5
