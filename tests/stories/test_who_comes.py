"""Who comes: whom the person chose, who is on duty at night, what goes on when nobody decides."""

from typing import Any

from shared.catalogue.load import load_catalogue
from shared.catalogue.load_grids import load_grids
from tests.support.city import RESOLVED, City
from tests.support.waiting import eventually

COMMUNITY, LEAD = "Q-159902001001", "C-SZZ"
GRID = "159902001001003"  # of 河湾锦苑
WORKER = load_grids(load_catalogue()).by_code[GRID]
HOME = {"address": "河湾锦苑3号楼门口"}


async def one_tap(city: City, **fields: Any) -> str:
    """A resident's tap on 报网格员."""
    asked = {"channel": "one_tap", "choice": "grid", "place": HOME, **fields}
    return str((await city.submit(**asked))["ticket_id"])


async def held(city: City, ticket_id: str) -> dict[str, Any]:
    answer = await city.call("GET", "router", "/api/v1/held", role="dispatcher", unit="C-RXZX")
    assert answer.status_code == 200, answer.text
    return next((i for i in answer.json()["items"] if i["ticket_id"] == ticket_id), {})


async def test_the_grid_worker_looks_first_and_the_bureau_is_whistled_at_the_same_time(
    city: City,
) -> None:
    community, bureau = await city.bureau(COMMUNITY), await city.bureau(LEAD)
    ticket_id = await one_tap(city)
    first = await community.whistled(ticket_id)
    assert first["place"]["region"] == GRID
    mine = first["assignment"]
    assert mine["relation"] == "assisting"
    assert mine["handler"] == {"name": WORKER.worker, "post": "网格员"}
    assert (mine["acknowledge"]["rule"], mine["resolve"]["rule"]) == ("30m", "24h")
    whistle = await bureau.whistled(ticket_id)
    assert whistle["whistle_id"] == first["whistle_id"]
    assert whistle["assignment"]["relation"] == "lead"
    assert whistle["assignment"]["acknowledge"]["rule"] == "4wh"
    assert f"3:duty of a bureau, whistled at the same time→{LEAD}" in whistle["why"]
    await community.accepted(await community.report("acknowledged", first["whistle_id"]))
    seen = await community.report("resolved", first["whistle_id"], **RESOLVED)
    assert (await community.accepted(seen))["state"] == "done"


async def test_the_substitute_looks_while_the_worker_is_away(city: City) -> None:
    community = await city.bureau(COMMUNITY)
    away = {"until": city.forward(minutes=1).replace(year=2026, month=9, day=16).isoformat()}
    marked = await city.call(
        "POST", "router", f"/api/v1/grids/{GRID}/absences",
        role="community_worker", unit=COMMUNITY, name="社区", json={**away, "reason": "培训"},
    )  # fmt: skip
    assert marked.status_code == 201, marked.text
    elsewhere = await city.call(
        "POST", "router", f"/api/v1/grids/{GRID}/absences",
        role="community_worker", unit="Q-159902002001", json={**away, "reason": "培训"},
    )  # fmt: skip
    assert elsewhere.status_code == 403, elsewhere.text

    async def on_duty() -> str:
        answer = await city.call(
            "GET", "router", f"/api/v1/grids?region={GRID}", role="community_worker", unit=COMMUNITY
        )
        return str(answer.json()[0]["on_duty"])

    await eventually(on_duty, until=lambda name: name == WORKER.substitute)
    ticket_id = await one_tap(city, category="0504", description="楼道灯坏了，晚上看不见")
    first = await community.whistled(ticket_id)
    assert first["assignment"]["relation"] == "lead"
    assert first["assignment"]["handler"]["name"] == WORKER.substitute
    path = f"/api/v1/grids/{GRID}/absences/{marked.json()['absence_id']}"
    back = await city.call("DELETE", "router", path, role="community_worker", unit=COMMUNITY)
    assert back.status_code == 204, back.text
    await eventually(on_duty, until=lambda name: name == WORKER.worker)


async def test_held_past_its_limit_an_urgent_matter_goes_on_and_a_normal_one_rings(
    city: City,
) -> None:
    centre = await city.bureau("BH-RXZX")
    normal = (await city.submit(category=None))["ticket_id"]
    urgent = (await city.submit(category=None, urgency="urgent"))["ticket_id"]
    await eventually(lambda: held(city, normal), until=bool)
    await eventually(lambda: held(city, urgent), until=bool)
    city.forward(hours=2, minutes=5)
    whistle = await centre.whistled(urgent)
    assert whistle["assignment"]["relation"] == "lead"
    assert any("provisional" in line for line in whistle["why"])
    item = await eventually(lambda: held(city, normal), until=lambda found: bool(found.get("desk")))
    assert item["desk"]["to_role"] == "shift_lead"


async def test_at_night_an_urgent_matter_goes_to_the_duty_office_with_the_centre_beside(
    city: City,
) -> None:
    lead, centre = await city.bureau("BH-SCJ"), await city.bureau("BH-RXZX")
    city.forward(hours=12)
    ticket_id = (
        await city.submit(
            category="1501", description="夜市买的熟食发臭，一家三口上吐下泻，请来查。"
        )
    )["ticket_id"]
    whistle = await lead.whistled(ticket_id)
    assert whistle["urgency"] == "urgent"
    assert whistle["assignment"]["handler"] == {"name": "值班室", "post": "夜间值班"}
    beside = await centre.whistled(ticket_id)
    assert beside["assignment"]["relation"] == "assisting"
    assert beside["assignment"]["arrive"] is None
    assert "8:no night duty at BH-SCJ→BH-RXZX" in whistle["why"]
