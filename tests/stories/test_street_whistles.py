"""Streets and communities blow whistles by themselves: flow (c), every kind of DOMAIN §4."""

import io

import pytest
from PIL import Image

from tests.support.city import RESOLVED, City

COMMUNITY, STREET = "Q-159902001001", "S-159902001"
LEAD, OTHER = "BH-CGJ", "BH-SCJ"
OFFICER = {"role": "street_officer", "unit": STREET, "name": "孟和"}
WORKER = {"role": "community_worker", "unit": COMMUNITY, "name": "周敏"}
MARKS = {"timely": 28, "present": 20, "effect": 32, "cooperation": 14}


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


async def blown(city: City, body, **by):
    answer = await blow(city, body, **by)
    assert answer.status_code == 201, answer.text
    return answer.json()["whistle_id"]


async def tells(city: City, whistle_id: str, what: str, by=OFFICER, *, status=201, **body):
    """A command of street or community; its answer."""
    path = f"/api/v1/whistles/{whistle_id}/{what}"
    answer = await city.call("POST", "router", path, **by, json=body)
    assert answer.status_code == status, (what, answer.text)
    return answer.json()


async def photo(city: City) -> str:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "green").save(file, "JPEG")
    files = {"file": ("spot.jpg", file.getvalue(), "image/jpeg")}
    answer = await city.call("POST", "router", "/api/v1/files", **OFFICER, files=files)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["file_id"]


async def comes(bureau, whistle_id: str) -> None:
    """Acknowledged and on the spot, over Kafka."""
    await bureau.accepted(await bureau.report("acknowledged", whistle_id))
    await bureau.accepted(await bureau.report("arrived", whistle_id, mode="on_site", head_count=4))


async def is_done(bureau, whistle_id: str, reply: str) -> None:
    words = RESOLVED | {"contacted_how": "visit", "public_reply": reply}
    await bureau.accepted(await bureau.report("resolved", whistle_id, **words))


async def closed(city: City, whistle_id: str, *bureaus) -> None:
    """Accepted, and rated by everybody who has to."""
    await tells(city, whistle_id, "acceptances", words="到位", photos=[await photo(city)])
    path = f"/api/v1/whistles/{whistle_id}/joint"
    standing = (await city.call("GET", "router", path, **OFFICER)).json()
    for unit in standing["evaluators"].values():
        by = OFFICER if unit == STREET else WORKER
        for score in standing["scores"]:
            await tells(city, whistle_id, "evaluations", by, unit=score["unit"], **MARKS)
    for bureau in bureaus:
        await bureau.hears("bureau.closed", whistle_id=whistle_id)


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


async def test_a_joint_matter_from_the_whistle_to_the_marks(city: City):
    lead, other, community = [await city.bureau(u) for u in (LEAD, OTHER, COMMUNITY)]
    whistle_id = await blown(city, whistle())
    await comes(lead, whistle_id)
    await comes(other, whistle_id)
    due = (city.clock.now().replace(microsecond=0)).isoformat()
    await tells(city, whistle_id, "consultations", status=422, words="会商",
                decisions=[{"unit": LEAD, "action": "清理", "due": due}])  # fmt: skip
    await tells(
        city,
        whistle_id,
        "consultations",
        words="先清摊位后查证照",
        decisions=[
            {"unit": LEAD, "action": "清理摊位", "due": "2026-09-18T17:00:00+08:00"},
            {"unit": OTHER, "action": "核查证照", "due": "2026-09-17T17:00:00+08:00"},
        ],
    )
    agreed = await community.hears("bureau.consulted", whistle_id=whistle_id)
    assert agreed["decisions"][0]["action"] == "清理摊位"
    promise = await city.deadline(
        lambda d: d["state"] == "running", kind="resolve", unit=OTHER, whistle_id=whistle_id
    )
    assert promise["due"]["by"] == "2026-09-17T09:00:00Z"
    early = await lead.report("resolved", whistle_id, **RESOLVED)
    assert OTHER in (await lead.refused(early))["zh"], "the lead is done last"
    await is_done(other, whistle_id, "八家商户证照齐全，一家已责令补办。")
    await is_done(lead, whistle_id, "二十一处占道摊位已清理完毕并安排值守。")
    await tells(city, whistle_id, "failed-acceptances", units=[OTHER], reason="两家证照未查")
    back = await other.hears("bureau.acceptance_failed", whistle_id=whistle_id)
    assert back["changes"][0]["due"]["rule"] == "2WD"
    again = await city.deadline(
        lambda d: d["state"] == "running", kind="resolve", unit=OTHER, whistle_id=whistle_id
    )
    assert again["due"]["rule"] == "2WD"
    await is_done(other, whistle_id, "两家商户已停业整改，其余证照齐全。")
    await closed(city, whistle_id, lead, other)
    met = await city.deadline(
        lambda d: d["state"] == "met", kind="evaluation", unit=STREET, whistle_id=whistle_id
    )
    assert not met["late"]


async def test_an_emergency_is_let_go_by_the_street_alone(city: City):
    lead, other = await city.bureau("BH-XFJ"), await city.bureau(OTHER)
    body = whistle(kind="emergency", title="燃气味浓", own_effort=None, muster=None) | {
        "units": [
            {"unit": "BH-XFJ", "relation": "lead", "task": "到场处置"},
            {"unit": OTHER, "relation": "assisting", "task": "查燃气器具"},
        ]
    }
    whistle_id = await blown(city, body)
    owed = await city.deadline(
        lambda d: d["state"] == "running", kind="own_effort", whistle_id=whistle_id
    )
    assert owed["unit"] == COMMUNITY
    await tells(city, whistle_id, "own-efforts", WORKER, text="已疏散六户群众")
    await city.deadline(lambda d: d["state"] == "met", kind="own_effort", whistle_id=whistle_id)
    await comes(lead, whistle_id)
    await comes(other, whistle_id)
    await tells(city, whistle_id, "releases", WORKER, status=403, unit=OTHER, reason="险情解除")
    await tells(city, whistle_id, "releases", unit=OTHER, reason="险情解除")
    assert (await other.hears("bureau.released", whistle_id=whistle_id))["reason"] == "险情解除"
    await is_done(lead, whistle_id, "已关阀排险，浓度归零，居民已返回。")
    await tells(city, whistle_id, "acceptances", WORKER, status=403, photos=[])
    await closed(city, whistle_id, lead)
    marked = await other.hears("bureau.evaluated", whistle_id=whistle_id)
    assert marked["timely"] == MARKS["timely"], "it came, and was let go"


async def test_key_work_is_the_street_s_own(city: City):
    lead = await city.bureau(LEAD)
    body = whistle(kind="key_work", title="迎检环境整治", own_effort=None)
    assert (await blow(city, body)).status_code == 403, "a community has none"
    late = whistle(kind="key_work") | {"muster": {"at": "2026-10-16T09:00:00+08:00"}}
    refused = await blow(city, late, **_street())
    assert refused.json()["errors"][0]["field"] == "muster.at"
    body["units"] = body["units"][:1]
    whistle_id = await blown(city, body, **_street())
    called = await lead.hears("bureau.whistled", whistle_id=whistle_id)
    assert called["assignment"]["acknowledge"]["rule"] == "1h"
    assert called["assignment"]["contact"]["rule"] == "24h"
    await tells(city, whistle_id, "take-overs", status=409, reason="统一牵头")
    await comes(lead, whistle_id)
    await tells(city, whistle_id, "withdrawals", status=409, reason="不用来了")
    await is_done(lead, whistle_id, "三条街面已完成整治并通过自查。")
    await closed(city, whistle_id, lead)


async def test_a_demand_of_the_street_is_let_go_on_resolve(city: City):
    lead = await city.bureau(LEAD)
    body = whistle(kind="citizen_demand", title="居民反映占道", muster=None)
    body["units"] = body["units"][:1]
    whistle_id = await blown(city, body)
    called = await lead.hears("bureau.whistled", whistle_id=whistle_id)
    assert called["assignment"]["resolve"]["rule"] == "3WD"
    await lead.accepted(await lead.report("acknowledged", whistle_id))
    await tells(city, whistle_id, "releases", status=409, unit=LEAD, reason="不用了")
    await is_done(lead, whistle_id, "占道摊位已劝离，安排晚间巡查。")
    await lead.hears("bureau.closed", whistle_id=whistle_id)
    await tells(city, whistle_id, "acceptances", status=409, photos=[])


@pytest.mark.parametrize("what", ["take-overs", "withdrawals"])
async def test_the_street_steps_in_within_half_an_hour(city: City, what: str):
    lead, community = await city.bureau(LEAD), await city.bureau(COMMUNITY)
    whistle_id, other = [await blown(city, whistle(title=f"{what}整治{n}")) for n in (1, 2)]
    await city.deadline(lambda d: d["state"] == "running", kind="takeover", whistle_id=whistle_id)
    view = {"take-overs": "bureau.taken_over", "withdrawals": "bureau.withdrawn"}[what]
    await tells(city, whistle_id, what, reason="三个社区同类问题，街道统一组织")
    told = await community.hears(view, whistle_id=whistle_id)
    assert told["reason"] == "三个社区同类问题，街道统一组织"
    state = "met" if what == "take-overs" else "cancelled"
    await city.deadline(lambda d: d["state"] == state, kind="takeover", whistle_id=whistle_id)
    report = await lead.report("acknowledged", whistle_id)
    if what == "take-overs":
        await lead.accepted(report)
    else:
        assert (await lead.refused(report))["code"] == "stale"
    city.forward(minutes=31)
    late = await tells(city, other, what, status=409, reason="街道统一组织")
    assert "30 分钟" in late["zh"]


async def test_another_district_s_unit_comes_with_the_flag_and_its_centre_knows(city: City):
    units = [
        {"unit": LEAD, "relation": "lead", "task": "清理"},
        {"unit": "XS-CGJ", "relation": "assisting", "task": "配合"},
    ]
    refused = (await blow(city, whistle(units=units))).json()["errors"]
    assert "XS-CGJ" in refused[0]["zh"]
    abroad = await city.bureau("XS-CGJ")
    centre = await city.bureau("XS-RXZX")
    whistle_id = await blown(city, whistle(units=units, cross_district=True))
    called = await abroad.hears("bureau.whistled", whistle_id=whistle_id)
    assert called["cross_district"] is True
    informed = await centre.hears("bureau.whistled", whistle_id=whistle_id)
    assert informed["assignment"]["relation"] == "informed"


def _street():
    return {"role": "street_officer", "unit": STREET}
