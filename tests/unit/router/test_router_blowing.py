"""Who may blow which whistle, and every wrong field of a request named at once."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from services.router.domain.joint.blowing import Blow, Called, check, may_blow
from services.router.domain.matter import Ticket, TicketState
from services.router.domain.routing.answer import Summons
from shared.contracts.parts import Muster, Place, Role
from shared.contracts.values import Relation, Urgency, WhistleKind
from shared.errors import ForbiddenError, InvalidError
from tests.unit.router.samples import (
    COMMUNITY,
    MONDAY,
    STREET,
    TICKET,
    city,
    promises,
    registered,
)

COMMUNITY_UNIT = f"Q-{COMMUNITY}"
LEAD = Called(unit="BH-CGJ", relation=Relation.LEAD, task="清理占道摊点")
PLAIN = Blow(
    kind=WhistleKind.JOINT_ENFORCEMENT,
    title="早市占道联合整治",
    summary="河湾路早市占道，须多部门到场会商。",
    place=Place(region=COMMUNITY, address="河湾路"),
    units=(LEAD, Called(unit="BH-SCJ", relation=Relation.ASSISTING)),
    own_effort="已三次上门劝导",
)
OPEN_TICKET = Ticket(
    ticket_id=TICKET,
    state=TicketState.OPEN,
    round=1,
    registered_at=MONDAY,
    registered=registered(),
)


def checked(
    blow: Blow,
    *,
    unit: str = STREET,
    role: Role = Role.STREET_OFFICER,
    tickets: tuple[Ticket, ...] = (),
    demanded: bool = False,
) -> tuple[Summons, ...]:
    return check(
        blow,
        role=role,
        unit=city().catalogue.unit(unit),
        tickets={ticket.ticket_id: ticket for ticket in tickets},
        demanded=frozenset({TICKET}) if demanded else frozenset(),
        promises=promises(),
    )


def wrong(blow: Blow, **context: object) -> dict[str, str]:
    with pytest.raises(InvalidError) as caught:
        checked(blow, **context)  # type: ignore[arg-type]
    assert all(error.zh and error.en for error in caught.value.errors)
    return {error.field: error.zh for error in caught.value.errors}


@pytest.mark.parametrize(
    ("kind", "role", "unit", "may"),
    [
        ("emergency", "street_officer", STREET, True),
        ("emergency", "community_worker", COMMUNITY_UNIT, True),
        ("emergency", "grid_worker", COMMUNITY_UNIT, True),
        ("emergency", "dispatcher", "C-RXZX", False),
        ("joint_enforcement", "street_officer", STREET, True),
        ("joint_enforcement", "community_worker", COMMUNITY_UNIT, True),
        ("joint_enforcement", "grid_worker", COMMUNITY_UNIT, False),
        ("key_work", "leader", STREET, True),
        ("key_work", "community_worker", COMMUNITY_UNIT, False),
        ("citizen_demand", "community_worker", COMMUNITY_UNIT, True),
        ("citizen_demand", "dispatcher", "C-RXZX", True),
        ("joint_enforcement", "leader", "BH-CGJ", False),  # a bureau has no whistle
        ("joint_enforcement", "street_officer", "P-01", False),
    ],
)
def test_who_may_blow(kind: str, role: str, unit: str, may: bool) -> None:
    blow = replace(PLAIN, kind=WhistleKind(kind))
    by = city().catalogue.unit(unit)
    if may:
        may_blow(blow, role=Role(role), unit=by)
        return
    with pytest.raises(ForbiddenError):
        may_blow(blow, role=Role(role), unit=by)


def test_the_units_of_the_request_are_called_lead_first() -> None:
    backwards = replace(PLAIN, units=tuple(reversed(PLAIN.units)))
    assert [(s.unit, s.relation.value) for s in checked(backwards)] == [
        ("BH-CGJ", "lead"),
        ("BH-SCJ", "assisting"),
    ]


def test_a_communitys_street_is_informed() -> None:
    called = checked(PLAIN, unit=COMMUNITY_UNIT, role=Role.COMMUNITY_WORKER)
    assert (called[-1].unit, called[-1].relation) == (STREET, Relation.INFORMED)
    there = replace(PLAIN, units=(LEAD, Called(unit=STREET, relation=Relation.ASSISTING)))
    again = checked(there, unit=COMMUNITY_UNIT, role=Role.COMMUNITY_WORKER)
    assert [s.relation for s in again if s.unit == STREET] == [Relation.ASSISTING]


def test_a_community_says_what_it_tried_except_in_an_emergency() -> None:
    by = {"unit": COMMUNITY_UNIT, "role": Role.COMMUNITY_WORKER}
    silent = replace(PLAIN, own_effort="  ")
    assert "own_effort" in wrong(silent, **by)
    assert checked(replace(silent, kind=WhistleKind.EMERGENCY), **by)  # type: ignore[arg-type]
    assert checked(silent), "a street need not"


def test_every_wrong_field_at_once() -> None:
    blow = replace(
        PLAIN,
        units=(
            Called(unit="NO-SUCH", relation=Relation.LEAD),
            Called(unit="BH-CGJ", relation=Relation.LEAD),
            Called(unit="BH-CGJ", relation=Relation.ASSISTING),
        ),
        place=Place(region="159999001"),
        category="9999",
        tickets=(uuid4(),),
        muster=Muster(at=MONDAY - timedelta(hours=1)),
    )
    assert set(wrong(blow)) == {
        "units.0.unit",
        "units.2.unit",
        "units",
        "place.region",
        "category",
        "tickets.0",
        "muster.at",
    }


def test_exactly_one_lead_and_a_place() -> None:
    nobody = replace(PLAIN, units=(Called(unit="BH-CGJ", relation=Relation.ASSISTING),))
    assert "主办" in wrong(nobody)["units"]
    assert "place" in wrong(replace(PLAIN, place=Place()))


@pytest.mark.parametrize("lead", [STREET, COMMUNITY_UNIT, "P-01"])
def test_the_hard_guard_by_category_and_by_ticket(lead: str) -> None:
    down = replace(PLAIN, units=(Called(unit=lead, relation=Relation.LEAD),))
    assert "不得下派" in wrong(replace(down, category="0101"))["units"]
    with_ticket = replace(down, tickets=(TICKET,))
    assert "不得下派" in wrong(with_ticket, tickets=(OPEN_TICKET,))["units"]
    assert checked(down), "without a category nothing is known of whose duty it is"


def test_a_grid_workers_whistle_goes_to_the_street_alone() -> None:
    by = {"unit": COMMUNITY_UNIT, "role": Role.GRID_WORKER}
    fire = replace(PLAIN, kind=WhistleKind.EMERGENCY)
    assert "网格员" in wrong(fire, **by)["units"]
    to_street = replace(fire, units=(Called(unit=STREET, relation=Relation.LEAD),))
    assert checked(to_street, **by)  # type: ignore[arg-type]


def test_a_muster_is_ahead_and_within_the_limit_of_the_kind() -> None:
    def at(**delta: float) -> Blow:
        return replace(PLAIN, muster=Muster(at=MONDAY + timedelta(**delta)))

    assert checked(at(hours=3))
    assert "muster.at" in wrong(at(days=5))
    assert "muster.at" in wrong(at(hours=-1))
    naive = replace(PLAIN, muster=Muster(at=(MONDAY + timedelta(hours=3)).replace(tzinfo=None)))
    assert "时区" in wrong(naive)["muster.at"]


def test_tickets_must_be_there_open_and_not_whistled_for_the_same_demand() -> None:
    with_ticket = replace(PLAIN, tickets=(TICKET,))
    assert checked(with_ticket, tickets=(OPEN_TICKET,), demanded=True)
    ended = replace(OPEN_TICKET, state=TicketState.CLOSED)
    assert "已结束" in wrong(with_ticket, tickets=(ended,))["tickets.0"]
    demand = replace(with_ticket, kind=WhistleKind.CITIZEN_DEMAND)
    assert checked(demand, tickets=(OPEN_TICKET,))
    assert "已有" in wrong(demand, tickets=(OPEN_TICKET,), demanded=True)["tickets.0"]
    two = replace(demand, tickets=(TICKET, uuid4()))
    assert "tickets" in wrong(two, tickets=(OPEN_TICKET,))


def test_an_emergency_is_critical_unless_said_otherwise() -> None:
    assert replace(PLAIN, kind=WhistleKind.EMERGENCY).matter([]).urgency is Urgency.CRITICAL
    assert PLAIN.matter([]).urgency is Urgency.NORMAL
    assert replace(PLAIN, urgency=Urgency.URGENT).matter([]).urgency is Urgency.URGENT
    secret = replace(OPEN_TICKET, registered=registered(confidential=True))
    assert PLAIN.matter([OPEN_TICKET, secret]).confidential
    assert PLAIN.matter([OPEN_TICKET]).category == "0101"
