"""A bureau's first view of a whistle, as the router tells it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.bureaus import Whistled
from shared.contracts.parts import Assignment, AssignmentState, BlownBy, Place, UnitPart
from shared.contracts.values import Due, Relation, TicketType, Urgency, WhistleKind

# A working Monday, 08:30 in Shanghai.
NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
WHISTLE_ID = UUID("019ab000-0000-7000-8000-000000000001")


def due(rule: str, hours: float, *, started_at: datetime = NOW) -> Due:
    return Due(
        by=started_at + timedelta(hours=hours),
        rule=rule,
        started_at=started_at,
        calendar="cn-1.11.0",
        policy="limits-2026.1",
    )


@pytest.fixture(scope="session")
def whistled() -> Callable[..., Whistled]:
    """Makes an urgent complaint for the unit BH-CGJ; keywords replace fields of the view."""

    def make(*, relation: Relation = Relation.LEAD, **changes: Any) -> Whistled:
        part = Assignment(
            assignment_id=UUID("019ab000-0000-7000-8000-0000000000a1"),
            unit="BH-CGJ",
            relation=relation,
            acknowledge=due("30m", 0.5),
            contact=due("1h", 1),
            arrive=due("4h", 4),
            resolve=due("24h", 24),
        )
        view = Whistled(
            whistle_id=WHISTLE_ID,
            seq=1,
            number="SD202611230000011",
            round=1,
            kind=WhistleKind.CITIZEN_DEMAND,
            level="district",
            ticket_ids=(UUID("019ab000-0000-7000-8000-0000000000f1"),),
            blown_by=BlownBy(unit="C-RXZX", level="city"),
            urgency=Urgency.URGENT,
            type=TicketType.COMPLAIN,
            category="0111",
            title="道路积雪",
            summary="世纪大道门口积雪未清",
            place=Place(region="159902002001", lat=41.6, lon=108.35),
            confidential=False,
            assignment=part,
            units=(
                UnitPart(unit="BH-CGJ", relation=relation, state=AssignmentState.OFFERED),
                UnitPart(
                    unit="S-159902002", relation=Relation.ASSISTING, state=AssignmentState.OFFERED
                ),
                UnitPart(unit="C-SZZ", relation=Relation.ASSISTING, state=AssignmentState.OFFERED),
            ),
            why=("5:category 0111→HWZ",),
        )
        return replace(view, **changes)

    return make
