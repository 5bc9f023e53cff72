"""Signing in with the city's own account, clicked through in a real browser, and out again."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from deploy.local.ports import free_base
from tests.support.browser import Window, axe, fits
from tests.support.shell import Shell, shell_on
from tests.support.sign_in import CLIENT, CLIENT_SECRET, RULES, sign_in


@pytest.fixture
async def intake(database: Any, accounts_file: Path, tmp_path: Path) -> AsyncIterator[Shell]:
    """What all services share, with a provider beside it."""
    port, rules = free_base(), tmp_path / "people.toml"
    rules.write_text(RULES, "utf-8")
    dsn = await database()
    async with (
        sign_in(f"http://127.0.0.1:{port}/login/oidc/callback") as provider,
        shell_on(
            dsn,
            accounts_file,
            tmp_path,
            port=port,
            oidc_issuer=provider.issuer,
            oidc_client_id=CLIENT,
            oidc_client_secret=CLIENT_SECRET,
            oidc_mapping=rules,
        ) as made,
    ):
        yield made


async def test_a_dispatcher_comes_in_and_leaves_by_the_citys_sign_in(
    new_page: Window, shot: Any
) -> None:
    page = await new_page()
    await page.goto("/home")
    await expect(page.get_by_role("button", name="登录")).to_be_visible()
    await axe(page)
    await fits(page)
    await shot(page, "login-city")
    await page.get_by_role("link", name="使用统一身份认证登录").click()
    await page.get_by_role("button", name="周敏").click()
    await expect(page.get_by_role("heading", name="您好，周敏")).to_be_visible()
    assert page.url.endswith("/home")
    await page.locator("summary", has_text="周敏").press("Enter")
    await page.get_by_role("button", name="退出").click()
    # by a page of ours and the provider's own way out, back to where one may sign in
    await expect(page.get_by_role("link", name="使用统一身份认证登录")).to_be_visible()
    await page.get_by_role("link", name="使用统一身份认证登录").click()
    await expect(page.get_by_role("button", name="周敏")).to_be_visible()


async def test_who_has_no_role_here_is_told_and_may_be_somebody_else(
    new_page: Window, shot: Any
) -> None:
    page = await new_page(mobile=True)
    await page.goto("/login")
    await page.get_by_role("link", name="使用统一身份认证登录").click()
    await page.get_by_role("button", name="陈生").click()
    await expect(page.get_by_role("alert")).to_contain_text("您在本系统没有角色")
    await axe(page)
    await fits(page)
    await shot(page, "login-city-no-role")
    await page.get_by_role("link", name="换一个统一身份认证账号").click()
    await page.get_by_role("button", name="吴强").click()
    await page.goto("/home")
    await expect(page.get_by_role("heading", name="您好，吴强")).to_be_visible()
