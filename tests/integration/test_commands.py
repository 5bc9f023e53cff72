"""Every command of a ticket over HTTP: guard, role, version, fact, timeline."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from services.intake.archive import archive
from services.intake.domain.registration import Rules
from shared.calendar import WorkCalendar
from shared.catalogue.gazetteer import Gazetteer
from shared.catalogue.load import load_catalogue
from shared.catalogue.load_limits import load_time_limits
from shared.contracts import whistles
from shared.web.identity import issue_token
from tests.support.intake import Intake, utc_now
from tests.support.played_router import SYSTEM, Whistle, blown
from tests.support.serving import SECRET


async def post(
    intake: Intake, ticket_id: str, what: str, role: str = "operator", **body: Any
) -> Any:
    return await intake.call("POST", f"/{ticket_id}/{what}", role=role, json=body)


async def new(intake: Intake, **fields: Any) -> str:
    return str((await intake.registered(**fields))["ticket_id"])


async def last_line(intake: Intake, ticket_id: str) -> str:
    return str((await intake.ticket(ticket_id))["timeline"][-1]["zh"])


def own(ticket: dict[str, Any]) -> dict[str, str]:
    return {p["kind"]: p["state"] for p in ticket["promises"] if p["unit"] is None}


async def test_asked_once_and_supplied(intake: Intake) -> None:
    ticket_id = await new(intake)
    missing = ["路灯在哪个小区", "赵小明，请留电话13900001111以外的时间"]
    answer = await post(intake, ticket_id, "info-requests", missing=missing)
    assert answer.json()["state"] == "pending_info", answer.text
    fact = await intake.says("info_requested", ticket_id)
    assert fact["missing"] == [missing[0], "〔姓名〕，请留电话〔电话〕以外的时间"]
    assert fact["dispatch_waits"] is True
    assert own(await intake.ticket(ticket_id)) == {"dispatch": "paused", "citizen": "running"}
    told = await post(intake, ticket_id, "supplies", text="河湾锦苑南门外第三盏")
    assert told.json()["state"] == "registered", told.text
    fact = await intake.says("supplemented", ticket_id)
    assert (fact["text"], fact["dispatch_by"]["rule"][:3]) == ("河湾锦苑南门外第三盏", "2wh")
    assert own(await intake.ticket(ticket_id)) == {"dispatch": "running", "citizen": "running"}
    again = await post(intake, ticket_id, "info-requests", missing=["还有"])
    assert (again.status_code, again.json()["code"]) == (409, "asked_already")
    early = await post(intake, ticket_id, "supplies", text="又想起一件事")
    assert (early.status_code, early.json()["state"]) == (409, "registered")


async def test_a_supplement_while_asked_is_the_answer(intake: Intake) -> None:
    ticket_id = await new(intake)
    await post(intake, ticket_id, "info-requests", missing=["几号楼"])
    added = await post(intake, ticket_id, "supplements", text="三号楼门口")
    assert added.json()["state"] == "registered"


async def test_answered_and_transferred(intake: Intake) -> None:
    asked = await new(intake, type="consult")
    answer = await post(intake, asked, "answers", text="每月五日起可以办理")
    assert answer.json()["state"] == "answered", answer.text
    assert (await intake.says("answered", asked))["article"] is None
    complaint = await new(intake)
    bare = await post(intake, complaint, "answers", text="三日内来修")
    assert (bare.status_code, bare.json()["errors"][0]["field"]) == (422, "article")
    nowhere = {"article_id": str(uuid4()), "version": 1}
    refused = await post(intake, complaint, "answers", text="三日内来修", article=nowhere)
    assert refused.status_code == 404, refused.text
    sql = "select article_id, version from article_version where state = 'published' limit 1"
    (row,) = await intake.rows(sql)
    article = {"article_id": str(row["article_id"]), "version": row["version"]}
    quoted = await post(intake, complaint, "answers", text="三日内来修", article=article)
    assert quoted.json()["state"] == "answered", quoted.text
    assert (await intake.says("answered", complaint))["article"] == article["article_id"]
    fire = await new(intake)
    wrong = await post(intake, fire, "transfers", to="911", note="x")
    assert {e["field"] for e in wrong.json()["errors"]} == {"note"}
    wrong = await post(intake, fire, "transfers", to="911")
    assert {e["field"] for e in wrong.json()["errors"]} == {"to"}
    assert (await post(intake, fire, "transfers", to="119")).json()["state"] == "transferred"
    assert "119" in await last_line(intake, fire)
    assert (await intake.says("transferred", fire))["to"] == "119"
    lists = await intake.http.get(
        f"{intake.url}/api/v1/settlements",
        headers={"Authorization": f"Bearer {_token()}"},
    )
    assert {"110", "119", "120", "122"} <= {each["code"] for each in lists.json()["transfer"]}


def _token() -> str:
    return issue_token(SECRET, role="operator", unit=None, name="测试员")


async def test_rejected_by_the_lead_and_appealed_once(intake: Intake) -> None:
    ticket_id = await new(intake)
    assert (await post(intake, ticket_id, "rejections", reason="unclear")).status_code == 403
    lead = {"role": "shift_lead", "reason": "unclear"}
    assert (await post(intake, ticket_id, "rejections", **lead)).json()["state"] == "rejected"
    assert (await intake.says("rejected", ticket_id))["reason"] == "unclear"
    appealed = await post(intake, ticket_id, "appeals", reason="我是赵小明，地点写明了")
    assert appealed.json()["state"] == "registered", appealed.text
    assert (await intake.says("appealed", ticket_id))["dispatch_by"]["rule"] == "2wh"
    assert "〔姓名〕" in await last_line(intake, ticket_id)
    await post(intake, ticket_id, "rejections", **lead)
    again = await post(intake, ticket_id, "appeals", reason="再看一看")
    assert (again.status_code, again.json()["code"]) == (409, "appealed_already")


async def test_voided_before_dispatch_only(intake: Intake) -> None:
    ticket_id = await new(intake)
    voided = await post(intake, ticket_id, "voids", "shift_lead", reason="registered_twice")
    assert voided.json()["state"] == "voided", voided.text
    assert (await intake.says("voided", ticket_id))["reason"] == "registered_twice"
    called, _ = await blown(intake)
    refused = await post(intake, called, "voids", "shift_lead", reason="test")
    assert (refused.status_code, refused.json()["state"]) == (409, "dispatched")


async def test_an_old_version_is_told_who_changed_what(intake: Intake) -> None:
    ticket_id = await new(intake)
    await post(intake, ticket_id, "supplements", text="南门外的那一盏")
    await post(intake, ticket_id, "info-requests", missing=["几号楼"], version=2)
    stale = await post(intake, ticket_id, "answers", text="三日内来修", version=1)
    assert stale.status_code == 409
    body = stale.json()
    assert (body["state"], body["version"]) == ("pending_info", 3)
    assert [(c["version"], c["what"], c["state"]) for c in body["changes"]] == [
        (2, "supplemented", "registered"),
        (3, "ask_info", "pending_info"),
    ]
    assert [c["who"] for c in body["changes"]] == ["受理员测试员"] * 2
    assert [c["zh"] for c in body["changes"]] == ["补充：南门外的那一盏", "请补充：几号楼"]
    assert (await intake.ticket(ticket_id))["version"] == 3


async def test_a_merged_ticket_is_called_back_with_the_one_it_follows(intake: Intake) -> None:
    parent_id, whistle = await blown(intake)
    child, grandchild = await new(intake), await new(intake)
    assert (await post(intake, grandchild, "merges", into=child)).json()["state"] == "merged"
    merged = await post(intake, child, "merges", into=parent_id)
    assert merged.json()["state"] == "merged", merged.text
    assert (await intake.says("merged", child))["into"] == parent_id
    again = await post(intake, child, "merges", into=parent_id)
    assert (again.status_code, again.json()["state"]) == (409, "merged")
    items = (await intake.call("GET", f"/{child}/relations")).json()["items"]
    assert {(i["relation"], i["ticket_id"]) for i in items} == {
        ("parent", parent_id),
        ("child", grandchild),
    }
    await post(intake, child, "supplements", text="我家门口也一样")  # reaches the units
    assert (await intake.says("supplemented", parent_id))["text"] == "我家门口也一样"
    await post(intake, grandchild, "urges")
    assert (await intake.says("urged", parent_id))["count"] == 1

    await whistle.acknowledge()
    await whistle.resolve(review="pending")
    await intake.ticket_in(parent_id, "resolved")
    assert (await intake.ticket(child))["state"] == "merged"
    await whistle.review_passed()
    for ticket_id in (parent_id, child, grandchild):
        ticket = await intake.ticket_in(ticket_id, "callback")
        assert any("已更换灯泡" in line["zh"] for line in ticket["timeline"])
        opened = await intake.says("callback_opened", ticket_id)
        assert opened["whistle_id"] == str(whistle.whistle_id)
    unsolved = {"result": "unsolved", "satisfaction": "unsatisfied"}
    out = await post(intake, child, "callbacks", "callback_clerk", **unsolved)
    assert (out.json()["state"], out.json()["round"]) == ("dispatched", 2)
    second = Whistle(intake, UUID(child), round=2)  # a whistle of its own
    await second.blow()
    await second.acknowledge()
    await intake.ticket_in(child, "processing")
    assert (await intake.ticket(parent_id))["state"] == "callback"


async def test_a_merge_is_undone_by_a_person_by_an_end_and_by_the_router(intake: Intake) -> None:
    parent_id, child = await new(intake), await new(intake)
    await post(intake, child, "merges", into=parent_id)
    path = f"/{child}/merges"
    assert (await intake.call("DELETE", path)).status_code == 403
    undone = await intake.call("DELETE", path, role="dispatcher")
    assert undone.json()["state"] == "registered", undone.text
    assert (await intake.says("merge_undone", child))["into"] == parent_id
    refused = await intake.call("DELETE", path, role="dispatcher")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_merged")

    await post(intake, child, "merges", into=parent_id)
    await intake.call("POST", f"/{parent_id}/withdrawals")
    assert (await intake.ticket(child))["state"] == "registered"

    other_id = await new(intake)
    called, whistle = await blown(intake)
    await whistle.acknowledge()
    await intake.ticket_in(called, "processing")
    assert (await post(intake, called, "merges", into=other_id)).json()["code"] == (
        "dispatcher_merges"
    )
    await post(intake, called, "merges", "dispatcher", into=other_id)
    await whistle.resolve()  # the router had the unit's word before it heard of the merge
    conflict = whistles.MergeConflict(
        **{**whistle._common(), "actor": SYSTEM}, ticket_id=UUID(called), into=UUID(other_id)
    )
    await intake.tell(conflict, at=utc_now())
    await intake.ticket_in(called, "callback")
    rows = await intake.rows("select undone from ticket_merge where ended_at is null")
    assert rows == []


async def test_linked_tickets_go_on(intake: Intake) -> None:
    one, two = await new(intake), await new(intake)
    linked = await post(intake, one, "links", "dispatcher", to=two)
    assert linked.json()["state"] == "registered", linked.text
    again = await post(intake, two, "links", "dispatcher", to=one)
    assert again.json()["version"] == 1  # said once
    assert (await intake.says("linked", one))["to"] == two
    items = (await intake.call("GET", f"/{two}/relations")).json()["items"]
    assert [(i["relation"], i["ticket_id"]) for i in items] == [("linked", one)]
    tip = await new(intake, type="tip_off")
    refused = await post(intake, one, "links", to=tip)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "to")


async def test_reopened_once(intake: Intake) -> None:
    ticket_id, whistle = await blown(intake)
    await whistle.acknowledge()
    await whistle.resolve()
    await intake.ticket_in(ticket_id, "callback")
    solved = {"result": "solved", "satisfaction": "satisfied"}
    await post(intake, ticket_id, "callbacks", "callback_clerk", **solved)
    opened = await post(intake, ticket_id, "reopenings", reason="好了一天又坏了")
    assert (opened.json()["state"], opened.json()["round"]) == ("dispatched", 2), opened.text
    fact = await intake.says("reopened", ticket_id)
    assert (fact["round"], fact["reason"]) == (2, "好了一天又坏了")
    second = Whistle(intake, UUID(ticket_id), round=2)
    await second.blow()
    await second.acknowledge()
    await second.resolve()
    await intake.ticket_in(ticket_id, "callback")
    await post(intake, ticket_id, "callbacks", "callback_clerk", **solved)
    again = await post(intake, ticket_id, "reopenings", reason="又又坏了")
    assert (again.status_code, again.json()["code"]) == (409, "once_only")


async def test_two_commands_at_once_do_not_both_count(intake: Intake) -> None:
    ticket_id = await new(intake, type="consult")
    answers = await asyncio.gather(
        post(intake, ticket_id, "answers", text="可以", version=1),
        post(intake, ticket_id, "transfers", to="110", version=1),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    lost = next(answer.json() for answer in answers if answer.status_code == 409)
    assert [change["version"] for change in lost["changes"]] == [2]


async def test_roles_fields_and_unknown_tickets(intake: Intake) -> None:
    nobody, ticket_id = str(uuid4()), await new(intake)
    for what, body in (
        ("info-requests", {"missing": ["几号楼"]}),
        ("supplies", {"text": "三号楼"}),
        ("answers", {"text": "可以"}),
        ("transfers", {"to": "110"}),
        ("rejections", {"reason": "unclear"}),
        ("appeals", {"reason": "地点写明了"}),
        ("voids", {"reason": "test"}),
        ("reopenings", {"reason": "又坏了"}),
        ("merges", {"into": ticket_id}),
        ("links", {"to": ticket_id}),
    ):
        found = await post(intake, nobody, what, "shift_lead", **body)
        assert found.status_code == 404, what
        assert (await post(intake, ticket_id, what, "auditor", **body)).status_code == 403, what
        empty = await post(intake, ticket_id, what, "shift_lead", version="x", more=1)
        fields = {error["field"] for error in empty.json()["errors"]}
        assert {"version", "more", *body} <= fields, what


async def test_what_ended_long_ago_is_archived(intake: Intake) -> None:
    ended = [await new(intake, type="consult") for _ in range(2)]
    for each in ended:
        await post(intake, each, "answers", text="可以办理")
    old, recent = ended
    await intake.rows(
        "update ticket set ended_at = ended_at - interval '30 days' where ticket_id = $1", UUID(old)
    )
    catalogue = load_catalogue()
    rules = Rules(
        catalogue=catalogue,
        gazetteer=Gazetteer(catalogue),
        limits=load_time_limits(),
        calendar=WorkCalendar(),
        city_prefix="1599",
    )
    connection = await asyncpg.connect(intake.dsn)
    try:
        for count in (1, 0):
            async with connection.transaction():
                assert await archive(connection, now=utc_now(), rules=rules) == count
    finally:
        await connection.close()
    assert [(await intake.ticket(each))["state"] for each in ended] == ["archived", "answered"]
    await intake.says("archived", old)
    assert (await intake.ticket(old))["ended_at"] < (await intake.ticket(recent))["ended_at"]
