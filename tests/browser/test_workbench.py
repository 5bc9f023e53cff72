"""承办工作台: a liaison's day, by keyboard, with what others do meanwhile."""

import asyncio

from playwright.async_api import expect

from tests.support.browser import axe, fits

LEAD, OTHER = "BH-CGJ", "BH-XFJ"


async def whistled(router, number: int, **fields) -> list[str]:
    """Whistles of so many tickets, their units called."""
    tickets = [
        await router.registers(title=f"占道经营 {n + 1}", number=f"1599202609140{n:06d}8", **fields)
        for n in range(number)
    ]
    return [await router.blown(ticket_id) for ticket_id in tickets]


async def ready(page) -> None:
    await page.wait_for_function("document.documentElement.dataset.ready === 'yes'")


async def test_forty_whistles_are_acknowledged_by_keyboard_alone(router, router_page, shot):
    await whistled(router, 40)
    page = await router_page("liaison", LEAD)
    await page.goto("/work?tab=offered")
    await ready(page)
    await expect(page.locator("#results tbody tr")).to_have_count(40)
    await fits(page)
    await axe(page)
    await shot(page, "work-inbox")
    await page.keyboard.press("j")
    await expect(page.locator("tr[aria-selected=true]")).to_have_count(1)
    await page.keyboard.press("a")  # this one
    await expect(page.locator("#results tbody tr")).to_have_count(39)
    for key in "xjxjxa":  # three picked, taken together
        await page.keyboard.press(key)
    await expect(page.locator("#results tbody tr")).to_have_count(36)
    await page.keyboard.press("Shift+A")
    await page.locator("dialog.ask").wait_for()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#results .empty")).to_be_visible()
    states = await router.rows("select state, count(*) from assignment where unit = $1 group by 1", LEAD)
    assert [tuple(row) for row in states] == [("acknowledged", 40)]
    # what is next is due first, and opened with Enter
    await page.goto("/work?tab=working")
    await ready(page)
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await ready(page)
    await axe(page)
    await fits(page)
    await shot(page, "work-job")
