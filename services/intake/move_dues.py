"""Moves intake's own due times that nobody decided on: a year known by now, a declared outage."""

from datetime import datetime
from typing import Final
from uuid import UUID

from services.intake.domain.case import SYSTEM
from services.intake.domain.doing import Doing
from services.intake.domain.moving import move_own
from services.intake.domain.registration import Rules
from services.intake.store import moved_dues
from services.intake.store import tickets as store
from shared.contracts.parts import DeadlineKind
from shared.dues.moved import MoveBatch, Moved, Moving
from shared.runtime.database import Connection

CALLBACKS: Final = (DeadlineKind.CALLBACK, DeadlineKind.CALLBACK_START)


def mover(rules: Rules) -> MoveBatch:
    """What moves a batch of tickets."""

    async def move(
        connection: Connection, moving: Moving, after: UUID, limit: int, now: datetime
    ) -> Moved:
        found = await moved_dues.next_tickets(connection, moving, after, limit)
        cases = await store.load_cases(connection, found)
        starts = await moved_dues.starts_of(connection, found)
        doing = Doing(now=now, actor=SYSTEM, policy=rules.policy)
        moved, callbacks = 0, []
        for ticket_id, case in cases.items():
            changes = move_own(
                case,
                moving.to,
                doing,
                reason=moving.reason,
                outage_id=moving.outage_id,
                start_by=starts.get(ticket_id),
            )
            moved += bool(changes)
            callbacks += [(ticket_id, each) for each in changes if each.kind in CALLBACKS]
        await store.save_cases(connection, cases.values(), policy=rules.policy)
        await moved_dues.move_callbacks(connection, callbacks)
        return Moved(looked_at=found, moved=moved)

    return move
