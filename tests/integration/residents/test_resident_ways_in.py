"""How residents get at their matter: by link, by number, by code; nobody sees another's."""

import re
import uuid
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from deploy.city.sms_gateway import Gateway
from services.intake.codes import CODE_LIVES
from services.intake.domain.links import Grant, link_token, signing_key
from services.intake.domain.number import check_digit
from shared.runtime.clock import wall_now
from tests.support.intake import Intake
from tests.support.residents import LINK, Phone, jpeg, ticket_id_of
from tests.support.serving import SECRET
from tests.support.waiting import eventually

pytestmark = pytest.mark.xdist_group("residents_ways_in")  # they share one service


async def message(gateway: Gateway, to: str, *, with_words: str = "") -> str:
    """The newest text message to a phone."""

    async def look() -> list[dict[str, Any]]:
        return [each for each in gateway.messages(to) if with_words in each["text"]]

    text: str = (await eventually(look))[0]["text"]
    return text


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
