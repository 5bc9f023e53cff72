"""A ticket follows its whistle: dispatched, resolved, called back, out again, closed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.intake.app import MIGRATIONS
from shared.contracts import deadlines, whistles
from shared.contracts.parts import (
    Actor,
    Assignment,
    AssignmentState,
    BlownBy,
    DeadlineKind,
    Handler,
    Place,
    Result,
    Role,
)
from shared.contracts.reports import ContactMeans, FactsTrue
from shared.contracts.topics import DEADLINES
from shared.contracts.values import Due, Relation, Urgency, WhistleKind
from tests.support.intake import Intake, intake_on, utc_now
from tests.support.waiting import eventually

SYSTEM = Actor(role=Role.SYSTEM)
LEAD, ASSISTING = "BH-CGJ", "S-159902001"


@pytest.fixture
async def intake(database: Any, kafka: str, prefix: str, topics_of: Any) -> AsyncIterator[Intake]:
    await topics_of(prefix, [])
    async with intake_on(await database(MIGRATIONS), kafka, prefix) as made:
        yield made


def due(at: datetime, **delta: float) -> Due:
    by = at + timedelta(**delta)
    return Due(by=by, rule="1h", started_at=at, calendar="cn", policy="test")


@dataclass
class Whistle:
    """The router's part, played by hand: one whistle of one ticket."""

    intake: Intake
    ticket_id: UUID
    round: int = 1
    whistle_id: UUID = field(default_factory=uuid4)
    lead: UUID = field(default_factory=uuid4)
    assisting: UUID = field(default_factory=uuid4)
    seq: int = 0

    def _common(self) -> dict[str, Any]:
        self.seq += 1
        return {
            "seq": self.seq,
            "actor": SYSTEM,
            "whistle_id": self.whistle_id,
            "ticket_ids": (self.ticket_id,),
            "round": self.round,
        }

    def _of_lead(self, state: AssignmentState, **more: Any) -> dict[str, Any]:
        return {
            **self._common(),
            "assignment_id": self.lead,
            "unit": LEAD,
            "relation": Relation.LEAD,
            "state": state,
            "received_at": utc_now(),
            **more,
        }

    async def say(self, fact: Any) -> None:
        await self.intake.tell(fact, at=utc_now())

    async def blow(self) -> None:
        now = utc_now()
        assignments = (
            Assignment(
                assignment_id=self.lead,
                unit=LEAD,
                relation=Relation.LEAD,
                acknowledge=due(now, hours=1),
                contact=due(now, hours=2),
                resolve=due(now, days=5),
            ),
            Assignment(
                assignment_id=self.assisting,
                unit=ASSISTING,
                relation=Relation.ASSISTING,
                acknowledge=due(now, hours=1),
                resolve=due(now, days=4),
            ),
        )
        await self.say(
            whistles.Blown(
                **self._common(),
                number="1",
                kind=WhistleKind.CITIZEN_DEMAND,
                urgency=Urgency.NORMAL,
                title="路灯不亮",
                summary="路灯不亮",
                place=Place(region="159902001001"),
                blown_by=BlownBy(unit="RXZX", level="city"),
                dispatched_by=SYSTEM,
                assignments=assignments,
                trace=(),
            )
        )

    async def acknowledge(self) -> None:
        common = self._of_lead(AssignmentState.ACKNOWLEDGED, late=False)
        await self.say(whistles.Acknowledged(**common, handler=Handler(name="王工")))

    async def contact(self) -> None:
        common = self._of_lead(AssignmentState.ACKNOWLEDGED, late=True)
        await self.say(whistles.Contacted(**common, how=ContactMeans.PHONE))

    async def resolve(self, *, review: str = "none") -> None:
        common = self._of_lead(AssignmentState.DONE, late=False)
        await self.say(
            whistles.Resolved(
                **common,
                final=True,
                review=review,
                result=Result.SOLVED,
                facts_true=FactsTrue.YES,
                public_reply="已更换灯泡",
                measures="更换",
            )
        )

    async def review_passed(self) -> None:
        await self.say(whistles.ReviewPassed(**self._of_lead(AssignmentState.DONE)))

    async def close(self) -> None:
        await self.say(whistles.Closed(**self._common()))


async def blown(intake: Intake, **fields: Any) -> tuple[str, Whistle]:
    """A ticket that units are called for."""
    ticket_id = (await intake.registered(**fields))["ticket_id"]
    whistle = Whistle(intake, UUID(ticket_id))
    await whistle.blow()
    await intake.ticket_in(ticket_id, "dispatched")
    return ticket_id, whistle


async def in_callback(intake: Intake) -> tuple[str, Whistle]:
    """A ticket whose unit said it is done."""
    ticket_id, whistle = await blown(intake)
    await whistle.acknowledge()
    await whistle.resolve()
    await intake.ticket_in(ticket_id, "callback")
    return ticket_id, whistle


async def callback(
    intake: Intake, ticket_id: str, result: str, satisfaction: str, **more: Any
) -> Any:
    return await intake.call(
        "POST",
        f"/{ticket_id}/callbacks",
        role="callback_clerk",
        json={"result": result, "satisfaction": satisfaction, **more},
    )


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


async def test_nobody_reached_three_times_is_not_satisfied(intake: Intake) -> None:
    ticket_id, _ = await in_callback(intake)
    wrong = await callback(intake, ticket_id, "unreachable", "satisfied")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "satisfaction")
    for state in ("callback", "callback", "closed"):
        answer = await callback(intake, ticket_id, "unreachable", "unknown")
        assert answer.json()["state"] == state
    await intake.says("closed", ticket_id)
    tries = intake.facts("called_back", ticket_id)
    assert [(t["attempt"], t["final"]) for t in tries] == [(1, False), (2, False), (3, True)]
    closed = intake.facts("closed", ticket_id)[0]
    assert (closed["result"], closed["satisfaction"]) == ("unreachable", "unknown")


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
