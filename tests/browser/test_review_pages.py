"""The reviewers' desk in a real browser: the case beside its rule, decided in two keys."""

from typing import Any
from uuid import UUID

from playwright.async_api import Page, expect

from shared.contracts import reports
from shared.contracts.parts import Handler
from tests.support.browser import Window, axe, fits
from tests.support.router import Router
from tests.unit.router.samples import MONDAY

CLAUSE = "《云川市城市管理条例》第十二条：占用绿地的，由园林主管部门负责"


async def asks_to_return(router: Router, whistle_id: str, unit: str = "BH-CGJ") -> None:
    """The unit says that it is not its duty."""
    report = reports.ReturnRequested(
        whistle_id=UUID(whistle_id),
        handler=Handler(name="王工"),
        at=MONDAY,
        reason=reports.ReturnReason.NOT_DUTY,
        clause=CLAUSE,
        suggested_unit="BH-ZJJ",
    )
    await router.reports(unit, report)
    await router.hears("whistle.return_requested", whistle_id=whistle_id)


async def rows(page: Page, count: int) -> None:
    await expect(page.locator(".queue-row")).to_have_count(count)


async def test_returns_are_ruled_on_in_two_keys(
    router: Router, router_page: Window, shot: Any
) -> None:
    page = await router_page("reviewer", "C-RXZX", name="卢审核")
    await page.goto("/reviews")
    await expect(page.get_by_text("没有待审事项")).to_be_visible()
    await axe(page)

    whistles = [
        await router.blown(await router.registers(title=f"占道经营第{n}处" + "，早市占道" * 20))
        for n in range(3)
    ]
    for whistle_id in whistles:
        await asks_to_return(router, whistle_id)
    await rows(page, 3)
    await page.keyboard.press("ArrowDown")
    await expect(page.locator(".case")).to_have_attribute("data-whistle", whistles[0])
    await expect(page.get_by_text(CLAUSE)).to_be_visible()
    await page.keyboard.press("r")
    await expect(page.get_by_label("理由 T")).to_have_value(
        "责任清单明确由该单位负责，请继续办理。"
    )
    await page.keyboard.press("2")
    await fits(page)
    await axe(page)
    await shot(page, "reviews-return")
    await page.keyboard.press("Enter")
    refused = await router.hears("whistle.return_refused", whistle_id=whistles[0])
    assert refused["data"]["reason"] == "所引条款不适用本事项，请继续办理。"
    await rows(page, 2)

    # the next one goes to another unit, found by what is typed
    await expect(page.locator(".case")).to_have_attribute("data-whistle", whistles[1])
    await page.keyboard.press("a")
    await expect(page.get_by_text("新单位从裁定起计全部时限")).to_be_visible()
    await page.keyboard.press("u")
    await page.keyboard.type("BH-XFJ")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Control+Enter")
    offered = await router.hears("whistle.unit_offered", whistle_id=whistles[1])
    assert offered["data"]["assignment"]["unit"] == "BH-XFJ"
    await rows(page, 1)

    # a second reviewer is quicker: what was begun stays, and it is said who did what
    await expect(page.locator(".case")).to_have_attribute("data-whistle", whistles[2])
    await page.keyboard.press("r")
    await page.keyboard.press("t")
    await page.keyboard.type("我写到一半的理由")
    answer = await router.call(
        "POST", f"/whistles/{whistles[2]}/rulings", role="reviewer", name="方审核",
        json={"unit": "BH-CGJ", "decision": "refused", "reason": "属其职责"},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    await expect(page.locator("[data-changed]")).to_contain_text("已由他人处理")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[data-changed]")).to_contain_text("方审核：不同意退单")
    await expect(page.get_by_label("理由 T")).to_have_value("我写到一半的理由")
    await axe(page)
    await shot(page, "reviews-meanwhile")


async def test_who_dispatched_is_shown_and_blocked_and_english_is_whole(
    router: Router, router_page: Window, shot: Any
) -> None:
    ticket_id = await router.registers(category=None, title="说不清归谁管")
    await router.hears("whistle.held", ticket_ids=[ticket_id])
    sent = await router.call(
        "POST", f"/held/{ticket_id}/dispatch", role="supervisor", name="罗督办",
        json={"lead": "BH-CGJ", "category": "0101"},
    )  # fmt: skip
    assert sent.status_code == 201, sent.text
    whistle_id = await router.blown(ticket_id)
    await asks_to_return(router, whistle_id)
    page = await router_page("supervisor", "C-RXZX", name="罗督办", language="en")
    await page.goto("/reviews")
    await rows(page, 1)
    await expect(page.locator(".case [data-blocked]")).to_contain_text(
        "the dispatcher may not rule"
    )
    await page.keyboard.press("a")
    await expect(page.locator("input[name=decision]:checked")).to_have_count(0)
    await axe(page)
    await shot(page, "reviews-blocked-en")
    await page.set_viewport_size({"width": 390, "height": 800})
    await fits(page)


async def test_a_dispatcher_keeps_a_unit_in_and_its_lead_reads_why(
    router: Router, router_page: Window, shot: Any
) -> None:
    whistle_id = await router.blown(await router.registers(title="早市占道"))
    await asks_to_return(router, await router.blown(await router.registers()))  # a reviewer's
    taken = await router.report(whistle_id, "acknowledged", unit="BH-CGJ")
    assert taken.status_code == 201, taken.text
    body = {"type": "release_requested", "unit": "BH-SCJ", "reason": "证照已核查完毕"}
    asked = await router.call(
        "POST", f"/whistles/{whistle_id}/reports", role="liaison", unit="BH-CGJ", json=body
    )
    assert asked.status_code == 201, asked.text
    work = await router_page("liaison", "BH-CGJ", name="石磊")
    await work.goto(f"/workbench/{whistle_id}")
    await expect(work.get_by_text("已提请放行，待决定")).to_be_visible()

    page = await router_page("dispatcher", "C-RXZX", name="苏派单")
    await page.goto("/dispatch")
    await axe(page)
    await page.get_by_role("link", name="1 件放行申请待决定").click()
    await rows(page, 1)
    await expect(page.get_by_text("证照已核查完毕")).to_be_visible()
    await page.keyboard.press("r")
    await expect(page.get_by_label("理由 T")).to_have_value("该单位任务未完成，继续协办。")
    await fits(page)
    await axe(page)
    await shot(page, "reviews-release")
    await page.keyboard.press("Enter")
    told = await router.hears("bureau.release_refused", whistle_id=whistle_id)
    assert told["data"]["unit"] == "BH-SCJ"
    await expect(page.get_by_text("没有待审事项")).to_be_visible()
    await work.reload()
    await expect(work.get_by_text("不同意放行协办")).to_be_visible()
    await expect(work.get_by_text("该单位任务未完成，继续协办。")).to_be_visible()
    await expect(work.get_by_text("已提请放行，待决定")).to_have_count(0)
