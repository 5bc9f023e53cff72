"""Schemathesis over every endpoint of the router: whatever is sent is answered as documented."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from services.router.app import MIGRATIONS
from shared.contracts.parts import Role
from tests.support.exploring import explore, headers_by
from tests.support.rights import matrix, open_routes
from tests.support.router import Router, router_on
from tests.support.waiting import eventually
from tests.unit.router.samples import COMMUNITY, MONDAY, STREET

MATRIX = matrix("router")
OPEN = open_routes("router")

UNIT = "C-CGJ"  # that of the tokens
LEAD = "BH-CGJ"
UNITS = (UNIT, LEAD, "BH-SCJ", "BH-ZJJ", STREET, f"Q-{COMMUNITY}")
PREFERRED = (
    *(Role.SUPERVISOR, Role.OPS, Role.DISPATCHER, Role.STREET_OFFICER),
    *(Role.LIAISON, Role.HANDLER),
)
headers = headers_by(MATRIX, PREFERRED)
ENDLESS = ("GET /api/v1/live",)


@pytest.fixture
async def router(
    database: Any, kafka: str, prefix: str, topics_of: Any, tmp_path: Path
) -> AsyncIterator[Router]:
    await topics_of(prefix, UNITS)
    dsn = await database(MIGRATIONS)
    async with router_on(dsn, kafka, prefix, tmp_path, units=[LEAD]) as made:
        yield made


async def made(router: Router, route: str, path: str = "", **request: Any) -> Any:
    """What a route makes of a body."""
    method, _, template = route.partition(" ")
    url = f"{router.url}{path or template}"
    answer = await router.http.request(method, url, headers=headers(route), **request)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def living(router: Router) -> dict[str, list[str]]:
    """Things that are there, by the parameter that names them."""
    tickets = [await router.registers() for _ in range(3)]
    whistles = [await router.blown(ticket) for ticket in tickets]
    await router.report(whistles[0], "acknowledged", unit=LEAD)
    clause = {"reason": "not_duty", "clause": "《条例》第三条"}
    await router.report(whistles[1], "return_requested", unit=LEAD, **clause)
    blow = {
        "kind": "emergency",
        "title": "路面塌陷",
        "summary": "路面塌陷，请立即到场。",
        "place": {"region": COMMUNITY, "address": "河湾路"},
        "units": [{"unit": UNIT, "relation": "lead"}, {"unit": LEAD, "relation": "assisting"}],
    }
    answer = await router.call(
        "POST", "/whistles", role="street_officer", unit=STREET, name="孟和", json=blow
    )
    whistles.append(answer.json()["whistle_id"])
    held = await router.registers(category=None)
    await router.hears("whistle.held", ticket_ids=[held])
    draft = await made(router, "POST /api/v1/duties/drafts", json={"note": "修订"})
    propose = {"subject": "0101", "region": COMMUNITY, "unit": LEAD, "clause": "第三条"}
    proposal = await made(router, "POST /api/v1/duties/proposals", json=propose)
    unit = {"code": "C-NEW", "name": "新设中心", "level": "city", "kind": "bureau"}
    await made(router, "POST /api/v1/units", json={**unit, "parent": "C-RXZX"})
    key = await made(router, "POST /api/v1/department/keys", json={"unit": UNIT})
    grid = f"{COMMUNITY}001"
    away = {"until": (MONDAY + timedelta(days=2)).isoformat(), "reason": "病假"}
    absence = await made(
        router,
        "POST /api/v1/grids/{grid}/absences",
        f"/api/v1/grids/{grid}/absences",
        json=away,
    )
    out = BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "PNG")
    file = await made(router, "POST /api/v1/files", files={"file": ("a.png", out.getvalue())})
    hook = "PUT /api/v1/department/webhook"
    await made(router, hook, json={"url": f"{router.url}/nowhere"})
    await made(
        router, "POST /api/v1/whistles", json={**blow, "kind": "key_work", "title": "重点工作"}
    )

    async def logged() -> list[dict[str, Any]]:
        found = await made(router, "GET /api/v1/department/webhook/deliveries")
        items: list[dict[str, Any]] = found["items"]
        return items

    sent = await eventually(logged)
    return {
        "ticket_id": [held, tickets[0]],
        "whistle_id": whistles,
        "version": [str(draft["version"])],
        "proposal_id": [proposal["proposal_id"]],
        "code": [unit["code"]],
        "key_id": [key["key_id"]],
        "grid": [grid],
        "absence_id": [absence["absence_id"]],
        "file_id": [file["file_id"]],
        "delivery_id": [sent[0]["delivery_id"]],
        "name": ["report.acknowledged.json"],
    }


async def test_whatever_is_sent_is_answered_as_documented(router: Router) -> None:
    known = await living(router)
    answers, wrong = await asyncio.to_thread(
        explore, router.url, MATRIX, known, headers, besides=ENDLESS
    )
    assert not wrong, f"{len(wrong)} wrong\n" + "\n\n".join(wrong[:20])
    asked = {each for each in MATRIX if "/api/" in each} - set(ENDLESS)
    assert not asked - answers.keys()
    # it came past the door, and somewhere further
    assert not {each for each in asked if answers[each] <= {401, 403}}
    good = [each for each in answers if any(status < 300 for status in answers[each])]
    assert len(good) > len(answers) / 2, sorted(answers.keys() - set(good))


async def test_nobody_is_answered_without_a_token(router: Router) -> None:
    answers, wrong = await asyncio.to_thread(explore, router.url, MATRIX, {}, None)
    assert not wrong, "\n\n".join(wrong[:20])
    asked = {each: seen for each, seen in answers.items() if each not in OPEN}
    assert len(asked) > 60
    # an address that cannot be read is refused before anybody asks who is calling
    assert not {each: seen for each, seen in asked.items() if not seen <= {401, 404, 405, 422}}
