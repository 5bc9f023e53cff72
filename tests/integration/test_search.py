"""The list of tickets over real tables: found at once by everything, seen as far as one may."""

import asyncio
import csv
import io
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from services.intake.app import MIGRATIONS
from services.intake.index import index_anew, index_pending
from services.intake.store.search import SQL
from shared.web.identity import issue_token
from tests.support.intake import Intake
from tests.support.serving import SECRET
from tests.support.waiting import eventually

ELSEWHERE = {"region": "159903001001"}
HERE = {"region": "159902001001", "address": "河湾锦苑3号楼"}


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
    return await intake.http.request(method, f"{intake.url}{path}", headers=headers, **request)


async def numbers(intake: Intake, query: str, **who: Any) -> list[str]:
    answer = await ask(intake, "GET", f"/api/v1/search?{query}", **who)
    assert answer.status_code == 200, answer.text
    return [item["number"] for item in answer.json()["items"]]


async def indexed(intake: Intake) -> None:
    """When everything registered so far is in the index."""

    async def known() -> bool:
        (row,) = await intake.rows(
            "select not exists (select from search_pending)"
            " and (select count(*) from ticket) = (select count(*) from search_doc) as all_of_them"
        )
        return bool(row["all_of_them"])

    await eventually(known)


async def test_a_ticket_is_found_by_everything_it_is(intake: Intake) -> None:
    lamp = await intake.registered(place=HERE, title="路灯不亮")
    well = await intake.registered(
        description="小区门口的井盖翘起来了，走路容易绊倒，请尽快来修。",
        title="井盖翘起",
        category="0203",
        place=ELSEWHERE,
        type="complain",
        urgency="urgent",
        reporter={"phone": "13900002222"},
    )
    await indexed(intake)
    both = [well["number"], lamp["number"]]
    assert await numbers(intake, "") == both
    assert await numbers(intake, "q=尽快") == both
    for query in ("q=路灯", "q=ludeng", "q=ld", "q=hwjy", "category=0205", "region=159902001"):
        assert await numbers(intake, query) == [lamp["number"]], query
    for query in ("q=井盖", "type=complain", "urgency=urgent&urgency=critical", "region=159903"):
        assert await numbers(intake, query) == [well["number"]], query
    assert await numbers(intake, "category=02&state=registered&q=来修") == both
    assert await numbers(intake, "category=02&state=closed") == []
    assert await numbers(intake, f"q={lamp['number']}") == [lamp["number"]]
    assert await numbers(intake, "q=路灯&since=2000-01-01&until=2000-01-02") == []
    today = datetime.now(UTC).date().isoformat()
    assert await numbers(intake, f"q=路灯&since=2000-01-01&until={today[:4]}-12-31") == [
        lamp["number"]
    ]


async def test_a_phone_finds_its_tickets_for_the_desk_alone_and_on_record(intake: Intake) -> None:
    lamp = await intake.registered()
    await intake.registered(reporter={"phone": "13900003333"})
    await indexed(intake)
    assert await numbers(intake, "q=139 0000 1111", role="operator") == [lamp["number"]]
    assert await numbers(intake, "q=13900001111", role="supervisor") == []
    looked = await intake.rows("select role, found, phone_index from phone_lookup")
    assert [(row["role"], row["found"]) for row in looked] == [("operator", 1)]
    assert len(looked[0]["phone_index"]) == 32


async def test_a_street_sees_its_own(intake: Intake) -> None:
    lamp = await intake.registered(place=HERE)
    await intake.registered(place=ELSEWHERE)
    await indexed(intake)
    street = {"role": "street_officer", "unit": "S-159902001"}
    assert await numbers(intake, "", **street) == [lamp["number"]]
    assert await numbers(intake, "q=路灯", **street) == [lamp["number"]]
    assert await numbers(intake, "region=159903", **street) == []
    answer = await ask(intake, "GET", "/api/v1/search", role="liaison", unit="BH-CGJ")
    assert answer.status_code == 403


async def test_the_index_follows_what_changes(intake: Intake) -> None:
    receipt = await intake.registered(place=HERE)
    await indexed(intake)
    path = f"/{receipt['ticket_id']}"
    assert (
        await intake.call("POST", f"{path}/supplements", json={"text": "旁边的护栏也倒了"})
    ).status_code == 200
    assert (await intake.call("POST", f"{path}/urges")).status_code == 200

    async def by(query: str) -> list[str]:
        return await numbers(intake, query)

    await eventually(lambda: by("q=护栏&flag=urged"))
    assert (await intake.call("POST", f"{path}/withdrawals")).status_code == 200
    await eventually(lambda: by("state=withdrawn&q=护栏"))
    assert await by("state=registered") == []
    (row,) = await intake.rows("select count(*) as docs from search_doc")
    assert row["docs"] == 1


async def test_pages_follow_each_other_and_counts_are_capped(intake: Intake) -> None:
    receipts = [await intake.registered(title=f"第{n}盏路灯") for n in range(7)]
    await indexed(intake)
    for query in ("q=路灯", ""):
        seen: list[str] = []
        cursor = ""
        while True:
            answer = await ask(intake, "GET", f"/api/v1/search?{query}&limit=3{cursor}")
            page = answer.json()
            seen += [item["number"] for item in page["items"]]
            assert page["count"] == (None if cursor else 7)
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert seen == [each["number"] for each in reversed(receipts)]


async def test_the_index_is_made_anew_while_it_is_written(intake: Intake) -> None:
    for _ in range(3):
        answers = await asyncio.gather(
            *(ask(intake, "POST", "/api/v1/search/rebuild", role="ops") for _ in range(4)),
            *(intake.submit() for _ in range(4)),
        )
        assert {answer.status_code for answer in answers} == {201, 202}


async def test_the_index_is_made_anew_from_the_tickets(intake: Intake) -> None:
    receipts = [await intake.registered(title=f"第{n}盏路灯") for n in range(3)]
    await indexed(intake)
    connection = await asyncpg.connect(intake.dsn)
    try:
        before = await connection.fetch("select * from search_posting order by term, segment")
        async with connection.transaction():
            await index_anew(connection)
            assert await connection.fetchval("select count(*) from search_posting") == 0
            assert await index_pending(connection) == 3
        after = await connection.fetch("select * from search_posting order by term, segment")
    finally:
        await connection.close()
    assert after == before
    assert len(await numbers(intake, "q=路灯")) == len(receipts)
    assert (await ask(intake, "POST", "/api/v1/search/rebuild")).status_code == 403
    assert (await ask(intake, "POST", "/api/v1/search/rebuild", role="ops")).status_code == 202


PLANS = {
    "postings": ([1, 2], 0, 3),
    "rows_of_docs": ([1, 2],),
    "rows_of_tickets": ([UUID(int=1)],),
    "newest_ids": (UUID(int=2), UUID(int=1), 50),
    "ids_of_phone": ([b"x"], 10),
    "doc_from": (UUID(int=1),),
    "take_pending": (10,),
}


@pytest.mark.parametrize("name", PLANS)
async def test_every_list_is_read_by_an_index(database: Any, name: str) -> None:
    connection = await asyncpg.connect(await database(MIGRATIONS))
    try:
        await connection.execute("set enable_seqscan = off")
        rows = await connection.fetch(f"explain {getattr(SQL, name)}", *PLANS[name])
    finally:
        await connection.close()
    plan = "\n".join(row[0] for row in rows)
    assert "Index" in plan
    assert "Seq Scan" not in plan, plan


async def test_wrong_filters_are_named(intake: Intake) -> None:
    answer = await ask(intake, "GET", "/api/v1/search?category=9999&since=soon")
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {"category", "since"}


async def test_views_are_ones_own_or_shared(intake: Intake) -> None:
    view = {"name": "滨河区在办", "query": "type=help&region=159902&region=159902", "shared": False}
    made = await ask(intake, "POST", "/api/v1/views", json=view)
    assert made.status_code == 201
    assert made.json()["query"] == "type=help&region=159902"
    path = f"/api/v1/views/{made.json()['view_id']}"

    async def names(name: str) -> list[str]:
        answer = await ask(intake, "GET", "/api/v1/views", name=name)
        return [item["name"] for item in answer.json()["items"]]

    assert await names("王班长") == ["滨河区在办"]
    assert await names("李话务") == []
    other = await ask(intake, "PATCH", path, name="李话务", json={"shared": True})
    assert other.status_code == 404
    assert (await ask(intake, "PATCH", path, json={"shared": True})).status_code == 200
    assert await names("李话务") == ["滨河区在办"]
    assert (await ask(intake, "DELETE", path, name="李话务")).status_code == 404
    wrong = {"name": "x", "query": "state=nowhere"}
    assert (await ask(intake, "POST", "/api/v1/views", json=wrong)).status_code == 422
    assert (await ask(intake, "DELETE", path)).status_code == 204
    assert await names("王班长") == []


async def test_many_are_done_one_by_one_as_the_preview_said(intake: Intake) -> None:
    parent, child, gone = [await intake.registered(place=HERE) for _ in range(3)]
    hidden = await intake.registered(
        type="tip_off", place=HERE, reporter={"phone": "13900004444", "confidential": True}
    )
    path = f"/{gone['ticket_id']}/withdrawals"
    assert (await intake.call("POST", path)).status_code == 200
    ids = [each["ticket_id"] for each in (child, gone, hidden, parent)]
    asked = {"action": "merge", "tickets": ids, "other": parent["number"]}
    shown = (await ask(intake, "POST", "/api/v1/bulk/previews", json=asked)).json()["items"]
    assert [item["done"] for item in shown] == [True, False, False, False]
    assert "已撤回" in shown[1]["zh"]
    assert "保密件" in shown[2]["zh"]
    assert (await intake.ticket(child["ticket_id"]))["state"] == "registered"
    versions = {item["ticket_id"]: item["version"] for item in shown}
    done = (await ask(intake, "POST", "/api/v1/bulk", json={**asked, "versions": versions})).json()[
        "items"
    ]
    assert [item["done"] for item in done] == [True, False, False, False]
    assert [item["zh"] for item in done[1:]] == [item["zh"] for item in shown[1:]]
    assert (await intake.ticket(child["ticket_id"]))["state"] == "merged"
    assert await intake.says("merged", child["ticket_id"])


async def test_what_moved_on_since_the_preview_is_left_alone(intake: Intake) -> None:
    receipt = await intake.registered()
    ticket_id = receipt["ticket_id"]
    asked = {"action": "void", "tickets": [ticket_id], "reason": "duplicate"}
    reasons = (await ask(intake, "GET", "/api/v1/settlements")).json()["void"]
    asked["reason"] = reasons[0]["code"]
    shown = (await ask(intake, "POST", "/api/v1/bulk/previews", json=asked)).json()["items"]
    assert shown[0]["done"]
    await intake.call("POST", f"/{ticket_id}/supplements", json={"text": "还有一盏也不亮"})
    versions = {ticket_id: shown[0]["version"]}
    done = (await ask(intake, "POST", "/api/v1/bulk", json={**asked, "versions": versions})).json()[
        "items"
    ]
    assert not done[0]["done"]
    assert (await intake.ticket(ticket_id))["state"] == "registered"
    refused = await ask(intake, "POST", "/api/v1/bulk", role="operator", json=asked)
    assert refused.status_code == 403


async def test_the_list_as_a_file_has_no_personal_data_and_is_on_record(intake: Intake) -> None:
    await intake.registered(
        place=HERE, title="=HYPERLINK(1)", description="我叫赵小明，电话13900001111，路灯坏了请来修"
    )
    await intake.registered(
        type="tip_off", description="有人在夜里偷偷倒垃圾，请不要说出去", reporter={}, place=HERE
    )
    await indexed(intake)
    answer = await ask(intake, "GET", "/desk/tickets.csv?region=159902")
    assert answer.status_code == 200
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [row["状态"] for row in rows] == ["已登记", "已登记"]
    assert rows[0]["标题"] == "（保密件，不导出内容）"
    assert rows[1]["标题"] == "'=HYPERLINK(1)"
    assert "139" not in answer.text.replace("1599", "")
    assert "赵小明" not in answer.text
    assert "偷偷" not in answer.text

    async def written() -> list[asyncpg.Record]:
        return await intake.rows("select * from list_export where rows is not null")

    (record,) = await eventually(written)
    assert (record["role"], record["query"], record["rows"]) == ("shift_lead", "region=159902", 2)
    refused = await ask(intake, "GET", "/desk/tickets.csv", role="operator")
    assert refused.status_code == 403
