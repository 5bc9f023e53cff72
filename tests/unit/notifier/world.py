"""The promises after everything heard so far, kept in memory."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.notifier.domain.deadline import Deadline, DeadlineState
from services.notifier.domain.effects import Heard
from services.notifier.domain.hearing import effects
from services.notifier.domain.known import Known
from services.notifier.domain.promises import Change, fire
from services.notifier.track import Batch
from shared.contracts.ids import deadline_id
from shared.contracts.parts import DeadlineKind
from tests.unit.notifier.samples import ESCALATION, PART, TICKET, local

START = local("2026-09-10 09:00")


@dataclass
class World:
    """The promises after everything heard so far, kept in memory."""

    known: Known = field(default_factory=Known)
    deadlines: dict[UUID, Deadline] = field(default_factory=dict)

    def hear(self, *facts: tuple[object, datetime]) -> None:
        """One batch of facts."""
        self.changes(*facts)

    def changes(self, *facts: tuple[object, datetime]) -> list[Change]:
        """One batch of facts, and what it changed."""
        wanted = [e for data, at in facts for e in effects(Heard(data=data, at=at), self.known)]
        batch = Batch(ESCALATION, self.deadlines)
        for effect in wanted:
            batch.carry_out(effect)
        self.deadlines = batch.now
        return batch.changes()

    def watch(self, now: datetime) -> None:
        for deadline in list(self.deadlines.values()):
            self.deadlines[deadline.deadline_id] = fire(deadline, now, ESCALATION)[0]

    def part(self, kind: DeadlineKind) -> Deadline:
        return self.deadlines[deadline_id(PART, kind, 1)]

    def ticket(self, kind: DeadlineKind, round_: int = 1) -> Deadline:
        return self.deadlines[deadline_id(TICKET, kind, round_)]

    def outcome(self) -> dict[UUID, tuple[object, ...]]:
        """What must not depend on the order of hearing."""
        return {
            deadline_id: (d.kind, d.state, d.late, d.met_at, d.ended_at, d.due.by, d.paused_at)
            for deadline_id, d in self.deadlines.items()
        }


def states(world: World) -> dict[DeadlineKind, DeadlineState]:
    return {d.kind: d.state for d in world.deadlines.values()}
