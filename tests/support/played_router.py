"""The router's part, played by hand: one whistle of one ticket, fact by fact."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.contracts import rulings, whistles
from shared.contracts.parts import (
    Actor,
    Assignment,
    AssignmentState,
    BlownBy,
    Handler,
    Place,
    Result,
    Role,
)
from shared.contracts.reports import ContactMeans, FactsTrue
from shared.contracts.values import Due, Relation, Urgency, WhistleKind
from tests.support.intake import Intake, utc_now

SYSTEM = Actor(role=Role.SYSTEM)
LEAD, ASSISTING = "BH-CGJ", "S-159902001"


def due(at: datetime, **delta: float) -> Due:
    by = at + timedelta(**delta)
    return Due(by=by, rule="1h", started_at=at, calendar="cn", policy="test")


@dataclass
class Whistle:
    """The router's part, played by hand: one whistle of one ticket."""

    intake: Intake
    ticket_id: UUID
    round: int = 1
    whistle_id: UUID = field(default_factory=uuid4)
    lead: UUID = field(default_factory=uuid4)
    assisting: UUID = field(default_factory=uuid4)
    seq: int = 0
    now: Callable[[], datetime] = utc_now

    def _common(self) -> dict[str, Any]:
        self.seq += 1
        return {
            "seq": self.seq,
            "actor": SYSTEM,
            "whistle_id": self.whistle_id,
            "ticket_ids": (self.ticket_id,),
            "round": self.round,
        }

    def _of_lead(self, state: AssignmentState, **more: Any) -> dict[str, Any]:
        return {
            **self._common(),
            "assignment_id": self.lead,
            "unit": LEAD,
            "relation": Relation.LEAD,
            "state": state,
            "received_at": self.now(),
            **more,
        }

    async def say(self, fact: Any) -> None:
        await self.intake.tell(fact, at=self.now())

    async def blow(self) -> None:
        now = self.now()
        assignments = (
            Assignment(
                assignment_id=self.lead,
                unit=LEAD,
                relation=Relation.LEAD,
                acknowledge=due(now, hours=1),
                contact=due(now, hours=2),
                resolve=due(now, days=5),
            ),
            Assignment(
                assignment_id=self.assisting,
                unit=ASSISTING,
                relation=Relation.ASSISTING,
                acknowledge=due(now, hours=1),
                resolve=due(now, days=4),
            ),
        )
        await self.say(
            whistles.Blown(
                **self._common(),
                number="1",
                kind=WhistleKind.CITIZEN_DEMAND,
                urgency=Urgency.NORMAL,
                title="路灯不亮",
                summary="路灯不亮",
                place=Place(region="159902001001"),
                blown_by=BlownBy(unit="RXZX", level="city"),
                dispatched_by=SYSTEM,
                assignments=assignments,
                trace=(),
            )
        )

    async def acknowledge(self) -> None:
        common = self._of_lead(AssignmentState.ACKNOWLEDGED, late=False)
        await self.say(whistles.Acknowledged(**common, handler=Handler(name="王工")))

    async def contact(self) -> None:
        common = self._of_lead(AssignmentState.ACKNOWLEDGED, late=True)
        await self.say(whistles.Contacted(**common, how=ContactMeans.PHONE))

    async def resolve(self, *, review: str = "none") -> None:
        common = self._of_lead(AssignmentState.DONE, late=False)
        await self.say(
            whistles.Resolved(
                **common,
                final=True,
                review=review,
                result=Result.SOLVED,
                facts_true=FactsTrue.YES,
                public_reply="已更换灯泡",
                measures="更换",
            )
        )

    async def review_passed(self) -> None:
        await self.say(rulings.ReviewPassed(**self._of_lead(AssignmentState.DONE)))

    async def close(self) -> None:
        await self.say(whistles.Closed(**self._common()))


async def blown(
    intake: Intake, *, now: Callable[[], datetime] = utc_now, **fields: Any
) -> tuple[str, Whistle]:
    """A ticket that units are called for."""
    ticket_id = (await intake.registered(**fields))["ticket_id"]
    whistle = Whistle(intake, UUID(ticket_id), now=now)
    await whistle.blow()
    await intake.ticket_in(ticket_id, "dispatched")
    return ticket_id, whistle


async def in_callback(
    intake: Intake, *, now: Callable[[], datetime] = utc_now, **fields: Any
) -> tuple[str, Whistle]:
    """A ticket whose unit said it is done."""
    ticket_id, whistle = await blown(intake, now=now, **fields)
    await whistle.acknowledge()
    await whistle.resolve()
    await intake.ticket_in(ticket_id, "callback")
    return ticket_id, whistle


async def callback(
    intake: Intake, ticket_id: str, result: str, satisfaction: str, **more: Any
) -> Any:
    return await intake.call(
        "POST",
        f"/{ticket_id}/callbacks",
        role="callback_clerk",
        json={"result": result, "satisfaction": satisfaction, **more},
    )
