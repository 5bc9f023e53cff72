"""Source systems on a served intake: keys bind them to their own tickets, webhooks tell changes."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from deploy.city.sms_gateway import create_app
from services.intake.app import MIGRATIONS
from shared.delivery.outgoing import Channel, put
from shared.web.identity import issue_token
from tests.support.intake import STREET_LAMP, Intake, intake_on, utc_now
from tests.support.receiver import Receiver, receiving, served_app
from tests.support.serving import SECRET
from tests.support.waiting import eventually


@pytest.fixture
async def intake(database: Any, kafka: str, prefix: str, topics_of: Any) -> AsyncIterator[Intake]:
    await topics_of(prefix, [])
    dsn = await database(MIGRATIONS)
    async with intake_on(dsn, kafka, prefix, webhook_networks="127.0.0.0/8") as made:
        yield made


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


async def ops(intake: Intake, method: str, path: str, **more: Any) -> httpx.Response:
    token = issue_token(SECRET, role=more.pop("role", "ops"), name="运维 01")
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{intake.url}/api/v1{path}"
    return await intake.http.request(method, url, headers=headers, **more)


async def made(intake: Intake, system: str, **fields: Any) -> dict[str, Any]:
    """A system, as it was made."""
    body = {"system": system, "name": f"{system}热线平台", "line": "12319", **fields}
    answer = await ops(intake, "POST", "/sources", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def keyed(intake: Intake, system: str, **body: Any) -> dict[str, Any]:
    """A new key of a system."""
    answer = await ops(intake, "POST", f"/sources/{system}/keys", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def by_key(
    intake: Intake, key: str, method: str, path: str = "", **more: Any
) -> httpx.Response:
    url = f"{intake.url}/api/v1/tickets{path}"
    return await intake.http.request(method, url, headers={"X-API-Key": key}, **more)


def lamp(number: str, system: str = "cg", **more: Any) -> dict[str, Any]:
    return {**STREET_LAMP, "source": {"system": system, "number": number}, **more}


async def test_a_key_registers_tickets_of_its_own_system_only(intake: Intake) -> None:
    await made(intake, "cg")
    await made(intake, "scj", line="12315")
    key = (await keyed(intake, "cg"))["key"]
    other = (await keyed(intake, "scj"))["key"]
    first = await by_key(intake, key, "POST", json=lamp("CG-1"))
    assert first.status_code == 201, first.text
    again = await by_key(intake, key, "POST", json=lamp("CG-1"))
    assert (again.status_code, again.json()) == (200, first.json())
    changed = await by_key(intake, key, "POST", json=lamp("CG-1", title="改了"))
    assert (changed.status_code, changed.json()["code"]) == (409, "key_reused")
    assert (await by_key(intake, other, "POST", json=lamp("CG-2"))).status_code == 403
    assert (await by_key(intake, key, "POST", json=STREET_LAMP)).status_code == 422
    ticket_id = first.json()["ticket_id"]
    ticket = await by_key(intake, key, "GET", f"/{ticket_id}")
    assert ticket.json()["source"] == {"system": "cg", "number": "CG-1"}
    assert (await intake.says("registered", ticket_id))["line"] == "12319"
    assert (await by_key(intake, other, "GET", f"/{ticket_id}")).status_code == 404
    mine = (await by_key(intake, key, "GET", params={"source_number": "CG-1"})).json()
    assert [each["ticket_id"] for each in mine["items"]] == [ticket_id]
    # asking for another system's shows one's own all the same
    theirs = await by_key(intake, other, "GET", params={"source_system": "cg"})
    assert theirs.json()["items"] == []
    # a key is no role: nothing else opens to it
    for method, path in (("POST", f"/{ticket_id}/urges"), ("POST", f"/{ticket_id}/callbacks")):
        assert (await by_key(intake, key, method, path, json={})).status_code == 401


async def test_a_key_is_shown_once_and_revoked_at_once(intake: Intake) -> None:
    await made(intake, "cg")
    new = await keyed(intake, "cg")
    key = new["key"]
    kept = await intake.rows("select k::text as row, last_used from api_key k")
    assert key not in kept[0]["row"]
    assert kept[0]["last_used"] is None
    assert (await by_key(intake, key, "GET")).status_code == 200
    assert (await intake.rows("select last_used from api_key"))[0]["last_used"] is not None
    listed = (await ops(intake, "GET", "/sources/cg/keys")).json()["items"]
    assert listed[0]["key"] is None
    assert key.startswith(listed[0]["prefix"])
    path = f"/sources/cg/keys/{new['key_id']}"
    assert (await ops(intake, "DELETE", path)).status_code == 204
    assert (await ops(intake, "DELETE", path)).status_code == 404
    assert (await by_key(intake, key, "GET")).status_code == 401
    for wrong in ("", "x", key[:-1], key + "x", "键"):
        answer = await intake.http.get(
            f"{intake.url}/api/v1/tickets", headers={"X-API-Key": wrong.encode()}
        )
        assert answer.status_code == 401
    elsewhere = (await keyed(intake, "cg", scopes=["open311"]))["key"]
    assert (await by_key(intake, elsewhere, "GET")).status_code == 403


async def test_only_ops_keep_sources(intake: Intake) -> None:
    await made(intake, "cg")
    some = uuid4()
    for method, path in (
        ("GET", "/sources"), ("POST", "/sources"), ("GET", "/sources/cg"), ("PUT", "/sources/cg"),
        ("POST", "/sources/cg/secret"), ("GET", "/sources/cg/keys"), ("POST", "/sources/cg/keys"),
        ("DELETE", f"/sources/cg/keys/{some}"), ("GET", "/sources/cg/deliveries"),
        ("POST", f"/sources/cg/deliveries/{some}/resend"),
    ):  # fmt: skip
        assert (await ops(intake, method, path, role="operator", json={})).status_code == 403
        missing = path.replace("/cg", "/nobody")
        if missing != path and method != "PUT":
            assert (await ops(intake, method, missing)).status_code == 404, missing
    wrong = {"system": "Ä", "name": "", "line": "110", "webhook_url": "http://example.cn/"}
    answer = await ops(intake, "POST", "/sources", json=wrong)
    assert {e["field"] for e in answer.json()["errors"]} == {"system", "name"}
    answer = await ops(intake, "POST", "/sources", json={**wrong, "system": "x", "name": "x"})
    assert {e["field"] for e in answer.json()["errors"]} == {"line", "webhook_url"}
    assert (await ops(intake, "POST", "/sources", json={"system": "cg", "name": "x"})).json()[
        "code"
    ] == "exists"
    lines = (await ops(intake, "GET", "/lines", role="operator")).json()["items"]
    assert len(lines) == 30
    assert {"number": "12319", "way_in": "merged"}.items() <= {
        k: v for each in lines if each["number"] == "12319" for k, v in each.items()
    }.items()


async def test_changes_come_back_to_the_source_signed(intake: Intake, receiver: Receiver) -> None:
    source = await made(intake, "cg", webhook_url=receiver.url)
    secret = source["secret"]
    assert secret.startswith("whsec_")
    assert (await ops(intake, "GET", "/sources/cg")).json()["secret"] is None
    assert secret not in (await intake.rows("select s::text as row from source_system s"))[0]["row"]
    receipt = (await intake.submit(source={"system": "cg", "number": "CG-7"})).json()
    await intake.submit(source={"system": "elsewhere", "number": "1"})
    await intake.submit()
    withdrawn = await intake.call("POST", f"/{receipt['ticket_id']}/withdrawals")
    assert withdrawn.status_code == 200, withdrawn.text
    calls = await receiver.called(2)
    told = sorted(
        (Webhook(secret).verify(call.body, call.headers) for call in calls),
        key=lambda event: int(event["data"]["seq"]),
    )
    assert [event["type"] for event in told] == ["ticket.registered", "ticket.withdrawn"]
    assert told[0]["data"] == {
        "system": "cg",
        "number": "CG-7",
        "ticket_id": receipt["ticket_id"],
        "ticket_number": receipt["number"],
        "state": "registered",
        "seq": 1,
        "at": told[0]["timestamp"],
        "zh": "已登记",
        "en": "registered",
    }
    assert told[1]["data"]["state"] == "withdrawn"
    log = (await ops(intake, "GET", "/sources/cg/deliveries", params={"limit": 1})).json()
    assert log["items"][0]["tries"][0]["status"] == 204
    older = {"cursor": log["next"], "state": "sent"}
    log = (await ops(intake, "GET", "/sources/cg/deliveries", params=older)).json()
    assert [each["template"] for each in log["items"]] == ["ticket.registered"]
    again = f"/sources/cg/deliveries/{log['items'][0]['delivery_id']}/resend"
    assert (await ops(intake, "POST", again)).status_code == 202
    (_, _, repeat) = await receiver.called(3)
    assert repeat.headers["webhook-id"] == log["items"][0]["delivery_id"]


async def test_a_secret_is_changed_without_a_gap(intake: Intake, receiver: Receiver) -> None:
    old = (await made(intake, "cg", webhook_url=receiver.url))["secret"]
    new = (await ops(intake, "POST", "/sources/cg/secret")).json()["secret"]
    await intake.submit(source={"system": "cg", "number": "1"})
    (call,) = await receiver.called(1)
    for secret in (old, new):
        Webhook(secret).verify(call.body, call.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(call.body + b" ", call.headers)
    await made(intake, "silent")
    assert (await ops(intake, "POST", "/sources/silent/secret")).status_code == 409


async def test_a_webhook_that_is_gone_is_off_until_it_is_set_again(
    intake: Intake, receiver: Receiver
) -> None:
    await made(intake, "cg", webhook_url=receiver.url)
    receiver.answers.append(410)
    await intake.submit(source={"system": "cg", "number": "1"})

    async def source() -> dict[str, Any]:
        return dict((await ops(intake, "GET", "/sources/cg")).json())

    off = await eventually(source, until=lambda found: found["disabled_at"] is not None)
    assert off["disabled_why"] == "410 Gone"
    await intake.submit(source={"system": "cg", "number": "2"})
    assert len(await intake.rows("select * from delivery")) == 1  # not told any more
    body = {"name": "城管", "line": None, "webhook_url": receiver.url}
    on = await ops(intake, "PUT", "/sources/cg", json=body)
    assert (on.json()["disabled_at"], on.json()["secret"]) == (None, None)
    await intake.submit(source={"system": "cg", "number": "3"})
    calls = await receiver.called(2)
    assert calls[1].json["data"]["number"] == "3"
    gone = await ops(intake, "PUT", "/sources/cg", json={**body, "webhook_url": None})
    assert gone.json()["webhook_url"] is None
    await intake.submit(source={"system": "cg", "number": "4"})
    assert len(receiver.calls) == 2


async def test_texts_reach_the_phone_and_nothing_else_knows_it(
    database: Any, kafka: str, prefix: str, topics_of: Any
) -> None:
    await topics_of(prefix, [])
    gateway = create_app("sms key")
    async with (
        served_app(gateway) as url,
        intake_on(
            await database(MIGRATIONS), kafka, prefix, sms_url=f"{url}/messages", sms_key="sms key"
        ) as intake,
    ):
        receipt = await intake.registered()
        connection = await asyncpg.connect(intake.dsn)
        try:
            await put(
                connection,
                channel=Channel.SMS,
                recipient=f"ticket:{receipt['ticket_id']}",
                template="registered",
                values={"number": receipt["number"]},
                about=UUID(receipt["ticket_id"]),
                now=utc_now(),
                dedupe="this test's own",
            )
        finally:
            await connection.close()

        async def texts() -> list[Any]:
            return list(gateway.state.gateway.messages("13900001111"))

        text = (await eventually(texts))[0]["text"]
        assert receipt["number"] in text
        assert f"{intake.url}/t/" in text
        kept = await intake.rows("select d::text as row from delivery d")
        assert not any("1390000" in row["row"] or "/t/" in row["row"] for row in kept)
