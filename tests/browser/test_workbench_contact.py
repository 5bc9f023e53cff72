"""A handler calls the citizen from the workbench: the number is intake's, which records it."""

from typing import Any

import pytest
from playwright.async_api import expect

from deploy.local.ports import LOOPBACK, free_base
from services.intake.app import MIGRATIONS as INTAKE_MIGRATIONS
from services.router.app import MIGRATIONS
from tests.browser.conftest import ROUTER_UNITS
from tests.support.browser import Window, axe, taken
from tests.support.intake import intake_on
from tests.support.router import router_on
from tests.support.serving import SECRET

LEAD = "BH-CGJ"


@pytest.fixture
async def both(database: Any, kafka: str, prefix: str, topics_of: Any, tmp_path, accounts_file):
    """Intake and the router beside each other, with one sign-in."""
    await topics_of(prefix, ROUTER_UNITS)
    port = free_base()
    address = f"http://{LOOPBACK}:{port}"
    shared = {"accounts_file": accounts_file, "token_secret": SECRET}
    intake_dsn, dsn = await database(INTAKE_MIGRATIONS), await database(MIGRATIONS)
    async with (
        intake_on(intake_dsn, kafka, prefix, router_url=address, **shared) as intake,
        router_on(
            dsn,
            kafka,
            prefix,
            tmp_path,
            units=ROUTER_UNITS,
            http_port=port,
            router_url=address,
            intake_url=intake.url,
            **shared,
        ) as router,
    ):
        yield intake, router


async def test_the_number_is_shown_in_place_recorded_and_forgotten(
    both, browser, accounts_file, shot
):
    intake, router = both
    await only_the_router_may_ask(intake, router)
    file = ("photo.jpg", taken()["buffer"], "image/jpeg")
    photo = await intake.call("POST", "/../photos", files={"file": file})
    assert photo.status_code == 201, photo.text
    receipt = await intake.registered(category="0101", photos=[photo.json()["photo_id"]])
    ticket_id = receipt["ticket_id"]
    whistle_id = await router.blown(ticket_id)
    await router.report(whistle_id, "acknowledged", unit=LEAD)
    await intake.ticket_in(ticket_id, "processing")
    window = Window(browser=browser, url=router.url, secret=SECRET, accounts=accounts_file)
    page = await window("handler", LEAD, name="王工")
    await page.goto(f"/workbench/{whistle_id}")
    await page.locator("html[data-ready=yes]").wait_for(state="attached")
    shown = page.get_by_role("img", name="照片 1")
    await expect(shown).to_be_visible()
    assert await shown.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    await page.get_by_role("button", name="拨打联系").click()
    form = page.locator("#do-contacted")
    await form.get_by_role("button", name="拨打").click()
    await expect(form.locator("a[href^='tel:']")).to_be_visible()
    await axe(page)
    await shot(page, "work-contact")
    looks = await intake.rows("select unit, purpose from disclosure")
    assert [tuple(row) for row in looks] == [(LEAD, "联系核实情况")]
    await form.get_by_role("button", name="登记已联系").click()
    await router.hears("whistle.contacted", whistle_id=whistle_id)
    await expect(page.locator("a[href^='tel:']")).to_have_count(0)
    await window.close()


async def only_the_router_may_ask(intake, router) -> None:
    """What intake lets another origin ask, and which one: AssertionError when it is more."""
    path = "/api/v1/tickets/01998e5e-0000-7000-8000-000000000001/disclosures"
    asking = {"Access-Control-Request-Method": "POST"}
    for origin, address, granted in (
        (router.url, path, router.url),
        ("http://elsewhere.example", path, None),
        (router.url, "/api/v1/tickets", None),
    ):
        answer = await intake.http.options(
            intake.url + address, headers={"Origin": origin, **asking}
        )
        assert answer.headers.get("access-control-allow-origin") == granted
