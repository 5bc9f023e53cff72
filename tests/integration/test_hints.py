"""Hints on a served intake: categories, duplicates, groups, and what the desk teaches."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from services.intake.app import MIGRATIONS
from services.intake.domain.near import Asked
from services.intake.domain.registration import Rules
from services.intake.flag_group import flag_groups
from services.intake.hints import find_duplicates, new_hints, public_hints
from services.intake.learn import learn, recall
from services.intake.store import hints as store
from shared.calendar import WorkCalendar
from shared.catalogue.gazetteer import Gazetteer
from shared.catalogue.load import load_catalogue
from shared.catalogue.load_hints import load_hint_limits
from shared.catalogue.load_limits import load_time_limits
from shared.web.identity import issue_token
from tests.support.intake import Intake
from tests.support.serving import SECRET

COMPOUND = {"address": "河湾锦苑3号楼"}
COLD = "家里暖气一直不热，室温只有十三度，老人孩子都冻感冒了"
CATALOGUE = load_catalogue()
HINTS = new_hints(CATALOGUE)
LIMITS = load_hint_limits()
RULES = Rules(
    catalogue=CATALOGUE,
    gazetteer=Gazetteer(CATALOGUE),
    limits=load_time_limits(),
    calendar=WorkCalendar(),
    city_prefix="1599",
)


async def _ask(intake: Intake, path: str, role: str = "operator", **body: Any) -> httpx.Response:
    token = issue_token(SECRET, role=role, name="测试员")
    url = f"{intake.url}/api/v1/hints/{path}"
    return await intake.http.post(url, json=body, headers={"Authorization": f"Bearer {token}"})


async def _cold(intake: Intake, n: int = 0, **fields: Any) -> dict[str, Any]:
    return await intake.registered(
        **{
            "description": COLD,
            "category": "0701",
            "place": COMPOUND,
            "reporter": {"name": "王小红", "phone": f"1390000{n:04d}"},
            **fields,
        }
    )


async def test_categories_come_with_their_words(intake: Intake) -> None:
    answer = await _ask(intake, "categories", text="小区电梯坏了，老人困在电梯里", address=None)
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert items[0]["code"] == "0503"
    assert (items[0]["name"], items[0]["major"]) == ("电梯故障与停运", "物业管理")
    assert "电梯" in "".join(items[0]["words"])
    assert len(items) <= 5
    assert (await _ask(intake, "categories", text="")).json() == {"items": []}
    assert (await _ask(intake, "categories", text=1)).status_code == 422
    assert (await _ask(intake, "categories", role="liaison", text="电梯")).status_code == 403


async def test_neighbours_reports_are_found_and_confidential_ones_only_counted(
    intake: Intake,
) -> None:
    first = await _cold(intake)
    joined = await _cold(intake, 1)
    merged = await intake.call(
        "POST", f"/{joined['ticket_id']}/merges", json={"into": first["ticket_id"]}
    )
    assert merged.status_code == 200, merged.text
    hidden = await _cold(intake, 2, reporter={"phone": "13900000002", "confidential": True})
    await intake.registered(place={"address": "临水花园"}, category="0205")
    answer = await _ask(
        intake, "duplicates", text="暖气不热，室温才十三度", category="0701", place=COMPOUND
    )
    assert answer.status_code == 200, answer.text
    told = answer.json()
    (item,) = told["items"]
    assert item["ticket_id"] == first["ticket_id"]
    assert (item["number"], item["reports"]) == (first["number"], 2)
    assert (item["state"], item["state_zh"]) == ("registered", "已登记")
    assert item["score"] >= LIMITS.alike
    assert hidden["ticket_id"] not in answer.text
    assert told["hidden"] == 1
    nowhere = await _ask(intake, "duplicates", text=COLD, category="0701", place={})
    assert nowhere.json() == {"items": [], "hidden": 0}


async def test_a_resident_sees_no_words_and_no_number(intake: Intake) -> None:
    first = await _cold(intake)
    asked = Asked(text=COLD, category="0701", region="159902001001", compound="河湾锦苑")
    now = datetime.now(UTC)
    connection = await asyncpg.connect(intake.dsn)
    try:
        categories, public = await public_hints(connection, asked, hints=HINTS, now=now)
        desk = await find_duplicates(connection, asked, hints=HINTS, now=now, public=False)
        later = now + LIMITS.since + timedelta(days=1)
        past = await find_duplicates(connection, asked, hints=HINTS, now=later, public=False)
    finally:
        await connection.close()
    assert categories[0].code == "0701"
    assert len(categories) <= 3
    assert [each.ticket_id for each in public.items] == [UUID(first["ticket_id"])]
    assert (public.items[0].number, public.items[0].title) == (None, "室温不达标")
    assert desk.items[0].number == first["number"]
    assert past.items == ()


async def test_the_dispatcher_is_told_of_requests_alike(intake: Intake) -> None:
    first = await _cold(intake)
    await _cold(intake, 1, reporter={"phone": "13900000001", "confidential": True})
    other = await intake.registered(
        description="三号楼前面的树枝挡住了窗户，请来修剪", category="0701", place=COMPOUND
    )
    second = await _cold(intake, 2)
    fact = await intake.says("registered", second["ticket_id"])
    assert fact["hints"]["similar"] == [first["ticket_id"]]
    assert (await intake.says("registered", other["ticket_id"]))["hints"]["similar"] == []


async def test_five_callers_of_one_matter_are_a_group(intake: Intake) -> None:
    told = [await _cold(intake, n) for n in range(4)]
    again = await _cold(intake, 0)  # the first caller once more
    elsewhere = await _cold(intake, 5, place={"address": "临水花园"})
    connection = await asyncpg.connect(intake.dsn)
    try:
        now = datetime.now(UTC)
        looked = await store.groups(
            connection,
            touched_since=now - timedelta(hours=1),
            since=now - LIMITS.group_within,
            callers=LIMITS.callers,
            limit=100,
        )
        assert looked == {}
    finally:
        await connection.close()
    fifth = await _cold(intake, 4)
    members = [each["ticket_id"] for each in (*told, again, fifth)]
    await _flag(intake)
    for ticket_id in members:
        ticket = await intake.ticket(ticket_id)
        assert (ticket["group_matter"], ticket["urgency"]) == (True, "critical")
        assert any(line["what"] == "group_flagged" for line in ticket["timeline"])
        fact = await intake.says("group_flagged", ticket_id)
        assert (fact["callers"], fact["urgency"]) == (5, "critical")
    assert not (await intake.ticket(elsewhere["ticket_id"]))["group_matter"]
    late = await _cold(intake, 6)
    await _flag(intake)
    assert (await intake.ticket(late["ticket_id"]))["group_matter"]
    assert len(intake.facts("group_flagged", members[0])) == 1  # once


async def _flag(intake: Intake) -> None:
    """One look of the loop, as another process would."""
    now = datetime.now(UTC)
    connection = await asyncpg.connect(intake.dsn)
    try:
        async with connection.transaction():
            await flag_groups(
                connection,
                touched_since=now - timedelta(hours=1),
                now=now,
                rules=RULES,
                limits=LIMITS,
            )
    finally:
        await connection.close()


async def test_the_desk_teaches_once_within_the_limit(intake: Intake) -> None:
    for n in range(LIMITS.most_per_day + 3):
        await _cold(intake, n)
    await _cold(intake, 90, reporter={"phone": "13900000090", "confidential": True})
    await intake.registered(channel="resident_page", category="0205")
    later = datetime.now(UTC) + timedelta(minutes=5)
    connection = await asyncpg.connect(intake.dsn)
    try:
        read = 1
        while read:
            async with connection.transaction():
                read = await learn(connection, now=later, limits=LIMITS)
        learned = await store.load_learned(connection, now=later, half_life=LIMITS.half_life)
        faded = await store.load_learned(
            connection, now=later + LIMITS.half_life, half_life=LIMITS.half_life
        )
        experience = await recall(connection, now=later, limits=LIMITS)
    finally:
        await connection.close()
    assert learned.categories == {"0701": pytest.approx(LIMITS.most_per_day, abs=0.1)}
    assert faded.categories["0701"] == pytest.approx(LIMITS.most_per_day / 2, abs=0.1)
    words = {word: texts for word, category, texts in learned.words if category == "0701"}
    assert words["暖气"] == pytest.approx(LIMITS.most_per_day, abs=0.1)
    assert experience.total == pytest.approx(LIMITS.most_per_day, abs=0.1)


PLANS = (
    ("near_compound", ("河湾锦苑", UUID(int=0), 200), "ticket_near_compound"),
    ("near_community", ("159902001001", UUID(int=0), 200, "0701"), "ticket_near_community"),
    ("near_point", (None, UUID(int=0), 200, 41.60, 41.61, 108.30, 108.31), "ticket_near_point"),
)


@pytest.mark.parametrize(("name", "values", "index"), PLANS)
async def test_candidates_come_by_an_index(
    database: Any, name: str, values: tuple[Any, ...], index: str
) -> None:
    connection = await asyncpg.connect(await database(MIGRATIONS))
    try:
        await connection.execute(FILL)
        await connection.execute("analyze ticket")
        rows = await connection.fetch(f"explain {getattr(store.SQL, name)}", *values)
    finally:
        await connection.close()
    assert any(index in row[0] for row in rows), rows


FILL = """
insert into ticket (ticket_id, number, state, seq, history_hash, round, channel, type, urgency,
    category, title, summary, region, compound, lat, lon, no_location, confidential, contactable,
    hard_case, registered_at, urged, callback_tries, receipt)
select gen_random_uuid(), n::text, 'registered', 1, '', 1, 'hotline', 'help', 'normal',
    lpad((n % 200)::text, 4, '0'), '', '', '15990200100' || n % 10, 'c' || n % 500,
    41 + n / 5000.0, 108 + n / 5000.0, false, false, true, false, '2026-09-14Z', 0, 0, ''
from generate_series(1, 20000) as n
"""
