"""Every route of intake with every role over HTTP: who is let in is what the table says."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from services.intake.app import MIGRATIONS, create_app
from shared.contracts.parts import Role
from shared.web.identity import issue_token
from tests.support.intake import SECRET, Intake, intake_on, settings
from tests.support.rights import MATRIX, OPEN, address, token

AT_ONCE = 6


@pytest.fixture
async def intake(database: Any, kafka: str, prefix: str, topics_of: Any) -> AsyncIterator[Intake]:
    await topics_of(prefix, [])
    dsn = await database(MIGRATIONS)
    async with intake_on(dsn, kafka, prefix) as made:
        yield made


def routes() -> list[str]:
    """Every route of the app, as the table writes it."""
    app = create_app(settings("postgresql://nowhere/none", "nowhere:1", "", 1))
    return [
        f"{method} {route.path}"
        for route in iter_route_contexts(app.routes)
        for method in sorted(route.methods or ())
        if method != "HEAD"
    ]


async def status_of(intake: Intake, route: str, headers: dict[str, str]) -> int:
    """What a request without a body is answered; only the head of the answer is awaited."""
    method, path = address(route)
    request = intake.http.stream(method, f"{intake.url}{path}", headers=headers)
    async with request as answer:
        return answer.status_code


def test_every_route_stands_in_the_table() -> None:
    found = routes()
    assert len(found) == len(set(found))
    assert set(found) == MATRIX.keys() | OPEN
    assert not MATRIX.keys() & OPEN


async def test_each_role_is_let_in_where_the_table_says_so_and_nowhere_else(
    intake: Intake,
) -> None:
    wrong: list[str] = []
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(route: str, role: Role | None) -> None:
        async with gate:
            status = await status_of(intake, route, token(role) if role else {})
        refused = 401 if role is None else 403
        may = role in MATRIX[route]
        if status >= 500 or (status in (401, 403) if may else status != refused):
            wrong.append(f"{route} as {role}: {status}")

    async with asyncio.TaskGroup() as tasks:
        for route in MATRIX:
            for role in (None, *Role):
                tasks.create_task(one(route, role))
    assert not wrong, "\n".join(sorted(wrong))


async def test_a_token_opens_no_other_door(intake: Intake) -> None:
    """Nobody becomes somebody by a forged, expired or foreign token, nor by an API key's header."""
    expired = issue_token(SECRET, role="ops", minutes=-1)
    forged = issue_token("another secret that nobody here knows", role="ops")
    for route in MATRIX:
        for headers in (
            {"Authorization": f"Bearer {expired}"},
            {"Authorization": f"Bearer {forged}"},
            {"X-API-Key": "sk_none"},
            {"Cookie": f"shaodao_session={issue_token(SECRET, role='ops')}"},
        ):
            assert await status_of(intake, route, headers) == 401, (route, headers)


async def test_who_is_not_known_is_sent_to_sign_in(intake: Intake) -> None:
    """Browsers that open a page of work without a session get the sign-in page, not JSON."""
    headers = {"Accept": "text/html"}
    pages = [each for each in MATRIX if each.startswith("GET /") and "/api/" not in each]
    assert len(pages) > 15
    for route in pages:
        method, path = address(route)
        answer = await intake.http.request(method, f"{intake.url}{path}", headers=headers)
        assert answer.status_code == 303, route
        assert answer.headers["location"].startswith("/login?next="), route
