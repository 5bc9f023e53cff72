"""Which messages a fired rung, an urging or a supervision becomes: one a person, each once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notifier.domain.escalation import SILENT
from services.notifier.domain.promises import Change, Step, What
from services.notifier.domain.telling.gap import Gap, held
from services.notifier.domain.telling.message import Message, MessageState, Occasion, Subject
from services.notifier.domain.telling.roster import OnDuty, Reached
from services.notifier.domain.telling.rules import Rules
from shared.contracts.ids import rung_id


@dataclass(slots=True, kw_only=True)
class Addressing:
    """The rota, the rules and what is held back, for one batch at one instant."""

    on_duty: OnDuty
    rules: Rules
    gaps: Sequence[Gap]
    now: datetime
    wall: datetime

    def of_change(self, change: Change) -> Iterator[Message]:
        """What a promise's rungs tell: of several at once, each person hears the last for them."""
        after = change.after
        if after.canary or after.kind in SILENT:
            return
        last: dict[UUID, tuple[Reached, Step]] = {}
        for step in change.steps:
            if step.rung is not None:
                for reached in self.on_duty.reached(step.rung.audience, after.unit):
                    last[reached.person_id] = reached, step
        for reached, step in last.values():
            subject = _subject(step)
            occasion = f"{subject.rung}/{subject.term}/{reached.person_id}"
            message_id = rung_id(after.deadline_id, after.round, occasion)
            yield self.message(message_id, reached, subject)

    def of_subject(
        self, subject: Subject, audience: tuple[str, ...], *, source: UUID, occasion: str
    ) -> Iterator[Message]:
        """What is told of a matter itself; `source` and `occasion` tell it from another time."""
        for reached in self.on_duty.reached(audience, subject.unit):
            message_id = rung_id(source, subject.count or 0, f"{occasion}/{reached.person_id}")
            yield self.message(message_id, reached, subject)

    def message(self, message_id: UUID, reached: Reached, subject: Subject) -> Message:
        """One person's message, waiting for its time or held back."""
        rules, now = self.rules, self.now
        is_held = held(self.gaps, subject.at, self.wall) and not rules.is_young(subject, now)
        way = rules.way(subject, now)
        at = None if is_held else rules.send_at(way, reached.post, subject.urgency, now)
        return Message(
            message_id=message_id,
            person_id=reached.person_id,
            post=reached.post,
            seat=reached.seat,
            subject=subject,
            way=way,
            state=MessageState.HELD if is_held else MessageState.WAITING,
            send_at=at,
            repeats=rules.repeats_of(subject),
        )


def _subject(step: Step) -> Subject:
    after, rung = step.after, step.rung
    assert rung is not None  # as `of_change` found
    return Subject(
        about=after.subject,
        number=after.number,
        unit=after.unit,
        urgency=after.urgency,
        occasion=Occasion.WARNING if step.what is What.WARNED else Occasion.OVERDUE,
        at=step.at,
        level=rung.level,
        kind=after.kind,
        rung=rung.name,
        due_by=after.due.by,
        deadline_id=after.deadline_id,
        term=after.term,
    )
