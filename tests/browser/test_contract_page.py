"""The contract of departments: read by anyone, in two languages, on a desk and on a phone."""

from tests.support.browser import axe, fits


async def test_a_department_reads_the_contract_without_signing_in(router, router_page, shot):
    page = await router_page()
    await page.goto("/contracts")
    await page.get_by_role("heading", name="部门对接说明", level=1).wait_for()
    event = page.locator("#report_resolved")
    await event.locator("summary").press("Enter")
    await event.get_by_role("cell", name="答复群众的内容").wait_for()
    assert '"type": "shaodao.report.resolved.v1"' in await event.locator("pre").inner_text()
    await event.get_by_role("link", name="Evidence").click()
    await page.locator("#part-Evidence").wait_for()
    await fits(page)
    await axe(page)
    await shot(page, "contracts")
    schema = await page.request.get("/contracts/schemas/shaodao.report.resolved.v1.json")
    assert (await schema.json())["title"]

    phone = await router_page(mobile=True, language="en")
    await phone.goto("/contracts")
    await phone.get_by_role("heading", name="The department's contract").wait_for()
    await phone.locator("#bureau_whistled summary").click()
    await fits(phone)
    await axe(phone)
    await shot(phone, "contracts-phone")
