"""Residents over HTTP: what they report, and what they do about their matter until it is rated."""

import uuid
from uuid import UUID

import pytest

from tests.support.intake import Intake
from tests.support.played_router import LEAD, Whistle
from tests.support.residents import LINK, Phone, jpeg, ticket_id_of

pytestmark = pytest.mark.xdist_group("residents")  # they share one service


async def test_a_photo_and_a_label_are_a_report(intake: Intake, mine: Phone) -> None:
    await mine.page("/r")
    kept = await mine.upload(jpeg())
    assert kept.status_code == 201, kept.text
    photo_id = kept.json()["photo_id"]
    number = await mine.reported(
        text=None, photo=photo_id, address=None, lat="41.6046", lon="108.3122"
    )
    ticket_id = await ticket_id_of(intake, number)
    fact = await intake.says("registered", ticket_id)
    assert (fact["channel"], fact["choice"], fact["category"]) == ("one_tap", "grid", "0205")
    assert fact["place"]["compound"] == "河湾锦苑"
    assert fact["title"] == "路灯不亮"
    assert len(fact["attachments"]) == 1
    assert fact["actor"]["role"] == "citizen"
    shown = await mine.page(f"/r/t/{number}")
    assert f"/photos/{photo_id}?size=thumb" in shown
    receipt = await mine.page(f"/r/t/{number}/receipt")
    assert "<svg" in receipt
    assert LINK.search(receipt)


async def test_without_scripts_the_form_itself_brings_the_photo(
    intake: Intake, mine: Phone
) -> None:
    files = [
        ("photos", ("a.jpg", jpeg(), "image/jpeg")),
        ("photos", ("", b"", "application/octet-stream")),  # the second chooser, left empty
    ]
    key = uuid.uuid4().hex
    answer = await mine.post("/r/reports", files=files, key=key, to="property", label="lift")
    assert answer.status_code == 303, answer.text
    target = answer.headers["location"]
    assert "已收到" in await mine.page(target)
    again = await mine.post("/r/reports", files=files, key=key, to="property", label="lift")
    assert again.headers["location"] == target
    number = target.split("/")[3]
    rows = await intake.rows(
        "select choice, category, no_location from ticket where number = $1", number
    )
    assert [tuple(row) for row in rows] == [("property", "0503", True)]


async def test_a_double_tap_is_one_ticket(intake: Intake, mine: Phone) -> None:
    key = uuid.uuid4().hex
    first = await mine.report(key=key)
    again = await mine.report(key=key, text="第二次点的时候又改了几个字")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["number"] == again.json()["number"]
    rows = await intake.rows("select from claim where key like $1", f"%{key}")
    assert len(rows) == 1


async def test_what_is_missing_is_said_plainly(mine: Phone) -> None:
    for fields, words in (
        ({"label": "nothing"}, "请先选一个问题"),
        ({"text": None}, "请拍一张照片"),
        ({"phone": "abc"}, "手机号不对"),
        ({"lat": "91", "lon": "0"}, "lat"),
        ({"photo": "no-uuid"}, "照片"),
        ({"photo": str(uuid.uuid4())}, "没有这张照片"),
    ):
        answer = await mine.report(**fields)
        assert answer.status_code == 422, (fields, answer.text)
        assert any(words in each["zh"] for each in answer.json()["errors"]), answer.text
    page = await mine.post("/r/reports", key=uuid.uuid4().hex, to="grid", label="lamp")
    assert page.status_code == 422
    assert "请拍一张照片" in page.text


async def test_another_site_cannot_post(mine: Phone) -> None:
    await mine.page("/r")
    data = {"key": uuid.uuid4().hex, "to": "grid", "label": "lamp", "text": "路灯不亮"}
    for path in ("/r/reports", "/r/urges", "/r/state", "/r/code", "/r/nearby", "/r/links"):
        answer = await mine.http.post(path, data=data, headers={"Accept": "application/json"})
        assert (path, answer.status_code, answer.json()["code"]) == (path, 403, "csrf")


async def test_a_phone_reports_ten_times_an_hour(mine: Phone) -> None:
    for _ in range(10):
        await mine.reported()
    refused = await mine.report()
    assert refused.status_code == 429
    assert refused.json()["code"] == "too_many"
    assert int(refused.headers["retry-after"]) > 0


async def test_the_way_to_the_rating(intake: Intake, mine: Phone, mobile: str) -> None:
    number = await mine.reported(phone=mobile)
    ticket_id = await ticket_id_of(intake, number)
    whistle = Whistle(intake, UUID(ticket_id))
    await whistle.blow()
    await intake.ticket_in(ticket_id, "dispatched")
    assert "接手" in await mine.page(f"/r/t/{number}")
    await whistle.acknowledge()
    await intake.ticket_in(ticket_id, "processing")
    shown = await mine.page(f"/r/t/{number}")
    assert "正在办理" in shown
    assert "王工" not in shown  # no official by name
    urged = await mine.post("/r/urges", number=number)
    assert urged.headers["location"] == f"/r/t/{number}?done=urged"
    assert "已经替您催了" in await mine.page(urged.headers["location"])
    again = await mine.post("/r/urges", number=number)
    assert again.status_code == 409
    photo_id = (await mine.upload(jpeg("blue"))).json()["photo_id"]
    added = await mine.post("/r/supplements", number=number, text="晚上更黑", photo=photo_id)
    assert added.status_code == 303, added.text
    fact = await intake.says("supplemented", ticket_id)
    assert (fact["text"], len(fact["attachments"])) == ("晚上更黑", 1)
    await whistle.resolve()
    await intake.ticket_in(ticket_id, "callback")
    shown = await mine.page(f"/r/t/{number}")
    assert "请您评价" in shown
    assert "已更换灯泡" in shown
    rated = await mine.post(
        "/r/ratings", number=number, result="solved", satisfaction="satisfied", note=""
    )
    assert rated.status_code == 303, rated.text
    await intake.ticket_in(ticket_id, "closed")
    assert "谢谢您" in await mine.page(f"/r/t/{number}")
    reopened = await mine.post("/r/reopenings", number=number, reason="又不亮了")
    assert reopened.status_code == 303, reopened.text
    await intake.ticket_in(ticket_id, "dispatched")
    assert "第 2 次办理" in await mine.page(f"/r/t/{number}")


async def test_withdrawn_ends_and_a_safety_matter_goes_on(intake: Intake, mine: Phone) -> None:
    number = await mine.reported()
    assert "撤回以后这件事就不再办理" in await mine.page(f"/r/t/{number}")
    await mine.post("/r/withdrawals", number=number)
    assert (await intake.ticket(await ticket_id_of(intake, number)))["state"] == "withdrawn"
    told = await mine.reported(label="building", confidential="true")
    assert "单位依照职责会继续处理" in await mine.page(f"/r/t/{told}")
    await mine.post("/r/withdrawals", number=told)
    assert (await intake.ticket(await ticket_id_of(intake, told)))["state"] == "registered"


async def test_a_confidential_report_hides_until_the_person_agrees(
    intake: Intake, mine: Phone, mobile: str
) -> None:
    number = await mine.reported(label="building", confidential="true", phone=mobile)
    ticket_id = await ticket_id_of(intake, number)
    fact = await intake.says("registered", ticket_id)
    assert (fact["type"], fact["confidential"], fact["contactable"]) == ("tip_off", True, False)
    assert fact["place"]["address"] is None
    whistle = Whistle(intake, UUID(ticket_id))
    await whistle.blow()
    await intake.ticket_in(ticket_id, "dispatched")
    body = {"purpose": "核实违建位置"}
    asked = await intake.call(
        "POST", f"/{ticket_id}/disclosures", role="handler", unit=LEAD, json=body
    )
    assert asked.status_code == 403
    assert "同意单位联系我" in await mine.page(f"/r/t/{number}")
    await mine.post("/r/agreements", number=number)
    given = await intake.call(
        "POST", f"/{ticket_id}/disclosures", role="handler", unit=LEAD, json=body
    )
    assert (given.status_code, given.json()["phone"]) == (200, mobile)
    looks = await mine.page(f"/r/t/{number}/looks")
    assert "核实违建位置" in looks
    assert "承办人" in looks
    assert "测试员" not in looks


async def test_words_of_any_kind_come_out_as_text(intake: Intake, mine: Phone) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}\"'&"
    number = await mine.reported(text=evil, address=f"河湾锦苑{evil}")
    await mine.post("/r/supplements", number=number, text=evil)
    for path in (f"/r/t/{number}", f"/r/t/{number}/receipt", "/r/mine"):
        shown = await mine.page(path)
        assert "<script>alert" not in shown
        assert "<img src=x" not in shown
    assert "&lt;script&gt;alert(1)" in await mine.page(f"/r/t/{number}")
    state = await mine.post("/r/state", number=evil, tail=evil)
    assert "<script>alert" not in state.text


async def test_pages_are_there_in_both_languages_and_for_no_scripts(mine: Phone) -> None:
    for path, words in (
        ("/r", "拍张照片"),
        ("/r/how", "怎么用"),
        ("/r/state", "查进度"),
        ("/r/code", "手机号"),
    ):
        assert words in await mine.page(path)
    english = await mine.http.get("/r", headers={"Accept-Language": "en"})
    assert "Take a photo" in english.text
    worker = await mine.http.get("/r/sw.js")
    assert worker.headers["service-worker-allowed"] == "/r"
    assert worker.headers["content-type"].startswith("text/javascript")


async def test_danger_is_told_by_voice_and_a_critical_label_makes_it_critical(
    intake: Intake, mine: Phone
) -> None:
    form = await mine.page("/r")
    assert form.index('href="tel:119"') < form.index('name="label"'), "before anything is filled in"
    for number in ("110", "119", "120", "12345"):
        assert f'href="tel:{number}"' in form
    for label, urgency in (("pipe_leak", "critical"), ("lamp", "normal")):
        number = await mine.reported(label=label, text="路口往东第二个井盖旁边")
        (row,) = await intake.rows("select urgency from ticket where number = $1", number)
        assert row["urgency"] == urgency
        receipt = await mine.page(f"/r/t/{number}/receipt")
        assert ('href="tel:119"' in receipt) == (urgency == "critical")


async def test_a_rejection_may_be_appealed_once(intake: Intake, mine: Phone) -> None:
    number = await mine.reported()
    ticket_id = await ticket_id_of(intake, number)
    rejected = await intake.call(
        "POST", f"/{ticket_id}/rejections", role="shift_lead", json={"reason": "unclear"}
    )
    assert rejected.status_code == 200, rejected.text
    assert "我要申诉" in await mine.page(f"/r/t/{number}")
    assert (await mine.post("/r/appeals", number=number, reason="  ")).status_code == 422
    appealed = await mine.post("/r/appeals", number=number, reason="确实没修过")
    assert appealed.headers["location"].endswith("done=appealed")
    assert (await intake.ticket(ticket_id))["state"] == "registered"


async def test_joining_links_and_leaves_the_merging_to_a_person(
    intake: Intake, mine: Phone, other: Phone
) -> None:
    first = await mine.reported(label="lift", address="河湾锦苑5号楼", text="5号楼电梯停了")
    token = await other.csrf()
    near = await other.http.post(
        "/r/nearby",
        json={"label": "lift", "text": "5号楼电梯坏了", "address": "河湾锦苑5号楼"},
        headers={"X-CSRF-Token": token},
    )
    found = near.json()["items"]
    assert [each["ticket_id"] for each in found] == [await ticket_id_of(intake, first)]
    assert "5号楼电梯停了" not in near.text
    assert first not in near.text
    joins = found[0]["ticket_id"]
    own = await other.reported(label="lift", address="河湾锦苑5号楼", text="电梯坏了", joins=joins)
    ticket_id = await ticket_id_of(intake, own)
    linked = await intake.says("linked", ticket_id)
    assert (linked["to"], linked["actor"]["role"]) == (joins, "citizen")
    assert (await intake.ticket(ticket_id))["state"] == "registered"
    # neither learns the other's number
    assert "有关联" in await other.page(f"/r/t/{own}")
    assert first not in await other.page(f"/r/t/{own}")
    assert own not in await mine.page(f"/r/t/{first}")
    # another kind, an ended one or a hidden one is not joined
    elsewhere = await other.report(label="noise", joins=joins)
    assert "joined" not in elsewhere.json()["url"]
    await mine.post("/r/withdrawals", number=first)
    too_late = await other.report(label="lift", joins=joins)
    assert "joined" not in too_late.json()["url"]


async def test_signs_that_no_database_keeps_are_refused(mine: Phone) -> None:
    number = await mine.reported()
    for path, fields in (
        ("/r/supplements", {"text": "a\0b"}),
        ("/r/reopenings", {"reason": "a\0b"}),
        ("/r/ratings", {"result": "solved", "satisfaction": "satisfied", "note": "a\0b"}),
        ("/r/appeals", {"reason": "a\0b"}),
    ):
        answer = await mine.post(path, number=number, **fields)
        assert (path, answer.status_code) == (path, 422)
    for path, fields in (
        ("/r/urges", {"number": "a\0b"}),
        ("/r/urges", {"number": ""}),
        ("/r/state", {"number": "a\0b", "tail": "\0"}),
        ("/r/code", {"phone": "\0"}),
        ("/r/code/uses", {"phone": "139", "code": "\0"}),
    ):
        answer = await mine.post(path, **fields)
        assert answer.status_code in (403, 422), (path, answer.status_code)
    assert (await mine.report(text="a\0b")).status_code == 422
    assert (await mine.report(address="a\0b")).status_code == 422
