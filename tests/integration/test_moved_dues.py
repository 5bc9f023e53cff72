"""A year that became known, a declared outage: the owners move their due times, once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from services.intake.app import MIGRATIONS as INTAKE
from services.notifier.app import MIGRATIONS as NOTIFIER
from services.router.app import MIGRATIONS as ROUTER
from services.router.store.moved_dues import SQL
from shared.contracts import envelope
from shared.contracts.deadlines import OutageDeclared
from shared.contracts.ids import fact_id, new_id
from shared.contracts.parts import Actor, Role
from shared.contracts.values import TicketType
from tests.integration.test_joint_matters import (
    COMMUNITY_UNIT,
    MARKS,
    OFFICER,
    OTHER,
    STREET,
    WORKER,
    blown,
    done,
    photo,
    works,
)
from tests.support.intake import intake_on, utc_now
from tests.support.notifier import MONDAY, Matter, Notifier, notifier_on
from tests.support.played_router import in_callback
from tests.support.router import Router, router_on
from tests.support.waiting import eventually

LEAD = "BH-CGJ"
DECEMBER = datetime(2026, 12, 28, 2, 0, tzinfo=UTC)  # Monday, 10:00 in Shanghai
YEAR = {
    "year": 2027,
    "holidays": ["2027-01-01", "2027-01-04"],
    "workdays": ["2027-01-09"],
    "source": "国务院办公厅关于2027年部分节假日安排的通知",
}


def declared(from_at: datetime, to_at: datetime) -> OutageDeclared:
    return OutageDeclared(
        seq=1,
        actor=Actor(role=Role.SUPERVISOR, name="督办员"),
        outage_id=new_id(to_at),
        from_at=from_at,
        to_at=to_at,
        reason="数据中心断电",
    )


async def test_a_year_moves_what_was_provisional(database, kafka, prefix, topics_of, tmp_path):
    await topics_of(prefix, [LEAD])
    dsn = await database(ROUTER)
    async with router_on(dsn, kafka, prefix, tmp_path, units=[LEAD], at=DECEMBER) as router:
        ticket_id = await router.registers()
        whistle_id = await router.blown(ticket_id)
        long = await router.blown(await router.registers(type=TicketType.SUGGEST))
        taken = await router.report(long, "acknowledged", unit=LEAD)
        assert taken.status_code == 201
        told = await router.hears("bureau.whistled", whistle_id=whistle_id)
        resolve = told["data"]["assignment"]["resolve"]
        assert (resolve["by"], resolve["provisional"]) == ("2027-01-05T09:30:00Z", True)
        refused = await router.call("POST", "/calendar/years", role="liaison", unit=LEAD, json=YEAR)
        assert refused.status_code == 403
        wrong = YEAR | {"workdays": ["2027-01-11"]}
        answer = await router.call("POST", "/calendar/years", role="ops", json=wrong)
        assert answer.json()["errors"][0]["field"] == "workdays"
        answer = await router.call("POST", "/calendar/years", role="ops", json=YEAR)
        assert (answer.status_code, answer.json()["changed"]) == (200, True)
        reported = (await router.hears("whistle.due_changed", whistle_id=long))["data"]
        progress = {c["kind"]: c["due"]["by"] for c in reported["changes"] if c["unit"] == LEAD}
        assert progress["progress"] == "2027-01-06T09:30:00Z"
        fact = (await router.hears("whistle.due_changed", whistle_id=whistle_id))["data"]
        moved = {c["kind"]: c["due"] for c in fact["changes"] if c["unit"] == LEAD}
        assert moved["resolve"]["by"] == "2027-01-06T09:30:00Z"
        assert not any(due["provisional"] for due in moved.values())
        view = (await router.hears("bureau.due_changed", whistle_id=whistle_id))["data"]
        assert view["changes"] == [c for c in fact["changes"] if c["unit"] == LEAD]
        again = await router.call("POST", "/calendar/years", role="ops", json=YEAR)
        assert again.json()["changed"] is False
        after = await router.whistle(whistle_id)
        (part,) = [part for part in after["whistle"]["assignments"] if part["unit"] == LEAD]
        assert part["resolve"]["by"] == "2027-01-06T09:30:00Z"
        said = [e for e in router.said if e["type"] == "shaodao.whistle.due_changed.v1"]
        assert sorted(e["subject"] for e in said) == sorted([whistle_id, long])


async def moved_for(router: Router, whistle_id: str, from_at: str, to_at: str) -> dict[str, Any]:
    """What the router says of a whistle once such an outage was declared."""
    outage = declared(datetime.fromisoformat(from_at), datetime.fromisoformat(to_at))
    await router.send("deadlines", outage, str(outage.outage_id))
    outage_id = str(outage.outage_id)
    fact = await router.hears("whistle.due_changed", whistle_id=whistle_id, outage_id=outage_id)
    data: dict[str, Any] = fact["data"]
    return data


async def test_an_outage_moves_decisions_notes_and_marks(
    database, kafka, prefix, topics_of, tmp_path
):
    units = [LEAD, OTHER, STREET, COMMUNITY_UNIT]
    await topics_of(prefix, units)
    dsn = await database(ROUTER)
    async with router_on(dsn, kafka, prefix, tmp_path, units=units) as router:
        asked = await router.blown(await router.registers())
        reason = {"reason": "not_duty", "clause": "《云川市城市管理条例》第十二条"}
        answer = await router.report(asked, "return_requested", unit=LEAD, **reason)
        assert answer.status_code == 201
        fire = await blown(router, kind="emergency", own_effort=None)
        market = await blown(router)
        await works(router, market, OTHER, LEAD)
        await done(router, market, "acceptances", photos=[await photo(router)])

        first = ("2026-09-14T12:00+08:00", "2026-09-15T10:00+08:00")
        (ruling,) = (await moved_for(router, asked, *first))["owed"]
        assert (ruling["kind"], ruling["asked"], ruling["unit"]) == ("ruling", "return", None)
        queue = (await router.call("GET", "/reviews", role="reviewer")).json()["items"]
        assert [each["due"] for each in queue] == [ruling["due"]]
        (note,) = (await router.hears("whistle.due_changed", whistle_id=fire))["data"]["owed"]
        assert (note["kind"], note["unit"]) == ("own_effort", COMMUNITY_UNIT)
        router.forward(hours=30)  # after a day, but within the day and the outage
        await done(router, fire, "own-efforts", WORKER, text="已疏散群众，拉起警戒线")
        assert (await router.hears("whistle.effort_noted"))["data"]["late"] is False

        second = ("2026-09-17T16:30+08:00", "2026-09-17T20:00+08:00")
        marks = (await moved_for(router, market, *second))["owed"]
        assert {(each["kind"], each["unit"]) for each in marks} == {
            ("evaluation", STREET),
            ("evaluation", COMMUNITY_UNIT),
        }
        assert {each["due"]["by"] for each in marks} == {"2026-09-18T01:30:00Z"}
        (shown,) = await router.rows("select evaluate_by from acceptance")
        assert shown["evaluate_by"] == datetime(2026, 9, 18, 1, 30, tzinfo=UTC)
        for unit in (LEAD, OTHER):
            await done(router, market, "evaluations", OFFICER, unit=unit, **MARKS)
        owed = await router.rows("select kind, unit from owed")
        assert [(row["kind"], row["unit"]) for row in owed] == [("evaluation", COMMUNITY_UNIT)]
        await found_by_indexes(dsn)


async def found_by_indexes(dsn: str) -> None:
    """What moves is looked for among all whistles there ever were."""
    nobody, day = new_id(DECEMBER), timedelta(days=1)
    statements = {
        "provisional_whistles": (nobody, 100),
        "whistles_due_within": (nobody, DECEMBER, DECEMBER + day, 100, nobody),
        "owed_of": ([nobody],),
    }
    connection = await asyncpg.connect(dsn, server_settings={"enable_seqscan": "off"})
    for name, values in statements.items():
        plan = await connection.fetch(f"explain {getattr(SQL, name)}", *values)
        text = "\n".join(row[0] for row in plan)
        assert "Seq Scan" not in text.replace("Seq Scan on merge_question", ""), (name, text)
    await connection.close()


async def test_an_outage_moves_what_is_due_in_it_once(database, kafka, prefix, topics_of, tmp_path):
    await topics_of(prefix, [LEAD])
    dsn = await database(ROUTER)
    async with router_on(dsn, kafka, prefix, tmp_path, units=[LEAD]) as router:
        ticket_id = await router.registers()
        whistle_id = await router.blown(ticket_id)
        told = (await router.hears("bureau.whistled", whistle_id=whistle_id))["data"]
        due = datetime.fromisoformat(told["assignment"]["acknowledge"]["by"])
        outage = declared(due - timedelta(hours=1), due + timedelta(hours=1))
        for _ in range(2):  # heard twice: of two event ids, one outage
            await router.send("deadlines", outage, str(outage.outage_id))
        fact = (await router.hears("whistle.due_changed"))["data"]
        assert fact["outage_id"] == str(outage.outage_id)
        moved = {change["kind"]: change["due"]["by"] for change in fact["changes"]}
        assert set(moved) == {"acknowledge"}
        assert datetime.fromisoformat(moved["acknowledge"]) == due + timedelta(hours=2)

        async def worked_off():
            return await router.rows("select moved from outage where done_at is not null")

        assert [row["moved"] for row in await eventually(worked_off)] == [1]
        said = [e for e in router.said if e["type"] == "shaodao.whistle.due_changed.v1"]
        assert len(said) == 1
        assert (await router.report(whistle_id, "acknowledged", unit=LEAD)).status_code == 201


async def test_an_outage_moves_intakes_own_but_never_the_citizens_clock(
    database, kafka, prefix, topics_of
):
    await topics_of(prefix, [])
    async with intake_on(await database(INTAKE), kafka, prefix) as intake:
        receipt = await intake.registered()
        ticket_id = receipt["ticket_id"]
        before = {p["kind"]: p["due"]["by"] for p in (await intake.ticket(ticket_id))["promises"]}
        due = datetime.fromisoformat(before["dispatch"])
        outage = declared(due - timedelta(minutes=30), due + timedelta(days=20))
        await send(intake, outage)
        fact = await intake.says("due_changed", ticket_id)
        assert [change["kind"] for change in fact["changes"]] == ["dispatch"]
        assert fact["outage_id"] == str(outage.outage_id)
        after = await intake.ticket(ticket_id)
        by = {p["kind"]: p["due"]["by"] for p in after["promises"]}
        assert by["citizen"] == before["citizen"]
        assert by["dispatch"] > before["dispatch"]
        line = next(each for each in after["timeline"] if each["what"] == "due_changed")
        assert "系统停运顺延" in line["zh"]


async def test_an_outage_moves_when_a_callback_begins(database, kafka, prefix, topics_of):
    await topics_of(prefix, [])
    async with intake_on(await database(INTAKE), kafka, prefix) as intake:
        ticket_id, _ = await in_callback(intake)
        opened = await intake.says("callback_opened", ticket_id)
        start = datetime.fromisoformat(opened["start_by"]["by"])
        await send(intake, declared(start - timedelta(hours=1), start + timedelta(hours=1)))
        fact = await intake.says("due_changed", ticket_id)
        (change,) = fact["changes"]
        assert (change["kind"], change["round"]) == ("callback_start", 1)
        moved = datetime.fromisoformat(change["due"]["by"])
        assert moved > start
        again = declared(moved - timedelta(minutes=10), moved + timedelta(minutes=10))
        await send(intake, again)  # another outage: from where the first had moved it

        async def twice():
            facts = intake.facts("due_changed", ticket_id)
            return [each for each in facts if each["outage_id"] == str(again.outage_id)]

        (change,) = (await eventually(twice))[0]["changes"]
        assert datetime.fromisoformat(change["due"]["by"]) > moved


async def test_an_outage_moves_the_notifiers_own_and_is_counted(
    database, kafka, prefix, topics_of, tmp_path
):
    await topics_of(prefix, [LEAD])
    dsn, lamp = await database(NOTIFIER), Matter(place=1, title="路灯不亮", at=MONDAY)
    async with notifier_on(dsn, kafka, prefix, tmp_path, matters=[lamp]) as notifier:
        ask = {"whistle_id": str(lamp.whistle_id), "words": "请说明原因"}
        answer = await notifier.call("POST", "/supervisions", role="supervisor", json=ask)
        assert answer.status_code == 201, answer.text
        due = datetime.fromisoformat(answer.json()["answer_by"]["by"])
        notifier.forward(hours=25)
        kinds = "select state, due_by from deadline where kind = 'supervision'"

        async def missed():
            return [row for row in await notifier.rows(kinds) if row["state"] == "missed"]

        await eventually(missed)
        outage = {
            "from_at": (due - timedelta(hours=1)).isoformat(),
            "to_at": (due + timedelta(minutes=30)).isoformat(),
            "reason": "机房断电",
        }
        made = await notifier.call("POST", "/outages", role="supervisor", json=outage)
        assert made.status_code == 201, made.text
        outage_id = made.json()["outage_id"]
        fact = (await notifier.hears("deadline.supervised", outage_id=outage_id))["data"]
        later = due + timedelta(hours=1.5)
        assert datetime.fromisoformat(fact["answer_by"]["by"]) == later
        assert "机房断电" in fact["reason"]
        ((state, by),) = await notifier.rows(kinds)
        assert (state, by) == ("running", later)
        found = (await notifier.call("GET", "/supervisions", role="supervisor")).json()["items"]
        assert [each["answer_by"] for each in found] == [fact["answer_by"]]
        listed = (await notifier.call("GET", "/outages", role="supervisor")).json()["items"]
        assert [each["moved"] for each in listed] == [1]

        assert await audited(notifier) == []


async def audited(notifier: Notifier) -> list[Any]:
    """The mismatches that a whole audit, asked for now, finds."""
    body = {"whole": True}
    asked = await notifier.call("POST", "/audit/runs", role="auditor", name="陈审计", json=body)
    assert asked.status_code == 202, asked.text
    ours = "select deadlines from audit_run where finished_at is not null and by_name = '陈审计'"

    async def ended() -> list[Any]:
        return await notifier.rows(ours)

    assert (await eventually(ended))[0]["deadlines"] > 1
    return await notifier.rows("select kind, what, expected, found from audit_mismatch")


async def send(intake, outage: OutageDeclared) -> None:
    value = envelope.write(
        event_id=fact_id(outage.outage_id, 1),
        source="/shaodao/notifier",
        subject=str(outage.outage_id),
        time=utc_now(),
        data=outage,
    )
    await intake.producer.send_and_wait(intake.prefix + "deadlines", value.encode())
