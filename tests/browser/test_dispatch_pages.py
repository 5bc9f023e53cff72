"""The dispatcher's desk in a real browser: by keyboard alone, with others at work meanwhile."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from playwright.async_api import Page, expect

from shared.contracts import tickets
from shared.contracts.parts import Actor, Place, Role
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
    await expect(page.locator("[data-outlook]")).to_contain_text("将派给")
    await fits(page)
    await axe(page)
    await shot(page, "dispatch-case")
    await expect(page.locator(".case kbd").first).to_be_visible()
    phone = await router_page("dispatcher", "C-RXZX", name="云杉", mobile=True)
    await phone.goto("/dispatch")
    await phone.locator(".queue-open").first.tap()
    await expect(phone.locator(".case")).to_have_attribute("data-ticket", first)
    await expect(phone.locator("main kbd:visible, .by-keys:visible")).to_have_count(0)
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


async def merged_with_two_leads(router: Router) -> str:
    """A ticket that another unit has taken, merged into one of the urban management's."""
    parent = await router.registers(number="15992026091400000059")
    child = await router.registers(number="15992026091400000067", **TELECOM)
    await router.blown(parent)
    await router.hears("whistle.held", ticket_ids=[child])
    sent = await router.call(
        "POST", f"/held/{child}/dispatch", role="dispatcher", name="小李", json={"lead": "U-TX2"}
    )
    assert sent.status_code == 201, sent.text
    took = await router.report(sent.json()["whistle_id"], "acknowledged", unit="U-TX2")
    assert took.status_code < 300, took.text
    fact = tickets.Merged(
        seq=2, actor=Actor(role=Role.DISPATCHER), ticket_id=UUID(child), into=UUID(parent)
    )
    await router.send("tickets", fact, child)
    await router.hears("whistle.merge_held", ticket_id=child)
    return child


async def test_many_at_once_and_a_merge_of_two_leads(
    router: Router, router_page: Window, shot: Any
) -> None:
    child = await merged_with_two_leads(router)
    ids = [
        await router.registers(
            number=f"159920260914000010{n:02d}", dispatch_by=due(10 + n), **TELECOM
        )
        for n in range(3)
    ]
    page = await router_page("dispatcher", "C-RXZX", name="白桦")
    await page.goto("/dispatch")
    await rows(page, 4)
    await expect(page.locator(".case")).to_have_attribute("data-ticket", ids[0])
    await page.keyboard.press("x")
    await page.keyboard.press("ArrowDown")
    await expect(page.locator(".case")).to_have_attribute("data-ticket", ids[1])
    await page.keyboard.press("x")
    await expect(page.get_by_text("已选 2 件")).to_be_visible()
    await page.keyboard.press("b")
    await expect(page.get_by_role("button", name="派出 2 件")).to_be_focused()
    await axe(page)
    await shot(page, "dispatch-bulk")
    await page.keyboard.press("Enter")
    await router.hears("bureau.whistled", ticket_ids=[ids[1]])
    await rows(page, 2)

    # two units lead one matter: both whistles side by side, one key and Enter decide
    await page.locator(".queue-open").last.click()
    await expect(page.locator(".case")).to_have_attribute("data-merge", child)
    await expect(page.locator(".merge-side")).to_have_count(2)
    await page.keyboard.press("1")
    await fits(page)
    await axe(page)
    await shot(page, "dispatch-merge")
    await page.keyboard.press("Enter")
    settled = await router.hears("whistle.merge_settled", ticket_id=child)
    assert settled["data"]["decision"] == "kept_into"
    await rows(page, 1)

    lead = await router_page("shift_lead", "C-RXZX", name="王班长", language="en")
    await lead.goto("/dispatch")
    await rows(lead, 1)
    await expect(lead.get_by_text("The shift lead reads and hands over")).to_be_visible()
    await expect(lead.locator("[data-send], .queue-row input")).to_have_count(0)
    await lead.set_viewport_size({"width": 390, "height": 800})
    await lead.reload()
    await expect(lead.locator(".case h2")).to_be_visible()
    await fits(lead)
    await axe(lead)
    await shot(lead, "dispatch-shift-lead-en")
