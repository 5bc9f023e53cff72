"""A year that became known, a declared outage: the owners move their due times, once."""

from datetime import UTC, datetime, timedelta

from services.intake.app import MIGRATIONS as INTAKE
from services.router.app import MIGRATIONS as ROUTER
from shared.contracts import envelope
from shared.contracts.deadlines import OutageDeclared
from shared.contracts.ids import fact_id, new_id
from shared.contracts.parts import Actor, Role
from tests.support.intake import intake_on, utc_now
from tests.support.router import router_on
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
        fact = (await router.hears("whistle.due_changed"))["data"]
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
        assert len([e for e in router.said if e["type"] == "shaodao.whistle.due_changed.v1"]) == 1


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


async def send(intake, outage: OutageDeclared) -> None:
    value = envelope.write(
        event_id=fact_id(outage.outage_id, 1),
        source="/shaodao/notifier",
        subject=str(outage.outage_id),
        time=utc_now(),
        data=outage,
    )
    await intake.producer.send_and_wait(intake.prefix + "deadlines", value.encode())
