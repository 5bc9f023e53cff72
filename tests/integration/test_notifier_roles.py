"""Every route of the notifier with every role over HTTP: who is let in is what the table says."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.notifier.app import MIGRATIONS
from shared.web.identity import issue_token
from tests.support.doors import Service, not_sent_to_sign_in, opened_wrongly
from tests.support.notifier import (
    CITY,
    MONDAY,
    OTHER,
    STREET,
    WORST,
    Matter,
    Notifier,
    notifier_on,
)
from tests.support.rights import matrix
from tests.support.serving import SECRET, SERVED
from tests.support.stack import Servers, topic_prefix

FAR = Matter(place=90, title="远处的路灯", at=MONDAY, unit="BH-SCJ", region="159903001001")


@pytest.fixture(scope="module")
async def notifier(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Notifier]:
    prefix = topic_prefix()
    await servers.make_topics(prefix, [WORST, OTHER, "BH-SCJ", "BH-GAJ", STREET])
    dsn = await servers.fresh_database(MIGRATIONS)
    folder = tmp_path_factory.mktemp("roles")
    async with notifier_on(
        dsn, servers.kafka_bootstrap, prefix, folder, matters=(*CITY, FAR), token_secret=SECRET
    ) as made:
        yield made
    await servers.drop_database(dsn)


async def test_who_is_let_in_is_what_the_table_says(notifier: Notifier) -> None:
    """Every route with every role of the own unit, another's and of none."""
    service = Service(
        name="notifier",
        app=SERVED[notifier.url],
        known={"about": str(CITY[0].ticket_id)},
    )
    tried, wrong = await service.walked()
    assert tried > 2500
    assert not wrong, "\n".join(wrong)


async def test_a_token_opens_no_other_door(notifier: Notifier) -> None:
    assert await opened_wrongly(Service(name="notifier", app=SERVED[notifier.url])) == []


async def test_who_is_not_known_is_sent_to_sign_in(notifier: Notifier) -> None:
    pages, wrong = await not_sent_to_sign_in(notifier.http, notifier.url, matrix("notifier"))
    assert pages >= 10
    assert wrong == []


STRANGERS = (
    ("liaison", OTHER),
    ("handler", OTHER),
    ("department", OTHER),
    ("street_officer", "S-159903001"),
    ("community_worker", "Q-159902001003"),
    ("grid_worker", "Q-159902001003"),
)
"""Of other units and regions than the matter they ask for."""


async def test_nobody_of_another_unit_or_region_sees_a_matter(notifier: Notifier) -> None:
    """Asked for by its ids, by its unit and in whole lists, with a supervision and a ruling."""
    lamp = CITY[0]
    asked = await as_role(
        notifier, "supervisor", None, "POST", "/supervisions", **ASKED, whistle_id=lamp.whistle_id
    )
    assert asked.status_code == 201, asked.text
    answers = f"/supervisions/{asked.json()['supervision_id']}/answers"
    tells = (lamp.title, lamp.number, str(lamp.ticket_id), str(lamp.whistle_id), ASKED["words"])
    paths = [
        f"/{name}{query}"
        for name in ("deadlines", "supervisions", "notices")
        for query in (
            *("", f"?unit={WORST}", f"?about={lamp.whistle_id}"),
            *(f"?whistle_id={lamp.whistle_id}", f"?ticket_id={lamp.ticket_id}"),
        )
    ]
    paths += [f"/exclusions?unit={WORST}", f"/rota?unit={WORST}", f"/rota/heard?unit={WORST}"]
    paths += [f"/figures/response/tickets?from=2026-08-20{more}" for more in ("", f"&unit={WORST}")]
    paths += ["/figures/response/tickets?region=159902001001", "/rota?region=159902"]
    for role, unit in STRANGERS:
        for path in paths:
            answer = await as_role(notifier, role, unit, "GET", path)
            # an address of another's list is read as: of it, what is one's own
            assert answer.status_code in (200, 403), (path, role, answer.text)
            assert not [each for each in tells if each in answer.text], (path, role)
        answer = await as_role(notifier, role, unit, "POST", answers, words="替人答复")
        assert answer.status_code == 403, (role, answer.text)
        page = await page_of(notifier, f"/promises/{lamp.ticket_id}", role, unit)
        assert page[0] in (403, 404)
        for path in ("/board/list?what=late", "/board/supervisions"):
            (_, text) = await page_of(notifier, path, role, unit)
            assert lamp.title not in text, (path, role)


async def test_a_street_and_its_community_see_a_matter_in_their_region(notifier: Notifier) -> None:
    lamp = CITY[0]
    for role, unit in (
        ("street_officer", STREET),
        ("community_worker", "Q-159902001001"),
        ("grid_worker", "Q-159902001001"),
    ):
        for path in (
            f"/deadlines?ticket_id={lamp.ticket_id}",
            f"/deadlines?whistle_id={lamp.whistle_id}",
        ):
            answer = await as_role(notifier, role, unit, "GET", path)
            assert {each["unit"] for each in answer.json()["items"]} >= {WORST}, (path, role)
        answer = await as_role(notifier, role, unit, "GET", "/deadlines")
        assert {each["unit"] for each in answer.json()["items"]} <= {unit}
        other = await as_role(notifier, role, unit, "GET", f"/deadlines?unit={WORST}")
        assert other.status_code == 403


async def test_without_a_unit_nothing_of_any_unit_is_told(notifier: Notifier) -> None:
    wrong = []
    for role in ("liaison", "handler", "department", "street_officer", "community_worker"):
        for path in ("/deadlines", "/supervisions", "/notices", "/rota", "/rota/vacancies"):
            answer = await as_role(notifier, role, None, "GET", path)
            if answer.status_code != 403:
                wrong.append(f"{path} as {role}: {answer.status_code} {answer.text[:200]}")
        for path in ("/figures/response/tickets", "/exclusions"):
            answer = await as_role(notifier, role, None, "GET", path)
            if answer.status_code != 403:
                wrong.append(f"{path} as {role}: {answer.status_code} {answer.text[:200]}")
    for path in ("/board", "/board/list", "/board/supervisions", f"/promises/{CITY[0].ticket_id}"):
        for role in ("liaison", "street_officer"):
            status, _ = await page_of(notifier, path, role, None)
            if status != 403:
                wrong.append(f"{path} as {role}: {status}")
    assert not wrong, "\n".join(wrong)


ASKED: Any = {"words": "请书面说明为何超时"}


async def as_role(
    notifier: Notifier, role: str, unit: str | None, method: str, path: str, **body: Any
) -> httpx.Response:
    """One request under /api/v1 with a token of that role and unit."""
    token = issue_token(SECRET, role=role, unit=unit, name="测试员")
    return await notifier.http.request(
        method,
        f"{notifier.url}/api/v1{path}",
        headers={"Authorization": f"Bearer {token}"},
        json={key: str(value) for key, value in body.items()} or None,
    )


async def page_of(notifier: Notifier, path: str, role: str, unit: str | None) -> tuple[int, str]:
    token = issue_token(SECRET, role=role, unit=unit, name="测试员")
    headers = {"Authorization": f"Bearer {token}", "X-Part": "1", "Accept": "text/html"}
    answer = await notifier.http.get(f"{notifier.url}{path}", headers=headers)
    return answer.status_code, answer.text


async def test_a_units_liaison_sees_its_own_unit_whatever_is_asked(notifier: Notifier) -> None:
    for path in ("/board?unit=", "/board/list?what=late&unit=", "/board/list?what=soon&unit="):
        status, text = await page_of(notifier, path + WORST, "liaison", OTHER)
        assert status == 200
        assert "城市管理" not in text
    (_, mine) = await page_of(notifier, "/board/list?what=late", "liaison", OTHER)
    assert "屋顶漏水" in mine
    assert "路灯不亮已三天" not in mine
    of_another = f"/promises/{CITY[0].ticket_id}"
    assert (await page_of(notifier, of_another, "liaison", OTHER))[0] == 404
    assert (await page_of(notifier, of_another, "liaison", WORST))[0] == 200


async def test_a_street_sees_what_lies_in_its_region(notifier: Notifier) -> None:
    (_, text) = await page_of(notifier, "/board/list?what=soon", "street_officer", STREET)
    assert "早市占道" in text
    assert FAR.title not in text
    (_, wide) = await page_of(
        notifier, "/board/list?what=soon&region=159903", "street_officer", STREET
    )
    assert FAR.title not in wide
    far = f"/promises/{FAR.ticket_id}"
    assert (await page_of(notifier, far, "street_officer", STREET))[0] == 404
    assert (await page_of(notifier, far, "supervisor", None))[0] == 200
