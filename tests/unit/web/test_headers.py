"""Every route of the three services answers with the headers of security, errors too.

The applications are never started: what is behind the door breaks, and is answered all the same.
What those who are let in are answered is looked at as the table of rights is walked (doors.py).
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import structlog.testing
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from services.intake.app import IntakeSettings
from services.intake.app import create_app as intake
from services.notifier.app import NotifierSettings
from services.notifier.app import create_app as notifier
from services.router.app import RouterSettings
from services.router.app import create_app as router
from shared.web.security import security_headers
from tests.support.headers import lacking

SERVICES = {
    "intake": (intake, IntakeSettings),
    "router": (router, RouterSettings),
    "notifier": (notifier, NotifierSettings),
}
NO_ID = "00000000-0000-7000-8000-000000000000"


def app_of(service: str, **more: Any) -> FastAPI:
    """Its application, which is never started: what it answers then are errors, mostly."""
    create, settings = SERVICES[service]
    given = {"database_url": "postgresql://a@127.0.0.1:1/b", "kafka_bootstrap": "127.0.0.1:1"}
    secrets = {"token_secret": "x" * 40, "vault_key": "a" * 43 + "="}
    return create(settings.model_validate(given | secrets | more))


def addresses(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Each route's method and an address of it."""
    for route in iter_route_contexts(app.routes):
        address = route.path or ""
        while "{" in address:
            before, _, rest = address.partition("{")
            address = before + NO_ID + rest.partition("}")[2]
        for method in sorted(route.methods or ()):
            yield method, address


@pytest.mark.parametrize("service", SERVICES)
async def test_no_answer_is_without_them(service: str) -> None:
    app = app_of(service)
    asked = [
        *addresses(app),
        ("GET", "/nowhere"),
        ("GET", "/static/shaodao.css"),
        ("PUT", "/health"),
    ]
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    seen = set()
    client = httpx.AsyncClient(transport=transport, base_url="http://test")
    with structlog.testing.capture_logs():  # hundreds of bugs, drawn with their frames
        for method, path in asked:
            answer = await client.request(method, path)
            assert lacking(answer.headers.raw) == [], f"{method} {path} {answer.status_code}"
            assert "strict-transport-security" not in answer.headers
            seen.add(answer.status_code)
    await client.aclose()
    assert len(asked) > 60
    assert {200, 401, 404, 405, 500} <= seen


async def test_a_body_that_is_too_large_is_refused_with_them() -> None:
    transport = httpx.ASGITransport(app_of("intake"))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.post("/api/v1/tickets", content=b"x" * 2_000_000)
    assert answer.status_code == 413
    assert lacking(answer.headers.raw) == []


async def test_where_browsers_come_over_tls_they_come_in_no_other_way() -> None:
    transport = httpx.ASGITransport(app_of("notifier", public_url="https://duban.example"))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for path in ("/health", "/login", "/nowhere"):
            answer = await client.get(path)
            assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_what_is_wrong_is_told() -> None:
    fine = [
        (name.lower().encode(), value.encode()) for name, value in security_headers(None).items()
    ]
    assert lacking(fine) == []
    assert lacking(fine[1:]) == ["content-security-policy"]
    assert lacking([*fine, (b"cache-control", b"private")]) == ["cache-control"]
    loose = [(name, value.replace(b"script-src 'self'", b"script-src *")) for name, value in fine]
    assert lacking(loose) == ["content-security-policy"]
