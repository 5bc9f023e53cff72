"""The workbench over HTTP: reports that are sent again count once; one sees one's own unit's."""

import asyncio

import pytest

from services.router.app import MIGRATIONS
from shared.contracts.parts import Role
from tests.support.browser import add_account
from tests.support.router import router_on

LEAD = "BH-CGJ"


@pytest.fixture
async def router(database, kafka, prefix, topics_of, tmp_path):
    await topics_of(prefix, [LEAD])
    dsn = await database(MIGRATIONS)
    accounts = tmp_path / "accounts.json"
    add_account(accounts, Role.LIAISON, LEAD)
    async with router_on(
        dsn, kafka, prefix, tmp_path, units=[LEAD], accounts_file=accounts
    ) as made:
        yield made


async def say(router, whistle_id: str, key: str, **body):
    return await router.call(
        "POST",
        f"/whistles/{whistle_id}/reports",
        role="handler",
        unit=LEAD,
        name="王工",
        headers={"Idempotency-Key": key},
        json=body,
    )


async def test_a_report_that_is_sent_again_counts_once(router):
    whistle_id = await router.blown(await router.registers())
    # refused, and not remembered: the same may be said once it is allowed
    too_early = await say(router, whistle_id, "k-1", type="progressed", text="已到场")
    assert too_early.status_code == 409
    assert (await router.report(whistle_id, "acknowledged", unit=LEAD)).status_code == 201
    answers = await asyncio.gather(
        *(say(router, whistle_id, "k-1", type="progressed", text="已到场") for _ in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 201]
    assert {answer.json()["state"] for answer in answers} == {"working"}
    other = await say(router, whistle_id, "k-2", type="progressed", text="已到场")
    assert other.status_code == 201
    said = await router.rows(
        "select seq from history where aggregate_id = $1 and what = 'progressed'", whistle_id
    )
    assert len(said) == 2


async def test_pages_show_what_is_the_units_own(router):
    whistle_id = await router.blown(await router.registers())
    address = f"/../../workbench/{whistle_id}"
    for role, unit, status in (
        ("liaison", LEAD, 200),
        ("liaison", "BH-XFJ", 404),
        ("dispatcher", None, 403),
    ):
        answer = await router.call(
            "GET", address, role=role, unit=unit, headers={"Accept": "text/html"}
        )
        assert answer.status_code == status, answer.text
    for path in ("", "/figures", "/figures?figure=open", "/m", f"/{whistle_id}/likely"):
        answer = await router.call("GET", f"/../../workbench{path}", role="liaison", unit=LEAD)
        assert answer.status_code == 200, answer.text
    found = await router.call("GET", "/../../workbench?q=河湾路 占道", role="liaison", unit=LEAD)
    assert f'data-id="{whistle_id}"' in found.text
    none = await router.call("GET", "/../../workbench?q=没有的词", role="liaison", unit=LEAD)
    assert whistle_id not in none.text
