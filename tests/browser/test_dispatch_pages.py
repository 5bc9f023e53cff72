"""The dispatcher's desk in a real browser: by keyboard alone, with others at work meanwhile."""

from datetime import timedelta
from typing import Any

from playwright.async_api import Page, expect

from shared.contracts import tickets
from shared.contracts.parts import Place
from shared.contracts.values import Due, Urgency
from tests.support.browser import Window, axe, fits
from tests.support.router import Router
from tests.unit.router.samples import MONDAY

TELECOM: dict[str, Any] = {
    "category": "2602",
    "title": "手机没有信号",
    "summary": "家里手机没有信号，打不出去电话，孩子上网课也受影响。",
}
PLACE = Place(
    region="159902001001", compound="河湾锦苑", address="河湾锦苑3号楼", lat=41.6075, lon=108.306
)


def due(minutes: int) -> Due:
    by = MONDAY + timedelta(minutes=minutes)
    return Due(by=by, rule="2wh", started_at=MONDAY, calendar="cn", policy="p")


async def rows(page: Page, count: int) -> None:
    await expect(page.locator(".queue-row")).to_have_count(count)


async def test_a_ticket_is_dispatched_in_two_keys_and_others_handed_over(
    router: Router, router_page: Window, shot: Any
) -> None:
    page = await router_page("dispatcher", "C-RXZX", name="白桦")
    await page.goto("/dispatch")
    await expect(page.get_by_text("没有待派工单")).to_be_visible()
    await axe(page)

    later = await router.registers(
        number="15992026091400000026", dispatch_by=due(90), **TELECOM | {"category": "2601"}
    )
    first = await router.registers(
        number="15992026091400000034", dispatch_by=due(20), place=PLACE, **TELECOM,
        urgency=Urgency.URGENT, hints=tickets.Hints(similar=(), same_caller_30d=3),
    )  # fmt: skip
    vague = await router.registers(
        number="15992026091400000042",
        dispatch_by=due(60),
        category=None,
        title="说不清归谁管的事" * 9,
    )
    await rows(page, 3)  # by itself: live
    assert await page.locator(".queue-row").first.get_attribute("data-key") == first

    await page.keyboard.press("ArrowDown")
    await expect(page.locator(".case")).to_have_attribute("data-ticket", first)
    await expect(page.get_by_text("同一来电人近 30 天另有 3 件")).to_be_visible()
    await expect(page.locator(".small-map .spot")).to_have_count(1)
    await page.keyboard.press("2")
    await expect(page.locator("[data-outlook]")).to_contain_text("回车即派")
    await fits(page)
    await axe(page)
    await shot(page, "dispatch-case")
    await page.keyboard.press("Enter")
    await router.hears("bureau.whistled", ticket_ids=[first])
    await rows(page, 2)

    # it goes on with the next one; many at once, each looked over
    await expect(page.locator(".case")).to_have_attribute("data-ticket", vague)
    await page.keyboard.press("u")
    await page.keyboard.type("河湾社区")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-outlook]")).to_contain_text("主办")

    # somebody else dispatches the other one meanwhile: this page says who
    await page.goto(f"/dispatch?open={later}")
    await expect(page.locator(".case")).to_have_attribute("data-ticket", later)
    # a lead that the law does not allow is told before anything is sent
    await page.keyboard.press("u")
    await page.keyboard.type("S-159902001")
    await page.keyboard.press("Enter")
    await expect(page.locator(".outlook.is-wrong")).to_contain_text("不得下派")
    await page.locator("[data-focus]").focus()
    await page.keyboard.press("h")
    await page.get_by_label("移交给").select_option("supervisor")
    await page.get_by_label("说明").fill("两家运营商都说不归自己")
    await page.keyboard.press("Tab")
    await page.get_by_role("button", name="移交", exact=True).last.press("Enter")
    await expect(page.get_by_text("现由督办员处理")).to_be_visible()
    await shot(page, "dispatch-handed")
    await page.keyboard.press("1")
    await expect(page.locator("[data-send]")).to_be_enabled()
    sent = await router.call(
        "POST", f"/held/{later}/dispatch", role="supervisor", name="罗督办", json={"lead": "U-TX3"}
    )
    assert sent.status_code == 201, sent.text
    await expect(page.locator("[data-changed]")).to_contain_text("已不在队列")
    await page.get_by_role("button", name="刷新").click()
    await expect(page.get_by_text("派单人：罗督办")).to_be_visible()
    await page.get_by_role("combobox", name="协办单位").fill("U-TX1")
    await page.keyboard.press("Enter")
    await page.get_by_label("任务").fill("协助测试信号")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("已增加协办单位")).to_be_visible()
    await axe(page)
    await shot(page, "dispatch-gone")
