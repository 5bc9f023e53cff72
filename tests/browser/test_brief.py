"""The daily brief: reached from the board, one sheet of A4, nothing left hanging."""

import re

from playwright.async_api import expect

from tests.support.browser import axe
from tests.support.waiting import eventually


async def test_a_leader_prints_the_brief_on_one_sheet(notifier, notifier_page, tmp_path, shot):
    async def made() -> bool:
        answer = await notifier.call("GET", "/brief", role="leader")
        return answer.status_code == 200

    await eventually(made)
    page = await notifier_page("leader")
    await page.goto("/board")
    await page.get_by_role("link", name="每日简报").click()
    await page.wait_for_url("**/brief")
    await expect(page.locator("h1")).to_have_text("2026-09-13 接诉即办每日简报")
    await expect(page.locator(".brief-note")).to_have_text(re.compile(r"剔除 0 张，.*。$"))
    await expect(page.get_by_role("button", name="打印")).to_be_visible()
    await axe(page)
    await shot(page, "brief")
    sheet = await page.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", sheet)) == 1

    await page.goto("/brief?lang=en")
    await expect(page.locator("h1")).to_have_text("Daily brief of 2026-09-13")
    assert (await page.goto("/brief?day=2026-08-01")).status == 404
