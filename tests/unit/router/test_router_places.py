"""Where whistles are blown: own region, other districts, and the same place found again."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.router.domain.joint.blowing import (
    Blow,
    Called,
    check,
    crosses,
    own_effort_by,
    takeover_by,
)
from services.router.domain.joint.board import Stage, part_on_board, stage_of
from services.router.domain.joint.place_key import place_key
from shared.contracts.parts import AssignmentState, Attachment, Muster, Place, Role
from shared.contracts.values import Relation, WhistleKind
from shared.errors import InvalidError
from tests.unit.router.joint_samples import COMMUNITY_UNIT, blown_part, joint, part_of, with_part
from tests.unit.router.samples import COMMUNITY, MONDAY, STREET, city, matter, promises

PLAIN = Blow(
    kind=WhistleKind.JOINT_ENFORCEMENT,
    title="早市占道联合整治",
    summary="河湾路早市占道，须多部门到场会商。",
    place=Place(region=COMMUNITY, address="河湾路"),
    units=(Called(unit="BH-CGJ", relation=Relation.LEAD),),
    own_effort="已三次上门劝导",
)
XISHAN = "XS-CGJ"


def checked(blow: Blow, *, unit: str = STREET, role: Role = Role.STREET_OFFICER) -> Any:
    return check(
        blow,
        role=role,
        unit=city().catalogue.unit(unit),
        tickets={},
        demanded=frozenset(),
        promises=promises(),
    )


def wrong(blow: Blow, **context: Any) -> dict[str, str]:
    with pytest.raises(InvalidError) as caught:
        checked(blow, **context)
    return {error.field: error.zh for error in caught.value.errors}


def at_place(**place: Any) -> Blow:
    return replace(PLAIN, place=Place(**place))


def test_units_of_another_district_come_only_with_the_flag_and_its_centre_is_informed() -> None:
    abroad = replace(PLAIN, units=(*PLAIN.units, Called(unit=XISHAN, relation=Relation.ASSISTING)))
    found = wrong(abroad)
    assert set(found) == {"units.1.unit"}
    assert XISHAN in found["units.1.unit"]
    assert "西山区" in found["units.1.unit"]
    called = checked(replace(abroad, cross_district=True))
    assert [(s.unit, s.relation.value) for s in called] == [
        ("BH-CGJ", "lead"),
        (XISHAN, "assisting"),
        ("XS-RXZX", "informed"),
    ]
    street = city().catalogue.unit(STREET)
    assert crosses(abroad, street, city())
    assert not crosses(PLAIN, street, city())


def test_the_city_s_units_and_a_blower_of_the_city_cross_nothing() -> None:
    of_city = replace(PLAIN, units=(Called(unit="C-CGJ", relation=Relation.LEAD),))
    assert checked(of_city)
    by_city = replace(PLAIN, units=(Called(unit=XISHAN, relation=Relation.LEAD),))
    assert checked(by_city, unit="C-RXZX", role=Role.SUPERVISOR)


def test_a_centre_that_is_called_anyway_is_not_informed_besides() -> None:
    named = (*PLAIN.units, Called(unit="XS-RXZX", relation=Relation.ASSISTING))
    called = checked(replace(PLAIN, units=named, cross_district=True))
    assert [s.unit for s in called] == ["BH-CGJ", "XS-RXZX"]


@pytest.mark.parametrize(
    ("place", "field"),
    [
        ({"region": "159902002001"}, "place.region"),
        ({"region": "159999"}, "place.region"),
        ({"region": "1599020010010"}, "place.region"),
        ({}, "place"),
        ({"address": "河湾路" * 200}, "place.address"),
        ({"address": "河湾路", "compound": "没有的小区"}, "place.compound"),
        ({"lat": 41.6}, "place.lat"),
        ({"lat": 91.0, "lon": 108.3}, "place.lat"),
        ({"address": "河湾路", "lat": float("nan"), "lon": 108.3}, "place.lat"),
    ],
)
def test_a_wrong_place_is_named(place: dict[str, Any], field: str) -> None:
    assert set(wrong(at_place(**place))) == {field}


@pytest.mark.parametrize(
    "place",
    [
        {"region": f"{COMMUNITY}001"},
        {"region": "159902"},
        {"address": "河湾路夜市"},
        {"lat": 41.6, "lon": 108.3},
    ],
)
def test_a_grid_a_point_an_address_or_a_region_will_do(place: dict[str, Any]) -> None:
    assert checked(at_place(**place))


def test_a_place_elsewhere_is_blown_for_with_the_flag() -> None:
    elsewhere = at_place(region="159902002001")
    assert "跨区" in wrong(elsewhere)["place.region"]
    assert checked(replace(elsewhere, cross_district=True))
    community: dict[str, Any] = {"unit": COMMUNITY_UNIT, "role": Role.COMMUNITY_WORKER}
    assert "place.region" in wrong(at_place(region="159902001002"), **community)
    assert checked(at_place(region="159902001"), **community), "nobody knew better"


def test_a_muster_s_place_has_its_limit_too() -> None:
    long = Muster(at=MONDAY + timedelta(hours=1), place="站" * 301)
    assert set(wrong(replace(PLAIN, muster=long))) == {"muster.place"}


def test_two_hundred_units_may_be_called_at_once() -> None:
    others = [u.code for u in city().catalogue.units.values() if u.code != "BH-CGJ"]
    many = tuple(Called(unit=code, relation=Relation.INFORMED) for code in others)
    called = checked(replace(PLAIN, units=(*PLAIN.units, *many), cross_district=True))
    assert len(called) == len(city().catalogue.units)


def test_a_community_s_whistle_has_its_window_and_its_note() -> None:
    community, street = city().catalogue.unit(COMMUNITY_UNIT), city().catalogue.unit(STREET)
    due = takeover_by(community, promises())
    assert due is not None
    assert due.by - MONDAY == timedelta(minutes=30)
    assert takeover_by(street, promises()) is None
    fire = replace(PLAIN, kind=WhistleKind.EMERGENCY, own_effort=None)
    note = own_effort_by(fire, community, promises())
    assert note is not None
    assert note.by - MONDAY == timedelta(hours=24)
    assert own_effort_by(fire, street, promises()) is None
    assert own_effort_by(PLAIN, community, promises()) is None
    assert own_effort_by(replace(fire, own_effort="已疏散"), community, promises()) is None


def test_a_matter_carries_what_the_blower_attached_and_why_it_is_beyond_its_powers() -> None:
    photo = Attachment(url="/api/v1/files/1", media_type="image/jpeg", sha256="a" * 64)
    blow = replace(PLAIN, why_beyond="社区无执法权", attachments=(uuid4(),))
    about = blow.matter([], (photo,))
    assert (about.attachments, about.why_beyond) == ((photo,), "社区无执法权")


def key(**place: Any) -> str | None:
    return place_key(matter(place=Place(**place)), city().catalogue)


def test_the_compound_before_the_grid_before_the_address() -> None:
    everything = {"region": f"{COMMUNITY}003", "address": "河湾路夜市", "compound": "河湾锦苑"}
    assert key(**everything) == "compound:河湾锦苑"
    assert key(**everything | {"compound": None}) == f"grid:{COMMUNITY}003"
    assert key(region=COMMUNITY, address="河湾路夜市") == "address:159902001:河湾路夜市"


def test_the_same_address_is_the_same_place_however_it_is_written() -> None:
    written = ["河湾路 12 号", "滨河区河湾街道河湾路１２号", "云川市滨河区河湾街道，河湾路12号"]
    assert {key(region=COMMUNITY, address=each) for each in written} == {
        "address:159902001:河湾路12号"
    }
    assert key(region="159902002001", address="河湾路12号") != key(
        region=COMMUNITY, address="河湾路12号"
    )
    assert key(address="河湾路12号") == "address::河湾路12号"


def test_what_is_too_coarse_or_secret_has_no_key() -> None:
    assert key(region=COMMUNITY) is None
    assert key(region=COMMUNITY, address="滨河区河湾街道河湾社区") is None
    assert key(address="  ") is None
    assert key(address="河湾路", no_location=True) is None
    secret = matter(place=Place(compound="河湾锦苑"), confidential=True)
    assert place_key(secret, city().catalogue) is None


S = AssignmentState
STAGES: list[tuple[dict[str, Any], Stage]] = [
    ({}, Stage.SENT),
    ({"state": S.ACKNOWLEDGED}, Stage.ACKNOWLEDGED),
    ({"state": S.ACKNOWLEDGED, "departed_at": MONDAY}, Stage.ON_THE_WAY),
    ({"state": S.WORKING, "departed_at": MONDAY}, Stage.ON_THE_WAY),
    ({"state": S.ARRIVED, "departed_at": MONDAY, "arrived_at": MONDAY}, Stage.ON_SITE),
    ({"state": S.WORKING, "departed_at": MONDAY, "arrived_at": MONDAY}, Stage.WORKING),
    ({"state": S.WORKING}, Stage.WORKING),
    ({"state": S.DONE, "departed_at": MONDAY, "done_at": MONDAY}, Stage.DONE),
    ({"state": S.RELEASED}, Stage.RELEASED),
    ({"state": S.RETURN_REQUESTED, "back_to": S.OFFERED}, Stage.SENT),
    ({"state": S.PAUSED, "back_to": S.WORKING}, Stage.WORKING),
    ({"state": S.DISPUTED, "back_to": S.ACKNOWLEDGED}, Stage.ACKNOWLEDGED),
]


@pytest.mark.parametrize(("changes", "stage"), STAGES)
def test_the_stage_of_a_unit(changes: dict[str, Any], stage: Stage) -> None:
    whistle = with_part(joint(), "BH-CGJ", **changes)
    assert stage_of(part_of(whistle, "BH-CGJ")) is stage


def test_the_board_tells_since_when_and_what_is_due_next() -> None:
    part = part_of(joint(), "BH-CGJ")
    sent = part_on_board(part, blown_at=MONDAY, now=MONDAY + timedelta(hours=2))
    assert (sent.at, sent.due, sent.late) == (MONDAY, part.dues.acknowledge, True)
    taken = blown_part(part, state=S.ACKNOWLEDGED, acknowledged_at=MONDAY)
    assert taken.due == part.dues.arrive
    there = blown_part(part, state=S.ARRIVED, acknowledged_at=MONDAY, arrived_at=MONDAY)
    assert there.due == part.dues.contact
    spoken = blown_part(part, state=S.ARRIVED, arrived_at=MONDAY, contacted_at=MONDAY)
    assert (spoken.due, spoken.late) == (None, False)
    assert blown_part(part, state=S.DONE, done_at=MONDAY).due is None
