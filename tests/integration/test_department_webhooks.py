"""Webhooks of departments: signed, in the log, sent back to a date; a dead one delays no other."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from deploy.local.ports import free_base
from services.router.app import MIGRATIONS
from shared.catalogue.model import UnitKind
from shared.contracts import notices
from tests.support.receiver import Call, Receiver, receiving
from tests.support.router import Router, router_on, served, settings
from tests.support.waiting import eventually
from tests.unit.router.samples import city

LEAD = "BH-CGJ"
WHO: Any = {"role": "department", "unit": LEAD}


@pytest.fixture
async def router(
    database: Any, kafka: str, prefix: str, topics_of: Any, tmp_path: Path
) -> AsyncIterator[Router]:
    await topics_of(prefix, (LEAD, "S-159902001", "Q-159902001001", "BH-SCJ"))
    dsn = await database(MIGRATIONS)
    async with router_on(dsn, kafka, prefix, tmp_path, units=(LEAD,)) as made:
        yield made


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


async def set_webhook(router: Router, url: str, *, unit: str = LEAD, **more: Any) -> dict[str, Any]:
    answer = await router.call(
        "PUT", "/department/webhook", role="department", unit=unit, json={"url": url, **more}
    )
    assert answer.status_code in (200, 201), answer.text
    made: dict[str, Any] = answer.json()
    return made


async def whistled(router: Router) -> str:
    return await router.blown(await router.registers())


def opened(call: Call, secret: str) -> dict[str, Any]:
    """The body of a call, as any library of Standard Webhooks checks it."""
    body: dict[str, Any] = Webhook(secret).verify(call.body, call.headers)
    return body


async def deliveries(router: Router, **asked: Any) -> list[dict[str, Any]]:
    answer = await router.call("GET", "/department/webhook/deliveries", params=asked, **WHO)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_events_come_signed_with_the_secret_that_was_told_once(
    router: Router, receiver: Receiver
) -> None:
    await whistled(router)  # before there was a webhook
    await router.hears("bureau.whistled")
    made = await set_webhook(router, receiver.url)
    assert made["secret"].startswith("whsec_")
    assert made["next"] == {"whistles": 1, "notices": 0}
    shown = (await router.call("GET", "/department/webhook", **WHO)).json()
    assert shown == {**made, "secret": None}
    assert made["secret"] not in str(await router.rows("select * from webhook"))

    whistle_id = await whistled(router)
    (call,) = await receiver.called(1)
    body = opened(call, made["secret"])
    assert body["type"] == "shaodao.bureau.whistled.v1"
    assert (body["data"]["stream"], body["data"]["offset"]) == ("whistles", 1)
    (_, said) = [e for e in router.said if e["type"] == "shaodao.bureau.whistled.v1"]
    assert body["data"]["event"] == said
    assert said["subject"] == whistle_id
    with pytest.raises(WebhookVerificationError):
        opened(call, "whsec_" + base64.b64encode(b"x" * 32).decode())
    urged = notices.Urged(whistle_id=UUID(whistle_id), unit=LEAD, count=1, zh="催办", en="hurry")
    await router.send(f"bureau.{LEAD}.notices", urged, whistle_id)
    second = (await receiver.called(2))[1]
    assert opened(second, made["secret"])["data"]["stream"] == "notices"
    newest, oldest = await deliveries(router, state="sent")
    assert oldest["delivery_id"] == call.headers["webhook-id"]
    assert (oldest["about"], oldest["tries"][0]["status"]) == (whistle_id, 204)
    assert newest["template"] == "shaodao.notice.urged.v1"


async def test_what_failed_is_in_the_log_and_can_be_sent_again(
    router: Router, receiver: Receiver
) -> None:
    await set_webhook(router, receiver.url)
    receiver.answers.append(500)
    await whistled(router)
    first, again = await receiver.called(2, within=15)
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert first.body == again.body

    async def sent() -> list[dict[str, Any]]:
        return await deliveries(router, state="sent")

    (delivery,) = await eventually(sent)
    assert [each["status"] for each in delivery["tries"]] == [500, 204]
    path = f"/department/webhook/deliveries/{delivery['delivery_id']}/resend"
    other = await router.call("POST", path, role="department", unit="BH-SCJ")
    assert other.status_code == 404
    assert (await router.call("POST", path, **WHO)).status_code == 202
    assert (await receiver.called(3))[2].body == first.body


async def test_replay_sends_again_from_a_date_or_a_cursor(
    router: Router, receiver: Receiver
) -> None:
    ids = [await whistled(router)]
    router.forward(days=2)
    ids.append(await whistled(router))
    await router.hears("bureau.whistled", whistle_id=ids[1])
    await set_webhook(router, receiver.url)

    async def replay(**body: Any) -> int:
        answer = await router.call("POST", "/department/webhook/replay", json=body, **WHO)
        return answer.status_code

    assert await replay(since="2026-09-15") == 202
    (call,) = await receiver.called(1)
    assert call.json["data"]["event"]["subject"] == ids[1]
    assert await replay(after=0) == 202
    both = (await receiver.called(3))[1:]
    assert {each.json["data"]["event"]["subject"] for each in both} == set(ids)
    assert len({each.headers["webhook-id"] for each in receiver.calls}) == 3
    assert await replay(after=0, since="2026-09-15") == 422
    assert await replay() == 422
    await set_webhook(router, receiver.url, streams=["whistles"])
    assert await replay(stream="notices", after=0) == 409


async def test_a_secret_is_changed_and_both_sign_for_a_day(
    router: Router, receiver: Receiver
) -> None:
    old = (await set_webhook(router, receiver.url))["secret"]
    kept = await set_webhook(router, receiver.url)
    assert kept["secret"] is None  # the one before stays
    made = (await router.call("POST", "/department/webhook/secret", **WHO)).json()
    await whistled(router)
    (call,) = await receiver.called(1)
    assert opened(call, old) == opened(call, made["secret"])
    own = "whsec_" + base64.b64encode(b"of the department itself").decode()
    assert (await set_webhook(router, receiver.url, secret=own))["secret"] == own
    await whistled(router)
    second = (await receiver.called(2))[1]
    opened(second, own)
    with pytest.raises(WebhookVerificationError):
        opened(second, old)


async def test_who_says_410_is_called_no_more_until_the_webhook_is_set_anew(
    router: Router, receiver: Receiver
) -> None:
    await set_webhook(router, receiver.url)
    receiver.answers.append(410)
    first = await whistled(router)

    async def disabled() -> str | None:
        shown = await router.call("GET", "/department/webhook", **WHO)
        why: str | None = shown.json()["disabled_why"]
        return why

    assert await eventually(disabled) == "410 Gone"
    missed = await whistled(router)
    await router.hears("bureau.whistled", whistle_id=missed)
    assert len(receiver.calls) == 1
    again = await set_webhook(router, receiver.url)
    assert again["disabled_at"] is None
    calls = await receiver.called(3)  # neither what it refused nor what it missed is lost
    assert {each.json["data"]["event"]["subject"] for each in calls[1:]} == {first, missed}
    assert (await router.call("DELETE", "/department/webhook", **WHO)).status_code == 204
    assert (await router.call("GET", "/department/webhook", **WHO)).status_code == 404


async def test_what_is_no_webhook(router: Router) -> None:
    for field, body in (
        ("url", {"url": "http://10.0.0.1/hook"}),
        ("url", {"url": "ftp://example.com/hook"}),
        ("url", {"url": "https://u:p@example.com/hook"}),
        ("secret", {"url": "https://example.com/hook", "secret": "letmein"}),
        ("streams", {"url": "https://example.com/hook", "streams": []}),
        ("streams.0", {"url": "https://example.com/hook", "streams": ["reports"]}),
    ):
        answer = await router.call("PUT", "/department/webhook", json=body, **WHO)
        assert answer.status_code == 422, body
        assert answer.json()["errors"][0]["field"] == field
    assert await router.rows("select from webhook") == []


async def test_two_copies_queue_each_event_once(
    router: Router, receiver: Receiver, kafka: str
) -> None:
    made = settings(router.dsn, kafka, router.prefix, free_base(), router.clock)
    async with served(made):
        await set_webhook(router, receiver.url)
        ids = {await whistled(router) for _ in range(6)}
        calls = await receiver.called(6)

        async def waiting() -> list[dict[str, Any]]:
            return await deliveries(router, state="queued")

        await eventually(waiting, until=lambda rows: not rows)
    assert sorted(each.json["data"]["offset"] for each in calls) == list(range(6))
    assert {each.json["data"]["event"]["subject"] for each in calls} == ids


async def test_one_dead_webhook_delays_none_of_twenty_others(
    database: Any, kafka: str, prefix: str, topics_of: Any, tmp_path: Path
) -> None:
    units = [unit.code for unit in city().catalogue.units.values() if unit.kind is UnitKind.BUREAU]
    dead, live = units[0], units[1:21]
    await topics_of(prefix, (dead, *live))
    dsn = await database(MIGRATIONS)
    async with (
        router_on(dsn, kafka, prefix, tmp_path) as router,
        receiving() as silent,
        receiving() as receiver,
    ):
        silent.always = None  # takes the call and never answers
        await set_webhook(router, silent.url, unit=dead)
        for unit in live:
            await set_webhook(router, f"{receiver.url}/{unit}", unit=unit)
        # more than the lane of one destination lets through
        await asyncio.gather(*(notify(router, dead, n) for n in range(40)))
        await silent.called(1)
        await asyncio.gather(*(notify(router, unit, n) for unit in live for n in range(3)))
        calls = await receiver.called(60, within=20)
        assert {each.path for each in calls} == {f"/hook/{unit}" for unit in live}
        for each in calls:
            assert each.path.endswith(each.json["data"]["event"]["data"]["unit"])

        async def settled() -> int:
            return len(await router.rows("select from delivery where state = 'sent'"))

        await eventually(settled, until=lambda sent: sent == 60)
        (row,) = await router.rows(
            "select max(at - queued_at - ms * interval '1 ms') as waited, max(fence) as tries"
            " from delivery join delivery_attempt using (delivery_id, fence) where state = 'sent'"
        )
        assert row["waited"] < timedelta(seconds=5)  # a call to the silent one takes ten
        assert row["tries"] == 1
        assert len(silent.calls) <= 16


async def notify(router: Router, unit: str, n: int) -> None:
    await router.send(f"bureau.{unit}.notices", urged(unit, n), "0")


def urged(unit: str, n: int) -> notices.Urged:
    return notices.Urged(unit=unit, count=n + 1, zh="催办", en="hurry")
