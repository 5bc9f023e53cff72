"""The list of tickets and the knowledge base in a real browser, by keyboard, looked over by axe."""

import csv
import io
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from tests.support.browser import Window, axe, fits
from tests.support.intake import Intake

LAMP: dict[str, Any] = {
    "place": {"region": "159902001001", "address": "河湾锦苑3号楼"},
    "title": "河湾锦苑路灯不亮",
}
WELL: dict[str, Any] = {
    "place": {"region": "159903001001", "address": "人民路口"},
    "title": "井盖翘起绊倒老人",
    "description": "人民路口的井盖翘起来了，昨天绊倒一位老人，请尽快来修。",
    "category": "0203",
    "type": "complain",
    "urgency": "urgent",
}
HEAT: dict[str, Any] = {
    "place": {"region": "159902001001", "address": "河湾锦苑"},
    "title": "=家里暖气不热",
    "description": "家里暖气一直不热，室温只有十五度，孩子感冒了，请派人测温。",
    "category": "0701",
    "reporter": {"phone": "13900005555"},
}


async def found(page: Page, *titles: str) -> None:
    """When the list shows these and no others, newest first."""
    shown = page.locator("#rows .title-text")
    if titles:
        await expect(shown).to_have_text(list(titles))
    else:
        await expect(page.get_by_text("没有符合条件的工单")).to_be_visible()


async def test_a_list_is_filtered_kept_acted_upon_and_taken_out(
    new_page: Window, intake: Intake, shot: Any, tmp_path: Path
) -> None:
    page = await new_page("shift_lead", "C-RXZX", name="王班长")
    await page.goto("/desk/tickets")
    await found(page)
    await axe(page)
    receipts = [await intake.registered(**each) for each in (LAMP, WELL, HEAT)]
    last = receipts[-1]["number"]
    await intake.call("POST", f"/{receipts[1]['ticket_id']}/withdrawals")

    async def known() -> None:  # the index follows within a second
        await page.goto("/desk/tickets?state=withdrawn&state=registered")
        await expect(page.locator("#rows tr[data-ticket]")).to_have_count(3, timeout=1000)

    await until_it_holds(known)
    everything = (HEAT["title"], WELL["title"], LAMP["title"])
    await page.goto("/desk/tickets")
    await found(page, *everything)
    await axe(page)
    await shot(page, "tickets")

    # filters, each in the address; a link opens the same list
    await page.get_by_role("checkbox", name="已登记").check()
    await found(page, HEAT["title"], LAMP["title"])
    assert page.url.endswith("/desk/tickets?state=registered")
    picker = page.get_by_role("combobox", name="类别")
    await picker.fill("ludeng")
    await expect(page.get_by_role("option", name="0205 路灯不亮")).to_be_visible()
    await axe(page)
    await shot(page, "tickets-picker")
    await picker.press("Enter")
    await found(page, LAMP["title"])
    await expect(page.get_by_text("1 件", exact=True)).to_be_visible()
    again = await new_page("operator", "C-RXZX", name="小李")
    await again.goto(page.url)
    await found(again, LAMP["title"])
    await expect(again.locator(".chip b")).to_have_text(["已登记", "0205 路灯不亮"])

    # a shared view under a name
    await page.get_by_role("button", name="视图").click()
    await page.get_by_label("视图名称").fill("在登记的路灯")
    await page.get_by_label("共享给其他人").first.check()
    await page.get_by_role("button", name="保存视图").click()
    await expect(page.get_by_role("link", name="在登记的路灯")).to_have_attribute(
        "aria-current", "true"
    )
    await again.goto("/desk/tickets")
    await again.get_by_role("link", name="在登记的路灯").click()
    await found(again, LAMP["title"])

    # words: pinyin, first letters, a number, the phone of a caller
    await page.goto("/desk/tickets")
    for asked, titles in (
        ("jinggai", [WELL["title"]]),
        ("hwjy", [HEAT["title"], LAMP["title"]]),
        (last, [HEAT["title"]]),
        ("13900005555", [HEAT["title"]]),
        ("暖气 测温", [HEAT["title"]]),
        ("冰箱", []),
    ):
        await page.get_by_role("searchbox").fill(asked)
        await found(page, *titles)
        assert "1390000" not in page.url  # nobody's telephone in a history of addresses
    await shot(page, "tickets-nothing")
    await page.get_by_role("link", name="清空").click()
    await found(page, *everything)

    # by keyboard: pick all three, urge; the one that was taken back is refused, and why
    for _ in range(3):
        await page.keyboard.press("j")
        await page.keyboard.press("x")
    await expect(page.get_by_text("已选 3 件")).to_be_visible()
    await shot(page, "tickets-picked")
    await page.get_by_role("button", name="催办").click()
    await expect(page.get_by_text("2 件可以执行，1 件会被拒绝")).to_be_visible()
    await expect(page.locator(".outcome-bad")).to_have_text("工单已经结束")
    await axe(page)
    await shot(page, "tickets-bulk-preview")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("已执行 2 件，0 件未执行")).to_be_visible()
    await page.get_by_role("button", name="关闭").click()
    await expect(page.get_by_text("催办 1 次")).to_have_count(2)
    await expect(page.locator("#bulk")).to_be_hidden()

    # the list as a file
    await page.goto("/desk/tickets?region=159902")
    async with page.expect_download() as begun:
        await page.get_by_role("link", name="导出").click()
    path = tmp_path / "list.csv"
    await (await begun.value).save_as(path)
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [row["标题"] for row in rows] == [f"'{HEAT['title']}", LAMP["title"]]
    assert rows[1]["工单编号"] == receipts[0]["number"] + "\t"
    await page.emulate_media(media="print")
    await shot(page, "tickets-print")


async def until_it_holds(look: Any) -> None:
    """Look again until it holds; the last failure is told."""
    for left in reversed(range(30)):
        try:
            await look()
            return
        except AssertionError:
            if not left:
                raise


async def test_the_list_reads_in_english_and_on_a_small_screen(
    new_page: Window, intake: Intake, shot: Any
) -> None:
    await intake.registered(**LAMP)
    page = await new_page("supervisor", None, language="en")
    await page.goto("/desk/tickets")
    await expect(page.get_by_role("columnheader", name="Due next")).to_be_visible()
    await axe(page)
    await shot(page, "tickets-en")
    await page.get_by_role("button", name="Compact").click()
    await page.reload()
    await expect(page.get_by_role("button", name="Compact")).to_have_attribute(
        "aria-pressed", "true"
    )
    small = await new_page("street_officer", "S-159902001", mobile=True)
    await small.goto("/desk/tickets")
    await found(small, LAMP["title"])
    await axe(small)
    await shot(small, "tickets-phone")


async def test_an_article_is_written_approved_and_offered_to_the_desk(
    new_page: Window, intake: Intake, shot: Any
) -> None:
    page = await new_page("liaison", "C-SZZ", name="市政小刘")
    await page.goto("/knowledge")
    await expect(page.get_by_text("供暖期时间与室温标准")).to_be_visible()
    await axe(page)
    await shot(page, "knowledge")
    await page.get_by_role("link", name="新建条目").click()
    await page.get_by_label("标题").fill("路灯报修和维修时限")
    await page.get_by_label("正文").fill("路灯不亮可以登记报修。\n一般故障3个工作日内修复。")
    await page.get_by_label("关键词").fill("路灯、照明")
    await page.get_by_role("combobox", name="适用类别").fill("ldbl")
    await page.get_by_role("combobox", name="适用类别").press("Enter")
    await page.get_by_label("责任单位").select_option("C-SZZ")
    await page.get_by_label("有效期至").fill("2099-12-31")
    await axe(page)
    await fits(page)
    await shot(page, "knowledge-form")
    await page.get_by_role("button", name="保存草稿").click()
    await expect(page.get_by_text("编写人不能自审")).to_be_visible()
    address = page.url

    lead = await new_page("shift_lead", "C-RXZX", name="王班长")
    await lead.goto("/knowledge")
    await expect(lead.get_by_text("待审核的草稿（1）")).to_be_visible()
    await lead.goto(address)
    await axe(lead)
    await lead.get_by_role("button", name="审核通过并发布").click()
    await expect(lead.get_by_text("有效期至 2099-12-31")).to_be_visible()
    await shot(lead, "knowledge-article")

    desk = await new_page("operator", "C-RXZX", name="小李")
    await desk.goto("/knowledge")
    await desk.get_by_role("searchbox").fill("ludeng")
    await expect(desk.get_by_role("heading", level=2).first).to_have_text("路灯报修和维修时限")
    assert "q=ludeng" in desk.url
    await desk.goto("/desk/knowledge?q=路灯")
    await expect(desk.get_by_role("button", name="引用到答复").first).to_be_enabled()

    # phrases: an own one beside the city's
    await desk.goto("/desk/phrases")
    await desk.get_by_text("新建常用语").click()
    await desk.locator("#new-title").fill("井盖破损")
    await desk.locator("#new-body").fill("反映{地点}井盖破损，已持续{多久}。希望尽快更换。")
    await axe(desk)
    await shot(desk, "phrases")
    await desk.get_by_role("button", name="保存").first.click()
    await expect(desk.get_by_role("strong").filter(has_text="井盖破损")).to_be_visible()
    await desk.goto("/desk/phrases/panel?use=description&category=0205")
    await expect(desk.get_by_role("button").first).to_contain_text("路灯不亮")
