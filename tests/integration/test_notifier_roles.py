"""Every route of the notifier with every role over HTTP: who is let in is what the table says."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.notifier.app import MIGRATIONS, create_app
from shared.web.identity import issue_token
from tests.support.doors import not_sent_to_sign_in, opened_wrongly, routes_of, wrongly_answered
from tests.support.intake import SECRET
from tests.support.notifier import (
    CITY,
    MONDAY,
    OTHER,
    STREET,
    WORST,
    Matter,
    Notifier,
    notifier_on,
    settings,
)
from tests.support.notifier_rights import MATRIX, OPEN
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


def test_every_route_stands_in_the_table() -> None:
    nowhere = settings("postgresql://nowhere/none", "nowhere:1", "", 1, Path("nowhere"))
    found = routes_of(create_app(nowhere))
    assert len(found) == len(set(found))
    assert set(found) == MATRIX.keys() | OPEN
    assert not MATRIX.keys() & OPEN


async def test_each_role_is_let_in_where_the_table_says_so_and_nowhere_else(
    notifier: Notifier,
) -> None:
    wrong = await wrongly_answered(notifier.http, notifier.url, MATRIX)
    assert not wrong, "\n".join(wrong)


async def test_a_token_opens_no_other_door(notifier: Notifier) -> None:
    assert await opened_wrongly(notifier.http, notifier.url, MATRIX) == []


async def test_who_is_not_known_is_sent_to_sign_in(notifier: Notifier) -> None:
    pages, wrong = await not_sent_to_sign_in(notifier.http, notifier.url, MATRIX)
    assert pages >= 10
    assert wrong == []


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
