"""Fixtures of the browser tests: Chromium once a run, intake on real servers, pages by role."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from services.intake.app import MIGRATIONS
from services.notifier.app import MIGRATIONS as NOTIFIER_MIGRATIONS
from services.router.app import MIGRATIONS as ROUTER_MIGRATIONS
from tests.support.browser import Window, chromium, save_shot
from tests.support.intake import Intake, intake_on
from tests.support.notifier import CITY, UNITS, Notifier, notifier_on
from tests.support.router import Router, router_on
from tests.support.serving import SECRET

ROUTER_UNITS = (
    *("BH-CGJ", "BH-SCJ", "BH-ZJJ", "BH-XFJ", "BH-GAJ", "BH-RXZX", "C-RXZX", "C-SZZ", "P-01"),
    *("S-159902001", "Q-159902001001", "Q-159902001002", "U-TX1", "U-TX2", "U-TX3"),
)
"""The units whose topics exist in the router's browser tests."""

Shot = Callable[[Page, str], Awaitable[None]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest tests/browser --screenshots` keeps a picture of every page that is visited."""
    parser.addoption("--screenshots", action="store_true", help="into build/screenshots")


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as launched:
        yield launched


@pytest.fixture
def accounts_file(tmp_path: Path) -> Path:
    """Where the accounts of this test stand; `new_page` adds those it signs in."""
    path = tmp_path / "accounts.json"
    path.write_text('{"accounts": []}')
    return path


@pytest.fixture
async def intake(
    database: Any, kafka: str, prefix: str, topics_of: Any, accounts_file: Path
) -> AsyncIterator[Intake]:
    """Intake served, with an accounts file."""
    await topics_of(prefix, [])
    dsn = await database(MIGRATIONS)
    async with intake_on(dsn, kafka, prefix, accounts_file=accounts_file) as made:
        yield made


@pytest.fixture
async def new_page(browser: Browser, intake: Intake, accounts_file: Path) -> AsyncIterator[Window]:
    """`await new_page("operator", "C-RXZX")`, `await new_page(mobile=True)`.

    When the test ends, an error on a console or a break of the policy in any of them fails it.
    """
    window = Window(browser=browser, url=intake.url, secret=SECRET, accounts=accounts_file)
    yield window
    await window.close()


@pytest.fixture
async def router(
    database: Any, kafka: str, prefix: str, topics_of: Any, tmp_path: Path, accounts_file: Path
) -> AsyncIterator[Router]:
    """The router served, with an accounts file, on Monday 2026-09-14 at 09:00."""
    await topics_of(prefix, ROUTER_UNITS)
    dsn = await database(ROUTER_MIGRATIONS)
    async with router_on(
        dsn, kafka, prefix, tmp_path, units=ROUTER_UNITS, accounts_file=accounts_file
    ) as made:
        yield made


@pytest.fixture
async def router_page(
    browser: Browser, router: Router, accounts_file: Path
) -> AsyncIterator[Window]:
    """`await router_page("liaison", "BH-CGJ")`: as `new_page`, in front of the router."""
    window = Window(browser=browser, url=router.url, secret=SECRET, accounts=accounts_file)
    yield window
    await window.close()


@pytest.fixture
async def notifier(
    database: Any, kafka: str, prefix: str, topics_of: Any, tmp_path: Path, accounts_file: Path
) -> AsyncIterator[Notifier]:
    """The notifier served, on Monday 2026-09-14 at 09:00, after it heard of the small city."""
    await topics_of(prefix, UNITS)
    dsn = await database(NOTIFIER_MIGRATIONS)
    async with notifier_on(
        dsn,
        kafka,
        prefix,
        tmp_path,
        matters=CITY,
        accounts_file=accounts_file,
        audit_settle_seconds=1,
    ) as made:
        yield made


@pytest.fixture
async def notifier_page(
    browser: Browser, notifier: Notifier, accounts_file: Path
) -> AsyncIterator[Window]:
    """`await notifier_page("supervisor")`: as `new_page`, in front of the notifier."""
    window = Window(browser=browser, url=notifier.url, secret=SECRET, accounts=accounts_file)
    yield window
    await window.close()


@pytest.fixture
def shot(request: pytest.FixtureRequest) -> Shot:
    """`await shot(page, "desk")`: a picture, when asked for with --screenshots."""
    wanted = request.config.getoption("--screenshots", default=False)

    async def keep(page: Page, name: str) -> None:
        if wanted:
            await save_shot(page, name)

    return keep
