"""Follow the facts: open, meet, pause, change and end promises as tickets and whistles go on."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.notifier import channels, metrics
from services.notifier.domain.deadline import Command, Deadline, promised
from services.notifier.domain.effects import (
    Effect,
    Heard,
    Marking,
    Opening,
    Ordering,
    WhistleOrdering,
)
from services.notifier.domain.escalation import Escalation
from services.notifier.domain.hearing import effects, tickets_of, whistle_of
from services.notifier.domain.known import Known
from services.notifier.domain.promises import Change, Step, Turn, mark_group_matter, obey, opened
from services.notifier.store import deadlines as store
from services.notifier.store import ended
from services.notifier.store import known as known_store
from shared.contracts import tickets
from shared.runtime import outbox
from shared.runtime.database import Connection
from shared.runtime.incoming import Incoming


@dataclass(slots=True)
class Batch:
    """The promises of a batch as they stand while its effects are carried out in order."""

    escalation: Escalation
    loaded: dict[UUID, Deadline]
    now: dict[UUID, Deadline] = field(default_factory=dict)
    steps: dict[UUID, list[Step]] = field(default_factory=dict)
    of_whistle: defaultdict[UUID | None, dict[UUID, None]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def __post_init__(self) -> None:
        for deadline in self.loaded.values():
            self._keep(deadline)

    def _keep(self, deadline: Deadline) -> None:
        self.now[deadline.deadline_id] = deadline
        self.of_whistle[deadline.whistle_id][deadline.deadline_id] = None

    def carry_out(self, effect: Effect) -> None:
        """Do what one effect of a fact asks."""
        match effect:
            case Opening():
                self._open(effect)
            case Ordering(deadline_id=deadline_id, order=order):
                if (deadline := self.now.get(deadline_id)) is not None:
                    self._take(obey(deadline, order, self.escalation))
            case WhistleOrdering(whistle_id=whistle_id, order=order):
                for deadline in self._of_whistle(whistle_id):
                    self._take(obey(deadline, order, self.escalation))
            case Marking(whistle_id=whistle_id, heard=heard):
                for deadline in self._of_whistle(whistle_id):
                    actor = heard.data.actor
                    self._take(mark_group_matter(deadline, heard.at, actor, self.escalation))

    def _open(self, opening: Opening) -> None:
        deadline = self.now.get(opening.deadline_id)
        if deadline is None:
            deadline = promised(opening.owner, opening.kind, opening.due)
            self._take(opened(deadline, opening.order, self.escalation))
        else:  # called again: the same promise with another due time
            self._take(obey(deadline, opening.changed, self.escalation))

    def _of_whistle(self, whistle_id: UUID) -> list[Deadline]:
        return [self.now[deadline_id] for deadline_id in self.of_whistle[whistle_id]]

    def _take(self, turn: Turn) -> None:
        deadline, steps = turn
        self._keep(deadline)
        if steps:
            self.steps.setdefault(deadline.deadline_id, []).extend(steps)

    def changes(self) -> list[Change]:
        """What changed, in the order of first steps."""
        return [
            Change(
                before=self.loaded.get(deadline_id),
                after=self.now[deadline_id],
                steps=tuple(steps),
            )
            for deadline_id, steps in self.steps.items()
        ]


async def track(
    connection: Connection, events: Sequence[Incoming], *, escalation: Escalation
) -> list[Change]:
    """Carry out what a batch of facts means for the promises; returns what changed."""
    known = await _known(connection, events)
    wanted = [
        effect
        for event in events
        for effect in effects(
            Heard(data=event.data, at=event.time, traceparent=event.traceparent), known
        )
    ]
    changes = await _decided(connection, wanted, escalation)
    await known_store.save_known(connection, known)
    await _forget_archived(connection, events)
    await _write(connection, changes, policy=escalation.limits.version)
    return changes


async def carry_out(
    connection: Connection, effects: Sequence[Effect], *, escalation: Escalation
) -> list[Change]:
    """Open, meet, cancel or change promises for a verb of the notifier; returns what changed.

    Within the caller's transaction; after its commit `watch.wake()` when `earliest_fire(changes)`
    is not None, as a rung may now fire sooner.
    """
    changes = await _decided(connection, effects, escalation)
    await _write(connection, changes, policy=escalation.limits.version)
    return changes


async def _decided(
    connection: Connection, wanted: Sequence[Effect], escalation: Escalation
) -> list[Change]:
    batch = Batch(escalation, await _locked(connection, wanted))
    for effect in wanted:
        batch.carry_out(effect)
    return batch.changes()


async def _write(connection: Connection, changes: Sequence[Change], *, policy: str) -> None:
    await store.save(connection, changes, policy=policy)
    metrics.count_steps(changes)
    told = [fact for change in changes for fact in channels.facts(change, policy=policy)]
    await outbox.put(connection, told)


async def _known(connection: Connection, events: Sequence[Incoming]) -> Known:
    marking = tickets.Urged | tickets.GroupFlagged
    return await known_store.known(
        connection,
        ticket_ids=(each for event in events for each in tickets_of(event.data)),
        whistle_ids=(each for event in events if (each := whistle_of(event.data)) is not None),
        marked_tickets=[e.data.ticket_id for e in events if isinstance(e.data, marking)],
    )


# A promise that has ended changes no more by other commands: they need not look for it.
ANY_TIME = frozenset({Command.CHANGE, Command.REOPEN, Command.RESTORE, Command.RENEW})


async def _locked(connection: Connection, wanted: Sequence[Effect]) -> dict[UUID, Deadline]:
    """What the effects are about; what ended long before is brought back."""
    single = [e.deadline_id for e in wanted if isinstance(e, Opening | Ordering)]
    whole = [e.whistle_id for e in wanted if isinstance(e, WhistleOrdering | Marking)]
    found = await store.lock(connection, deadline_ids=single, whistle_ids=whole)
    absent = [e for e in wanted if isinstance(e, Ordering) and e.ended]
    absent = [e for e in absent if e.deadline_id not in found]
    late = [e for e in absent if e.order.command in ANY_TIME]
    again = [e for e in wanted if isinstance(e, Opening) and e.again and e.deadline_id not in found]
    any_time = [*(e.deadline_id for e in late), *(e.deadline_id for e in again)]
    found |= await ended.bring_back(connection, any_time)
    kept = [e for e in absent if e.order.command is Command.MEET]
    if kept:  # before it ended, and heard only now
        since = min(e.order.at for e in kept)
        found |= await ended.bring_back(connection, (e.deadline_id for e in kept), since=since)
    return found


async def _forget_archived(connection: Connection, events: Sequence[Incoming]) -> None:
    archived = [e.data.ticket_id for e in events if isinstance(e.data, tickets.Archived)]
    if archived:
        await known_store.forget_tickets(connection, archived)


def earliest_fire(changes: Iterable[Change]) -> datetime | None:
    """The soonest time that any of the changed promises fires."""
    return min((c.after.fire_at for c in changes if c.after.fire_at is not None), default=None)
