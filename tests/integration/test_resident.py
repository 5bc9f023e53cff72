"""Residents over HTTP: report, follow by link, number or code, act; nobody sees another's."""

import re
import secrets
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from deploy.city.sms_gateway import Gateway, create_app
from services.intake.app import MIGRATIONS
from services.intake.codes import CODE_LIVES
from services.intake.domain.links import Grant, link_token, signing_key
from services.intake.domain.number import check_digit
from shared.runtime.clock import wall_now
from tests.support.intake import SECRET, Intake, intake_on
from tests.support.played_router import LEAD, Whistle
from tests.support.receiver import served_app
from tests.support.residents import LINK, Phone, jpeg, phone
from tests.support.stack import Servers, topic_prefix
from tests.support.waiting import eventually

SMS_KEY = "a key for tests"
pytestmark = pytest.mark.xdist_group("residents")  # they share one service


@pytest.fixture(scope="module")
async def gateway() -> AsyncIterator[tuple[Gateway, str]]:
    app = create_app(SMS_KEY)
    async with served_app(app) as url:
        yield app.state.gateway, f"{url}/messages"


@pytest.fixture(scope="module")
async def intake(servers: Servers, gateway: tuple[Gateway, str]) -> AsyncIterator[Intake]:
    """One for all of these tests: nobody of them sees what another reported."""
    prefix = topic_prefix()
    await servers.make_topics(prefix, [])
    dsn = await servers.fresh_database(MIGRATIONS)
    async with intake_on(
        dsn, servers.kafka_bootstrap, prefix, sms_url=gateway[1], sms_key=SMS_KEY
    ) as made:
        yield made
    await servers.drop_database(dsn)


@pytest.fixture
async def mine(intake: Intake) -> AsyncIterator[Phone]:
    async with phone(intake.url) as made:
        yield made


@pytest.fixture
async def other(intake: Intake) -> AsyncIterator[Phone]:
    async with phone(intake.url) as made:
        yield made


@pytest.fixture
def mobile() -> str:
    """A number no other test uses."""
    return f"139{secrets.randbelow(10**8):08d}"


async def message(gateway: Gateway, to: str, *, with_words: str = "") -> str:
    """The newest text message to a phone."""

    async def look() -> list[dict[str, Any]]:
        return [each for each in gateway.messages(to) if with_words in each["text"]]

    text: str = (await eventually(look))[0]["text"]
    return text


async def ticket_id_of(intake: Intake, number: str) -> str:
    rows = await intake.rows("select ticket_id from ticket where number = $1", number)
    return str(rows[0]["ticket_id"])


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


async def test_number_and_link_come_by_sms_and_open_the_matter(
    intake: Intake, mine: Phone, other: Phone, gateway: tuple[Gateway, str], mobile: str
) -> None:
    spoken = f"{mobile[:3]} {mobile[3:7]}-{mobile[7:]}"
    number = await mine.reported(phone=spoken, text="路灯坏了，我住2单元501")
    text = await message(gateway[0], mobile)
    assert number in text
    token = LINK.search(text)[1]  # type: ignore[index]
    opened = await other.http.get(f"/t/{token}")
    assert (opened.status_code, opened.headers["location"]) == (303, f"/r/t/{number}")
    shown = await other.page(f"/r/t/{number}")
    assert "正在找负责的单位" in shown
    assert "501" not in shown  # what units see is what is shown
    assert number in await other.page("/r/mine")
    # the desk's tickets too
    receipt = await intake.registered(reporter={"name": "王芳", "phone": "13800005566"})
    assert receipt["number"] in await message(gateway[0], "13800005566")
    # no phone, no message; a landline takes none
    for reporter in ({"phone": "0478-8912345"}, {}):
        silent = (await intake.registered(reporter=reporter))["ticket_id"]
        assert not await intake.rows("select from delivery where about = $1", UUID(silent))
    rows = await intake.rows("select recipient, values::text from delivery")
    assert not [
        row
        for row in rows
        if mobile in f"{row['recipient']}{row['values']}" or "/t/" in row["values"]
    ]


async def test_altered_expired_and_revoked_links_open_nothing(
    intake: Intake, mine: Phone, other: Phone
) -> None:
    number = await mine.reported()
    ticket_id = UUID(await ticket_id_of(intake, number))
    key = signing_key(SECRET)
    now = wall_now()
    old = link_token(key, Grant(ticket_id=ticket_id), now=now - timedelta(days=200))
    unknown = link_token(key, Grant(ticket_id=uuid.uuid4()), now=now)
    good = link_token(key, Grant(ticket_id=ticket_id), now=now)
    for token in (old, unknown, "x" * 36, good[:-1] + ("A" if good[-1] != "A" else "B")):
        answer = await other.http.get(f"/t/{token}")
        assert answer.status_code == 404
        assert "已经过期或者作废" in answer.text
    assert (await other.http.get(f"/t/{good}")).status_code == 303
    await other.page(f"/r/t/{number}")
    renewed = await mine.post("/r/links", number=number)
    assert renewed.status_code == 303
    # the old link is dead, and so is the session it had opened
    assert (await other.http.get(f"/t/{good}")).status_code == 404
    assert (await other.http.get(f"/r/t/{number}")).status_code == 403
    shown = await mine.page(f"/r/t/{number}/receipt")
    link = LINK.search(shown)[1]  # type: ignore[index]
    assert (await other.http.get(f"/t/{link}")).status_code == 303


async def test_a_get_of_a_link_casts_nothing(intake: Intake, mine: Phone, other: Phone) -> None:
    number = await mine.reported()
    ticket_id = await ticket_id_of(intake, number)
    token = link_token(signing_key(SECRET), Grant(ticket_id=UUID(ticket_id)), now=wall_now())
    before = await intake.ticket(ticket_id)
    for _ in range(3):
        await other.http.get(f"/t/{token}", follow_redirects=True)
    for path in ("/r/urges", "/r/withdrawals", "/r/reopenings", "/r/ratings", "/r/links"):
        answer = await other.http.get(path, params={"number": number})
        assert answer.status_code == 405
    assert (await intake.ticket(ticket_id))["version"] == before["version"]


async def test_another_persons_ticket_is_refused_everywhere(
    intake: Intake, mine: Phone, other: Phone
) -> None:
    number = await mine.reported(text="我家的事只有我能看")
    own = await other.reported(text="别人的事情")
    ticket_id = await ticket_id_of(intake, number)
    version = (await intake.ticket(ticket_id))["version"]
    missing = "1599202611219999990"
    for path in ("", "/receipt", "/looks"):
        answers = [await other.http.get(f"/r/t/{each}{path}") for each in (number, missing)]
        assert [each.status_code for each in answers] == [403, 403]
        assert "我家的事" not in answers[0].text
        assert re.sub(r"\d{19}", "", answers[0].text) == re.sub(r"\d{19}", "", answers[1].text)
    for path, fields in (
        ("/r/urges", {}),
        ("/r/withdrawals", {}),
        ("/r/supplements", {"text": "偷偷加一句"}),
        ("/r/reopenings", {"reason": "再来一次"}),
        ("/r/ratings", {"result": "solved", "satisfaction": "satisfied"}),
        ("/r/agreements", {}),
        ("/r/links", {}),
        ("/r/leavings", {}),
    ):
        answer = await other.post(path, number=number, **fields)
        assert (path, answer.status_code) == (path, 403)
    assert (await intake.ticket(ticket_id))["version"] == version
    listed = await other.page("/r/mine")
    assert own in listed
    assert number not in listed
    # another's photo cannot be named either
    photo_id = (await mine.upload(jpeg())).json()["photo_id"]
    assert (await other.report(photo=photo_id)).status_code == 422


async def test_number_and_tail_show_the_state_alone_five_times(
    intake: Intake, mine: Phone, other: Phone, mobile: str
) -> None:
    number = await mine.reported(phone=mobile, text="只有本人能看的话")
    right = await other.post(
        "/r/state", number=f"{number[:4]} {number[4:12]}-{number[12:]}", tail=mobile[-4:]
    )
    assert right.status_code == 200
    assert "已经收到" in right.text
    assert "只有本人能看的话" not in right.text
    assert "shaodao_resident" not in right.headers.get("set-cookie", "")
    wrong = await other.post("/r/state", number=number, tail="0000")
    assert wrong.status_code == 404
    for _ in range(3):
        await other.post("/r/state", number=number, tail="0001")
    for phone_ in (other, mine):  # counted for the number, whoever asks
        refused = await phone_.post("/r/state", number=number, tail=mobile[-4:])
        assert refused.status_code == 429
        assert "一小时只能查 5 次" in refused.text


async def test_a_number_that_is_none_is_answered_as_a_wrong_tail(
    intake: Intake, mine: Phone, other: Phone, mobile: str
) -> None:
    number = await mine.reported(phone=mobile)
    without_phone = await mine.reported()
    day = number[4:12]
    digits = f"1599{day}888888"
    missing = f"{digits}{check_digit(digits)}"
    answers = [
        await other.post("/r/state", number=each, tail=tail)
        for each, tail in ((number, "0000"), (missing, "0000"), (without_phone, "0000"))
    ]
    assert {each.status_code for each in answers} == {404}
    texts = {
        re.sub(r'(value="[0-9a-f]{64}"|content="[0-9a-f]{64}"|value="\d{19}")', "", a.text)
        for a in answers
    }
    assert len(texts) == 1
    # five tries hold for a number that is none, too
    for _ in range(4):
        await other.post("/r/state", number=missing, tail="0000")
    assert (await other.post("/r/state", number=missing, tail="0000")).status_code == 429
    typo = await other.post(
        "/r/state", number=number[:-1] + str((int(number[-1]) + 1) % 10), tail=mobile[-4:]
    )
    assert (typo.status_code, "编号写错了" in typo.text) == (422, True)


async def test_a_code_by_sms_opens_all_of_a_phone(
    intake: Intake, mine: Phone, other: Phone, gateway: tuple[Gateway, str], mobile: str
) -> None:
    numbers = [await mine.reported(phone=mobile), await mine.reported(phone=mobile)]
    unknown_phone = "13700001234"
    asked = await other.post("/r/code", phone=mobile)
    unknown = await other.post("/r/code", phone=unknown_phone)
    assert (asked.status_code, unknown.status_code) == (200, 200)
    strip = re.compile(rf"({mobile}|{unknown_phone}|[0-9a-f]{{64}})")
    assert strip.sub("", asked.text) == strip.sub("", unknown.text)
    text = await message(gateway[0], mobile, with_words="验证码")
    code = re.search(r"\d{6}", text)[0]  # type: ignore[index]
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    refused = await other.post("/r/code/uses", phone=mobile, code=wrong)
    assert (refused.status_code, "验证码不对" in refused.text) == (422, True)
    used = await other.post("/r/code/uses", phone=mobile, code=code)
    assert (used.status_code, used.headers["location"]) == (303, "/r/mine")
    listed = await other.page("/r/mine")
    assert all(number in listed for number in numbers)
    assert "正在找负责的单位" in await other.page(f"/r/t/{numbers[0]}")
    again = await other.post("/r/code/uses", phone=mobile, code=code)
    assert again.status_code == 422  # once
    assert not [each for each in gateway[0].messages(unknown_phone) if "验证码" in each["text"]]
    # neither the code nor the phone can be read anywhere
    rows = await intake.rows(
        "select t::text as row from access_code as t union all "
        "select t::text from delivery as t union all select t::text from turn as t"
    )
    assert not [row for row in rows if f"{code}" in row["row"] or mobile in row["row"]]


async def test_a_code_holds_for_three_tries_and_five_minutes(
    intake: Intake, mine: Phone, other: Phone, gateway: tuple[Gateway, str], mobile: str
) -> None:
    await mine.reported(phone=mobile)
    await other.post("/r/code", phone=mobile)
    first = re.search(r"\d{6}", await message(gateway[0], mobile, with_words="验证码"))[0]  # type: ignore[index]
    wrong = f"{(int(first) + 1) % 1_000_000:06d}"
    for _ in range(3):
        assert (await other.post("/r/code/uses", phone=mobile, code=wrong)).status_code == 422
    assert (await other.post("/r/code/uses", phone=mobile, code=first)).status_code == 422
    await other.post("/r/code", phone=mobile)
    await eventually(_codes(gateway[0], mobile), until=lambda found: len(found) == 2)
    second = _codes_now(gateway[0], mobile)[0]
    # six minutes go by
    await intake.rows(
        "update access_code set at = at - $1::interval, expires_at = expires_at - $1::interval "
        "where used_at is null",
        CODE_LIVES + timedelta(minutes=1),
    )
    assert (await other.post("/r/code/uses", phone=mobile, code=second)).status_code == 422
    for _ in range(3):
        await other.post("/r/code", phone=mobile)
    assert (await other.post("/r/code", phone=mobile)).status_code == 429


def _codes_now(gateway: Gateway, mobile: str) -> list[str]:
    texts = [each["text"] for each in gateway.messages(mobile) if "验证码" in each["text"]]
    return [found[0] for text in texts if (found := re.search(r"\d{6}", text))]


def _codes(gateway: Gateway, mobile: str) -> Any:
    async def look() -> list[str]:
        return _codes_now(gateway, mobile)

    return look


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
