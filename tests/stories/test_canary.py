"""The canary through the three services: whole rounds, silence where there must be, the alarm."""

import sys
from collections.abc import AsyncIterator

import pytest

from deploy.local.data_folder import PROJECT
from deploy.local.processes import Command
from deploy.local.program import Program
from tests.support.city import SECRET, City
from tests.support.stack import Servers, topic_prefix
from tests.support.waiting import eventually

UNIT = "TC"


@pytest.fixture(scope="module")
async def city(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    city = City(servers, tmp_path_factory.mktemp("city"), topic_prefix(), [UNIT])
    try:
        await city.start()
        yield city
    finally:
        await city.stop()


def canary(city: City) -> Program:
    """The canary's process, a round every two seconds."""
    env = {
        "SHAODAO_KAFKA_BOOTSTRAP": city.servers.kafka_bootstrap,
        "SHAODAO_TOPIC_PREFIX": city.prefix,
        "SHAODAO_TOKEN_SECRET": SECRET,
        "SHAODAO_INTAKE_URL": city.url("intake", ""),
        "SHAODAO_NOTIFIER_URL": city.url("notifier", ""),
        "SHAODAO_CANARY_SECONDS": "2",
    }
    command = Command(
        name="canary",
        argv=(sys.executable, "-m", "deploy.canary"),
        log=city.folder / "canary.log",
        env=env,
        cwd=PROJECT,
    )
    return Program(command, reaper=city._reaper)


async def look(city: City) -> dict:
    answer = await city.call("GET", "notifier", "/api/v1/canary", role="ops")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def age(city: City) -> float:
    answer = await city.call("GET", "notifier", "/metrics", role="ops")
    [line] = [each for each in answer.text.splitlines() if each.startswith("shaodao_canary_age")]
    return float(line.split()[-1])


async def items(city: City, service: str, path: str, **params: str) -> list:
    answer = await city.call("GET", service, path, role="dispatcher", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_a_canary_comes_through_and_is_seen_nowhere_else(city: City) -> None:
    assert (await look(city))["state"] == "never"
    program = canary(city)
    await program.start()
    try:
        seen = await eventually(lambda: look(city), until=lambda each: each["state"] == "ok")
    finally:
        await program.stop()
    assert [hop["hop"] for hop in seen["hops"]] == [
        *("dispatch", "department", "withdraw", "release", "hear")
    ]
    assert all(0 <= hop["seconds"] < 30 for hop in seen["hops"])
    assert await items(city, "intake", "/api/v1/tickets") == []
    assert await items(city, "intake", "/api/v1/tickets", state="withdrawn") == []
    assert await items(city, "router", "/api/v1/whistles") == []
    assert await items(city, "router", "/api/v1/held") == []
    assert await items(city, "notifier", "/api/v1/deadlines") == []
    of_unit = await items(city, "router", "/api/v1/whistles", unit=UNIT)
    assert {each["state"] for each in of_unit} <= {"open", "withdrawn"}


async def test_the_age_grows_once_nothing_comes_through(city: City) -> None:
    """The canary's own process is dead here: the notifier knows without it."""
    before = await age(city)
    await eventually(lambda: age(city), until=lambda now: now > before + 1)


async def test_only_the_canary_makes_canaries_and_takes_back_nothing_else(city: City) -> None:
    created = await city.submit()
    path = f"/api/v1/tickets/{created['ticket_id']}/withdrawals"
    refused = await city.call("POST", "intake", path, role="canary")
    assert refused.status_code == 403
    body = {
        "channel": "patrol",
        "description": "全程探测",
        "place": {"region": "159902001001"},
        "category": "0205",
        "reporter": {"phone": "13900001111"},
    }
    made = await city.call("POST", "intake", "/api/v1/tickets", role="canary", json=body)
    assert made.status_code == 201
    ticket = await city.ticket(made.json()["ticket_id"])
    assert (ticket["category"], ticket["place"]["region"]) == (None, None)
    assert [each["ticket_id"] for each in await items(city, "intake", "/api/v1/tickets")] == [
        created["ticket_id"]
    ]
    denied = await city.call("GET", "intake", "/api/v1/tickets", role="canary")
    assert denied.status_code == 403
