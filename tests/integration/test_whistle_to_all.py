"""One whistle to two hundred units: the city's own and nineteen that were added."""

from typing import Any

import asyncpg

from services.router.app import MIGRATIONS
from tests.support.router import router_on
from tests.support.waiting import eventually
from tests.unit.router.samples import city

ALL = 200
KNOWN = sorted(city().catalogue.units)
ADDED = [f"BH-LS{n:02}" for n in range(ALL - len(KNOWN))]


ADD = """
insert into unit (code, seq, name, parent, level, kind, function_codes, region_code, can_whistle,
    duty_24h, active, reachable, history_hash)
select code, 1, '滨河区临时指挥部', 'BH-GOV', 'district', 'bureau', '{LSZ}', '159902', false, true,
    true, true, '' from unnest($1::text[]) as code
"""


async def test_a_whistle_to_two_hundred_units_is_on_all_their_topics(
    database, kafka, prefix, topics_of, tmp_path
):
    codes = [*KNOWN, *ADDED]
    await topics_of(prefix, codes)
    dsn = await database(MIGRATIONS)
    connection = await asyncpg.connect(dsn)
    await connection.execute(ADD, ADDED)
    await connection.close()
    async with router_on(dsn, kafka, prefix, tmp_path, units=codes) as router:
        lead, *others = codes
        answer = await router.call(
            "POST",
            "/whistles",
            role="supervisor",
            unit="C-RXZX",
            name="督办员",
            json={
                "kind": "key_work",
                "title": "全市防汛一级响应",
                "summary": "气象台发布暴雨红色预警，各单位立即到岗。",
                "place": {"region": "159900"},
                "units": [
                    {"unit": lead, "relation": "lead", "task": "总牵头"},
                    *({"unit": u, "relation": "assisting", "task": "到岗值守"} for u in others),
                ],
            },
        )
        assert answer.status_code == 201, answer.text
        whistle_id = answer.json()["whistle_id"]

        async def called() -> dict[str, dict[str, Any]]:
            return {
                event["data"]["assignment"]["unit"]: event["data"]
                for event in router.said
                if event["type"] == "shaodao.bureau.whistled.v1" and event["subject"] == whistle_id
            }

        views = await eventually(called, until=lambda found: len(found) == ALL)
        assert set(views) == set(codes)
        assert {len(view["units"]) for view in views.values()} == {ALL}
        assert views[ADDED[-1]]["assignment"]["acknowledge"]["rule"] == "1h"
        fact = (await router.hears("whistle.blown", whistle_id=whistle_id))["data"]
        assert len(fact["assignments"]) == ALL
