"""Who is let in at a service's routes: what each role is answered there, against a table."""

import asyncio
from collections.abc import Iterable, Mapping

import httpx
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from shared.contracts.parts import Role
from shared.web.identity import issue_token
from tests.support.intake import SECRET
from tests.support.rights import Roles, address, token

AT_ONCE = 6


def routes_of(app: FastAPI) -> list[str]:
    """Every route of an app, as a table writes it."""
    return [
        f"{method} {route.path}"
        for route in iter_route_contexts(app.routes)
        for method in sorted(route.methods or ())
        if method != "HEAD"
    ]


async def status_of(
    http: httpx.AsyncClient, url: str, route: str, headers: Mapping[str, str]
) -> int:
    """What a request without a body is answered; only the head of the answer is awaited."""
    method, path = address(route)
    async with http.stream(method, f"{url}{path}", headers=dict(headers)) as answer:
        return answer.status_code


async def wrongly_answered(
    http: httpx.AsyncClient, url: str, matrix: Mapping[str, Roles]
) -> list[str]:
    """Each route with each role, and with none, that is not answered as the table says."""
    wrong: list[str] = []
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(route: str, role: Role | None) -> None:
        async with gate:
            status = await status_of(http, url, route, token(role) if role else {})
        refused = 401 if role is None else 403
        may = role in matrix[route]
        if status >= 500 or (status in (401, 403) if may else status != refused):
            wrong.append(f"{route} as {role}: {status}")

    async with asyncio.TaskGroup() as tasks:
        for route in matrix:
            for role in (None, *Role):
                tasks.create_task(one(route, role))
    return sorted(wrong)


async def opened_wrongly(http: httpx.AsyncClient, url: str, routes: Iterable[str]) -> list[str]:
    """The routes that a forged, expired or foreign token opens, or an API key's header."""
    expired = issue_token(SECRET, role="ops", minutes=-1)
    forged = issue_token("another secret that nobody here knows", role="ops")
    foreign = (
        {"Authorization": f"Bearer {expired}"},
        {"Authorization": f"Bearer {forged}"},
        {"X-API-Key": "sk_none"},
        {"Cookie": f"shaodao_session={issue_token(SECRET, role='ops')}"},
    )
    return [
        f"{route} with {headers}"
        for route in routes
        for headers in foreign
        if await status_of(http, url, route, headers) != 401
    ]


async def not_sent_to_sign_in(
    http: httpx.AsyncClient, url: str, routes: Iterable[str]
) -> tuple[int, list[str]]:
    """How many pages of work there are, and those that answer a stranger's browser otherwise."""
    pages = [each for each in routes if each.startswith("GET /") and "/api/" not in each]
    wrong = []
    for route in pages:
        method, path = address(route)
        answer = await http.request(method, f"{url}{path}", headers={"Accept": "text/html"})
        to = answer.headers.get("location", "")
        if answer.status_code != 303 or not to.startswith("/login?next="):
            wrong.append(f"{route}: {answer.status_code} {to}")
    return len(pages), wrong
