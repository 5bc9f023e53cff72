"""Streets and communities blow whistles by themselves: flow (c), without a ticket."""

from tests.support.city import City

COMMUNITY, STREET = "Q-159902001001", "S-159902001"


def whistle(**fields):
    return {
        "kind": "joint_enforcement",
        "title": "河湾社区夜市占道联合整治",
        "summary": "夜市占用消防通道，社区多次劝导无效，请相关部门现场联合处置。",
        "own_effort": "社区网格员已劝导三次，张贴告知书二十份",
        "place": {"region": "159902001001", "address": "河湾路夜市"},
        "muster": {"at": "2026-09-16T09:00:00+08:00", "place": "河湾社区服务站"},
        "units": [
            {"unit": "BH-CGJ", "relation": "lead", "task": "清理占道摊位"},
            {"unit": "BH-SCJ", "relation": "assisting", "task": "检查食品经营许可"},
        ],
        "tickets": [],
        **fields,
    }


async def blow(city: City, body, *, role="community_worker", unit=COMMUNITY):
    return await city.call("POST", "router", "/api/v1/whistles", role=role, unit=unit, json=body)


async def test_a_community_calls_bureaus_directly_and_its_street_is_informed(city: City):
    lead, assisting, street = [await city.bureau(u) for u in ("BH-CGJ", "BH-SCJ", STREET)]
    answer = await blow(city, whistle())
    assert answer.status_code == 201, answer.text
    whistle_id = answer.json()["whistle_id"]
    called = await lead.hears("bureau.whistled", whistle_id=whistle_id)
    assert (called["kind"], called["level"]) == ("joint_enforcement", "community")
    assert called["blown_by"]["unit"] == COMMUNITY
    assert called["ticket_ids"] == []
    assert called["assignment"]["acknowledge"]["rule"] == "1h"
    assert called["muster"]["place"] == "河湾社区服务站"
    await assisting.hears("bureau.whistled", whistle_id=whistle_id)
    informed = await street.hears("bureau.whistled", whistle_id=whistle_id)
    assert informed["assignment"]["relation"] == "informed"
    assert informed["assignment"]["acknowledge"] is None
    await lead.accepted(await lead.report("acknowledged", whistle_id))
    arrival = await lead.report("arrived", whistle_id, mode="on_site", head_count=4)
    assert (await lead.accepted(arrival))["state"] == "arrived"


async def test_an_emergency_is_acknowledged_in_five_minutes_and_no_effort_note_is_asked(city: City):
    lead = await city.bureau("BH-XFJ")
    body = whistle(kind="emergency", title="燃气味浓", own_effort=None, muster=None) | {
        "units": [{"unit": "BH-XFJ", "relation": "lead", "task": "到场处置"}]
    }
    answer = await blow(city, body)
    assert answer.status_code == 201, answer.text
    called = await lead.hears("bureau.whistled", whistle_id=answer.json()["whistle_id"])
    assert called["assignment"]["acknowledge"]["rule"] == "5m"
    assert called["assignment"]["arrive"]["rule"] == "30m"


async def test_what_is_wrong_with_a_whistle_is_said_by_field(city: City):
    for body, field in (
        (whistle(own_effort=None), "own_effort"),
        (whistle(units=[{"unit": "X-NONE", "relation": "lead", "task": "来"}]), "units"),
        (whistle(units=[{"unit": "BH-SCJ", "relation": "assisting", "task": "来"}]), "units"),
        (whistle(kind="party"), "kind"),
        (whistle(place={"region": "999999"}), "place"),
        (whistle(muster={"at": "2026-09-16T09:00:00", "place": "x"}), "muster.at"),
    ):
        answer = await blow(city, body)
        assert answer.status_code == 422, (field, answer.text)
        fields = [error["field"] for error in answer.json()["errors"]]
        assert any(found.startswith(field) for found in fields), (field, fields)


async def test_only_who_may_blow_blows(city: City):
    answer = await blow(city, whistle(), role="liaison", unit="BH-CGJ")
    assert answer.status_code == 403
