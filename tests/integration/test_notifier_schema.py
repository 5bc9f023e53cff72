"""Schemathesis over every endpoint of the notifier: whatever is sent is answered as documented."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.notifier.app import MIGRATIONS
from shared.contracts.parts import Role
from tests.support.exploring import explore, headers_by
from tests.support.notifier import CITY, UNITS, WORST, Notifier, notifier_on
from tests.support.rights import matrix, open_routes
from tests.support.serving import SECRET
from tests.support.stack import Servers, topic_prefix
from tests.support.waiting import eventually

MATRIX = matrix("notifier")
OPEN = open_routes("notifier")

UNIT = "C-CGJ"  # that of the tokens
PREFERRED = (Role.SUPERVISOR, Role.OPS, Role.LEADER)
headers = headers_by(MATRIX, PREFERRED)
BESIDES = ("GET /api/v1/live",)


@pytest.fixture(scope="module")
async def notifier(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Notifier]:
    prefix, folder = topic_prefix(), tmp_path_factory.mktemp("schema")
    await servers.make_topics(prefix, [*UNITS, UNIT])
    dsn = await servers.fresh_database(MIGRATIONS)
    async with notifier_on(
        dsn, servers.kafka_bootstrap, prefix, folder, matters=CITY, token_secret=SECRET
    ) as made:
        yield made
    await servers.drop_database(dsn)


@pytest.fixture(scope="module")
async def known(notifier: Notifier) -> dict[str, list[str]]:
    return await living(notifier)


async def made(notifier: Notifier, route: str, path: str = "", **body: Any) -> Any:
    """What a route makes of a body."""
    method, _, template = route.partition(" ")
    answer = await notifier.http.request(
        method, f"{notifier.url}{path or template}", headers=headers(route), json=body or None
    )
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def living(notifier: Notifier) -> dict[str, list[str]]:
    """Things that are there, by the parameter that names them."""
    who = {"name": "王值班", "contact": {"sms": "13900001111"}}
    rota = await made(
        notifier,
        "POST /api/v1/rota/shifts",
        shifts=[{"post": post, "unit": WORST, "who": who} for post in ("unit_leader",)],
    )
    (person,) = await notifier.rows("select person_id from duty_person")
    asked = await made(
        notifier,
        "POST /api/v1/supervisions",
        whistle_id=str(CITY[0].whistle_id),
        words="请说明原因和完成时间",
    )
    ticket_id = str(CITY[1].ticket_id)

    async def followed() -> list[Any]:
        known = "select 1 from figure_ticket where ticket_id = $1 and number || day is not null"
        return await notifier.rows(known, ticket_id)

    await eventually(followed)
    excluded = await made(
        notifier,
        "POST /api/v1/exclusions",
        ticket_id=ticket_id,
        reason="malicious",
        words="经核实为恶意重复来电",
    )
    ranking = await made(notifier, "POST /api/v1/rankings", of="streets", quarter="2026Q2")

    async def sent() -> list[dict[str, Any]]:
        found = await made(notifier, "GET /api/v1/deliveries")
        items: list[dict[str, Any]] = found["items"]
        return items

    deliveries = await eventually(sent)
    return {
        "supervision_id": [asked["supervision_id"]],
        "shift_id": rota["shift_ids"],
        "person_id": [str(person["person_id"])],
        "exclusion_id": [excluded["exclusion_id"]],
        "ranking_id": [ranking["ranking_id"]],
        "delivery_id": [each["delivery_id"] for each in deliveries],
    }


async def test_whatever_is_sent_is_answered_as_documented(
    notifier: Notifier, known: dict[str, list[str]]
) -> None:
    answers, wrong = await asyncio.to_thread(
        explore, notifier.url, MATRIX, known, headers, besides=BESIDES
    )
    assert not wrong, f"{len(wrong)} wrong\n" + "\n\n".join(wrong[:40])
    asked = {each for each in MATRIX if "/api/" in each} - set(BESIDES)
    assert not asked - answers.keys()
    # it came past the door, and somewhere further
    assert not {each for each in asked if answers[each] <= {401, 403}}
    good = [each for each in answers if any(status < 300 for status in answers[each])]
    assert len(good) > len(answers) / 2, sorted(answers.keys() - set(good))


async def test_nobody_is_answered_without_a_token(notifier: Notifier) -> None:
    answers, wrong = await asyncio.to_thread(explore, notifier.url, MATRIX, {}, None)
    assert not wrong, "\n\n".join(wrong[:20])
    asked = {each: seen for each, seen in answers.items() if each not in OPEN}
    assert len(asked) > 40
    # an address that cannot be read is refused before anybody asks who is calling
    assert not {each: seen for each, seen in asked.items() if not seen <= {401, 404, 405, 422}}
