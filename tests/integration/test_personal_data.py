"""Personal data at its end: terms, new keys, and a person's right to see it and have it erased."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from deploy.local.ports import free_base
from services.intake.app import MIGRATIONS
from tests.support.intake import KEY, Intake, intake_on, served, settings
from tests.support.stack import owner_dsn
from tests.support.waiting import eventually

NEW_KEY = base64.b64encode(b"n" * 32).decode()
PHONE = "13900001111"


@pytest.fixture
async def dsn(database: Any) -> str:
    made: str = await database(MIGRATIONS)
    return made


@pytest.fixture
async def intake(dsn: str, kafka: str, prefix: str, topics_of: Any) -> AsyncIterator[Intake]:
    await topics_of(prefix, [])
    async with intake_on(dsn, kafka, prefix) as made:
        yield made


async def end(intake: Intake, ticket_id: str, *, years_ago: int) -> None:
    """As if the ticket had ended then."""
    await intake.rows(
        "update ticket set state = 'withdrawn',"
        " ended_at = registered_at - make_interval(years => $2) where ticket_id = $1",
        ticket_id,
        years_ago,
    )


async def person_call(intake: Intake, what: str, **more: Any) -> Any:
    role = more.pop("role", "shift_lead")
    body = {"phone": PHONE, "purpose": "本人申请", **more}
    return await intake.call("POST", f"/../persons/{what}", role=role, json=body)


async def test_a_persons_data_go_three_years_after_the_end(
    intake: Intake, dsn: str, kafka: str, prefix: str
):
    old = (await intake.registered())["ticket_id"]
    young = (await intake.registered())["ticket_id"]
    running = (await intake.registered())["ticket_id"]
    await intake.call("POST", f"/{old}/supplements", json={"text": "我的电话是13900001111"})
    await end(intake, old, years_ago=4)
    await end(intake, young, years_ago=2)
    again = settings(dsn, kafka, prefix, free_base())
    async with served(again):  # a copy that starts looks at the terms at once

        async def kept() -> set[str]:
            rows = await intake.rows("select ticket_id from vault")
            rows += await intake.rows("select ticket_id from vault_supplement")
            return {str(row["ticket_id"]) for row in rows}

        assert await eventually(kept, until=lambda ids: old not in ids) == {young, running}
    history = await intake.rows(
        "select what from history where aggregate_id = $1 order by seq desc limit 1", old
    )
    assert history[0]["what"] == "pseudonymised"


async def test_a_ticket_goes_ten_years_after_its_end_with_all_that_hangs_on_it(
    intake: Intake, dsn: str, kafka: str, prefix: str
):
    old = (await intake.registered(source={"system": "x", "number": "1"}))["ticket_id"]
    young = (await intake.registered())["ticket_id"]
    await intake.call("POST", f"/{old}/supplements", json={"text": "还没有人来"})
    await end(intake, old, years_ago=11)
    await end(intake, young, years_ago=9)
    async with served(settings(dsn, kafka, prefix, free_base())):

        async def left() -> set[str]:
            return {str(row["ticket_id"]) for row in await intake.rows("select * from ticket")}

        assert await eventually(left, until=lambda ids: old not in ids) == {young}
    for table in await intake.rows(
        "select table_name from information_schema.columns"
        " where column_name = 'ticket_id' and table_schema = 'public'"
        " and table_name not in ('search_doc', 'search_pending')"
    ):
        sql = f"select 1 from {table['table_name']} where ticket_id = $1"  # noqa: S608
        assert not await intake.rows(sql, old), table["table_name"]
    assert (await intake.call("GET", f"/{old}")).status_code == 404


async def test_a_new_key_seals_what_the_old_one_had(
    intake: Intake, dsn: str, kafka: str, prefix: str
):
    ticket_id = (await intake.registered(source={"system": "x", "number": "1"}))["ticket_id"]
    await intake.call("POST", f"/{ticket_id}/supplements", json={"text": "电话13900001111"})
    turned = {"vault_key": NEW_KEY, "vault_old_keys": KEY}

    async def keys() -> set[str]:
        rows = await intake.rows("select key_id from vault")
        rows += await intake.rows("select key_id from vault_supplement")
        return {row["key_id"] for row in rows}

    before = await keys()  # it begins as soon as it is served
    async with served(settings(dsn, kafka, prefix, free_base(), **turned)):
        assert len(await eventually(keys, until=lambda now: not now & before)) == 1
    # without the old key: found by phone, opened, and the source's number is still one entry
    async with intake_on(dsn, kafka, prefix, vault_key=NEW_KEY) as alone:
        found = await person_call(alone, "exports")
        assert found.status_code == 200, found.text
        kept = found.json()["tickets"][0]
        assert kept["person"]["phone"] == PHONE
        assert kept["supplements"][0]["text"] == "电话13900001111"
        repeat = await alone.submit(source={"system": "x", "number": "1"})
        assert (repeat.status_code, repeat.json()["ticket_id"]) == (200, ticket_id)


async def test_a_person_sees_everything_and_the_look_is_on_record(intake: Intake):
    words = "我叫赵小明，家住3单元501，楼道灯坏了。"
    ticket_id = (await intake.registered(description=words))["ticket_id"]
    answer = await person_call(intake, "exports")
    assert answer.status_code == 200, answer.text
    (kept,) = answer.json()["tickets"]
    assert kept["ticket_id"] == ticket_id
    assert kept["text"] == words
    assert kept["person"]["name"] == "赵小明"
    looks = await intake.rows(
        "select role, purpose from disclosure where ticket_id = $1", ticket_id
    )
    assert [tuple(row) for row in looks] == [("shift_lead", "本人申请")]
    listed = await intake.call("GET", "/../persons/requests", role="auditor")
    assert [(x["kind"], x["tickets"]) for x in listed.json()["items"]] == [("export", 1)]
    assert PHONE not in listed.text


async def test_erasing_takes_the_person_and_leaves_the_matter(intake: Intake):
    ended = await intake.registered()
    going_on = await intake.registered()
    assert (await intake.call("POST", f"/{ended['ticket_id']}/withdrawals")).status_code == 200
    answer = await person_call(intake, "erasures")
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"erased": [ended["number"]], "kept": [going_on["number"]]}
    rows = await intake.rows("select ticket_id from vault")
    assert [str(row["ticket_id"]) for row in rows] == [going_on["ticket_id"]]
    left = await intake.ticket(ended["ticket_id"])
    assert left["timeline"][-1]["what"] == "person_erased"


async def test_ledgers_go_after_six_years(intake: Intake, dsn: str, kafka: str, prefix: str):
    await intake.registered()
    await person_call(intake, "exports")
    await intake.rows(
        "insert into person_request (at, kind, role, purpose, tickets, kept)"
        " select at - make_interval(years => 7), kind, role, '七年前', 1, 0 from person_request"
    )
    await intake.rows(
        "insert into disclosure (ticket_id, at, role, unit, purpose)"
        " select ticket_id, at - make_interval(years => 7), role, unit, '七年前' from disclosure"
    )
    async with served(settings(dsn, kafka, prefix, free_base())):

        async def purposes() -> set[str]:
            rows = await intake.rows("select purpose from disclosure")
            rows += await intake.rows("select purpose from person_request")
            return {row["purpose"] for row in rows}

        assert await eventually(purposes, until=lambda found: "七年前" not in found) == {"本人申请"}


@pytest.mark.parametrize("role", ["operator", "liaison", "supervisor", "auditor", "ops"])
async def test_only_a_shift_lead_may_ask(intake: Intake, role: str):
    for what in ("exports", "erasures"):
        assert (await person_call(intake, what, role=role)).status_code == 403


async def test_an_unknown_phone_and_a_wrong_one(intake: Intake):
    assert (await person_call(intake, "exports", phone="13999999999")).status_code == 404
    assert (await person_call(intake, "exports", phone="abc")).status_code == 422


async def test_the_ledger_lets_go_of_nothing_within_its_term(intake: Intake):
    await intake.registered()
    await person_call(intake, "exports")
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await intake.rows("delete from disclosure")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await intake.rows("truncate disclosure")
    owner = await asyncpg.connect(owner_dsn(intake.dsn))
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await owner.execute("truncate disclosure")
    await owner.close()
