"""The router's door: one signs in, and sees nothing of what is not there."""

from tests.support.browser import axe, fits


async def test_one_signs_in_at_the_router(router, router_page):
    page = await router_page()
    await page.goto("/login")
    await page.get_by_role("button", name="登录").wait_for()
    await fits(page)
    await axe(page)
