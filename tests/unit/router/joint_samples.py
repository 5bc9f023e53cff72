"""Joint matters of a street or community at the stages that their tests begin from."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.router.domain import calling
from services.router.domain.assignment import Assignment
from services.router.domain.calling import Call
from services.router.domain.dues import Promises
from services.router.domain.joint.acceptance import Acceptance, accept
from services.router.domain.joint.board import BoardPart, part_on_board
from services.router.domain.outcome import Outcome
from services.router.domain.routing.answer import Summons
from services.router.domain.whistle import Whistle
from shared.catalogue.terms import Term
from shared.contracts import bureaus
from shared.contracts.ids import new_id
from shared.contracts.parts import Actor, AssignmentState, BlownBy, Role, WhistleState
from shared.contracts.values import WhistleKind
from tests.unit.router.samples import (
    COMMUNITY,
    MONDAY,
    STREET,
    assisting,
    informed,
    lead,
    matter,
    promises,
)

COMMUNITY_UNIT = f"Q-{COMMUNITY}"
OTHER_STREET = "S-159902002"
OFFICER = Actor(role=Role.STREET_OFFICER, unit=STREET, name="孟和")
WORKER = Actor(role=Role.COMMUNITY_WORKER, unit=COMMUNITY_UNIT, name="周敏")
STRANGER = Actor(role=Role.STREET_OFFICER, unit=OTHER_STREET, name="包勇")
SUPERVISOR = Actor(role=Role.SUPERVISOR, unit="C-RXZX", name="督办员")
PHOTO = uuid4()


def at(**delta: float) -> Promises:
    """Promises some time after Monday morning."""
    return promises(MONDAY + timedelta(**delta))


def joint(
    *summonses: Summons,
    kind: WhistleKind = WhistleKind.JOINT_ENFORCEMENT,
    by: Actor = OFFICER,
    ticket_id: UUID | None = None,
) -> Whistle:
    """A whistle that a street or community has just blown; its street is informed."""
    here = promises()
    about = matter(own_effort="已劝导三次")
    held = calling.new_whistle(
        new_id(MONDAY),
        number="S1599202609140000011",
        kind=kind,
        matter=about,
        round=1,
        ticket_ids=(ticket_id,) if ticket_id else (),
        demand_ticket=ticket_id if kind is WhistleKind.CITIZEN_DEMAND else None,
    )
    community = by.unit == COMMUNITY_UNIT
    call = Call(
        actor=by,
        blown_by=BlownBy(unit=by.unit or "", level="community" if community else "street"),
        trace=("test",),
        takeover_by=here.due(here.city.limits.term(Term.TAKE_OVER)) if community else None,
    )
    called = summonses or (lead(), assisting(), *((informed(),) if community else ()))
    return calling.blow(held, about, called, call, promises=here).whistle


def with_part(whistle: Whistle, unit: str, **changes: Any) -> Whistle:
    """The whistle with one unit's part changed."""
    part = part_of(whistle, unit)
    return replace(whistle, assignments=whistle.with_assignment(replace(part, **changes)))


def part_of(whistle: Whistle, unit: str) -> Assignment:
    found = whistle.part_of(unit)
    assert found is not None
    return found


def came(whistle: Whistle, *units: str, when: datetime = MONDAY) -> Whistle:
    """The units are on the spot."""
    for unit in units:
        whistle = with_part(
            whistle,
            unit,
            state=AssignmentState.ARRIVED,
            acknowledged_at=when,
            arrived_at=when,
        )
    return whistle


def done(whistle: Whistle, *units: str, when: datetime = MONDAY) -> Whistle:
    """The units came and have done their part."""
    for unit in units:
        whistle = with_part(
            whistle,
            unit,
            state=AssignmentState.DONE,
            acknowledged_at=when,
            arrived_at=when,
            done_at=when,
        )
    return whistle


def finished(**how: Any) -> Whistle:
    """Everybody is done: it waits for acceptance."""
    whistle = done(joint(**how), "BH-CGJ", "BH-SCJ")
    return replace(whistle, state=WhistleState.AWAITING_ACCEPTANCE)


def accepted(**how: Any) -> Whistle:
    """The street has accepted it."""
    outcome = accept(finished(**how), Acceptance(photos=(PHOTO,)), actor=OFFICER, promises=at())
    return outcome.whistle


def told(outcome: Outcome, kind: type[bureaus.View]) -> set[str]:
    """The units that were told so."""
    return {unit for step in outcome.steps for unit, view in step.views if type(view) is kind}


def blown_part(part: Assignment, **changes: Any) -> BoardPart:
    """A unit's part on the board a few minutes after its whistle."""
    changed = replace(part, **changes)
    return part_on_board(changed, blown_at=MONDAY, now=MONDAY + timedelta(minutes=5))
