"""A confidential ticket at its units: no finer place than the street, whichever way they look.

DOMAIN §2.6. Kafka, the feed, a webhook, the API, the board and the pages are looked through for
every word that would tell the home; the dispatcher, who sees it, shows that it would be found.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.router.app import MIGRATIONS
from shared.catalogue.gazetteer import LocatedBy
from shared.contracts.parts import Actor, Place, Role
from shared.contracts.tickets import Hints, Supplemented
from shared.contracts.values import TicketType
from tests.support.receiver import Receiver, receiving
from tests.support.router import Router, router_on
from tests.unit.router.samples import COMMUNITY, STREET

LEAD, OTHER, NEXT = "BH-CGJ", "BH-SCJ", "BH-ZJJ"
UNITS = (LEAD, OTHER, NEXT, STREET)
GRID = f"{COMMUNITY}003"
HOME = Place(region=GRID, address="河湾锦苑7号楼", compound="河湾锦苑", lat=41.6075, lon=108.306)
TELLS = ("河湾锦苑", "锦苑小区", "7号楼", "二单元", "41.6075", "108.306", COMMUNITY)
"""What would tell the home; the community's code begins the grid's, too."""
TIP_OFF: dict[str, Any] = {
    "type": TicketType.TIP_OFF,
    "confidential": True,
    "contactable": False,
    "title": "锦苑小区夜间私自加盖房屋",
    "summary": "河湾锦苑7号楼二单元有人在楼顶私自加盖房屋，夜里施工。",
    "place": HOME,
    "hints": Hints(
        similar=(), same_caller_30d=0, located_by=LocatedBy.COMPOUND, place_confidence=0.95
    ),
}


@pytest.fixture
async def router(
    database: Any, kafka: str, prefix: str, topics_of: Any, tmp_path: Path
) -> AsyncIterator[Router]:
    await topics_of(prefix, UNITS)
    dsn = await database(MIGRATIONS)
    async with router_on(dsn, kafka, prefix, tmp_path, units=UNITS) as made:
        yield made


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


def told(text: str) -> list[str]:
    return [each for each in TELLS if each in text]


async def lived(router: Router) -> list[str]:
    """Confidential whistles, returned, ruled, held and dispatched by hand, and a street's joint."""
    demand = await router.blown(await router.registers(**TIP_OFF))
    clause = {"reason": "not_duty", "clause": "《条例》第十二条", "suggested_unit": NEXT}
    asked = await router.report(demand, "return_requested", unit=LEAD, **clause)
    assert asked.status_code == 201, asked.text
    more = Supplemented(
        ticket_id=UUID((await router.whistle(demand))["whistle"]["ticket_ids"][0]),
        seq=2,
        actor=Actor(role=Role.CALLBACK_CLERK),
        text="就在锦苑小区7号楼西户的楼顶",
    )
    await router.send("tickets", more, subject=str(more.ticket_id))
    await router.hears("bureau.supplemented", whistle_id=demand)
    held = await router.registers(**{**TIP_OFF, "category": None})
    await router.hears("whistle.held", ticket_ids=[held])
    by_hand = await router.call(
        "POST", f"/held/{held}/dispatch", role="dispatcher", name="白桦", json={"lead": LEAD}
    )
    assert by_hand.status_code == 201, by_hand.text
    about = await router.registers(**TIP_OFF)
    await router.blown(about)
    body = {
        "kind": "joint_enforcement",
        "title": "联合核查违建",
        "summary": "须多部门到河湾锦苑7号楼核查。",
        "own_effort": "社区已到7号楼二单元劝阻",
        "why_beyond": "锦苑小区的违建须由执法部门认定",
        "place": {"region": COMMUNITY, "address": HOME.address, "compound": HOME.compound},
        "units": [{"unit": LEAD, "relation": "lead", "task": "核查"}],
        "tickets": [about],
    }
    joint = await router.call("POST", "/whistles", role="street_officer", unit=STREET, json=body)
    assert joint.status_code == 201, joint.text
    return [demand, str(by_hand.json()["whistle_id"]), str(joint.json()["whistle_id"])]


async def test_nothing_finer_than_the_street_leaves_for_units(
    router: Router, receiver: Receiver
) -> None:
    hook = {"url": receiver.url, "streams": ["whistles"]}
    put = await router.call("PUT", "/department/webhook", role="department", unit=LEAD, json=hook)
    assert put.status_code == 201, put.text
    demand, by_hand, joint = await lived(router)
    ruling = {"unit": LEAD, "decision": "returned", "reason": "依据清单", "new_unit": NEXT}
    seen = await router.call("GET", "/reviews", role="liaison", unit=LEAD)
    assert [each["whistle_id"] for each in seen.json()["items"]] == [demand]
    ruled = await router.call(
        "POST", f"/whistles/{demand}/rulings", role="reviewer", name="李审核", json=ruling
    )
    assert ruled.status_code == 201, ruled.text

    answers = {"reviews": seen.text}
    for role, unit in (
        *(("liaison", LEAD), ("department", LEAD), ("handler", NEXT), ("street_officer", STREET)),
    ):
        for path in (
            *("/whistles", "/board", "/department/events", "/files?whistle_id=" + demand),
            *(f"/whistles/{each}{what}" for each in (demand, by_hand, joint)
              for what in ("", "/joint", "/repeats")),
        ):  # fmt: skip
            answer = await router.call("GET", path, role=role, unit=unit)
            answers[f"{path} as {role} of {unit}"] = answer.text
    whistles = (f"/{each}" for each in (demand, by_hand, joint))
    besides = ("", "/m", "/figures?figure=open", "?q=私自", f"/{demand}/since?seq=0")
    for path in (*besides, f"/{demand}/likely", *whistles):
        for role, unit in (("liaison", LEAD), ("street_officer", STREET)):
            answer = await router.call("GET", f"/../../workbench{path}", role=role, unit=unit)
            # every unit of the city stands in the field for a unit to be called
            answers[f"page {path} of {unit}"] = answer.text.replace(f"Q-{COMMUNITY}", "")
    for path in ("", f"/{joint}", f"/{joint}/since?seq=0", f"/{demand}"):
        console = await router.call(
            "GET", f"/../../console{path}", role="street_officer", unit=STREET
        )
        assert console.status_code == 200, console.text
        answers[f"console {path}"] = console.text
    await router.hears("bureau.whistled", whistle_id=joint)
    calls = await receiver.called(4)
    answers |= {f"webhook {n}": call.body.decode() for n, call in enumerate(calls)}
    leaves = [event for event in router.said if event["type"].startswith("shaodao.bureau.")]
    answers |= {f"{event['type']} {n}": str(event) for n, event in enumerate(leaves)}
    assert len(leaves) >= 6
    assert {where: told(text) for where, text in answers.items() if told(text)} == {}

    for each in (demand, by_hand, joint):
        whole = await router.call("GET", f"/whistles/{each}", role="dispatcher", name="白桦")
        assert set(told(whole.text)) >= {"河湾锦苑", "7号楼", COMMUNITY}
        lead = await router.call("GET", f"/whistles/{each}", role="liaison", unit=LEAD)
        found = lead.json()
        assert found["confidential"]
        assert found["place"]["region"] == STREET.removeprefix("S-")
        assert any(line.startswith(("5:", "12:", "blown")) for line in found["trace"]), "still why"
        assert "核查" in found["summary"] or "在楼顶私自加盖房屋" in found["summary"], "still what"


async def test_its_own_community_is_not_told_unless_it_is_called(router: Router) -> None:
    demand, *_ = await lived(router)
    for role, unit, status in (
        ("community_worker", f"Q-{COMMUNITY}", 404),
        ("grid_worker", f"Q-{COMMUNITY}", 404),
        ("street_officer", STREET, 200),
    ):
        answer = await router.call("GET", f"/whistles/{demand}", role=role, unit=unit)
        assert answer.status_code == status, (role, answer.text)
    none = await router.call("GET", "/whistles", role="community_worker", unit=f"Q-{COMMUNITY}")
    assert none.json()["items"] == []
    found = await router.call("GET", "/../../workbench?q=河湾锦苑", role="liaison", unit=LEAD)
    assert demand not in found.text
