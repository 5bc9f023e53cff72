"""The duty list in the database: drafted, tried on past tickets, published, heard by every copy."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from deploy.local.ports import free_base
from services.router.app import MIGRATIONS
from shared.runtime.history import FIRST_HASH, row_hash
from shared.web.identity import issue_token
from tests.support.router import Router, router_on, served, settings
from tests.support.serving import SECRET
from tests.support.waiting import eventually
from tests.unit.router.samples import COMMUNITY

LEAD, OTHER = "BH-CGJ", "C-CGJ"
ROW = {
    "subject": "0101",
    "region": COMMUNITY,
    "unit": OTHER,
    "clause": "《河湾片区整治专班方案》第三条",
    "valid_from": "2026-09-14",
}


@pytest.fixture
async def router(database, kafka, prefix, topics_of, tmp_path) -> AsyncIterator[Router]:
    await topics_of(prefix, [LEAD, OTHER, "BH-SCJ", "S-159902001"])
    dsn = await database(MIGRATIONS)
    async with router_on(dsn, kafka, prefix, tmp_path, units=[LEAD, OTHER]) as running:
        yield running


async def ask(
    router: Router,
    method: str,
    path: str,
    *,
    role: str = "dispatcher",
    status: int = 200,
    **more: Any,
) -> Any:
    """One request about the duty list, by 张工 who drafts or 李主任 who publishes."""
    name = "李主任" if role == "supervisor" else "张工"
    answer = await router.call(method, f"/duties{path}", role=role, name=name, **more)
    assert answer.status_code == status, answer.text
    return answer.json()


async def lines(router: Router, number: int, **wanted: Any) -> list[dict[str, Any]]:
    """What a dry run tells."""
    answer = await router.call(
        "POST", f"/duties/drafts/{number}/dry-run", role="dispatcher", name="张工", json=wanted
    )
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_the_list_is_drafted_tried_and_published_by_two_people(router: Router):
    whistled = await router.registers(category="0101")
    assert (await router.hears("whistle.blown", ticket_ids=[whistled]))["data"]["assignments"][0][
        "unit"
    ] == LEAD
    seeded = await ask(router, "GET", "")
    assert (seeded["version"]["version"], seeded["version"]["state"]) == (1, "published")
    assert seeded["total"] >= 10

    draft = await ask(router, "POST", "/drafts", status=201, json={"note": "河湾整治"})
    assert (draft["version"], draft["based_on"], draft["edits"]) == (2, 1, 0)
    again = await ask(router, "POST", "/drafts", status=409, json={"note": "又一份"})
    assert again["code"] == "exists"

    wrong = {**ROW, "unit": "S-159902001", "region": "159999999999", "valid_to": "2026-01-01"}
    refused = await ask(router, "POST", "/drafts/2/edits", status=422, json={"add": [ROW, wrong]})
    assert {e["field"] for e in refused["errors"]} == {
        "add.1.unit",
        "add.1.region",
        "add.1.valid_to",
    }
    edited = await ask(router, "POST", "/drafts/2/edits", json={"add": [ROW]})
    assert edited["edits"] == 1
    stale = await ask(router, "POST", "/drafts/2/edits?seen=0", status=409, json={"remove": []})
    assert stale["code"] == "stale"

    untried = await ask(router, "POST", "/drafts/2/publish", role="supervisor", status=409)
    assert untried["code"] == "not_tried"
    (change, totals) = await lines(router, 2)
    assert change["kind"] == "change"
    assert (change["ticket_id"], change["old"]["lead"], change["new"]["lead"]) == (
        whistled,
        LEAD,
        OTHER,
    )
    assert f"9:duty 0101@{COMMUNITY}→{OTHER}@v2" in change["new"]["trace"]
    assert totals["kind"] == "totals"
    assert (totals["examined"], totals["changed"]) == (1, 1)
    assert totals["by_unit"] == {
        LEAD: {"gained": 0, "lost": 1},
        OTHER: {"gained": 1, "lost": 0},
    }

    own = await router.call("POST", "/duties/drafts/2/publish", role="supervisor", name="张工")
    assert own.status_code == 403
    published = await ask(
        router, "POST", "/drafts/2/publish", role="supervisor", json={"note": "专班"}
    )
    assert (published["state"], published["published_by"]) == ("published", "李主任")
    assert (await ask(router, "GET", "?version=1"))["version"]["state"] == "superseded"
    told = await ask(router, "GET", "/versions/2/changes")
    assert [row["unit"] for row in told["added"]] == [OTHER]
    assert not told["changed"]
    assert not told["removed"]

    after = await router.registers(category="0101")
    blown = await router.hears("whistle.blown", ticket_ids=[after])
    assert blown["data"]["assignments"][0]["unit"] == OTHER
    assert f"9:duty 0101@{COMMUNITY}→{OTHER}@v2" in blown["data"]["trace"]
    await the_history_holds(router)


async def the_history_holds(router: Router) -> None:
    """Every version's rows in the history are hashed over the one before."""
    for version in await router.rows("select version, seq, history_hash from duty_version"):
        rows = await router.rows(
            """
            select h.* from history h where h.aggregate_id = (
                select distinct aggregate_id from history
                where hash = $1) order by seq
            """,
            version["history_hash"],
        )
        assert len(rows) == version["seq"]
        before = FIRST_HASH
        for row in rows:
            fields = (row["aggregate_id"], row["seq"], row["at"].isoformat(), row["what"])
            who = (row["role"], row["unit"], row["actor_name"], row["on_behalf_of"])
            assert row["previous_hash"] == before
            before = row_hash(before, (*fields, *who, row["before"], row["after"], row["policy"]))
            assert row["hash"] == before
    (said,) = await router.rows(
        "select after, actor_name from history where what = 'published' and role = 'supervisor'"
    )
    assert said["actor_name"] == "李主任"
    assert json.loads(said["after"])["added"] == 1
    assert len(json.loads(said["after"])["rows_sha256"]) == 64


async def test_a_second_copy_takes_a_new_list_over(router: Router, kafka: str, tmp_path):
    made = settings(router.dsn, kafka, router.prefix, free_base(), router.clock)
    async with served(made) as second, httpx.AsyncClient(timeout=30, trust_env=False) as http:
        await ask(router, "POST", "/drafts", status=201, json={"note": "两处"})
        await ask(router, "POST", "/drafts/2/edits", json={"add": [ROW]})
        await lines(router, 2)
        await ask(router, "POST", "/drafts/2/publish", role="supervisor")

        token = issue_token(SECRET, role="ops", name="运维")

        async def applied() -> int:
            answer = await http.get(
                f"{second}/api/v1/duties", headers={"Authorization": f"Bearer {token}"}
            )
            return int(answer.json()["applied"])

        await eventually(applied, until=lambda number: number == 2, within=5)


async def test_a_whole_list_is_written_and_one_fault_names_its_row(router: Router):
    await ask(router, "POST", "/drafts", status=201, json={"note": "整表"})
    rows = (await ask(router, "GET", "?version=2"))["items"]
    short = [{k: v for k, v in row.items() if k != "duty_id"} for row in rows]
    same = await ask(router, "PUT", "/rows?version=2", json={"rows": short})
    assert same["edits"] == 0
    twice = {**short[0], "unit": "C-GR1", "valid_from": "2026-01-01"}
    refused = await ask(
        router, "PUT", "/rows?version=2", status=422, json={"rows": [*short, twice]}
    )
    assert any(e["field"].startswith(f"rows.{len(short)}.") for e in refused["errors"])
    fewer = await ask(router, "PUT", "/rows?version=2", json={"rows": short[1:]})
    assert fewer["edits"] == 1
    told = await ask(router, "GET", "/versions/2/changes")
    assert [row["duty_id"] for row in told["removed"]] == [rows[0]["duty_id"]]
    assert not told["added"]
    gone = await ask(router, "DELETE", "/drafts/2")
    assert gone["state"] == "discarded"
    await ask(router, "POST", "/drafts/2/edits", status=409, json={"add": [ROW]})


async def test_a_proposal_is_taken_into_the_draft_and_adopted(router: Router):
    body = {key: ROW[key] for key in ("subject", "region", "unit", "clause")}
    wrong = await ask(router, "POST", "/proposals", status=422, json={**body, "unit": "NOBODY"})
    assert [e["field"] for e in wrong["errors"]] == ["row.unit"]
    first = await ask(router, "POST", "/proposals", status=201, json=body)
    second = await ask(router, "POST", "/proposals", status=201, json=body)
    assert second["proposal_id"] == first["proposal_id"]
    path = f"/proposals/{first['proposal_id']}"
    await ask(router, "POST", "/drafts", status=201, json={"note": "采纳"})
    taken = await ask(router, "POST", f"{path}/taking", json={"version": 2})
    assert (taken["state"], taken["version"]) == ("taken", 2)
    await ask(router, "POST", f"{path}/dismissal", status=409, json={"reason": "不用了"})
    await ask(router, "DELETE", "/drafts/2")
    waiting = (await ask(router, "GET", "/proposals"))["items"]
    assert [each["state"] for each in waiting] == ["proposed"]

    await ask(router, "POST", "/drafts", status=201, json={"note": "采纳"})
    wider = {"version": 3, "row": {"region": "159902001", "valid_from": "2026-09-15"}}
    await ask(router, "POST", f"{path}/taking", json=wider)
    added = (await ask(router, "GET", "/versions/3/changes"))["added"]
    assert [(row["region"], row["valid_from"]) for row in added] == [("159902001", "2026-09-15")]
    await lines(router, 3)
    await ask(router, "POST", "/drafts/3/publish", role="supervisor")
    adopted = (await ask(router, "GET", "/proposals?state=adopted"))["items"]
    assert [each["proposal_id"] for each in adopted] == [first["proposal_id"]]


async def test_an_adjudication_writes_a_proposed_row(router: Router):
    ticket_id = await router.registers(category="0101")
    whistle_id = await router.blown(ticket_id)
    reason = {"reason": "not_duty", "clause": "《云川市城市管理条例》第十二条"}
    word = {"decision": "returned", "reason": "三定方案第四条：由市局办理"}
    for unit, new_unit, path, role in (
        (LEAD, "BH-SCJ", "rulings", "reviewer"),
        ("BH-SCJ", OTHER, "adjudications", "supervisor"),
    ):
        asked = await router.report(whistle_id, "return_requested", unit=unit, **reason)
        assert asked.status_code == 201, asked.text
        ruled = await router.call(
            "POST",
            f"/whistles/{whistle_id}/{path}",
            role=role,
            name="赵督办",
            json={"unit": unit, "new_unit": new_unit, **word},
        )
        assert ruled.status_code == 201, ruled.text
    (proposal,) = (await ask(router, "GET", "/proposals"))["items"]
    assert (proposal["subject"], proposal["region"], proposal["unit"]) == ("0101", COMMUNITY, OTHER)
    assert (proposal["clause"], proposal["proposed_by"]) == (word["reason"], "赵督办")
    assert proposal["whistle_ids"] == [whistle_id]
