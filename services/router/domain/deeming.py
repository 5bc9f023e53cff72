"""Silent for twice the acknowledge limit: the unit counts as having acknowledged (DOMAIN §3)."""

from datetime import datetime
from uuid import UUID

from services.router.domain.assignment import ASSIGNMENT, AssignmentCommand, moved
from services.router.domain.calling import SYSTEM
from services.router.domain.outcome import Outcome, part_text, step
from services.router.domain.whistle import Whistle
from shared.contracts import bureaus, whistles


def deem(whistle: Whistle, assignment_id: UUID, *, at: datetime, policy: str) -> Outcome | None:
    """The unit is told that it is taken to have acknowledged; None when it said something since."""
    part = next((a for a in whistle.assignments if a.assignment_id == assignment_id), None)
    command = AssignmentCommand.DEEM_ACKNOWLEDGED
    if whistle.ended or part is None or not ASSIGNMENT.allows(part.state, command):
        return None
    deemed = moved(part, command, deemed=True)
    after = whistle.replaced(seq=whistle.seq + 1, assignments=whistle.with_assignment(deemed))
    fact = whistles.DeemedAcknowledged(
        seq=after.seq,
        actor=SYSTEM,
        policy=policy,
        whistle_id=whistle.whistle_id,
        ticket_ids=whistle.ticket_ids,
        round=whistle.round,
        assignment_id=part.assignment_id,
        unit=part.unit,
        relation=part.relation,
        state=deemed.state,
        received_at=at,
    )
    view = bureaus.UnitsChanged(whistle_id=whistle.whistle_id, seq=after.seq, units=after.units())
    made = step(
        fact,
        at,
        before=part_text(part.unit, part.state),
        after=part_text(part.unit, deemed.state),
        views=((part.unit, view),),
    )
    return Outcome(whistle=after, steps=(made,))
