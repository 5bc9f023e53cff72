"""Who hears of it: a matter that everybody ignores, post by post; an outage, and its release."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from deploy.city.sms_gateway import create_app as gateway_app
from deploy.local.data_folder import PROJECT
from tests.support.city import SECRET, City
from tests.support.receiver import served_app
from tests.support.rota import ROTA
from tests.support.stack import Servers, topic_prefix
from tests.support.stack_folder import stack_folder
from tests.support.waiting import eventually

LEAD, DISTRICT, CENTRE = "BH-CGJ", "159902", "159900"
UNITS = ("C-RXZX", "BH-RXZX", LEAD, "C-CGJ", "S-159902001", "Q-159902001001")
KEY = "a key of the gateway"


class Hearing(City):
    """A city with its people on duty, and a gateway that keeps what they are sent."""

    def __init__(self, servers: Servers, folder: Path, gateway: Any, sms_url: str) -> None:
        super().__init__(servers, folder, topic_prefix(), UNITS)
        self.more["notifier"] = {
            "SHAODAO_ROTA_FILE": str(ROTA),
            "SHAODAO_SMS_URL": f"{sms_url}/messages",
            "SHAODAO_SMS_KEY": KEY,
        }
        self._gateway = gateway
        self._phones = {}
        for line in ROTA.read_text(encoding="utf-8").splitlines()[1:]:
            post, unit, region, _, phone, _ = line.split(",")
            self._phones[f"{post}@{unit or region}"] = phone

    def texts(self, post: str, place: str = LEAD) -> list[str]:
        """What a post's person was sent, the oldest first."""
        found = self._gateway.messages(self._phones[f"{post}@{place}"])
        return [message["text"] for message in reversed(found)]

    async def told(self, post: str, place: str = LEAD, *, times: int) -> str:
        """The last text of a post's person, once there are so many."""

        async def look() -> list[str]:
            return self.texts(post, place)

        return (await eventually(look, until=lambda texts: len(texts) >= times))[-1]

    async def held(self) -> dict[str, Any]:
        answer = await self.call("GET", "notifier", "/api/v1/notices/held", role="ops")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def leap(self, **delta: float) -> dict[str, Any]:
        """Let time pass in one leap, and let people hear of it: what was released."""
        moved = self.forward(**delta).isoformat().replace("+00:00", "Z")
        seen = await eventually(
            self.held, until=lambda h: h["watched_to"] >= moved and not h["behind"]
        )
        answer = await self.call(
            "POST",
            "notifier",
            "/api/v1/notices/release",
            role="supervisor",
            json={"words": "已核对", "also_quiet": True},
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["messages"] >= seen["messages"]
        released: dict[str, Any] = answer.json()
        return released


@pytest.fixture
async def city(servers: Servers, tmp_path: Path) -> AsyncIterator[Hearing]:
    app = gateway_app(KEY)
    async with served_app(app) as sms_url:
        city = Hearing(servers, tmp_path, app.state.gateway, sms_url)
        try:
            await city.start()
            yield city
        finally:
            await city.stop()


async def test_a_ticket_that_everybody_ignores_is_heard_of_higher_and_higher(city: Hearing):
    bureau = await city.bureau(LEAD)
    ticket_id = (await city.submit(category="0101"))["ticket_id"]
    whistle = await bureau.whistled(ticket_id)
    whistle_id, number = whistle["whistle_id"], whistle["number"]
    await city.deadline(lambda d: True, kind="acknowledge", unit=LEAD, whistle_id=whistle_id)

    await city.leap(hours=2, minutes=5)  # half of the four hours
    for post in ("handler", "liaison"):
        text = await city.told(post, times=1)
        assert number in text
        assert "签收" in text
    assert city.texts("section_head") == []

    await city.leap(hours=1, minutes=15)  # four fifths
    assert number in await city.told("section_head", times=1)
    assert number in await city.told("supervisor", DISTRICT, times=1)

    await city.leap(minutes=45)  # due
    assert "签收，09-14 13:00 已超时" in await city.told("unit_leader", times=1)
    assert city.texts("district_supervisor", DISTRICT) == []

    await city.leap(days=1, hours=9)  # a working day later
    assert "2 级督办" in await city.told("district_supervisor", DISTRICT, times=1)
    assert "书面答复" in await city.told("unit_leader", times=2)  # supervised, too

    await city.leap(days=26)  # past the holidays, and all the rest at once: one digest each
    for post, place in (
        ("district_leader", DISTRICT),
        ("city_supervisor", CENTRE),
        ("city_leader", CENTRE),
    ):
        text = await city.told(post, place, times=1)
        assert "系统停摆或跳时期间到期" in text or number in text
    every = await bureau.hears("notice.overdue", whistle_id=whistle_id, kind="resolve", level=5)
    assert every["audience"]  # the unit's own system heard of each of them by itself
    assert len(city.texts("city_leader", CENTRE)) == 1
    assert len(city.texts("handler")) <= 5


async def test_what_fell_due_in_an_outage_waits_for_the_release(city: Hearing, tmp_path: Path):
    bureau = await city.bureau(LEAD)
    numbers, whistle_ids = [], []
    for _ in range(3):
        ticket_id = (await city.submit(category="0101"))["ticket_id"]
        whistle = await bureau.whistled(ticket_id)
        numbers.append(whistle["number"])
        whistle_ids.append(whistle["whistle_id"])
        await city.deadline(
            lambda d: True, kind="acknowledge", unit=LEAD, whistle_id=whistle["whistle_id"]
        )
    before = await city.held()
    assert before["watched_to"] is not None

    await city.programs["notifier"].stop()
    city.forward(hours=3)  # nobody watches; half of four hours go by meanwhile
    city.programs["notifier"] = city.program("notifier")
    await city.programs["notifier"].start()

    held = await eventually(city.held, until=lambda h: h["messages"] >= 6 and not h["behind"])
    assert [item["n"] for item in held["items"] if item["unit"] == LEAD] == [3, 3]
    assert held["receivers"] == len(held["items"])  # and the street, which assists
    assert [gap["from_at"] >= before["watched_to"] for gap in held["gaps"]] == [True]
    for whistle_id in whistle_ids:
        await bureau.hears("notice.due_soon", kind="acknowledge", whistle_id=whistle_id)
    assert city.texts("handler") == []

    told = {"notifier": city.url("notifier", "")}
    with stack_folder(tmp_path / "data", secret=SECRET, **told) as folder:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deploy.cli.main", "notices", "release"),
            *("--data", str(folder.path), "--words", "已核对", "--also-quiet"),
            cwd=PROJECT,
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await process.communicate()
    assert process.returncode == 0
    assert f"已放行 {held['messages']} 条，{held['receivers']} 人" in said.decode()
    for post in ("handler", "liaison"):
        text = await city.told(post, times=1)
        assert "3 件" in text
        assert all(whistle_number in text for whistle_number in numbers)
        assert len(city.texts(post)) == 1
    assert (await city.held())["messages"] == 0
