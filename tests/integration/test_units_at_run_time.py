"""Units while the city runs: added, made reachable, whistled; removed, their work handed up."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiokafka import AIOKafkaConsumer
from pydantic_core import from_json
from typer.testing import CliRunner

from deploy.cli.main import cli
from deploy.local.data_folder import DataFolder
from services.router.app import MIGRATIONS
from shared.contracts import reports
from tests.support.router import Router, router_on
from tests.support.serving import SECRET
from tests.support.stack_folder import stack_folder
from tests.support.waiting import eventually
from tests.unit.router.samples import HANDLER, MONDAY

LEAD, PARENT = "BH-CGJ", "BH-GOV"
STREET = "S-159902001"
NEW = {
    "code": "BH-LSZ",
    "name": "滨河区临时市容整治指挥部",
    "level": "district",
    "kind": "bureau",
    "parent": PARENT,
    "function_codes": ["LSZ"],
    "region": "159902",
    "duty_24h": True,
}


@pytest.fixture
async def router(database, kafka, prefix, topics_of, tmp_path) -> AsyncIterator[Router]:
    await topics_of(prefix, [LEAD, PARENT, STREET, "BH-SCJ", "C-CGJ"])
    dsn = await database(MIGRATIONS)
    async with router_on(dsn, kafka, prefix, tmp_path, units=[LEAD, PARENT, STREET]) as running:
        yield running


@pytest.fixture
def folder(router: Router, kafka: str, tmp_path: Path):
    told = {"router": router.url, "kafka": kafka, "topic_prefix": router.prefix}
    with stack_folder(tmp_path / "data", secret=SECRET, **told) as held:
        yield held


async def shaodao(folder: DataFolder, *arguments: str) -> str:
    """A command's output; it must succeed."""
    argv = [*arguments, "--data", str(folder.path)]
    result = await asyncio.to_thread(CliRunner().invoke, cli, argv)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


async def ask(
    router: Router, method: str, path: str, *, status: int = 200, role: str = "ops", **more: Any
) -> Any:
    answer = await router.call(method, path, role=role, name="运维", **more)
    assert answer.status_code == status, answer.text
    return answer.json()


async def shown(router: Router, code: str) -> dict[str, Any]:
    found = (await ask(router, "GET", "/units?all=true"))["items"]
    return next(unit for unit in found if unit["code"] == code)


async def test_a_unit_added_at_run_time_is_reached_within_a_minute(
    router: Router, folder: DataFolder, kafka: str
):
    begun = time.monotonic()
    added = await ask(router, "POST", "/units", status=201, json=NEW)
    assert (added["active"], added["reachable"]) == (True, False)
    again = await ask(router, "POST", "/units", status=409, json=NEW)
    assert again["code"] == "exists"
    held = await router.registers(category=None)
    whistle_id = (await router.hears("whistle.held", ticket_ids=[held]))["subject"]
    body = {"lead": NEW["code"], "category": "0101"}
    early = await router.call("POST", f"/held/{held}/dispatch", role="dispatcher", json=body)
    assert early.status_code == 422, "not before its topics are there"

    printed = await shaodao(folder, "topics", "apply", "--unit", "BH-LSZ")
    assert f"{router.prefix}bureau.BH-LSZ.whistles" in printed
    assert (await shown(router, "BH-LSZ"))["reachable"] is True
    liaison = ("--role", "liaison", "--unit", "BH-LSZ")
    assert await shaodao(folder, "account", "add", "lsz", *liaison), "its people may sign in"
    done = await router.call("POST", f"/held/{held}/dispatch", role="dispatcher", json=body)
    assert done.status_code == 201, done.text

    department = AIOKafkaConsumer(
        f"{router.prefix}bureau.BH-LSZ.whistles",
        bootstrap_servers=kafka,
        auto_offset_reset="earliest",
    )
    await department.start()
    try:
        whistled = from_json((await asyncio.wait_for(department.getone(), 10)).value)
        assert whistled["type"] == "shaodao.bureau.whistled.v1"
        report = reports.Acknowledged(whistle_id=UUID(whistle_id), at=MONDAY, handler=HANDLER)
        await router.reports("BH-LSZ", report)

        async def acknowledged() -> bool:
            return any(
                event["type"] == "shaodao.whistle.acknowledged.v1"
                and event["data"]["unit"] == "BH-LSZ"
                for event in router.said
            )

        # its topic is new to the router, which looks for such every ten seconds
        await eventually(acknowledged, within=45)
    finally:
        await department.stop()
    assert time.monotonic() - begun < 60
    declared = await heard_on(router, kafka, "BH-LSZ")
    assert [(fact["reachable"], fact["active"]) for fact in declared] == [
        (False, True),
        (True, True),
    ]
    assert "新建 0 个" in await shaodao(folder, "topics", "apply", "--unit", "BH-LSZ")


async def heard_on(router: Router, kafka: str, code: str) -> list[dict[str, Any]]:
    """What the topic of units says of one, in order."""
    units = AIOKafkaConsumer(
        f"{router.prefix}units", bootstrap_servers=kafka, auto_offset_reset="earliest"
    )
    await units.start()
    said: list[dict[str, Any]] = []

    async def look() -> list[dict[str, Any]]:
        for batch in (await units.getmany(timeout_ms=50)).values():
            said.extend(from_json(record.value)["data"] for record in batch)
        return [fact for fact in said if fact["code"] == code]

    try:
        return await eventually(look, until=lambda found: len(found) == 2)
    finally:
        await units.stop()


async def test_a_removed_units_running_work_goes_to_its_parent(router: Router):
    ticket_id = await router.registers(category="0101")
    whistle_id = await router.blown(ticket_id)
    resolve = (await router.whistle(whistle_id))["whistle"]["assignments"][0]["resolve"]["by"]
    answered = await router.report(whistle_id, "acknowledged", unit=LEAD)
    assert answered.status_code == 201, answered.text
    others = await ask(
        router, "POST", f"/units/{PARENT}/removal", status=409, json={"reason": "撤并"}
    )
    assert others["code"] == "has_children"

    reason = "并入滨河区人民政府办公室"
    gone = await ask(router, "POST", f"/units/{LEAD}/removal", json={"reason": reason})
    assert (gone["unit"]["active"], gone["whistles"]) == (False, 1)
    offered = await router.hears("whistle.unit_offered", in_place_of=LEAD)
    assert offered["data"]["assignment"]["unit"] == PARENT
    released = await router.hears("whistle.released", unit=LEAD)
    assert reason in released["data"]["reason"]
    told = await router.hears("bureau.whistled", whistle_id=whistle_id, seq=offered["data"]["seq"])
    assert any(reason in line for line in told["data"]["why"])
    parts = {p["unit"]: p for p in (await router.whistle(whistle_id))["whistle"]["assignments"]}
    assert parts[LEAD]["state"] == "released"
    assert (parts[PARENT]["state"], parts[PARENT]["relation"]) == ("offered", "lead")
    assert parts[PARENT]["resolve"]["by"] == resolve, "the time that is left"

    late = await router.report(whistle_id, "progressed", unit=LEAD, text="还在办")
    assert late.status_code == 409
    after = await router.registers(category="0101")
    blown = await router.hears("whistle.blown", ticket_ids=[after])
    assert blown["data"]["assignments"][0]["unit"] == "C-CGJ", (
        "the city's where the district's went"
    )
    await ask(router, "PATCH", f"/units/{LEAD}", status=409, json={"name": "已撤销的局"})


async def test_what_is_wrong_with_a_unit_is_named(router: Router):
    wrong = {
        **NEW,
        "code": "bh lsz",
        "parent": "NOBODY",
        "function_codes": ["LSZ", "LSZ"],
        "region": "159999",
    }
    unheard = await ask(router, "POST", "/units", status=422, json={**NEW, "region_code": "1"})
    assert [each["field"] for each in unheard["errors"]] == ["region_code"], unheard
    refused = await ask(router, "POST", "/units", status=422, json=wrong)
    assert {e["field"] for e in refused["errors"]} == {
        "code",
        "parent",
        "function_codes.1",
        "region",
    }
    below = await ask(router, "PATCH", f"/units/{PARENT}", status=422, json={"parent": LEAD})
    assert [e["field"] for e in below["errors"]] == ["parent"]
    change = {"name": "滨河区城市管理局", "seq": 9}
    stale = await ask(router, "PATCH", f"/units/{LEAD}", status=409, json=change)
    assert stale["code"] == "stale"
    renamed = await ask(router, "PATCH", f"/units/{LEAD}", json={**change, "seq": 1})
    assert (renamed["name"], renamed["seq"]) == ("滨河区城市管理局", 2)
    community = {
        "code": "Q-159902001099",
        "name": "滨河区河湾街道新苑社区居民委员会",
        "level": "community",
        "kind": "community",
        "parent": STREET,
        "function_codes": ["SQ"],
        "region": "159902001099",
    }
    await ask(router, "POST", "/units", status=201, json=community)
    await ask(router, "POST", "/units/Q-159902001099/reachable")
    proposal = {
        "subject": "0101",
        "region": "159902001099",
        "unit": LEAD,
        "clause": "新社区的占道经营由区城管局办理",
    }
    await ask(
        router, "POST", "/duties/proposals", status=201, role="supervisor", json=proposal
    )  # its region is known from now on
    reader = await router.call("POST", "/units", role="dispatcher", json=NEW)
    assert reader.status_code == 403
