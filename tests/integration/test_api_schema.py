"""Schemathesis over every endpoint of intake: whatever is sent is answered as documented."""

import asyncio
import uuid
from datetime import timedelta
from typing import Any

from shared.contracts.parts import Role
from tests.support.exploring import explore, headers_by
from tests.support.intake import Intake, utc_now
from tests.support.rights import matrix, open_routes

MATRIX = matrix("intake")
OPEN = open_routes("intake")

# of the table, those that are a person's desk: the others may know no account
PREFERRED = (Role.SHIFT_LEAD, Role.SUPERVISOR, Role.OPS, Role.OPERATOR)
headers = headers_by(MATRIX, PREFERRED)


async def made(intake: Intake, route: str, path: str = "", **body: Any) -> Any:
    """What a route makes of a body."""
    method, _, template = route.partition(" ")
    url = f"{intake.url}{path or template}"
    answer = await intake.http.request(method, url, headers=headers(route), json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def living(intake: Intake) -> dict[str, list[str]]:
    """Things that are there, by the parameter that names them."""
    tickets = [(await intake.registered(title=f"第{each}盏路灯"))["ticket_id"] for each in "一二三"]
    draft_id = str(uuid.uuid4())
    await made(
        intake, "PUT /api/v1/drafts/{draft_id}", f"/api/v1/drafts/{draft_id}", version=0, form={}
    )
    call = await made(
        intake,
        "POST /api/v1/calls",
        type="call.ringing",
        call_id="call-1",
        phone="13900001111",
        operator="测试员",
    )
    article = await made(
        intake,
        "POST /api/v1/knowledge",
        title="路灯报修",
        body="路灯由城市照明中心维修，三天之内。",
        owner_unit="C-CGJ",
        expires_on="2030-01-01",
    )
    phrase = await made(intake, "POST /api/v1/phrases", use="answer", title="谢谢", body="感谢来电")
    view = await made(intake, "POST /api/v1/views", name="全部", query="")
    await made(intake, "POST /api/v1/sources", system="cg", name="城管")
    note = await made(intake, "POST /api/v1/caller-notes", phone="13900001111", text="常来电")
    mark = await made(
        intake, "POST /api/v1/harassment-marks", phone="13900002222", reason="反复骚扰"
    )
    ends_at = (utc_now() + timedelta(days=9)).isoformat()
    campaign = await made(
        intake,
        "POST /api/v1/ratings/campaigns",
        title="满意度",
        subject_kind="event",
        subject="社区开放日",
        ends_at=ends_at,
        codes=2,
    )
    return {
        "ticket_id": tickets,
        "draft_id": [draft_id],
        "call_id": [call["call_id"]],
        "article_id": [article["article_id"]],
        "phrase_id": [phrase["phrase_id"]],
        "view_id": [view["view_id"]],
        "system": ["cg"],
        "note_id": [note["note_id"]],
        "mark_id": [mark["mark_id"]],
        "campaign_id": [campaign["campaign"]["campaign_id"]],
    }


async def test_whatever_is_sent_is_answered_as_documented(intake: Intake) -> None:
    known = await living(intake)
    answers, wrong = await asyncio.to_thread(explore, intake.url, MATRIX, known, headers)
    assert not wrong, f"{len(wrong)} wrong\n" + "\n\n".join(wrong[:20])
    missing = {each for each in MATRIX if "/api/" in each} - answers.keys()
    assert not missing
    # it came past the door, and somewhere further
    shut = {each for each in answers if "/api/" in each and answers[each] <= {401, 403}}
    assert not shut
    good = [each for each in answers if any(status < 300 for status in answers[each])]
    assert len(good) > len(answers) / 2, sorted(answers.keys() - set(good))


async def test_nobody_is_answered_without_a_token(intake: Intake) -> None:
    answers, wrong = await asyncio.to_thread(explore, intake.url, MATRIX, {}, None)
    assert not wrong, "\n\n".join(wrong[:20])
    asked = {each: seen for each, seen in answers.items() if each not in OPEN}
    assert len(asked) > 80
    # an address that cannot be read is refused before anybody asks who is calling
    let_in = {each: seen for each, seen in asked.items() if not seen <= {401, 404, 405, 422}}
    assert not let_in


BROKEN_FORM = b'--x\r\nContent-Disposition: form-data; name="a\x00"\r\n\r\n1\r\n--x--'


ONCE_BROKEN: list[tuple[str, str, dict[str, Any]]] = [
    ("POST /api/v1/tickets", "", {"json": {"channel": {}, "description": "x", "place": {}}}),
    ("PUT /api/v1/desk/extension", "", {"json": {"extension": "1" * 51}}),
    ("GET /api/v1/tickets", "", {"params": {"source_system": "a\x00"}}),
    ("GET /api/v1/calls/{call_id}", "/api/v1/calls/a%00", {}),
    (
        "POST /api/v1/photos",
        "",
        {"content": BROKEN_FORM, "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
    ),
]


async def test_what_once_had_no_answer_is_refused(intake: Intake) -> None:
    for route, path, sent in ONCE_BROKEN:
        method, _, template = route.partition(" ")
        given = {**headers(route), **sent.get("headers", {})}
        answer = await intake.http.request(
            method, f"{intake.url}{path or template}", **{**sent, "headers": given}
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), route
