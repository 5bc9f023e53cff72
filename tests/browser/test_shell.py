"""Signing in and the pages around it, in a real browser: both languages, large text, no mouse."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from shared.contracts.parts import Role
from tests.support.browser import PASSWORD, Window, add_account, axe, fits, smallest_text
from tests.support.shell import Shell, shell_on

PRODUCT = "哨到 · 吹哨报到平台"


@pytest.fixture
async def intake(database: Any, accounts_file: Path, tmp_path: Path) -> AsyncIterator[Shell]:
    """Not the whole of intake: only what all services share."""
    async with shell_on(await database(), accounts_file, tmp_path) as made:
        yield made


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("elder", [False, True])
async def test_the_login_page_reads_well(
    new_page: Window, shot: Any, language: str, elder: bool
) -> None:
    for mobile in (False, True):
        page = await new_page(mobile=mobile, language=language, elder=elder)
        await page.goto("/login")
        await expect(page.get_by_role("heading", name=PRODUCT)).to_be_visible()
        await expect(page.locator("html")).to_have_attribute("lang", language)
        await axe(page)
        await fits(page)
        assert await smallest_text(page) >= (22 if elder else 12)
        where = "phone" if mobile else "desk"
        await shot(page, f"login-{language}-{where}{'-elder' if elder else ''}")


async def test_signing_in_and_out_without_a_mouse(
    new_page: Window, accounts_file: Any, shot: Any
) -> None:
    add_account(accounts_file, Role.AUDITOR, None, name="审计员")
    page = await new_page()
    await page.goto("/home")
    assert page.url.endswith("/login?next=/home")
    await page.keyboard.type("auditor")
    await page.keyboard.press("Tab")
    await page.keyboard.type("not this one")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("账号或密码不正确")
    await axe(page)
    await shot(page, "login-wrong")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="您好，审计员")).to_be_visible()
    await axe(page)
    await fits(page)
    await shot(page, "home")

    await page.locator("summary", has_text="审计员").press("Enter")
    await shot(page, "home-menu")
    await page.get_by_role("button", name="English").press("Enter")
    await expect(page.get_by_role("heading", name="Hello, 审计员")).to_be_visible()
    await page.locator("summary", has_text="审计员").press("Enter")
    await page.get_by_role("button", name="Sign out").press("Enter")
    await expect(page.get_by_role("heading", name=PRODUCT)).to_be_visible()
    await page.goto("/home")
    assert "/login" in page.url


async def test_large_text_is_kept_from_page_to_page(new_page: Window, shot: Any) -> None:
    page = await new_page("auditor", mobile=True)
    await page.goto("/home")
    await page.locator("details:has([name=elder]) > summary").click()
    await page.get_by_role("button", name="大字版").click()
    await expect(page.locator("html")).to_have_class("work elder")
    assert await smallest_text(page) >= 22
    await axe(page)
    await fits(page)
    await shot(page, "home-phone-elder")


async def test_an_address_that_is_none_has_a_way_back(new_page: Window, shot: Any) -> None:
    for role in ("auditor", None):
        page = await new_page(role, mobile=role is None)
        await page.goto("/no/such/page")
        await expect(page.get_by_role("heading", name="没有找到")).to_be_visible()
        await axe(page)
        await fits(page)
        await shot(page, f"not-found-{role or 'resident'}")


async def test_shortcuts_are_shown_and_deaf_while_composing(new_page: Window, shot: Any) -> None:
    page = await new_page("auditor")
    await page.goto("/home")
    await page.evaluate(
        """async () => {
            const { shortcut } = await import("/static/shortcuts.js");
            window.pressed = [];
            shortcut("F2", "新建工单", () => window.pressed.push("F2"));
            shortcut("Ctrl+Enter", "提交", () => window.pressed.push("Ctrl+Enter"));
            shortcut("Alt+1", "咨询", () => window.pressed.push("Alt+1"));
            shortcut("n", "下一条", () => window.pressed.push("n"));
            const field = document.createElement("textarea");
            field.setAttribute("aria-label", "诉求");
            document.getElementById("main").append(field);
        }"""
    )
    field = page.get_by_label("诉求")
    await field.focus()
    # what Chromium sends while an input method composes
    session = await page.context.new_cdp_session(page)
    await session.send(
        "Input.imeSetComposition", {"text": "lu deng", "selectionStart": 7, "selectionEnd": 7}
    )
    for keys in ("F2", "Control+Enter", "Alt+1"):
        await page.keyboard.press(keys)
    assert await page.evaluate("window.pressed") == []
    await session.send("Input.insertText", {"text": "路灯"})
    assert await field.input_value() == "路灯"
    # a key the input method has taken, told by its code only
    await page.evaluate(
        """() => document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", {key: "F2", keyCode: 229, bubbles: true}))"""
    )
    assert await page.evaluate("window.pressed") == []
    for keys in ("F2", "Control+Enter", "Alt+1", "n", "?"):
        await page.keyboard.press(keys)
    assert await page.evaluate("window.pressed") == ["F2", "Ctrl+Enter", "Alt+1"]
    assert await field.input_value() == "路灯n?"
    await field.evaluate("element => element.blur()")
    await page.keyboard.press("n")
    await page.keyboard.press("?")
    assert (await page.evaluate("window.pressed"))[-1] == "n"
    await expect(page.get_by_role("dialog", name="快捷键")).to_contain_text("新建工单")
    await axe(page)
    await shot(page, "shortcuts")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_refusals_are_said_and_questions_asked(new_page: Window, shot: Any) -> None:
    page = await new_page("auditor", language="en")
    await page.goto("/home")
    refused = await page.evaluate(
        """async () => {
            const { ask } = await import("/static/http.js");
            const { tell } = await import("/static/dialogs.js");
            try {
                await ask("POST", "/api/v1/dead-letters/1/replay", {});
            } catch (error) {
                tell(error);
                return [error.status, error.problem.code];
            }
        }"""
    )
    assert refused == [403, "forbidden"]  # the token was sent: it is the role that may not
    said = page.get_by_role("status")
    await expect(said).to_contain_text("role auditor may not do this")
    await axe(page)
    await page.get_by_role("button", name="Close").press("Enter")
    await expect(said).to_be_empty()
    # the same for a part of a page that htmx asks for
    await page.evaluate(
        """() => {
            const button = document.createElement("button");
            button.textContent = "Load";
            button.setAttribute("hx-post", "/no/such/part");
            document.getElementById("main").append(button);
            htmx.process(button);
        }"""
    )
    await page.get_by_role("button", name="Load").press("Enter")
    await expect(said).to_contain_text("no such address")
    for keys, answer in ((("Escape",), False), (("Tab", "Enter"), True)):
        asked = page.evaluate(
            """async () => {
                const { confirmed } = await import("/static/dialogs.js");
                return confirmed("Void this ticket?", { yes: "Void", danger: true });
            }"""
        )
        waiting = asyncio.ensure_future(asked)
        await expect(page.get_by_role("dialog", name="Void this ticket?")).to_be_visible()
        await axe(page)
        await shot(page, "question")
        for key in keys:
            await page.keyboard.press(key)
        assert await waiting is answer


async def test_a_page_left_open_over_night_asks_to_sign_in(new_page: Window) -> None:
    page = await new_page("auditor")
    await page.goto("/home?tab=1")
    await page.context.clear_cookies(name="shaodao_session")
    async with page.expect_navigation(url="**/login?next=*"):
        await page.evaluate(
            """async () => {
                const { send } = await import("/static/http.js");
                await send("GET", "/api/v1/dead-letters");
            }"""
        )
    assert page.url.endswith("/login?next=%2Fhome%3Ftab%3D1")
