"""The desk behind its pages: calls come up live, drafts survive, numbers stay sealed."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from pydantic import SecretStr

from deploy.city.call_centre import CENTRE, Call, whole_call
from deploy.city.calls import Line
from deploy.local.ports import free_base
from shared.web.identity import issue_token
from tests.support.intake import KEY, STREET_LAMP, Intake, served, settings
from tests.support.serving import SECRET
from tests.support.waiting import eventually

PHONE = "13900007788"
FORM = {"phone": PHONE, "name": "钱多多", "description": "小区北门路灯坏了三天了"}


def headers(name: str = "甲", role: str = "operator") -> dict[str, str]:
    return {"Authorization": f"Bearer {issue_token(SECRET, role=role, name=name)}"}


async def ask(
    intake: Intake,
    method: str,
    path: str,
    body: Any = None,
    *,
    name: str = "甲",
    role: str = "operator",
    url: str | None = None,
) -> httpx.Response:
    return await intake.http.request(
        method, f"{url or intake.url}/api/v1{path}", json=body, headers=headers(name, role)
    )


async def tell(
    intake: Intake, kind: str, call_id: str, *, operator: str = "甲", url: str | None = None
) -> httpx.Response:
    body = {"type": f"call.{kind}", "call_id": call_id, "phone": PHONE, "operator": operator}
    return await ask(intake, "POST", "/calls", body, role="system", url=url)


async def told(lines: AsyncIterator[str], *, until: Any) -> list[dict[str, Any]]:
    """The calls as the stream tells them, once they are so."""
    async with asyncio.timeout(10):
        async for line in lines:
            if line.startswith("data: "):
                calls: list[dict[str, Any]] = json.loads(line.removeprefix("data: "))
                if until(calls):
                    return calls
    raise AssertionError("the stream ended")


async def test_a_call_comes_up_at_its_desk_wherever_it_was_posted(
    intake: Intake, kafka: str
) -> None:
    other = settings(intake.dsn, kafka, intake.prefix, free_base())
    async with (
        served(other) as second,
        intake.http.stream("GET", f"{intake.url}/api/v1/calls/stream", headers=headers()) as stream,
    ):
        lines = stream.aiter_lines()
        assert await told(lines, until=lambda calls: True) == []
        assert (await tell(intake, "ringing", "c-1", url=second)).status_code == 200
        (call,) = await told(lines, until=lambda calls: calls)
        assert (call["call_id"], call["phone"], call["state"]) == ("c-1", PHONE, "ringing")
        # another desk's call is not shown here, one to this desk's extension is
        await ask(intake, "PUT", "/desk/extension", {"extension": "8001"})
        await tell(intake, "ringing", "c-2", operator="乙")
        await tell(intake, "ringing", "c-3", operator="8001")
        calls = await told(lines, until=lambda calls: len(calls) == 2)
        assert [each["call_id"] for each in calls] == ["c-1", "c-3"]
        await tell(intake, "answered", "c-1", url=second)
        calls = await told(lines, until=lambda calls: calls[0]["state"] == "answered")
        await tell(intake, "ended", "c-3")
        await tell(intake, "ended", "c-1")
        await told(lines, until=lambda calls: not calls)
    again = (await tell(intake, "answered", "c-1")).json()
    assert again["state"] == "ended"
    assert (await tell(intake, "ended", "never-rang")).status_code == 404


async def test_the_simulated_call_centre_rings_answers_and_hangs_up(intake: Intake) -> None:
    line = Line(intake.http, intake.url, CENTRE, SECRET)
    call = Call(phone=PHONE, operator="甲")
    await whole_call(line, call, rings=0.01, lasts=0.01, stop=asyncio.Event())
    (row,) = await intake.rows("select * from phone_call")
    assert (row["call_id"], row["state"]) == (call.call_id, "ended")
    assert row["answered_at"] is not None
    told = asyncio.Event()
    told.set()  # Ctrl+C while it rings
    await whole_call(line, Call(phone=None, operator="甲"), rings=60, lasts=60, stop=told)
    (row,) = await intake.rows("select * from phone_call where sealed is null")
    assert (row["state"], row["answered_at"]) == ("ended", None)


async def test_the_screen_has_open_tickets_first_and_how_to_read_them_out(intake: Intake) -> None:
    reporter = {"name": "钱多多", "phone": PHONE}
    done = await intake.registered(reporter=reporter)
    await intake.call("POST", f"/{done['ticket_id']}/withdrawals")
    running = [await intake.registered(reporter=reporter) for _ in range(2)]
    newest = await intake.registered(reporter=reporter)
    await intake.call("POST", f"/{newest['ticket_id']}/withdrawals")
    await intake.registered()  # another caller's
    await tell(intake, "ringing", "c-1")
    screen = (await ask(intake, "GET", "/calls/c-1")).json()
    assert screen["tickets_in_all"] == 4
    assert [each["ticket_id"] for each in screen["tickets"]] == [
        running[1]["ticket_id"], running[0]["ticket_id"], newest["ticket_id"], done["ticket_id"],
    ]  # fmt: skip
    first = screen["tickets"][0]
    assert running[1]["number"][-5:] in first["read_out"]
    assert "已经登记" in first["read_out"]
    assert first["due"] is not None
    assert screen["tickets"][2]["due"] is None
    # nobody else's desk has it
    assert (await ask(intake, "GET", "/calls/c-1", name="乙")).status_code == 404
    assert (await ask(intake, "GET", "/calls/c-1", name="丙", role="shift_lead")).status_code == 200


async def test_two_tabs_on_a_draft_overwrite_nothing(intake: Intake) -> None:
    path = f"/drafts/{uuid4()}"
    first = await ask(intake, "PUT", path, {"version": 0, "form": FORM})
    assert (first.status_code, first.json()["version"]) == (200, 1)
    # the answer was lost and the page tries again
    assert (await ask(intake, "PUT", path, {"version": 0, "form": FORM})).json()["version"] == 1
    longer = {**FORM, "description": FORM["description"] + "，晚上看不见"}
    assert (await ask(intake, "PUT", path, {"version": 1, "form": longer})).json()["version"] == 2
    stale = await ask(intake, "PUT", path, {"version": 1, "form": {**FORM, "name": "别人"}})
    assert (stale.status_code, stale.json()["code"]) == (409, "draft_changed")
    assert stale.json()["version"] == 2
    kept = (await ask(intake, "GET", path)).json()
    assert kept["form"]["description"] == longer["description"]
    assert (await ask(intake, "GET", path, name="乙")).status_code == 404
    # half a phone number and 20,000 characters are kept as they are
    odd = {**FORM, "phone": "139", "description": "长" * 20_000, "occurred_at": "昨天"}
    assert (await ask(intake, "PUT", path, {"version": 2, "form": odd})).status_code == 200
    assert (await ask(intake, "GET", path)).json()["form"]["phone"] == "139"
    assert (await ask(intake, "DELETE", path)).status_code == 204
    assert (await ask(intake, "GET", "/drafts")).json() == {"items": []}


async def test_a_new_call_of_the_number_reopens_the_draft_at_the_desk_it_rings_at(
    intake: Intake,
) -> None:
    await tell(intake, "ringing", "c-1")
    path = f"/drafts/{uuid4()}"
    await ask(intake, "PUT", path, {"version": 0, "form": FORM, "call_id": "c-1"})
    await tell(intake, "ended", "c-1")
    await tell(intake, "ringing", "c-2", operator="乙")
    (draft,) = (await ask(intake, "GET", "/calls/c-2", name="乙")).json()["drafts"]
    assert path.endswith(draft["draft_id"])
    # only with the call
    assert (await ask(intake, "GET", path, name="乙")).status_code == 404
    opened = await ask(intake, "GET", f"{path}?call_id=c-2", name="乙")
    assert (opened.json()["version"], opened.json()["form"]["name"]) == (2, "钱多多")
    # the first desk is told, and overwrites nothing
    late = await ask(intake, "PUT", path, {"version": 1, "form": {**FORM, "name": "旧"}})
    assert (late.status_code, late.json()["code"]) == (409, "draft_changed")


async def test_a_form_is_registered_once_with_what_the_desk_notes(intake: Intake) -> None:
    await tell(intake, "ringing", "c-1")
    path = f"/drafts/{uuid4()}"
    await ask(intake, "PUT", path, {"version": 0, "form": FORM, "call_id": "c-1"})
    body = {
        "version": 1,
        "ticket": {**STREET_LAMP, "urgency": "urgent"},
        "language": "mn",
        "call_id": "c-1",
    }
    wrong = await ask(intake, "POST", f"{path}/submissions", body)
    assert [each["field"] for each in wrong.json()["errors"]] == ["urgency_reason"]
    assert (await ask(intake, "GET", path)).status_code == 200  # nothing typed is lost
    body["urgency_reason"] = "路口夜间事故，联系13900001111"
    stale = await ask(intake, "POST", f"{path}/submissions", {**body, "version": 7})
    assert (stale.status_code, stale.json()["code"]) == (409, "draft_changed")
    made = await ask(intake, "POST", f"{path}/submissions", body)
    assert made.status_code == 201, made.text
    again = await ask(intake, "POST", f"{path}/submissions", body)
    assert (again.status_code, again.json()) == (200, made.json())
    assert (await ask(intake, "GET", path)).status_code == 404
    (noted,) = await intake.rows("select * from taken_down")
    assert (str(noted["ticket_id"]), noted["account"]) == (made.json()["ticket_id"], "甲")
    assert (noted["language"], noted["urgency_reason"]) == ("mn", "路口夜间事故，联系〔电话〕")
    (call,) = await intake.rows("select ticket_id from phone_call")
    assert call["ticket_id"] == noted["ticket_id"]


async def submit(intake: Intake, **more: Any) -> httpx.Response:
    body = {"version": 0, "ticket": STREET_LAMP, **more}
    return await ask(intake, "POST", f"/drafts/{uuid4()}/submissions", body)


async def test_a_ticket_ends_or_joins_in_one_breath_and_nobody_is_whistled(intake: Intake) -> None:
    done = await submit(intake, transfer={"to": "119"})
    assert done.status_code == 201, done.text
    ticket_id = done.json()["ticket_id"]
    assert (await intake.ticket(ticket_id))["state"] == "transferred"
    assert (await intake.says("registered", ticket_id))["settled"] is True
    assert (await intake.says("transferred", ticket_id))["to"] == "119"
    parent = await intake.registered()
    join = {"ticket_id": parent["ticket_id"], "how": "merge"}
    child = (await submit(intake, join=join)).json()
    assert (await intake.ticket(child["ticket_id"]))["state"] == "merged"
    assert (await intake.says("merged", child["ticket_id"]))["into"] == parent["ticket_id"]
    linked = (await submit(intake, join={**join, "how": "link"})).json()
    assert (await intake.ticket(linked["ticket_id"]))["state"] == "registered"
    assert (await intake.says("registered", linked["ticket_id"]))["settled"] is False
    # what cannot follow leaves nothing behind
    before = len(await intake.rows("select from ticket"))
    answer = {"text": "您好，已记下，会尽快来修。"}
    refused = await submit(intake, answer=answer)  # a complaint, and no article
    assert [each["field"] for each in refused.json()["errors"]] == ["article"]
    unknown = {**answer, "article": {"article_id": str(uuid4()), "version": 1}}
    assert (await submit(intake, answer=unknown)).status_code == 404
    twice = await submit(intake, answer=answer, transfer={"to": "110"})
    assert twice.status_code == 422
    assert len(await intake.rows("select from ticket")) == before
    consult = {**STREET_LAMP, "type": "consult"}
    told = (await submit(intake, ticket=consult, answer=answer)).json()
    assert (await intake.ticket(told["ticket_id"]))["state"] == "answered"


async def test_a_marked_number_needs_a_word_and_an_emergency_none(intake: Intake) -> None:
    mark = {"phone": "139 0000 7788", "reason": "半年内反复拨打辱骂"}
    assert (await ask(intake, "POST", "/harassment-marks", mark)).status_code == 403
    made = await ask(intake, "POST", "/harassment-marks", mark, name="班长", role="shift_lead")
    assert made.status_code == 201, made.text
    twice = await ask(intake, "POST", "/harassment-marks", mark, name="班长", role="shift_lead")
    assert twice.json()["code"] == "marked_already"
    # the call comes up all the same
    await tell(intake, "ringing", "c-1")
    screen = (await ask(intake, "GET", "/calls/c-1")).json()
    assert screen["mark"]["reason"] == mark["reason"]
    ticket = {**STREET_LAMP, "reporter": {"phone": PHONE}}
    held = await ask(
        intake, "POST", f"/drafts/{uuid4()}/submissions", {"version": 0, "ticket": ticket}
    )
    assert (held.status_code, held.json()["code"]) == (409, "marked_number")
    for more in (
        {"confirmed": True, "ticket": ticket},
        {"ticket": {**ticket, "urgency": "critical"}, "urgency_reason": "有人被困"},
    ):
        body = {"version": 0, **more}
        done = await ask(intake, "POST", f"/drafts/{uuid4()}/submissions", body)
        assert done.status_code == 201, done.text
    path = f"/harassment-marks/{made.json()['mark_id']}"
    assert (await ask(intake, "DELETE", path, role="shift_lead")).status_code == 204
    assert (await ask(intake, "GET", "/calls/c-1")).json()["mark"] is None


async def test_nothing_of_a_caller_is_kept_in_the_open(intake: Intake) -> None:
    await tell(intake, "ringing", "c-1")
    await ask(intake, "PUT", f"/drafts/{uuid4()}", {"version": 0, "form": FORM})
    await ask(intake, "POST", "/caller-notes", {"phone": PHONE, "text": "钱多多听力不好"})
    await ask(
        intake,
        "POST",
        "/harassment-marks",
        {"phone": PHONE, "reason": "反复拨打"},
        role="shift_lead",
    )
    screen = (await ask(intake, "GET", "/calls/c-1")).json()
    assert [each["text"] for each in screen["notes"]] == ["钱多多听力不好"]
    for table in ("phone_call", "draft", "caller_note", "harassment_mark"):
        (row,) = await intake.rows(f"select {table}::text as row, sealed from {table}")  # noqa: S608 - names of ours
        for word in (PHONE, "钱多多", "路灯"):
            assert word not in row["row"]
            assert word.encode() not in row["sealed"]


async def test_after_a_new_key_numbers_are_found_still_and_at_their_term_they_go(
    intake: Intake, kafka: str, tmp_path: Path
) -> None:
    path = f"/drafts/{uuid4()}"
    await tell(intake, "ringing", "c-1")
    await ask(intake, "PUT", path, {"version": 0, "form": FORM})
    await ask(intake, "POST", "/caller-notes", {"phone": PHONE, "text": "听力不好"})
    mark = {"phone": PHONE, "reason": "反复拨打"}
    await ask(intake, "POST", "/harassment-marks", mark, role="shift_lead")
    key = SecretStr(base64.b64encode(b"n" * 32).decode())
    new_key = {"vault_key": key, "vault_old_keys": SecretStr(KEY)}
    made = settings(intake.dsn, kafka, intake.prefix, free_base())
    async with served(made.model_copy(update=new_key)):
        await eventually(lambda: keys(intake), until=lambda found: len(found) == 1)
    # the new key alone opens and finds everything
    made = settings(intake.dsn, kafka, intake.prefix, free_base())
    async with served(made.model_copy(update={"vault_key": key})) as url:
        screen = (await ask(intake, "GET", "/calls/c-1", url=url)).json()
        assert screen["phone"] == PHONE
        assert [each["text"] for each in screen["notes"]] == ["听力不好"]
        assert (screen["mark"]["reason"], len(screen["drafts"])) == ("反复拨打", 1)
        assert (await ask(intake, "GET", path, url=url)).json()["form"]["name"] == "钱多多"
    clock = tmp_path / "clock.json"
    moments = {"wall0": "1970-01-01T00:00:00Z", "domain0": "1970-01-09T00:00:00Z", "rate": 1}
    clock.write_text(json.dumps({"segments": [moments]}))
    made = settings(intake.dsn, kafka, intake.prefix, free_base(), clock_file=clock)

    async def left() -> int:
        (row,) = await intake.rows(
            "select (select count(*) from draft)"
            " + (select count(*) from phone_call where sealed is not null) as rows"
        )
        return int(row["rows"])

    async with served(made.model_copy(update={"vault_key": key})):
        await eventually(left, until=lambda rows: rows == 0)
    assert len(await intake.rows("select from phone_call")) == 1


async def keys(intake: Intake) -> set[str]:
    """The ids of the keys under which the desk keeps anything."""
    tables = ("phone_call", "draft", "caller_note", "harassment_mark")
    found = [await intake.rows(f"select key_id from {each}") for each in tables]  # noqa: S608
    return {row["key_id"] for rows in found for row in rows}
