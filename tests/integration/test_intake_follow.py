"""A ticket follows its whistle: dispatched, resolved, called back, out again, closed."""

from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

from shared.contracts import deadlines
from shared.contracts.parts import DeadlineKind
from shared.contracts.topics import DEADLINES
from tests.support.intake import Intake, utc_now
from tests.support.played_router import LEAD, SYSTEM, Whistle, blown, callback, due, in_callback
from tests.support.waiting import eventually


def states(ticket: dict[str, Any], unit: str | None) -> dict[str, str]:
    return {p["kind"]: p["state"] for p in ticket["promises"] if p["unit"] == unit}


async def test_unsatisfied_once_then_solved(intake: Intake) -> None:
    ticket_id, first = await blown(intake)
    ticket = await intake.ticket(ticket_id)
    assert states(ticket, None) == {"dispatch": "met", "citizen": "running"}
    assert states(ticket, LEAD) == dict.fromkeys(("acknowledge", "contact", "resolve"), "running")
    await first.acknowledge()
    await intake.ticket_in(ticket_id, "processing")
    await first.contact()
    await first.resolve(review="pending")
    ticket = await intake.ticket_in(ticket_id, "resolved")
    assert states(ticket, LEAD) == {"acknowledge": "met", "contact": "met_late", "resolve": "met"}
    await first.review_passed()
    opened = await intake.says("callback_opened", ticket_id)
    assert opened["whistle_id"] == str(first.whistle_id)

    answer = await callback(intake, ticket_id, "unsolved", "unsatisfied")
    assert answer.json()["state"] == "dispatched"
    assert answer.json()["round"] == 2
    rework = await intake.says("rework_requested", ticket_id)
    assert (rework["round"], rework["result"]) == (2, "unsolved")

    second = Whistle(intake, UUID(ticket_id), round=2)
    await second.blow()
    await first.close()  # crosses: the old whistle moves nothing any more
    await second.acknowledge()
    await intake.ticket_in(ticket_id, "processing")
    await second.resolve()
    await intake.ticket_in(ticket_id, "callback")
    answer = await callback(intake, ticket_id, "solved", "satisfied")
    assert answer.json()["state"] == "closed"
    assert (await intake.says("closed", ticket_id))["satisfaction"] == "satisfied"
    ticket = await intake.ticket(ticket_id)
    assert [line["what"] for line in ticket["timeline"]].count("resolved") == 2
    assert "已签收" in " ".join(line["zh"] for line in ticket["timeline"])
    assert {p["state"] for p in ticket["promises"] if p["kind"] == "callback"} == {"met"}

    await second.close()  # an ended ticket hears on
    await _line(intake, ticket_id, "closed", count=3)
    again = await callback(intake, ticket_id, "solved", "satisfied")
    assert again.status_code == 409
    assert (again.json()["state"], again.json()["version"]) == ("closed", ticket["version"])
    await _history_is_whole(intake, ticket_id)


async def _line(intake: Intake, ticket_id: str, what: str, *, count: int = 1) -> None:
    async def seen() -> int:
        timeline = (await intake.ticket(ticket_id))["timeline"]
        return sum(line["what"] == what for line in timeline)

    await eventually(seen, until=lambda n: n == count)


async def _history_is_whole(intake: Intake, ticket_id: str) -> None:
    rows = await intake.rows(
        "select seq, previous_hash, hash from history where aggregate_id = $1 order by seq",
        UUID(ticket_id),
    )
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    for before, after in pairwise(rows):
        assert after["previous_hash"] == before["hash"]
    kept = await intake.rows(
        "select seq, history_hash from ticket where ticket_id = $1", UUID(ticket_id)
    )
    assert (kept[0]["seq"], kept[0]["history_hash"]) == (rows[-1]["seq"], rows[-1]["hash"])


async def test_a_stale_version_is_refused(intake: Intake) -> None:
    ticket_id, _ = await in_callback(intake)
    version = (await intake.ticket(ticket_id))["version"]
    stale = await callback(intake, ticket_id, "solved", "satisfied", version=version - 1)
    assert (stale.status_code, stale.json()["version"]) == (409, version)
    assert (await callback(intake, ticket_id, "solved", "basically", version=version)).is_success


async def test_missed_before_the_whistle_is_known_stays_missed(intake: Intake) -> None:
    ticket_id = (await intake.registered())["ticket_id"]
    whistle = Whistle(intake, UUID(ticket_id))
    missed = deadlines.Missed(
        seq=1,
        actor=SYSTEM,
        deadline_id=uuid4(),
        kind=DeadlineKind.ACKNOWLEDGE,
        round=1,
        due=due(utc_now(), hours=1),
        ticket_id=UUID(ticket_id),
        whistle_id=whistle.whistle_id,
        assignment_id=whistle.lead,
        unit=LEAD,
    )
    await intake.tell(missed, topic=DEADLINES.name, at=utc_now())
    await _line(intake, ticket_id, "missed")
    await whistle.blow()
    ticket = await intake.ticket_in(ticket_id, "dispatched")
    assert states(ticket, LEAD)["acknowledge"] == "missed"


async def test_the_contact_goes_to_the_called_unit_with_a_purpose(intake: Intake) -> None:
    place = {"address": "河湾锦苑3号楼2单元501"}
    ticket_id, whistle = await blown(intake, place=place)

    async def ask(unit: str | None, **body: Any) -> Any:
        path = f"/{ticket_id}/disclosures"
        return await intake.call("POST", path, role="handler", unit=unit, json=body)

    given = await ask(LEAD, purpose="约时间上门修灯")
    assert given.json() == {
        "name": "赵小明",
        "phone": "13900001111",
        "door": "河湾锦苑3号楼2单元501",
        "text": None,
    }
    assert (await ask("BH-SCJ", purpose="看一看")).status_code == 403
    assert (await ask(None, purpose="看一看")).status_code == 403
    assert (await ask(LEAD)).status_code == 422
    ledger = await intake.rows("select unit, actor_name, purpose from disclosure")
    assert [tuple(row) for row in ledger] == [(LEAD, "测试员", "约时间上门修灯")]
    assert "查看了联系方式" in (await intake.ticket(ticket_id))["timeline"][-1]["zh"]
    await whistle.acknowledge()
    await whistle.resolve()
    await intake.ticket_in(ticket_id, "callback")
    assert (await ask(LEAD, purpose="再看一看")).status_code == 403


async def test_a_confidential_contact_is_refused(intake: Intake) -> None:
    ticket_id, _ = await blown(intake, type="tip_off")
    path, body = f"/{ticket_id}/disclosures", {"purpose": "核实情况"}
    refused = await intake.call("POST", path, role="handler", unit=LEAD, json=body)
    assert refused.status_code == 403
    assert await intake.rows("select 1 from disclosure") == []


async def test_supplement_urge_withdraw(intake: Intake) -> None:
    ticket_id, _ = await blown(intake)
    words = {"text": "补充：我是赵小明，电话13900001111"}
    assert (await intake.call("POST", f"/{ticket_id}/supplements", json=words)).is_success
    fact = await intake.says("supplemented", ticket_id)
    assert fact["text"] == "补充：我是〔姓名〕，电话〔电话〕"
    assert (await intake.call("POST", f"/{ticket_id}/urges")).is_success
    again = await intake.call("POST", f"/{ticket_id}/urges")
    assert (again.status_code, again.json()["code"]) == (409, "urged_already")
    assert (await intake.call("POST", f"/{ticket_id}/urges", role="dispatcher")).is_success
    taken_back = await intake.call("POST", f"/{ticket_id}/withdrawals")
    assert taken_back.json()["state"] == "withdrawn"
    assert (await intake.says("withdrawn", ticket_id))["ex_officio"] is False
    ticket = await intake.ticket(ticket_id)
    assert not {p["state"] for p in ticket["promises"]} & {"running", "paused"}
    refused = await intake.call("POST", f"/{ticket_id}/urges", role="dispatcher")
    assert (refused.status_code, refused.json()["state"]) == (409, "withdrawn")


async def test_a_tip_off_goes_on_ex_officio(intake: Intake) -> None:
    ticket_id, _ = await blown(intake, type="tip_off")
    answer = await intake.call("POST", f"/{ticket_id}/withdrawals")
    assert answer.json()["state"] == "dispatched"
    assert (await intake.says("withdrawn", ticket_id))["ex_officio"] is True


async def test_there_is_no_such_ticket(intake: Intake) -> None:
    for what, role, body, status in (
        ("callbacks", "callback_clerk", {"result": "solved", "satisfaction": "satisfied"}, 404),
        ("disclosures", "handler", {"purpose": "核实情况"}, 403),  # nothing is told of it
        ("supplements", "operator", {"text": "还是不亮"}, 404),
        ("urges", "operator", None, 404),
        ("withdrawals", "operator", None, 404),
    ):
        answer = await intake.call("POST", f"/{uuid4()}/{what}", role=role, unit=LEAD, json=body)
        assert answer.status_code == status, what
