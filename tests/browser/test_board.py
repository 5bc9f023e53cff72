"""The supervision board: what is late is found, drilled into, instructed, answered, told live."""

from playwright.async_api import expect

from tests.support.browser import axe, fits
from tests.support.notifier import CITY, OTHER, WORST, Matter
from tests.unit.notifier.samples import local

LAMP = CITY[0]
BENCH = Matter(place=20, title="长椅损坏", at=local("2026-09-02 09:00"), unit=OTHER)
TREE = Matter(place=21, title="树枝压线", at=local("2026-09-02 10:00"), unit=OTHER)


async def ready(page) -> None:
    await page.wait_for_selector("html[data-ready]")


async def test_a_supervisor_finds_the_worst_unit_and_drills_down(notifier, notifier_page, shot):
    page = await notifier_page("supervisor", name="督办员李")
    await page.goto("/board")
    await ready(page)
    first = page.locator(".b-units tbody tr").first
    await expect(first).to_have_attribute("data-unit", WORST)
    await expect(first.locator("td").first).to_have_text("3")
    await expect(page.locator("[data-figure=overdue]")).to_have_text("4")
    await expect(page.locator("[data-kind=emergency] td").first).to_have_text("1")
    await expect(page.locator("#chart canvas")).to_be_visible()
    await axe(page)
    await fits(page)
    tall = await page.evaluate("document.documentElement.scrollHeight - innerHeight")
    assert tall <= 0, "the most important is on one screen"
    await shot(page, "board")

    await page.keyboard.press("j")
    await expect(first.locator("th a")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/board/list?*")
    await ready(page)
    rows = page.locator("#list tbody tr")
    await expect(rows).to_have_count(3)
    await expect(rows.first).to_contain_text(LAMP.title)  # due longest ago
    await expect(rows.first).to_contain_text("签收")
    await expect(rows.first).to_contain_text("报市领导")
    await expect(rows.first.locator(".w-bad")).to_contain_text("超时")
    await axe(page)
    await fits(page)
    await shot(page, "board-list")

    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/promises/{LAMP.ticket_id}")
    await ready(page)
    await expect(page.locator("h1")).to_contain_text(LAMP.title)
    taken = page.locator("[data-kind=acknowledge]")
    await expect(taken.locator(".steps li")).to_contain_text(
        ["开始计时", "黄色预警", "红色预警", "超时", "升级督办"]
    )
    await expect(taken).to_contain_text("4 个工作小时")
    await axe(page)
    await fits(page)
    await shot(page, "board-promises")

    await page.goto("/board")
    await ready(page)
    number = page.locator("[data-figure=open]")
    counted = int(await number.inner_text())
    assert counted > 4
    await number.click()
    await page.wait_for_url("**/board/list?what=open")
    await ready(page)
    await expect(page.locator("#list tbody tr")).to_have_count(counted)
    await expect(page.locator("#list")).to_contain_text("算一件")
    await axe(page)


async def test_a_leader_instructs_from_the_phone_and_the_unit_answers(
    notifier, notifier_page, shot
):
    leader = await notifier_page("leader", name="周市长", mobile=True)
    await leader.set_viewport_size({"width": 390, "height": 844})
    liaison = await notifier_page("liaison", WORST, name="联络员陈")
    await liaison.goto("/board/supervisions")
    await ready(liaison)
    before = await liaison.locator(".s-answer").count()
    await leader.goto("/board/m")
    await ready(leader)
    worst = leader.locator(".b-m-matter").first
    await expect(worst).to_contain_text(LAMP.title)
    await fits(leader)
    await axe(leader)
    await shot(leader, "board-phone")
    small = await leader.evaluate(
        "[...document.querySelectorAll('.b-m .big')].filter(e => e.offsetHeight < 44).length"
    )
    assert small == 0, "for thumbs"
    await worst.get_by_role("button", name="批示").tap()
    await leader.locator("#instruct [data-usual]").first.tap()
    await axe(leader)
    await shot(leader, "board-phone-instruct")
    await leader.get_by_role("button", name="发出批示").tap()
    await expect(worst).to_contain_text("已批示，待答复")
    (asked,) = await notifier.rows("select * from supervision where source = 'leader'")
    assert (asked["level"], asked["unit"], asked["whistle_id"]) == (5, WORST, LAMP.whistle_id)

    await expect(liaison.locator(".s-answer")).to_have_count(before + 1)  # nobody reloaded it
    mine = liaison.locator(f"[data-id='{asked['supervision_id']}']")
    await expect(mine).to_contain_text("领导批示")
    await expect(mine.locator(".w-left")).to_contain_text("剩")
    await axe(liaison)
    await fits(liaison)
    await shot(liaison, "board-supervisions")
    await mine.locator("textarea").fill("灯具今日更换，17 时前恢复照明。")
    await mine.locator("textarea").press("Tab")
    await liaison.keyboard.press("Enter")
    await expect(
        liaison.locator(f"[data-id='{asked['supervision_id']}'][data-answered]")
    ).to_contain_text("灯具今日更换")
    await notifier.hears(
        "deadline.supervision_answered", supervision_id=str(asked["supervision_id"])
    )
    await expect(leader.locator(".b-m-asked")).to_have_count(0)  # live as well


async def test_what_happens_is_shown_at_once_and_after_a_lost_line(notifier, notifier_page):
    page = await notifier_page("supervisor")
    await page.goto("/board")
    await ready(page)
    await expect(page.locator("#live")).to_have_attribute("data-state", "on")
    overdue = page.locator("[data-figure=overdue]")
    await expect(overdue).to_have_text("4")
    await notifier.tells(BENCH)
    await expect(overdue).to_have_text("5", timeout=20_000)
    await page.context.set_offline(True)
    await expect(page.locator("#live")).to_have_text("连接中断，正在重连")
    await notifier.tells(TREE)
    await expect(overdue).to_have_text("5")
    await page.context.set_offline(False)
    await expect(page.locator("#live")).to_have_attribute("data-state", "on")
    await expect(overdue).to_have_text("6", timeout=20_000)


async def test_a_board_is_kept_under_a_name_and_taken_out(notifier, notifier_page):
    page = await notifier_page("supervisor")
    await page.goto("/board")
    await ready(page)
    await page.locator("select[name=urgency]").select_option("urgent")
    await expect(page.locator("[data-figure=overdue]")).to_have_text("1")
    await page.get_by_text("常用筛选").click()
    await page.locator("#view-name").fill("紧急件")
    await page.keyboard.press("Enter")
    await expect(page.locator(".b-view a")).to_have_text("紧急件")
    async with page.expect_download() as download:
        await page.locator("#export").click()
    text = (await (await download.value).path()).read_text("utf-8-sig")
    assert text.splitlines()[1].split(",")[1:5] == [WORST, "1", "0", "1"]
    await page.goto("/board")
    await ready(page)
    await page.get_by_text("常用筛选").click()
    await page.locator(".b-view a").click()
    await page.wait_for_url("**/board?urgency=urgent")
    await ready(page)
    await expect(page.locator("[data-figure=overdue]")).to_have_text("1")
    await page.get_by_text("常用筛选").click()
    await page.get_by_role("button", name="删除“紧急件”").click()
    await page.get_by_role("button", name="删除", exact=True).click()
    await expect(page.locator(".b-view")).to_have_count(0)
    assert await notifier.rows("select * from board_view") == []


async def test_the_board_reads_in_english_and_with_nothing_open(notifier, notifier_page):
    page = await notifier_page("liaison", "C-RXZX", language="en")
    await page.goto("/board")
    await ready(page)
    await expect(page.locator("#board")).to_contain_text("Nothing is open")
    await axe(page)
    await page.goto("/board/list?what=suspended")
    await expect(page.locator("#list")).to_contain_text("No ticket is suspended")
    elder = await notifier_page("supervisor", elder=True)
    await elder.goto("/board")
    await ready(elder)
    await fits(elder)
