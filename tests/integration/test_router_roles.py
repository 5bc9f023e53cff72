"""Every route of the router with every role, and every unit with what is another's, over HTTP."""

from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from typing import Any, Final
from uuid import uuid4

import pytest
from PIL import Image

from services.router.app import MIGRATIONS
from shared.contracts.parts import Role
from tests.support.doors import Service, not_sent_to_sign_in, opened_wrongly
from tests.support.rights import OF_A_REGION, matrix
from tests.support.router import Router, router_on
from tests.support.serving import SERVED
from tests.support.stack import Servers, topic_prefix
from tests.support.waiting import eventually
from tests.unit.router.samples import COMMUNITY, MONDAY, STREET

LEAD, OTHER, CITY_UNIT = "BH-CGJ", "BH-XFJ", "C-CGJ"
NEXT_COMMUNITY = "159902002001"
NEXT_STREET, NEXT = "S-159902002", f"Q-{NEXT_COMMUNITY}"
GRID = f"{COMMUNITY}001"
HEARD = (LEAD, OTHER, CITY_UNIT, "BH-SCJ", STREET, NEXT_STREET, NEXT, f"Q-{COMMUNITY}")
TITLE = "河湾路早市联合整治"

MATRIX: Final = matrix("router")
UNITS: Final = frozenset({Role.LIAISON, Role.HANDLER, Role.DEPARTMENT})
STRANGERS: Final = (
    (Role.LIAISON, OTHER),
    (Role.HANDLER, OTHER),
    (Role.DEPARTMENT, OTHER),
    (Role.STREET_OFFICER, NEXT_STREET),
    (Role.COMMUNITY_WORKER, NEXT),
    (Role.GRID_WORKER, NEXT),
)
"""Of other units and regions: the whistles of these tests are nobody's of them."""

FOR_ALL: Final = ("/api/v1/units", "/console/at")
"""What is no unit's own: which units there are, in whose grid a point lies."""

_WHY: Final = {"reason": "依据职责"}
BODIES: Final[dict[str, dict[str, Any]]] = {
    "reports": {"type": "acknowledged", "unit": LEAD},
    "consultations": {"words": "商定", "decisions": [{"unit": LEAD, "action": "清理"}]},
    "take-overs": _WHY,
    "withdrawals": _WHY,
    "own-efforts": {"text": "已上门劝导"},
    "releases": {"unit": "BH-SCJ", **_WHY},
    "acceptances": {"photos": []},
    "failed-acceptances": {"units": [LEAD], **_WHY},
    "evaluations": {"unit": LEAD, "timely": 1, "present": 1, "effect": 1, "cooperation": 1},
    "alike": {"text": "已处理"},
}
"""A body for each command that a unit or a region may call, by the end of its address."""


@pytest.fixture(scope="module")
async def router(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Router]:
    prefix, folder = topic_prefix(), tmp_path_factory.mktemp("router")
    await servers.make_topics(prefix, HEARD)
    dsn = await servers.fresh_database(MIGRATIONS)
    async with router_on(dsn, servers.kafka_bootstrap, prefix, folder, units=[LEAD]) as made:
        yield made
    await servers.drop_database(dsn)


async def test_who_is_let_in_is_what_the_table_says(router: Router) -> None:
    """Every route with every role of the own unit, another's and of none."""
    whistle_id = await router.blown(await router.registers())
    service = Service(
        name="router",
        app=SERVED[router.url],
        known={"whistle_id": whistle_id},
        hidden={
            # a unit's workbench has what the unit was called for; LEAD alone was
            route: OF_A_REGION
            for route in MATRIX
            if route.startswith("GET /workbench/{")
        },
    )
    tried, wrong = await service.walked()
    assert tried > 4000
    assert not wrong, "\n".join(wrong)


async def test_a_token_opens_no_other_door(router: Router) -> None:
    """Nobody becomes somebody by a forged, expired or foreign token, nor by an API key's header."""
    service = Service(name="router", app=SERVED[router.url])
    assert await opened_wrongly(service) == []


async def test_who_is_not_known_is_sent_to_sign_in(router: Router) -> None:
    pages, wrong = await not_sent_to_sign_in(router.http, router.url, MATRIX)
    assert pages > 8
    assert wrong == []


async def joint(router: Router, *, region: str = COMMUNITY, by: str = STREET) -> str:
    """A street's whistle of its own, without any ticket."""
    body = {
        "kind": "joint_enforcement",
        "title": TITLE,
        "summary": "早市占道，须多部门到场。",
        "place": {"region": region, "address": "河湾路"},
        "units": [
            {"unit": LEAD, "relation": "lead", "task": "清理"},
            {"unit": "BH-SCJ", "relation": "assisting", "task": "核查证照"},
        ],
    }
    answer = await router.call("POST", "/whistles", role="street_officer", unit=by, json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["whistle_id"])


def of_a_whistle(whistle_id: str) -> Iterator[tuple[Role, str, str, str]]:
    """Every route about one whistle with every stranger that its door lets in."""
    for route in MATRIX:
        method, _, path = route.partition(" ")
        if "{whistle_id}" not in path or "{review_id}" in path:
            continue
        for role, unit in STRANGERS:
            if role in MATRIX[route]:
                yield role, unit, method, path.replace("{whistle_id}", whistle_id)


async def test_nobody_reads_or_moves_the_whistle_of_others(router: Router) -> None:
    demand = await router.blown(await router.registers())
    asked = [*of_a_whistle(demand), *of_a_whistle(await joint(router))]
    assert len(asked) > 100
    history = "select aggregate_id, seq, hash from history order by aggregate_id, seq"
    before = await router.rows(history)
    wrong = []
    for role, unit, method, path in asked:
        answer = await router.call(
            method,
            "/../.." + path if "/api/" not in path else path.removeprefix("/api/v1"),
            role=role,
            unit=unit,
            name="旁人",
            params={"seq": 0} if path.endswith("since") else None,
            json=BODIES[path.rpartition("/")[2]] if method == "POST" else None,
        )
        hidden = TITLE not in answer.text and "占道" not in answer.text
        if answer.status_code not in (403, 404, 409) or not hidden:
            wrong.append(f"{method} {path} as {role} of {unit}: {answer.status_code} {answer.text}")
    assert not wrong, "\n".join(wrong)
    assert await router.rows(history) == before


async def test_lists_show_what_is_the_units_own_and_the_regions(router: Router) -> None:
    here, there = await joint(router), await joint(router, region=NEXT_COMMUNITY, by=NEXT_STREET)
    for role, unit, sees in (
        ("liaison", LEAD, {here, there}),
        ("department", "BH-SCJ", {here, there}),
        ("liaison", OTHER, set()),
        ("street_officer", STREET, {here}),
        ("street_officer", NEXT_STREET, {there}),
        ("community_worker", NEXT, {there}),
        ("grid_worker", f"Q-{COMMUNITY}", {here}),
        ("supervisor", "C-RXZX", {here, there}),
    ):
        for path in ("/whistles", "/board", f"/whistles?unit={LEAD}", "/whistles?state=open"):
            answer = await router.call("GET", path, role=role, unit=unit)
            assert answer.status_code == 200, answer.text
            items = answer.json()["items"]
            found = {str(each.get("whistle", each)["whistle_id"]) for each in items}
            assert found & {here, there} == sees, (path, role, unit)
    for role, unit in (("liaison", OTHER), ("handler", OTHER), ("grid_worker", NEXT)):
        page = await router.call("GET", "/../../workbench", role=role, unit=unit)
        assert here not in page.text


async def test_without_a_unit_nothing_of_any_unit_is_told(router: Router) -> None:
    await joint(router)
    wrong = []
    for route in MATRIX:
        method, _, path = route.partition(" ")
        if method != "GET" or "{" in path or path in FOR_ALL:
            continue
        for role in sorted(MATRIX[route] & (UNITS | OF_A_REGION)):
            asked = {"region": COMMUNITY, "unit": LEAD, "whistle_id": str(uuid4())}
            answer = await router.call(
                method, "/../.." + path, role=role, name="无单位", params=asked
            )
            if answer.status_code != 403:
                wrong.append(f"{route} as {role}: {answer.status_code} {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)


def picture(colour: str) -> bytes:
    out = BytesIO()
    Image.new("RGB", (16, 16), colour).save(out, "PNG")
    return out.getvalue()


async def test_files_are_named_by_their_own_unit_only(router: Router) -> None:
    whistle_id = await router.blown(await router.registers())
    files = {"file": ("a.png", picture("green"), "image/png")}
    kept = await router.call("POST", "/files", role="liaison", unit=LEAD, files=files)
    file = kept.json()
    for role, unit in STRANGERS:
        one = await router.call("GET", f"/files/{file['file_id']}", role=role, unit=unit)
        listed = await router.call(
            "GET", "/files", role=role, unit=unit, params={"whistle_id": whistle_id}
        )
        assert (one.status_code, listed.status_code) == (404, 404), (role, unit)
    body = {
        "kind": "emergency",
        "title": "电线杆倒伏",
        "summary": "电线杆倒伏，请到场。",
        "place": {"region": NEXT_COMMUNITY, "address": "青城路"},
        "units": [{"unit": LEAD, "relation": "lead"}],
        "attachments": [file["file_id"]],
    }
    blown = await router.call(
        "POST", "/whistles", role="street_officer", unit=NEXT_STREET, json=body
    )
    assert blown.status_code == 422, blown.text
    assert blown.json()["errors"][0]["field"] == "attachments.0"


async def test_a_departments_token_acts_as_its_unit_whatever_is_said(router: Router) -> None:
    whistle_id = await router.blown(await router.registers())
    event = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": f"/bureau/{LEAD}",
        "type": "shaodao.report.acknowledged.v1",
        "subject": whistle_id,
        "time": MONDAY.isoformat(),
        "unit": LEAD,
        "data": {
            "whistle_id": whistle_id,
            "handler": {"name": "王工"},
            "at": MONDAY.isoformat(),
        },
    }
    foreign = await router.call(
        "POST", "/department/reports", role="department", unit=OTHER, json=event
    )
    (answer,) = foreign.json()["items"]
    assert (answer["verdict"], answer["code"]) == ("refused", "wrong_unit"), answer
    own = await router.call("POST", "/department/reports", role="department", unit=LEAD, json=event)
    assert own.json()["items"][0]["verdict"] == "accepted", "the ids of one are not another's"

    async def feed(unit: str) -> list[str]:
        page = await router.call("GET", "/department/events", role="department", unit=unit)
        return [e["type"] for e in page.json()["items"] if e["subject"] == whistle_id]

    mine = await eventually(lambda: feed(LEAD), until=lambda told: len(told) >= 2)
    assert mine[:2] == ["shaodao.bureau.whistled.v1", "shaodao.bureau.report_accepted.v1"]
    assert await feed(OTHER) == []


async def test_a_webhook_and_its_log_are_the_units_alone(router: Router) -> None:
    mine: Any = {"role": "liaison", "unit": LEAD}
    theirs: Any = {"role": "department", "unit": OTHER}
    made = await router.call(
        "PUT", "/department/webhook", json={"url": f"{router.url}/nowhere"}, **mine
    )
    assert made.status_code == 201, made.text
    await joint(router)

    async def logged() -> list[dict[str, Any]]:
        answer = await router.call("GET", "/department/webhook/deliveries", **mine)
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    sent = await eventually(logged)
    resend = f"/department/webhook/deliveries/{sent[0]['delivery_id']}/resend"
    for method, path, body in (
        ("GET", "/department/webhook", None),
        ("DELETE", "/department/webhook", None),
        ("POST", "/department/webhook/secret", None),
        ("POST", "/department/webhook/replay", {"after": 0}),
        ("POST", resend, None),
    ):
        answer = await router.call(method, path, json=body, **theirs)
        assert answer.status_code == 404, (method, path, answer.text)
    none = await router.call("GET", "/department/webhook/deliveries", **theirs)
    assert none.json()["items"] == []
    still = await router.call("GET", "/department/webhook", **mine)
    assert still.json()["url"] == f"{router.url}/nowhere"
    assert (await router.call("DELETE", "/department/webhook", **mine)).status_code == 204


async def test_a_grid_and_its_workers_are_their_regions(router: Router) -> None:
    away = {"until": "2026-09-16T09:00:00+08:00", "reason": "病假"}
    for role, unit, status in (
        ("community_worker", NEXT, 403),
        ("street_officer", NEXT_STREET, 403),
        ("community_worker", None, 403),
        ("supervisor", "C-RXZX", 201),
        ("street_officer", STREET, 201),
    ):
        answer = await router.call(
            "POST", f"/grids/{GRID}/absences", role=role, unit=unit, json=away
        )
        assert answer.status_code == status, (role, unit, answer.text)
    for role, unit, status in (
        ("street_officer", NEXT_STREET, 403),
        ("grid_worker", NEXT, 403),
        ("grid_worker", f"Q-{COMMUNITY}", 200),
        ("dispatcher", None, 200),
    ):
        answer = await router.call(
            "GET", "/grids", role=role, unit=unit, params={"region": COMMUNITY}
        )
        assert answer.status_code == status, (role, unit, answer.text)
