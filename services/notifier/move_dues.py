"""Moves the notifier's own due times that nobody decided on: those of written answers."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from services.notifier import channels
from services.notifier.channels import Wording
from services.notifier.domain.deadline import SYSTEM
from services.notifier.domain.escalation import Escalation
from services.notifier.domain.supervision import Supervision, moved, promise_moved
from services.notifier.fact_log import keep_own
from services.notifier.store import outages
from services.notifier.store import supervisions as store
from services.notifier.track import carry_out, earliest_fire
from shared.contracts.parts import DeadlineKind
from shared.contracts.topics import DEADLINES
from shared.dues.moved import MoveBatch, Moved, Moving
from shared.runtime import outbox
from shared.runtime.database import Connection
from shared.runtime.outbox import Outgoing


def mover(escalation: Escalation, wording: Wording, *, wake: Callable[[], None]) -> MoveBatch:
    """What moves a batch of supervisions; `wake` the watch, as a rung may fire sooner."""

    async def move(
        connection: Connection, moving: Moving, after: UUID, limit: int, now: datetime
    ) -> Moved:
        found = await store.to_move(connection, moving, after, limit)
        times = [(each, moving.to(DeadlineKind.SUPERVISION, each.answer_by)) for each in found]
        changed = [
            moved(each, due) for each, due in times if due is not None and due != each.answer_by
        ]
        if changed:
            outage = moving.outage is not None
            orders = [promise_moved(each, at=now, outage=outage) for each in changed]
            promises = await carry_out(connection, orders, escalation=escalation)
            await _say(connection, changed, moving, wording=wording, now=now)
            if earliest_fire(promises) is not None:
                wake()
        return Moved(looked_at=[each.supervision_id for each in found], moved=len(changed))

    return move


async def _say(
    connection: Connection,
    changed: Sequence[Supervision],
    moving: Moving,
    *,
    wording: Wording,
    now: datetime,
) -> None:
    """Keep them with their new times, say so, and count them for the outage."""
    told: list[Outgoing] = []
    outage_id = moving.outage_id
    for each in changed:
        saved = await store.save(connection, each, what="due_changed", actor=SYSTEM, at=now)
        told += channels.supervised(
            saved, wording, at=now, reason=moving.reason, outage_id=outage_id
        )
    await keep_own(connection, [row for row in told if row.topic == DEADLINES.name], now)
    await outbox.put(connection, told)
    if outage_id is not None:
        await outages.count_moved(connection, [(outage_id, len(changed))])
