"""Pages of ops teams: what could not be handled is looked into and delivered again."""

from datetime import datetime

from playwright.async_api import expect

from tests.support.browser import axe, fits
from tests.support.notifier import CITY, MONDAY, OTHER, Matter
from tests.support.waiting import eventually

LATER = Matter(place=30, title="雨水井堵塞", at=MONDAY, unit=OTHER)


async def ready(page) -> None:
    await page.wait_for_selector("html[data-ready]")


async def test_ops_look_into_a_parked_event_and_replay_it(
    notifier, notifier_page, shot, monkeypatch
):
    async def broken(*_args, **_named):
        raise RuntimeError("a bug of this release")

    with monkeypatch.context() as patch:
        patch.setattr("services.notifier.handlers.track", broken)
        await notifier.say(LATER.registered(), LATER.at)

        async def parked() -> int:
            # kept from trying again by itself
            return len(
                await notifier.rows(
                    "update parked set next_try_at = $1 returning parked_id",
                    datetime.fromisoformat("2100-01-01T00:00:00+00:00"),
                )
            )

        await eventually(parked, within=90)
    page = await notifier_page("ops", name="运维王")
    await page.goto("/ops/parked")
    await ready(page)
    row = page.locator("#letters tbody tr")
    await expect(row).to_contain_text(str(LATER.ticket_id))
    await expect(row).to_contain_text("a bug of this release")
    await axe(page)
    await fits(page)
    await shot(page, "ops-parked")
    await row.get_by_role("button", name="看内容").click()
    await expect(page.locator("#payload pre")).to_contain_text(LATER.title)
    await axe(page)
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="重放这一类 1 条").click()
    await expect(page.locator("dialog.ask[open]")).to_contain_text(str(LATER.ticket_id))
    await page.get_by_role("button", name="重放", exact=True).last.click()
    await expect(page.locator("#toasts")).to_contain_text("已重放 1 条")
    await expect(page.locator("#letters")).to_contain_text("没有搁置的事件")
    (kept,) = await notifier.rows(
        "select count(*) as n from deadline where ticket_id = $1", LATER.ticket_id
    )
    assert kept["n"] > 0


async def test_what_cannot_be_read_is_shown_and_still_fails_when_replayed(
    notifier, notifier_page, shot
):
    await notifier.producer.send_and_wait(notifier.prefix + "tickets", b"<not an event>", key=b"k")
    page = await notifier_page("ops")

    async def dead() -> bool:
        return bool(await notifier.rows("select from dead_letter"))

    await eventually(dead)
    await page.goto("/ops/dead-letters")
    await ready(page)
    await page.get_by_role("button", name="看内容").click()
    await expect(page.locator("#payload pre")).to_have_text("<not an event>")
    await page.get_by_role("button", name="关闭").click()
    await page.locator("[data-replay]").click()
    await page.get_by_role("button", name="重放", exact=True).last.click()
    await expect(page.locator("#toasts")).to_contain_text("1 条仍失败")
    await expect(page.locator("#letters tbody tr")).to_have_count(1)
    await axe(page)
    await shot(page, "ops-dead-letters")


async def test_the_auditors_mismatch_leads_to_the_promises_history(notifier, notifier_page, shot):
    lamp = CITY[0]
    planted = await notifier.rows(
        "update deadline set due_by = due_by + interval '1 hour' "
        "where whistle_id = $1 and kind = 'resolve' returning deadline_id",
        lamp.whistle_id,
    )
    page = await notifier_page("auditor", name="审计赵")
    await page.goto("/ops/audit")
    await ready(page)
    await page.get_by_role("button", name="全部核对").click()
    row = page.locator("[data-mismatch]").first
    await expect(row).to_be_visible(timeout=30_000)
    await axe(page)
    await fits(page)
    await shot(page, "ops-audit")
    await row.get_by_role("link", name="查看").click()
    await page.wait_for_url("**/promises/*")
    assert str(planted[0]["deadline_id"]) in page.url
    await expect(page.locator(f"#d-{planted[0]['deadline_id']}")).to_be_visible()
    await page.go_back()
    await ready(page)
    await expect(page.locator("[data-accept]")).to_have_count(0)  # an auditor rules on nothing

    ruling = await notifier_page("supervisor", name="督办员李")
    await ruling.goto("/ops/audit")
    await ready(ruling)
    left = await ruling.locator("[data-mismatch]").count()
    one = ruling.locator("[data-mismatch]").first
    accepted = await one.get_attribute("data-mismatch")
    await one.get_by_role("button", name="认定").click()
    await axe(ruling)
    await ruling.get_by_label("原因").fill("演练中改动，已核对")
    await ruling.locator("#accept").get_by_role("button", name="认定").click()
    kept = ruling.locator(f"[data-accepted='{accepted}']")
    await expect(kept).to_contain_text("演练中改动，已核对")
    await expect(kept).to_contain_text("督办员李")
    await expect(ruling.locator("[data-mismatch]")).to_have_count(left - 1)
    await axe(ruling)
    await fits(ruling)
