"""The WeChat Work robot over HTTP: taken once, its limit kept to, its errors told apart."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import httpx
import pytest

from deploy.city.sms_gateway import create_app
from deploy.city.wecom_robot import Robot
from services.notifier.app import MIGRATIONS
from shared.delivery import pace
from shared.delivery.calling import new_client
from shared.delivery.leases import Delivery
from shared.delivery.outcome import Ending
from shared.delivery.outgoing import Channel, put
from shared.delivery.texts import Texts
from shared.delivery.wecom import MOST_BYTES, WecomSender
from shared.runtime.clock import wall_now
from tests.support.receiver import served_app

NOW = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)
KEY = "a key of these tests"
TEXTS = '[sms.notice]\nzh = "{title}：{text}"\nen = "{title}: {text}"\n'


def a_delivery(text: str = "哨单 W1 已超过签收时限") -> Delivery:
    return Delivery(
        delivery_id=uuid4(),
        channel=Channel.WECOM,
        destination="wecom",
        recipient="person:1",
        template="notice",
        values={"title": "督办", "text": text},
        about=None,
        attempts=0,
        fence=1,
        expires_at=None,
        created_at=NOW,
    )


@pytest.fixture
async def robot(tmp_path):
    file = tmp_path / "texts.toml"
    file.write_text(TEXTS, encoding="utf-8")
    made = Robot(KEY, per_minute=2)

    async def user_of(recipient: str) -> str | None:
        return "zhoumin" if recipient == "person:1" else None

    async with served_app(create_app(KEY, made)) as url, new_client() as client:

        def sender(key: str = KEY) -> WecomSender:
            address = str(httpx.URL(f"{url}/cgi-bin/webhook/send", params={"key": key}))
            return WecomSender(client, url=address, texts=Texts(file), user_of=user_of)

        yield made, sender


async def test_a_message_reaches_the_group_and_calls_the_person(robot):
    made, sender = robot
    outcome = await sender().send(a_delivery())
    assert outcome.ending is Ending.SENT
    (taken,) = made.taken
    assert taken["to"] == ["zhoumin"]
    assert taken["text"] == "督办：哨单 W1 已超过签收时限"


async def test_the_limit_and_a_wrong_key_are_tried_again_later(robot):
    made, sender = robot
    endings = [(await sender().send(a_delivery())).ending for _ in range(3)]
    assert endings == [Ending.SENT, Ending.SENT, Ending.AGAIN]
    assert (made.refused, len(made.taken)) == (1, 2)
    wrong = await sender("another").send(a_delivery())
    assert (wrong.ending, wrong.error) == (Ending.AGAIN, "errcode 93000")


async def test_a_long_digest_is_cut_to_what_the_robot_takes(robot):
    made, sender = robot
    assert (await sender().send(a_delivery("督办" * 1000))).ending is Ending.SENT
    assert len(made.taken[0]["text"].encode()) <= MOST_BYTES


async def test_nobody_and_a_robot_that_is_away(robot, tmp_path):
    _made, sender = robot
    nobody = Delivery(**{**_fields(a_delivery()), "recipient": "person:2"})
    assert (await sender().send(nobody)).ending is Ending.NOBODY
    async with new_client() as client:

        async def user_of(_recipient: str) -> str:
            return "zhoumin"

        file = tmp_path / "texts.toml"
        away = WecomSender(
            client, url="http://127.0.0.1:9/send", texts=Texts(file), user_of=user_of
        )
        assert (await away.send(a_delivery())).ending is Ending.AGAIN


async def test_copies_share_the_limit_of_a_minute(database):
    """Both look at once, again and again; together they take what one may."""
    async with asyncpg.create_pool(await database(MIGRATIONS), min_size=2, max_size=2) as pool:
        async with pool.acquire() as connection, connection.transaction():
            for person in range(40):
                await put(
                    connection,
                    channel=Channel.WECOM,
                    recipient=f"person:{person}",
                    template="notice",
                    values={},
                    about=None,
                    now=NOW,
                )
        begun = wall_now()

        async def copy(now) -> int:
            async with pool.acquire() as connection, connection.transaction():
                claimed = await pace.claim(
                    *(connection, "wecom"),
                    now=now, until=now + timedelta(minutes=30), most=16, per_minute=20,
                )  # fmt: skip
                return len(claimed)

        async def both(seconds: float) -> int:
            now = begun + timedelta(seconds=seconds)
            return sum(await asyncio.gather(copy(now), copy(now)))

        assert await both(0) == 10
        assert await both(0.5) == 0
        assert await both(30) == 5
        assert await both(59) == 4
        assert await both(120) == 10


def _fields(delivery: Delivery) -> dict:
    return {name: getattr(delivery, name) for name in Delivery.__dataclass_fields__}
