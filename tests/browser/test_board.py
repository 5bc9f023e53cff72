"""The supervision board: what is late is found, drilled into, instructed and told live."""

from playwright.async_api import expect

from tests.support.browser import axe, fits
from tests.support.notifier import WORST


async def ready(page) -> None:
    await page.wait_for_selector("html[data-ready]")


async def test_a_supervisor_finds_the_worst_unit_and_drills_down(notifier, notifier_page, shot):
    page = await notifier_page("supervisor", name="督办员李")
    await page.goto("/board")
    await ready(page)
    first = page.locator(".b-units tbody tr").first
    await expect(first).to_have_attribute("data-unit", WORST)
    await expect(first.locator("td").first).to_have_text("3")
    await shot(page, "board")
    await axe(page)
    await fits(page)
