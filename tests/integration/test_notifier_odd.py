"""What a generator of requests seldom finds: no odd value in any field or address breaks anything.

Times at both ends, numbers beyond a column, NUL, half a character, texts of thousands, a cursor
made up: each in every field of every command, and in every address of a page or a list.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final
from uuid import UUID

import httpx
import pytest

from services.notifier.app import MIGRATIONS
from tests.integration.test_notifier_schema import BESIDES, UNIT, headers, living
from tests.support.notifier import CITY, UNITS, WORST, Notifier, notifier_on
from tests.support.rights import address, matrix
from tests.support.serving import SECRET
from tests.support.stack import Servers, topic_prefix

MATRIX = matrix("notifier")

SOME: Final = str(UUID(int=7))
FIRST, LAST = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"
HALF = "half a character"
ODD: Final[tuple[Any, ...]] = (
    *("\0", "\U0001f9ff" * 3000, "", HALF, FIRST, LAST),
    *(-1, 2**31, 10**40, True, None, [], {"\0": 1}),
)
WHO: Final = {"name": "李替班", "contact": {"sms": "13900002222"}}
BODIES: Final[dict[str, dict[str, Any]]] = {
    "POST /api/v1/supervisions": {
        "ticket_id": str(CITY[0].ticket_id),
        "whistle_id": SOME,
        "unit": WORST,
        "level": 2,
        "words": "请说明原因和完成时间",
    },
    "POST /api/v1/supervisions/{supervision_id}/answers": {"words": "已经完工"},
    "POST /api/v1/rota/shifts": {
        "shifts": [
            {
                "post": "liaison",
                "unit": WORST,
                "region": None,
                "who": WHO,
                "starts_at": "2026-09-15T09:00:00+08:00",
                "ends_at": "2026-10-15T09:00:00Z",
            }
        ]
    },
    "POST /api/v1/rota/shifts/{shift_id}/substitutes": {
        "who": WHO,
        "starts_at": "2026-09-15T09:00:00+08:00",
        "ends_at": "2026-09-16T09:00:00+08:00",
        "reason": "病假",
    },
    "POST /api/v1/rota/shifts/{shift_id}/ends": {"words": "调岗", "at": LAST},
    "POST /api/v1/rota/persons/{person_id}/contacts": {
        "sms": "13900001111",
        "wecom": "wang",
        "webhook": "https://oa.example.cn/told",
        "webhook_secret": "whsec_" + "a" * 40,
    },
    "POST /api/v1/notices/release": {"words": "已核对", "also_quiet": False},
    "POST /api/v1/exclusions": {
        "ticket_id": str(CITY[2].ticket_id),
        "reason": "malicious",
        "words": "恶意重复来电",
    },
    "POST /api/v1/exclusions/{exclusion_id}/ends": {"words": "认定有误，撤销"},
    "POST /api/v1/rankings": {"of": "units", "quarter": "2026Q1"},
    "POST /api/v1/rankings/{ranking_id}/objections": {"subject": WORST, "words": "数据有误"},
    "POST /api/v1/rankings/objections/{objection_id}/answers": {"words": "已核对", "upheld": True},
    "POST /api/v1/calendar/years": {
        "year": 2027,
        "holidays": ["2027-01-01"],
        "workdays": ["2027-01-02"],
        "source": "国办通知",
    },
    "POST /api/v1/outages": {
        "from_at": "2026-09-14T08:00:00+08:00",
        "to_at": "2026-09-14T08:10:00+08:00",
        "reason": "机房停电",
    },
    "POST /api/v1/board/views": {"name": "紧急件", "query": "urgency=urgent"},
    "POST /api/v1/audit/runs": {"whole": False},
    "POST /api/v1/audit/mismatches/{mismatch_id}/acceptances": {"words": "已查明，无法更改"},
    "POST /api/v1/dead-letters/replays": {"kind": "dead", "error": None},
}


@pytest.fixture(scope="module")
async def notifier(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Notifier]:
    prefix, folder = topic_prefix(), tmp_path_factory.mktemp("odd")
    await servers.make_topics(prefix, [*UNITS, UNIT])
    dsn = await servers.fresh_database(MIGRATIONS)
    async with notifier_on(
        dsn, servers.kafka_bootstrap, prefix, folder, matters=CITY, token_secret=SECRET
    ) as made:
        yield made
    await servers.drop_database(dsn)


@pytest.fixture(scope="module")
async def known(notifier: Notifier) -> dict[str, list[str]]:
    return await living(notifier)


def spoilt(body: Any) -> Iterator[Any]:
    """The body with each of its leaves, and each branch, replaced by each odd value."""
    yield from ODD
    parts = body.items() if isinstance(body, dict) else enumerate(body)
    for key, value in parts:
        inner = spoilt(value) if isinstance(value, dict | list) else ODD
        for odd in inner:
            if isinstance(body, dict):
                yield {**body, key: odd}
            else:
                yield [*body[:key], odd, *body[key + 1 :]]


def cursor(place: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


ODD_QUERY: Final = (
    *("%00", "9" * 40, "-1", "%F0%9F%A7%BF" * 500, "0001-01-01", "9999-12-31", "%ED%A0"),
    *(FIRST.replace("+", "%2B"), "2026Q9", "9999Q4", "' or 1=1 --"),
    *(cursor([at, SOME]) for at in (FIRST, LAST, "2026-09-14T09:00:00")),
    *(cursor([n, "2026-09-14T09:00:00Z", SOME]) for n in (-(2**31), 10**30)),
    *(
        cursor({"day": day, "row_id": SOME, "round": n})
        for day, n in (("0001-01-01", -1), ("9999-12-31", 10**30))
    ),
    cursor(["dead", 10**30]),
)
PAGES: Final = {
    "/board": ("unit", "kind", "urgency", "region"),
    "/board.csv": ("unit", "kind", "urgency", "region"),
    "/board/list": ("unit", "kind", "urgency", "region", "what", "age", "cursor"),
    "/board/list.csv": ("unit", "kind", "urgency", "region", "what", "age"),
    "/brief": ("day",),
}


def filled(route: str, known: dict[str, list[str]]) -> str:
    """The path of a route, with things that are there."""
    path = route.partition(" ")[2]
    for name, values in known.items():
        path = path.replace(f"{{{name}}}", values[0])
    return address(f"GET {path}")[1]


async def all_answered(notifier: Notifier, asked: list[tuple[str, str, Any]]) -> list[str]:
    """Requests as (route, address, body), a few at once; those that the service failed at."""
    gate, wrong = asyncio.Semaphore(8), []

    async def one(route: str, where: str, body: Any) -> None:
        content = None if body is None else json.dumps(body).replace(HALF, "\\ud800")
        more = {} if content is None else {"Content-Type": "application/json"}
        async with gate:
            try:
                answer = await notifier.http.request(
                    route.partition(" ")[0],
                    notifier.url + where,
                    headers=headers(route) | more,
                    content=content,
                )
            except httpx.HTTPError as error:
                wrong.append(f"{error!r} {route} {where[:200]} {(content or '')[:300]}")
                return
        if answer.status_code >= 500:
            wrong.append(f"{answer.status_code} {route} {where[:200]} {(content or '')[:300]}")

    async with asyncio.TaskGroup() as tasks:
        for route, where, body in asked:
            tasks.create_task(one(route, where, body))
    return wrong


async def test_no_odd_body_breaks_a_command(
    notifier: Notifier, known: dict[str, list[str]]
) -> None:
    bodiless = {"POST /api/v1/figures/rebuilds", "POST /api/v1/rankings/{ranking_id}/publish"}
    bodiless |= {"POST /api/v1/deliveries/{delivery_id}/again"}
    bodiless |= {"POST /api/v1/dead-letters/{dead_letter_id}/replay"}
    commands = {each for each in MATRIX if each.startswith("POST /api/")}
    assert commands == BODIES.keys() | bodiless
    asked = [
        (route, filled(route, known), odd)
        for route, body in BODIES.items()
        for odd in [*spoilt(body), body]
    ]
    assert len(asked) > 600
    wrong = await all_answered(notifier, asked)
    assert not wrong, f"{len(wrong)}\n" + "\n".join(sorted(wrong)[:60])


async def test_no_odd_address_breaks_a_page_or_a_list(
    notifier: Notifier, known: dict[str, list[str]]
) -> None:
    described = (await notifier.http.get(f"{notifier.url}/openapi.json")).json()["paths"]
    names = dict(PAGES)
    for path, methods in described.items():
        if path.startswith("/api/") and f"GET {path}" in MATRIX and path not in BESIDES[0]:
            given = methods["get"].get("parameters", ())
            names[path] = tuple(each["name"] for each in given if each["in"] == "query")
    asked = []
    for path, params in names.items():
        where = filled(f"GET {path}", known).replace("{figure}", "response")
        must = "of=units&quarter=2026Q1&" if path.endswith("/rankings") else ""
        for name in params:
            query = f"?{must}{name}="
            asked += [(f"GET {path}", where + query + odd, None) for odd in ODD_QUERY]
    asked += [("GET /promises/{about}", f"/promises/{odd}", None) for odd in ODD_QUERY[:5]]
    assert len(asked) > 600
    wrong = await all_answered(notifier, asked)
    assert not wrong, f"{len(wrong)}\n" + "\n".join(sorted(wrong)[:60])
