"""Real Chromium for the tests: pages signed in by role, watched for errors, looked over by axe."""

import json
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from PIL import Image
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    FilePayload,
    Page,
    async_playwright,
)
from playwright.async_api import Response as Answer

from deploy.local.data_folder import PROJECT
from shared.contracts.parts import Role
from shared.runtime.clock import wall_now
from shared.web.accounts import Account, Accounts, read_accounts, write_accounts
from shared.web.sessions import SESSION_COOKIE, Sessions

# Debian's chromium without its window is the same engine at a third of the processor time
CHROMIUM = (
    *("chromium-headless-shell", "chromium", "chromium-browser"),
    *("google-chrome", "google-chrome-stable"),
)
AXE = PROJECT / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = PROJECT / "build" / "screenshots"
PASSWORD = "a password for tests only"
DESK = {"width": 1366, "height": 768}
PHONE = {"width": 360, "height": 740}
GRAVE = ("serious", "critical")
# said by the browser of every refused request; tests look at the answers themselves
REFUSALS = ("the server responded with a status of 4", "Response Status Error Code 4")
AWAY = ("ERR_INTERNET_DISCONNECTED", "ERR_NETWORK_CHANGED")


def chromium_path() -> str:
    """The system's Chromium; skips the test without one, but fails it in CI."""
    for name in CHROMIUM:
        if (path := shutil.which(name)) is not None:
            return path
    words = "no chromium on this machine: apt-get install chromium"
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser, headless."""
    path = chromium_path()
    async with async_playwright() as playwright:
        sandbox = [] if os.geteuid() else ["--no-sandbox"]  # root has none
        browser = await playwright.chromium.launch(
            executable_path=path,
            args=[
                *sandbox,
                "--disable-dev-shm-usage",
                "--lang=zh-CN",
                "--font-render-hinting=none",
            ],
        )
        try:
            yield browser
        finally:
            await browser.close()


@cache
def password_hash() -> str:
    """Of PASSWORD, and cheap to verify: the real costs would be most of these tests' time."""
    return PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)


def add_account(path: Path, role: Role, unit: str | None, *, name: str = "测试员") -> Account:
    """An account in the file of a test, of this role and unit, whose password is PASSWORD."""
    accounts = read_accounts(path) if path.exists() else {}
    login = f"{role.value}-{unit}".lower() if unit else role.value
    accounts[login] = Account(
        login=login,
        name=name,
        role=role,
        unit=unit,
        hash=password_hash(),
        changed_at=wall_now(),
    )
    save_accounts(path, accounts)
    return accounts[login]


def save_accounts(path: Path, accounts: dict[str, Account]) -> None:
    """Replace the file, whole, as the command line does."""
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(write_accounts(accounts.values())), "utf-8")
    draft.replace(path)


@dataclass(kw_only=True)
class Window:
    """A browser in front of one service: opens pages, signed in or not, and watches them."""

    browser: Browser
    url: str
    secret: str
    accounts: Path
    contexts: list[BrowserContext] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    async def __call__(
        self,
        role: str | None = None,
        unit: str | None = None,
        *,
        mobile: bool = False,
        name: str = "测试员",
        language: str = "zh-CN",
        elder: bool = False,
        **options: Any,
    ) -> Page:
        """A page of a new visitor; `options` are those of a playwright context."""
        context = await self.browser.new_context(
            base_url=self.url,
            viewport=PHONE if mobile else DESK,
            is_mobile=mobile,
            has_touch=mobile,
            locale=language,
            timezone_id="Asia/Shanghai",
            **options,
        )
        self.contexts.append(context)
        context.set_default_timeout(15_000)
        if role is not None:
            account = add_account(self.accounts, Role(role), unit, name=name)
            sessions = Sessions(self.secret, Accounts(self.accounts), secure=False)
            await self._cookie(context, SESSION_COOKIE, sessions.begin(account))
        if elder:
            await self._cookie(context, "shaodao_elder", "1")
        context.on("page", self._watch)
        return await context.new_page()

    async def close(self) -> None:
        """Close all; AssertionError when a page complained of anything."""
        for context in self.contexts:
            await context.close()
        assert not self.wrong, "\n".join(self.wrong)

    async def _cookie(self, context: BrowserContext, name: str, value: str) -> None:
        await context.add_cookies([{"name": name, "value": value, "url": self.url}])

    def _watch(self, page: Page) -> None:
        wait_for_scripts(page)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.wrong.append(f"{page.url}: {error}"))
        page.on("response", self._answered)

    def _said(self, message: ConsoleMessage) -> None:
        text = message.text
        if message.type != "error" or any(word in text for word in (*REFUSALS, *AWAY)):
            return
        self.wrong.append(f"{message.location.get('url')}: {text}")

    def _answered(self, answer: Answer) -> None:
        missing = answer.status == 404 and "/static/" in answer.url
        if missing or answer.status >= 500:
            self.wrong.append(f"{answer.request.method} {answer.url}: {answer.status}")


def wait_for_scripts(page: Page) -> None:
    """Let keys and clicks wait until the page they are meant for has run its scripts.

    A link leads to a page whose rows can be seen before its modules have run; a test that has seen
    them and presses a key at once would be quicker than any hand. `load` comes after the modules.
    """

    def after_load(act: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def waited(*args: Any, **options: Any) -> None:
            await page.wait_for_load_state("load")
            await act(*args, **options)

        return waited

    for name in ("press", "type"):
        setattr(page.keyboard, name, after_load(getattr(page.keyboard, name)))


async def axe(page: Page) -> None:
    """AssertionError with each serious or critical fault that axe finds on the page as it is."""
    if not await page.evaluate("typeof window.axe === 'object'"):
        await page.evaluate(AXE.read_text("utf-8"))  # from outside, where the page's policy ends
    found = await page.evaluate(
        "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
    )
    grave = [
        f"{fault['id']} ({fault['impact']}): {fault['help']}\n  "
        + "\n  ".join(
            f"{' '.join(map(str, node['target']))}: {node.get('failureSummary', '')}"
            for node in fault["nodes"][:5]
        )
        for fault in found
        if fault["impact"] in GRAVE
    ]
    assert not grave, f"{page.url}\n" + "\n".join(grave)


async def fits(page: Page) -> None:
    """AssertionError when the page is wider than its window."""
    wide = await page.evaluate(
        """() => [...document.querySelectorAll('body *')]
            .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1
                && !e.closest('.scroll-x, .skip'))
            .map(e => e.outerHTML.slice(0, 120)).slice(0, 5)"""
    )
    assert not wide, f"{page.url} is too wide:\n" + "\n".join(wide)


async def smallest_text(page: Page) -> float:
    """The size in pixels of the smallest text that can be seen on the page."""
    size: float = await page.evaluate(
        """() => {
            const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            let least = Infinity;
            while (walk.nextNode()) {
                const owner = walk.currentNode.parentElement;
                if (!walk.currentNode.data.trim() || !owner.checkVisibility()) continue;
                if (owner.closest('script, style, .skip')) continue;
                least = Math.min(least, parseFloat(getComputedStyle(owner).fontSize));
            }
            return least;
        }"""
    )
    return size


async def save_shot(page: Page, name: str) -> None:
    """A picture of the whole page as build/screenshots/<name>.png."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SHOTS / f"{name}.png", full_page=True, animations="disabled")


def taken() -> FilePayload:
    """A photo as a phone's camera would give it."""
    data = BytesIO()
    Image.new("RGB", (64, 48), (120, 140, 160)).save(data, "JPEG")
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": data.getvalue()}
