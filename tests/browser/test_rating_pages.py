"""A clerk calls people back by keyboard, a resident rates in one tap, a street prints codes."""

import re
from typing import Any
from uuid import UUID

from playwright.async_api import expect

from services.intake.domain.links import signing_key
from services.intake.domain.rate_link import RateGrant, rate_token
from tests.support.browser import Window, axe, fits
from tests.support.intake import Intake
from tests.support.played_router import in_callback
from tests.support.serving import SECRET


async def test_a_clerk_calls_back_by_keyboard(new_page: Window, intake: Intake, shot: Any) -> None:
    ticket_id, _ = await in_callback(intake)
    page = await new_page("callback_clerk")
    await page.goto("/callbacks")
    await expect(page.get_by_role("button", name="认领")).to_be_visible()
    await expect(page.locator("body")).not_to_contain_text("13900001111")
    await shot(page, "callbacks")
    await axe(page)
    await fits(page)
    await page.keyboard.press("n")
    await expect(page.get_by_text("13900001111")).to_be_visible()
    await expect(page.get_by_text("已更换灯泡")).to_be_visible()
    await page.wait_for_load_state("load")  # its keys are there
    await page.keyboard.press("4")  # nobody reached: not asked whether satisfied
    await expect(page.get_by_role("radio", name="满意", exact=False).first).to_be_disabled()
    await page.keyboard.press("3")
    await page.keyboard.press("7")
    await page.get_by_label("原话或原因").fill("还是不亮")
    await shot(page, "callbacks-task")
    await axe(page)
    await fits(page)
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("已记录")).to_be_visible()
    assert (await intake.ticket(ticket_id))["round"] == 2
    rows = await intake.rows("select purpose from disclosure where ticket_id = $1", UUID(ticket_id))
    assert [row["purpose"] for row in rows] == ["回访"]


async def test_a_resident_rates_in_one_tap(new_page: Window, intake: Intake, shot: Any) -> None:
    ticket_id, _ = await in_callback(intake)
    token = rate_token(signing_key(SECRET), RateGrant(ticket_id=UUID(ticket_id), round=1))
    page = await new_page(mobile=True)
    await page.goto(f"/e/{token}?answer=satisfied")
    await expect(page.get_by_role("radio", name="满意", exact=True)).to_be_checked()
    await shot(page, "rate-one-tap")
    await axe(page)
    await fits(page)
    assert (await intake.ticket(ticket_id))["state"] == "callback"
    await page.get_by_role("button", name="确认提交").click()
    await expect(page.get_by_role("heading", name="谢谢您的评价")).to_be_visible()
    assert (await intake.ticket(ticket_id))["state"] == "closed"
    await page.goto(f"/e/{token}")
    await expect(page.get_by_role("heading", name="本次评价已结束")).to_be_visible()


async def test_a_street_prints_codes_and_the_public_votes_once(
    new_page: Window, intake: Intake, shot: Any
) -> None:
    page = await new_page("street_officer", "S-159902001")
    await page.goto("/ratings")
    await shot(page, "ratings")
    await axe(page)
    await fits(page)
    await page.get_by_label("名称").fill("河湾夜市整治")
    await page.get_by_label("评价对象").fill("BH-CGJ")
    await page.get_by_label("截止日期").fill("2027-01-31")
    await page.get_by_label("评价码数量").fill("13")
    await page.get_by_role("button", name="生成并打印评价码").click()
    cells = page.locator(".code-cell")
    await expect(cells).to_have_count(13)
    await expect(page.locator(".sheets > section")).to_have_count(2)  # twelve a page
    await shot(page, "ratings-sheet")
    await axe(page)
    code = (await page.locator(".code-text").first.inner_text()).strip()
    assert re.fullmatch(r"\w{4}-\w{4}-\w{4}", code)

    public = await new_page(mobile=True)
    await public.goto(f"/q/{code}")
    await shot(public, "rate-code")
    await axe(public)
    await fits(public)
    await public.get_by_role("radio", name="基本满意").check()
    await public.get_by_role("button", name="提交评价").click()
    await expect(public.get_by_role("heading", name="谢谢，已收到")).to_be_visible()
    await public.goto(f"/q/{code}")
    await expect(public.get_by_role("heading", name="此码不能评价")).to_be_visible()

    await page.goto("/ratings")
    await page.get_by_role("link", name="河湾夜市整治").click()
    await expect(page.get_by_text("n = 1")).to_be_visible()
    await expect(page.get_by_text("95% 区间")).to_be_visible()
    await shot(page, "ratings-results")
    await axe(page)
    await fits(page)
