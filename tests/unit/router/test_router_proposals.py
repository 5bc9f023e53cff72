"""What a ruling proposes for the duty list, and what it does not."""

from dataclasses import replace

import pytest

from services.router.domain import calling
from services.router.domain.calling import Call
from services.router.domain.case import Precedent
from services.router.domain.duty.proposing import Proposal, proposed
from services.router.domain.matter import Content
from services.router.domain.rulings.ruling import ReturnDecision, Ruling, rule_on_return
from services.router.domain.whistle import Whistle
from shared.contracts import reports
from shared.contracts.ids import new_id
from shared.contracts.parts import Actor, Role, WhistleState
from shared.contracts.values import WhistleKind
from tests.unit.router.samples import (
    BY_CITY,
    COMMUNITY,
    MONDAY,
    TICKET,
    blown,
    book,
    counted,
    lead,
    matter,
    promises,
    said,
)

SUPERVISOR = Actor(role=Role.SUPERVISOR, unit="C-RXZX", name="赵督办")
DISPATCHER = Actor(role=Role.DISPATCHER, unit="C-RXZX", name="钱派单")


def adjudicated(
    whistle: Whistle,
    *,
    decision: ReturnDecision = ReturnDecision.RETURNED,
    actor: Actor = SUPERVISOR,
) -> list[Proposal]:
    """What a supervisor's word on a second return proposes."""
    asked = counted(said(whistle, reports.ReturnRequested, precedent=Precedent(asked=("BH-SCJ",))))
    outcome = rule_on_return(
        asked,
        Ruling(
            unit="BH-CGJ",
            decision=decision,
            reason="三定方案第四条：由住建局主办",
            new_unit="BH-ZJJ" if decision is ReturnDecision.RETURNED else None,
        ),
        matter=matter(),
        content=Content(blown_by=BY_CITY, trace=()),
        actor=actor,
        promises=promises(),
        precedent=Precedent(asked=("BH-SCJ", "BH-CGJ")),
    )
    batch = book()
    batch.put(outcome, None)
    return proposed(batch)


def test_an_adjudication_proposes_its_unit_for_category_and_community() -> None:
    whistle = replace(blown(), region=f"{COMMUNITY}003")
    (proposal,) = adjudicated(whistle)
    assert (proposal.subject, proposal.region, proposal.unit) == ("0101", COMMUNITY, "BH-ZJJ")
    assert proposal.clause == "三定方案第四条：由住建局主办"
    assert (proposal.whistle_id, proposal.proposed_by) == (whistle.whistle_id, "赵督办")
    assert proposal.proposed_at == MONDAY


def test_what_says_nothing_new_of_whose_duty_it_is_proposes_nothing() -> None:
    assert adjudicated(blown(), decision=ReturnDecision.REFUSED) == []
    assert adjudicated(replace(blown(), region=None)) == []


def dispatched(why: tuple[str, ...], actor: Actor, reason: str = "") -> list[Proposal]:
    """What a dispatch by hand of a held matter proposes."""
    held = calling.new_whistle(
        new_id(MONDAY),
        number="S1599202609140000011",
        kind=WhistleKind.CITIZEN_DEMAND,
        matter=matter(),
        round=1,
        ticket_ids=(TICKET,),
        demand_ticket=TICKET,
    )
    assert held.state is WhistleState.HELD
    trace = (*why, f"12:{actor.role.value}→BH-CGJ{reason}", "10:street informed→S-159902001")
    call = Call(actor=actor, blown_by=BY_CITY, trace=trace)
    outcome = calling.blow(held, matter(), [lead()], call, promises=promises())
    batch = book()
    batch.put(outcome, None)
    return proposed(batch)


NOBODYS = ("5:category 0101→CGJ", "11:no clear owner, no unit of CGJ")


def test_a_supervisors_dispatch_of_what_nobody_owned_proposes_it() -> None:
    (proposal,) = dispatched(NOBODYS, SUPERVISOR)
    assert (proposal.subject, proposal.region, proposal.unit) == ("0101", COMMUNITY, "BH-CGJ")
    assert "S1599202609140000011" in proposal.clause
    (told,) = dispatched(NOBODYS, SUPERVISOR, " 沿街商户归城管")
    assert told.clause == "沿街商户归城管"


@pytest.mark.parametrize(
    ("why", "actor"),
    [
        (NOBODYS, DISPATCHER),
        (("5:no category",), SUPERVISOR),
        (("12:3 units have equal right to CGJ",), SUPERVISOR),
    ],
)
def test_other_dispatches_by_hand_propose_nothing(why: tuple[str, ...], actor: Actor) -> None:
    assert dispatched(why, actor) == []
