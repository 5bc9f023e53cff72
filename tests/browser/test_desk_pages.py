"""An operator's day at the desk, in a real browser and by keyboard only."""

from typing import Any

import httpx
from playwright.async_api import expect

from shared.web.identity import issue_token
from tests.support.browser import Window, axe, fits
from tests.support.intake import Intake
from tests.support.serving import SECRET
from tests.support.waiting import eventually

PHONE = "13900007788"
WORDS = (
    "昨晚十一点起，河湾锦苑北门外的烧烤店在人行道上摆桌，"
    "音响放到凌晨两点，老人睡不着，希望尽快来管。"
)


async def call(intake: Intake, kind: str, call_id: str = "c-1", operator: str = "operator") -> None:
    """The call centre tells of a call."""
    token = issue_token(SECRET, role="system", name="呼叫中心")
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(
            f"{intake.url}/api/v1/calls",
            json={
                "type": f"call.{kind}", "call_id": call_id, "phone": PHONE, "operator": operator,
            },
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip
    assert answer.status_code == 200, answer.text


async def kept(intake: Intake, *versions: int) -> None:
    """Wait until the drafts are kept in these versions."""

    async def look() -> list[int]:
        return [row["version"] for row in await intake.rows("select version from draft")]

    await eventually(look, until=lambda found: sorted(found) == sorted(versions))


async def test_a_call_becomes_a_ticket_by_keyboard_only(
    new_page: Window, intake: Intake, shot: Any
) -> None:
    reporter = {"name": "钱多多", "phone": PHONE}
    await intake.registered(reporter=reporter)
    page = await new_page("operator")
    await page.goto("/desk")
    await expect(page.get_by_text("话务已连接")).to_be_visible()
    await shot(page, "desk-waiting")
    await axe(page)
    await fits(page)
    await call(intake, "ringing")
    await expect(page.get_by_label("联系电话")).to_have_value(PHONE)
    await expect(page.get_by_role("option", name="楼下的路灯")).to_be_visible()
    await expect(page.get_by_label("诉求内容")).to_be_focused()
    await page.keyboard.press("F10")
    await expect(page.get_by_role("dialog", name="读给来电人")).to_contain_text("已经登记")
    await shot(page, "desk-read-out")
    await page.keyboard.press("Escape")
    await page.keyboard.press("F9")
    await expect(page.get_by_role("status")).to_contain_text(["已催办"])
    await call(intake, "answered")
    await page.keyboard.type(WORDS)
    await expect(page.locator("[data-element=wish]")).to_have_attribute("data-told", "yes")
    await expect(page.locator("[data-test=suggested] li").first).to_be_visible()
    await page.keyboard.press("Tab")
    await page.keyboard.type("hwjy")
    await expect(page.get_by_role("option", name="河湾锦苑")).to_be_visible()
    await shot(page, "desk-address")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("地点", exact=True)).to_have_value("河湾锦苑")
    for _ in range(3):  # the pin, no place, the category
        await page.keyboard.press("Tab")
    await expect(page.get_by_label("类别", exact=True)).to_be_focused()
    await page.keyboard.press("1")
    await expect(page.get_by_label("类别", exact=True)).not_to_have_value("")
    await page.keyboard.press("Alt+3")
    await expect(page.get_by_text("草稿已保存")).to_be_visible()
    for key, name in (("F4", "知识库"), ("F8", "常用语")):
        await page.keyboard.press(key)
        await expect(page.get_by_role("dialog", name=name)).to_be_visible()
        await expect(page.get_by_role("searchbox", name=name)).to_be_focused()
        await expect(page.locator(".found li").first).to_be_visible()
        await shot(page, f"desk-{key.lower()}")
        await axe(page)
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog", name=name)).to_be_hidden()
    await shot(page, "desk")
    await axe(page)
    await fits(page)
    await page.keyboard.press("Control+Enter")
    done = page.get_by_role("dialog", name="工单已登记")
    await expect(done).to_be_visible()
    number = (await done.locator("#done-number").inner_text()).replace(" ", "")
    await shot(page, "desk-done")
    await axe(page)
    (row,) = await intake.rows("select * from ticket where number = $1", number)
    assert (row["type"], row["compound"]) == ("complain", "河湾锦苑")
    assert await intake.rows("select from draft") == []
    await page.keyboard.press("Enter")
    await expect(done).to_be_hidden()
    await expect(page.get_by_label("诉求内容")).to_have_value("")


async def test_no_key_acts_while_an_input_method_composes(
    new_page: Window, intake: Intake, shot: Any
) -> None:
    page = await new_page("operator")
    await page.goto("/desk")
    await expect(page.get_by_text("话务已连接")).to_be_visible()
    words = page.get_by_label("诉求内容")
    await words.fill("楼道灯坏了三天")
    await words.press("End")
    session = await page.context.new_cdp_session(page)
    await session.send(
        "Input.imeSetComposition", {"text": "qing xiu", "selectionStart": 8, "selectionEnd": 8}
    )
    for keys in ("Control+Enter", "F7", "Alt+4", "F4", "F2"):
        await page.keyboard.press(keys)
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_role("radio", name="举报")).not_to_be_checked()
    assert await intake.rows("select from ticket") == []
    await session.send("Input.insertText", {"text": "请修"})
    await expect(words).to_have_value("楼道灯坏了三天请修")
    # a digit that chooses a candidate of the input method chooses no category
    category = page.get_by_label("类别", exact=True)
    await category.focus()
    await expect(page.locator("[data-test=suggested] li").first).to_be_visible()
    await session.send(
        "Input.imeSetComposition", {"text": "l", "selectionStart": 1, "selectionEnd": 1}
    )
    await page.keyboard.press("1")
    await expect(page.locator("#category-code")).to_have_value("")
    await session.send(
        "Input.imeSetComposition", {"text": "", "selectionStart": 0, "selectionEnd": 0}
    )
    # and now they act
    await words.focus()
    await page.keyboard.press("Alt+4")
    await expect(page.get_by_role("radio", name="举报")).to_be_checked()
    await expect(page.get_by_text("举报默认保密，承办单位看不到")).to_be_visible()
    await page.keyboard.press("F7")
    await shot(page, "desk-hand-over")
    await page.keyboard.press("2")
    await expect(page.get_by_role("dialog", name="已转 119，工单已登记")).to_be_visible()
    (row,) = await intake.rows("select state, urgency, summary from ticket")
    assert (row["state"], row["urgency"]) == ("transferred", "critical")


async def test_a_neighbours_matter_is_joined(new_page: Window, intake: Intake, shot: Any) -> None:
    noise = {"description": WORDS, "place": {"address": "河湾锦苑"}, "category": "0205"}
    first = await intake.registered(**noise, reporter={"phone": "13900001111"})
    await intake.registered(**noise, reporter={"phone": "13900002222"})
    page = await new_page("operator")
    await page.goto("/desk")
    await page.get_by_label("联系电话").fill(PHONE)
    await page.get_by_label("诉求内容").fill(WORDS.replace("老人", "孩子"))
    await page.get_by_label("地点", exact=True).fill("河湾锦苑北门")
    await page.keyboard.press("F6")
    card = page.locator(".near-card").first
    await expect(card.get_by_role("button", name="并入")).to_be_focused()
    await shot(page, "desk-near")
    await axe(page)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("提交时并入")).to_be_visible()
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("dialog", name="已并入同一事项")).to_be_visible()
    found = await intake.rows("select state from ticket order by ticket_id desc")
    assert [row["state"] for row in found] == ["merged", "registered", "registered"]
    assert first["state"] == "registered"


async def test_nothing_typed_is_lost(new_page: Window, intake: Intake, shot: Any) -> None:
    page = await new_page("operator")
    await page.goto("/desk")
    await call(intake, "ringing")
    words = page.get_by_label("诉求内容")
    await expect(words).to_be_focused()
    await page.keyboard.type("电梯困人")
    await page.keyboard.press("Control+Enter")
    # what is wrong stands beside its field, and the first is gone to
    await expect(page.locator("#wrong-description")).to_contain_text("至少 10 个字")
    await expect(page.locator("#wrong-place")).to_be_visible()
    await expect(words).to_be_focused()
    await shot(page, "desk-wrong")
    await axe(page)
    await page.keyboard.type("，三单元，物业没人接电话")
    await kept(intake, 2)
    await page.reload()
    await expect(words).to_have_value("电梯困人，三单元，物业没人接电话")
    # the page dies, as in a crash; the call drops and the number rings again
    await page.close()
    await call(intake, "ended")
    again = await page.context.new_page()
    await again.goto("/desk")
    await expect(again.get_by_text("您有 1 份未提交的草稿")).to_be_visible()
    await call(intake, "ringing", "c-2")
    words = again.get_by_label("诉求内容")
    await expect(words).to_have_value("电梯困人，三单元，物业没人接电话")
    # another tab goes on with it: this one is told and overwrites nothing
    other = await page.context.new_page()
    await other.goto(again.url)
    await expect(other.get_by_label("诉求内容")).to_have_value("电梯困人，三单元，物业没人接电话")
    await other.get_by_label("诉求内容").fill("另一窗口里的字，一个也不能少")
    await kept(intake, 3)
    await words.fill("这一窗口里的字，也不能少")
    clash = again.get_by_role("alert").filter(has_text="没有覆盖任何一方")
    await expect(clash).to_be_visible(timeout=15_000)
    await shot(again, "desk-clash")
    await again.get_by_role("button", name="把我的另存为新草稿").click()
    await expect(clash).to_be_hidden()
    await kept(intake, 3, 1)
    await other.goto("/desk/drafts")
    await expect(other.get_by_role("cell", name="另一窗口里的字")).to_be_visible()
    await expect(other.get_by_role("cell", name="这一窗口里的字")).to_be_visible()
    await shot(other, "desk-drafts")
    await axe(other)
    await fits(other)
    # while the server is away the page says so and keeps the words
    await again.context.set_offline(True)
    await words.fill("断网时写的字，也在")
    await expect(again.get_by_text("服务器连不上")).to_be_visible(timeout=15_000)
    await again.context.set_offline(False)
    await kept(intake, 3, 2)


async def test_two_operators_on_one_ticket_overwrite_nothing(
    new_page: Window, intake: Intake, shot: Any
) -> None:
    made = await intake.registered(type="consult", reporter={"name": "钱多多", "phone": PHONE})
    first = await new_page("operator", name="张敏")
    second = await new_page("operator", "C-RXZX", name="李强")
    for page in (first, second):
        await page.goto(f"/desk/t/{made['number']}")
        await expect(page.locator("[data-test=state]")).to_have_text("已登记")
    await shot(first, "ticket")
    await axe(first)
    await fits(first)
    await first.get_by_role("button", name="更多操作").or_(first.get_by_text("更多操作")).click()
    await first.get_by_role("button", name="请补充").click()
    await first.get_by_label("还缺什么").fill("路灯杆编号")
    await first.keyboard.press("Control+Enter")
    await expect(first.locator("[data-test=state]")).to_have_text("待补充")
    # the other still sees what was, and answers
    await second.get_by_role("button", name="直接答复").click()
    await second.get_by_label("当场答复").fill("您好，已记下，三日内来修。")
    await second.keyboard.press("Control+Enter")
    dialog = second.get_by_role("dialog")
    await expect(dialog.get_by_role("alert").first).to_contain_text("张敏")
    await expect(second.get_by_label("当场答复")).to_have_value("您好，已记下，三日内来修。")
    await expect(second.locator("[data-test=state]")).to_have_text("待补充")
    await shot(second, "ticket-changed")
    await axe(second)
    ticket = await intake.ticket(made["ticket_id"])
    assert (ticket["state"], ticket["version"]) == ("pending_info", 2)
    await second.keyboard.press("Escape")
    # who asked is shown for a purpose only, and that is on the record
    await expect(second.get_by_text(PHONE)).to_have_count(0)
    await second.get_by_role("button", name="查看联系方式").click()
    await second.get_by_label("查看用途").fill("联系诉求人核对路灯杆编号")
    await second.keyboard.press("Control+Enter")
    await expect(second.get_by_text(PHONE)).to_be_visible()
    (look,) = await intake.rows("select purpose, actor_name from disclosure")
    assert (look["purpose"], look["actor_name"]) == ("联系诉求人核对路灯杆编号", "李强")


async def test_a_shift_lead_marks_a_number(new_page: Window, intake: Intake, shot: Any) -> None:
    lead = await new_page("shift_lead", name="王班长")
    await lead.goto("/desk/marks")
    await lead.get_by_label("电话号码").fill(PHONE)
    await lead.get_by_label("理由").fill("半年内反复拨打辱骂受理员")
    await lead.keyboard.press("Enter")
    await expect(lead.get_by_role("cell", name="139****7788")).to_be_visible()
    await shot(lead, "desk-marks")
    await axe(lead)
    await fits(lead)
    page = await new_page("operator")
    await page.goto("/desk")
    await expect(page.get_by_text("话务已连接")).to_be_visible()
    await call(intake, "ringing")
    await expect(page.get_by_text("班长已标记此号码")).to_be_visible()
    await page.keyboard.type("楼上装修声音太大，半夜还在响，希望制止")
    await page.get_by_label("无具体地点").check()
    await page.keyboard.press("Control+Enter")
    question = page.get_by_role("dialog").filter(has_text="请确认诉求属实")
    await expect(question).to_be_visible()
    await shot(page, "desk-marked")
    await question.get_by_role("button", name="属实，登记").click()
    await expect(page.get_by_role("dialog", name="工单已登记")).to_be_visible()
    await page.goto("/desk/mine")
    await expect(page.get_by_role("cell", name="楼上装修声音太大")).to_be_visible()
    await shot(page, "desk-mine")
    await axe(page)
    await fits(page)
    await page.goto("/desk?lang=en")
    await expect(page.get_by_role("button", name="Submit")).to_be_visible()
    await page.get_by_role("link", name="My tickets").click()
    await page.get_by_role("row").nth(1).get_by_role("link").click()
    await expect(page.get_by_role("heading", name="Time limits")).to_be_visible()
    await shot(page, "ticket-en")
    await axe(page)
    await fits(page)
