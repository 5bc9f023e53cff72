"""Two at once on the real service: one outcome, the other is told what came before, nothing breaks.

Each pair is tried a few times, as two requests seldom meet in the same instant.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.notifier.app import MIGRATIONS
from tests.support.notifier import CITY, MONDAY, UNITS, WORST, Notifier, clock_now, notifier_on
from tests.support.stack import Servers, topic_prefix
from tests.support.waiting import eventually

LEADER = {"post": "unit_leader", "unit": WORST}
ADDRESS = {"contact": {"sms": "13900001111"}}


@pytest.fixture(scope="module")
async def notifier(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Notifier]:
    prefix, folder = topic_prefix(), tmp_path_factory.mktemp("races")
    await servers.make_topics(prefix, UNITS)
    dsn = await servers.fresh_database(MIGRATIONS)
    async with notifier_on(dsn, servers.kafka_bootstrap, prefix, folder, matters=CITY) as made:
        yield made
    await servers.drop_database(dsn)


async def post(
    notifier: Notifier, path: str, *, role: str = "supervisor", unit: str | None = None, **body: Any
) -> httpx.Response:
    return await notifier.call("POST", path, role=role, unit=unit, name="赵督办", json=body)


async def both(first: Any, second: Any) -> tuple[httpx.Response, httpx.Response]:
    """The one that won, and the one that was refused with its reason in both languages."""
    answers = await asyncio.gather(first, second)
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert won.status_code in (200, 201), won.text
    assert lost.status_code == 409, lost.text
    assert lost.json()["code"]
    assert lost.json()["zh"]
    assert lost.json()["en"]
    return won, lost


async def test_two_answers_to_one_supervision(notifier: Notifier) -> None:
    for matter in CITY[:3]:
        asked = await post(
            notifier, "/supervisions", whistle_id=str(matter.whistle_id), words="请说明原因"
        )
        assert asked.status_code == 201, asked.text
        answers = f"/supervisions/{asked.json()['supervision_id']}/answers"
        won, _ = await both(
            post(notifier, answers, role="liaison", unit=WORST, words="今日十七时前完工"),
            post(notifier, answers, role="handler", unit=WORST, words="已完工，请查看"),
        )
        (kept,) = await notifier.rows(
            "select answer from supervision where supervision_id = $1",
            asked.json()["supervision_id"],
        )
        assert kept["answer"] == won.json()["answer"]


async def test_a_supervision_sent_twice_counts_once(notifier: Notifier) -> None:
    async def ask() -> httpx.Response:
        return await notifier.call(
            "POST",
            "/supervisions",
            role="leader",
            name="周市长",
            headers={"Idempotency-Key": "a tap"},
            json={"whistle_id": str(CITY[1].whistle_id), "words": "请今天办结"},
        )

    _, lost = await both(ask(), ask())
    assert lost.json()["code"] == "repeated"
    found = await notifier.rows("select 1 from supervision where words = '请今天办结'")
    assert len(found) == 1


async def test_two_exclusions_of_one_ticket_and_two_ends(notifier: Notifier) -> None:
    for matter in CITY[:3]:
        ticket_id = str(matter.ticket_id)

        async def followed(ticket_id: str = ticket_id) -> list[Any]:
            known = "select 1 from figure_ticket where ticket_id = $1 and number || day is not null"
            return await notifier.rows(known, ticket_id)

        await eventually(followed)
        body = {"ticket_id": ticket_id, "reason": "malicious"}
        won, _ = await both(
            post(notifier, "/exclusions", **body, words="经核实为恶意来电"),
            post(notifier, "/exclusions", **body, words="重复拨打骚扰"),
        )
        ends = f"/exclusions/{won.json()['exclusion_id']}/ends"
        await both(post(notifier, ends, words="认定有误"), post(notifier, ends, words="复核后撤销"))
        rows = await notifier.rows("select seq from exclusion where ticket_id = $1", ticket_id)
        assert [row["seq"] for row in rows] == [1]


async def test_two_overlapping_outages(notifier: Notifier) -> None:
    for day in (7, 8, 9):

        def window(from_: str, to: str, day: int = day) -> dict[str, str]:
            at = f"2026-09-0{day}T"
            return {"from_at": f"{at}{from_}+08:00", "to_at": f"{at}{to}+08:00"}

        await both(
            post(notifier, "/outages", **window("09:00:00", "09:30:00"), reason="机房停电"),
            post(notifier, "/outages", **window("09:20:00", "10:00:00"), reason="网络中断"),
        )
    assert len(await notifier.rows("select 1 from outage_declared")) == 3


async def shift(notifier: Notifier, name: str) -> str:
    made = await post(
        notifier, "/rota/shifts", shifts=[{**LEADER, "who": {"name": name} | ADDRESS}]
    )
    assert made.status_code == 201, made.text
    return str(made.json()["shift_ids"][0])


async def test_two_ends_of_a_shift(notifier: Notifier) -> None:
    for name in ("王一", "王二", "王三"):
        ends = f"/rota/shifts/{await shift(notifier, name)}/ends"
        await both(post(notifier, ends, words="调岗"), post(notifier, ends, words="退休"))


async def test_two_substitutes_for_the_same_hours(notifier: Notifier) -> None:
    path = f"/rota/shifts/{await shift(notifier, '李一')}/substitutes"
    hours = {"starts_at": "2026-09-15T09:00:00+08:00", "ends_at": "2026-09-16T09:00:00+08:00"}
    await both(
        post(notifier, path, who={"name": "替一"} | ADDRESS, **hours, reason="病假"),
        post(notifier, path, who={"name": "替二"} | ADDRESS, **hours, reason="休假"),
    )


async def test_two_rebuilds_of_the_figures(notifier: Notifier) -> None:
    answers = await asyncio.gather(
        *(post(notifier, "/figures/rebuilds", role="ops") for _ in range(2))
    )
    assert sorted(answer.status_code for answer in answers) == [202, 409]


async def test_two_publish_a_ranking_and_two_release_what_is_held(notifier: Notifier) -> None:
    """Last, as the clock leaps over the time for objections, and so much falls due unwatched."""
    await shift(notifier, "孙值班")
    opening = {"of": "units", "quarter": "2026Q2"}
    won, _ = await both(
        post(notifier, "/rankings", **opening), post(notifier, "/rankings", **opening)
    )
    publish = f"/rankings/{won.json()['ranking_id']}/publish"
    early = await post(notifier, publish)
    assert (early.status_code, early.json()["code"]) == (409, "wrong_state")
    notifier.forward(days=9)
    await both(post(notifier, publish), post(notifier, publish))
    (row,) = await notifier.rows("select count(*) as n from history where what = 'published'")
    assert row["n"] == 1
    assert clock_now(notifier.clock) > MONDAY + timedelta(days=8)

    async def held() -> dict[str, Any]:
        answer = await notifier.call("GET", "/notices/held", role="supervisor")
        found: dict[str, Any] = answer.json()
        return found

    before = await eventually(held, until=lambda h: h["messages"] > 0 and not h["behind"])
    released, refused = await both(
        post(notifier, "/notices/release", words="已核对", also_quiet=True),
        post(notifier, "/notices/release", words="同时放行", also_quiet=True),
    )
    assert released.json()["messages"] == before["messages"]
    assert refused.json()["code"] == "nothing_held"
    assert (await held())["messages"] == 0
