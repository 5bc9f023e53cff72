"""The knowledge base over real tables: written, approved by another, quoted while valid."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from services.intake import knowledge
from shared.errors import ConflictError
from shared.web.identity import issue_token
from tests.support.intake import Intake
from tests.support.serving import SECRET

NOW = datetime.now(UTC)
ARTICLE = {
    "title": "路灯报修和维修时限",
    "body": "路灯不亮可以通过12345登记。\n一般故障3个工作日内修复，电缆故障10个工作日内修复。",
    "keywords": ["路灯", "照明"],
    "categories": ["0205"],
    "owner_unit": "C-SZZ",
    "expires_on": (NOW + timedelta(days=200)).date().isoformat(),
}
LIAISON: dict[str, Any] = {"role": "liaison", "unit": "C-SZZ", "name": "市政小刘"}


async def ask(
    intake: Intake,
    method: str,
    path: str,
    *,
    role: str = "shift_lead",
    unit: str | None = None,
    name: str = "王班长",
    **request: Any,
) -> httpx.Response:
    token = issue_token(SECRET, role=role, unit=unit, name=name)
    headers = {"Authorization": f"Bearer {token}"}
    return await intake.http.request(
        method, f"{intake.url}/api/v1{path}", headers=headers, **request
    )


async def titles(intake: Intake, query: str) -> list[str]:
    answer = await ask(intake, "GET", f"/knowledge?{query}", role="operator")
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


async def test_an_empty_base_begins_with_the_citys_articles(intake: Intake) -> None:
    assert len(await titles(intake, "limit=200")) >= 12
    assert (await titles(intake, "q=暖气不热"))[0] in (
        "供暖期时间与室温标准",
        "入户测温怎么约、怎么测、怎么退费",
    )
    assert (await titles(intake, "q=juzhuzheng"))[0] == "流动人口居住登记和居住证办理"
    assert (await titles(intake, "q=ydjy"))[0] == "异地就医备案和直接结算"
    assert (await titles(intake, "category=2104"))[0] == "高龄津贴申领"
    long = "我母亲今年八十二岁了，听说有老年人的高龄津贴，不知道要到哪里申请，每个月有多少钱"
    assert (await titles(intake, f"q={long}"))[0] == "高龄津贴申领"
    assert await titles(intake, "q=zzzzzz") == []
    phrases = await ask(intake, "GET", "/phrases?use=description&category=0205", role="operator")
    assert phrases.json()["items"][0]["title"] == "路灯不亮"


async def test_an_article_is_approved_by_another_than_its_writer(intake: Intake) -> None:
    made = await ask(intake, "POST", "/knowledge", json=ARTICLE, **LIAISON)
    assert made.status_code == 201
    path = f"/knowledge/{made.json()['article_id']}"
    assert "路灯报修和维修时限" not in await titles(intake, "q=路灯")
    own = await ask(intake, "POST", f"{path}/approvals", json={"revision": 1}, **LIAISON)
    assert own.status_code == 403
    stale = await ask(intake, "POST", f"{path}/approvals", json={"revision": 2})
    assert stale.status_code == 409
    assert (await ask(intake, "POST", f"{path}/approvals", json={"revision": 1})).status_code == 204
    assert (await titles(intake, "q=路灯"))[0] == "路灯报修和维修时限"
    # the shift lead's own change waits for another one
    second = {**ARTICLE, "title": "路灯报修时限", "remark": "缩短标题"}
    draft = await ask(intake, "PUT", f"{path}/draft", json=second)
    assert (draft.json()["version"], draft.json()["state"]) == (2, "draft")
    assert (await titles(intake, "q=路灯"))[0] == "路灯报修和维修时限"
    again = await ask(intake, "POST", f"{path}/approvals", json={"revision": 1})
    assert again.status_code == 403
    done = await ask(intake, "POST", f"{path}/approvals", json={"revision": 1}, name="赵班长")
    assert done.status_code == 204
    versions = (await ask(intake, "GET", path)).json()["items"]
    assert [(each["version"], each["state"]) for each in versions] == [
        (2, "published"),
        (1, "superseded"),
    ]
    assert (await titles(intake, "q=路灯"))[0] == "路灯报修时限"


async def test_two_editors_never_overwrite_each_other(intake: Intake) -> None:
    path = (
        f"/knowledge/{(await ask(intake, 'POST', '/knowledge', json=ARTICLE)).json()['article_id']}"
    )
    first = await ask(
        intake, "PUT", f"{path}/draft", json={**ARTICLE, "title": "甲的标题", "revision": 1}
    )
    assert first.json()["revision"] == 2
    second = await ask(
        intake, "PUT", f"{path}/draft", json={**ARTICLE, "title": "乙的标题", "revision": 1}
    )
    assert second.status_code == 409
    assert (await ask(intake, "GET", path)).json()["items"][0]["title"] == "甲的标题"


async def test_a_liaison_writes_the_own_units_articles_only(intake: Intake) -> None:
    other = {**ARTICLE, "owner_unit": "C-YBJ"}
    assert (await ask(intake, "POST", "/knowledge", json=other, **LIAISON)).status_code == 403
    assert (await ask(intake, "POST", "/knowledge", json=other, role="operator")).status_code == 403
    wrong = {**ARTICLE, "owner_unit": "NOBODY", "categories": ["9999"]}
    answer = await ask(intake, "POST", "/knowledge", json=wrong)
    assert {error["field"] for error in answer.json()["errors"]} == {"owner_unit", "categories"}


async def test_what_has_expired_is_marked_and_never_quoted(intake: Intake) -> None:
    made = await ask(intake, "POST", "/knowledge", json=ARTICLE, **LIAISON)
    article_id = UUID(made.json()["article_id"])
    path = f"/knowledge/{article_id}"
    await ask(intake, "POST", f"{path}/approvals", json={"revision": 1})
    connection = await asyncpg.connect(intake.dsn)
    try:
        quoted = await knowledge.quote(connection, article_id, version=1, now=NOW)
        assert quoted.text.title == ARTICLE["title"]
        with pytest.raises(ConflictError) as other:
            await knowledge.quote(connection, article_id, version=2, now=NOW)
        assert other.value.code == "article_not_published"
        late = NOW + timedelta(days=202)
        with pytest.raises(ConflictError) as expired:
            await knowledge.quote(connection, article_id, version=1, now=late)
        assert expired.value.code == "article_expired"
        await connection.execute(
            "update article_version set expires_on = $2 where article_id = $1",
            article_id,
            (NOW - timedelta(days=3)).date(),
        )
    finally:
        await connection.close()
    (found, *_) = (await ask(intake, "GET", path)).json()["items"]
    assert found["validity"] == "expired"
    assert (await titles(intake, "q=路灯"))[-1] == ARTICLE["title"]
    # its unit is warned, on its page
    page = await intake.http.get(
        f"{intake.url}/knowledge",
        headers={
            "Authorization": f"Bearer {issue_token(SECRET, **LIAISON)}",
            "Accept": "text/html",
        },
    )
    assert "已过期（1）" in page.text
    panel = await intake.http.get(
        f"{intake.url}/desk/knowledge?q=路灯",
        headers={"Authorization": f"Bearer {issue_token(SECRET, role='operator', name='小李')}"},
    )
    assert "disabled" in panel.text
    assert f'data-article="{article_id}"' in panel.text


async def test_a_withdrawn_article_is_found_no_more(intake: Intake) -> None:
    made = await ask(intake, "POST", "/knowledge", json=ARTICLE, **LIAISON)
    path = f"/knowledge/{made.json()['article_id']}"
    await ask(intake, "POST", f"{path}/approvals", json={"revision": 1})
    assert (await ask(intake, "POST", f"{path}/withdrawals", **LIAISON)).status_code == 204
    assert ARTICLE["title"] not in await titles(intake, "q=路灯")
    again = await ask(intake, "POST", f"{path}/withdrawals", **LIAISON)
    assert again.status_code == 409


async def test_phrases_are_ones_own_or_shared(intake: Intake) -> None:
    phrase = {"use": "answer", "title": "我的结束语", "body": "感谢您的来电，{称呼}再见。"}
    made = await ask(intake, "POST", "/phrases", json=phrase)
    assert made.status_code == 201
    assert (await ask(intake, "POST", "/phrases", json=phrase)).status_code == 409
    path = f"/phrases/{made.json()['phrase_id']}"

    async def seen(name: str) -> list[str]:
        answer = await ask(intake, "GET", "/phrases?use=answer", role="operator", name=name)
        return [item["title"] for item in answer.json()["items"]]

    assert "我的结束语" not in await seen("小李")
    other = {**phrase, "shared": True}
    assert (await ask(intake, "PUT", path, json=other, name="小李")).status_code == 409
    assert (await ask(intake, "PUT", path, json=other)).status_code == 200
    assert "我的结束语" in await seen("小李")
    assert (await ask(intake, "DELETE", path, name="小李")).status_code == 404
    assert (await ask(intake, "DELETE", path)).status_code == 204
    assert "我的结束语" not in await seen("小李")
