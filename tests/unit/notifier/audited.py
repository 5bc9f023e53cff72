"""The engine in memory beside the auditor: facts are heard, the watch looks, both are compared."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.notifier.domain.audit.compare import Judgement, judge
from services.notifier.domain.audit.found import Entry, Mismatch, MismatchKind, Row
from services.notifier.domain.audit.note import Told
from services.notifier.domain.audit.rungs import Book
from services.notifier.domain.audit.story import lives_of
from services.notifier.domain.audit.timing import Timing
from services.notifier.domain.deadline import Deadline
from services.notifier.domain.effects import Effect, Heard
from services.notifier.domain.hearing import effects
from services.notifier.domain.known import Known
from services.notifier.domain.promises import Change, fire
from services.notifier.store.deadlines import _recorded
from services.notifier.track import Batch
from shared.contracts import tickets, whistles
from shared.runtime import history
from tests.unit.notifier.samples import CALENDAR, ESCALATION, LIMITS, TICKET, WHISTLE

SETTLE = timedelta(seconds=30)
TIMING = Timing(wall=lambda moment: moment, settle=SETTLE)
BOOK = Book(limits=LIMITS, calendar=CALENDAR)


@dataclass
class City:
    """What the notifier's tables would hold; times are given, nothing waits."""

    deadlines: dict[UUID, Deadline] = field(default_factory=dict)
    entries: dict[UUID, list[history.Entry]] = field(default_factory=dict)
    facts: list[Told] = field(default_factory=list)
    known: Known = field(default_factory=Known)
    now: datetime | None = None

    def hear(self, data: Any, at: datetime, *, heard_at: datetime | None = None) -> None:
        """A fact, heard at once unless said otherwise."""
        wanted = effects(Heard(data=data, at=at), self.known)
        self.does(wanted, data, at, heard_at=heard_at)

    def does(
        self,
        wanted: Iterable[Effect],
        data: Any,
        at: datetime,
        *,
        heard_at: datetime | None = None,
    ) -> None:
        """What a verb of the notifier does to promises, and the fact that tells of it."""
        heard_at = heard_at or at
        self.facts.append(Told(data=data, at=at, heard_at=heard_at))
        self.now = heard_at
        batch = Batch(ESCALATION, dict(self.deadlines))
        for effect in wanted:
            batch.carry_out(effect)
        for change in batch.changes():
            self._save(change)

    def watch(self, now: datetime) -> None:
        """The watch fires all that is past."""
        self.now = now
        for deadline in list(self.deadlines.values()):
            if deadline.fire_at is not None and deadline.fire_at <= now:
                after, steps = fire(deadline, now, ESCALATION)
                self._save(Change(before=deadline, after=after, steps=tuple(steps)))

    def _save(self, change: Change) -> None:
        id_ = change.after.deadline_id
        seq, last = _recorded(change, LIMITS.version, self.entries.setdefault(id_, []))
        self.deadlines[id_] = replace(change.after, seq=seq, history_hash=last)

    def rows(self) -> dict[UUID, Row]:
        return {
            each.deadline_id: Row(
                deadline_id=each.deadline_id,
                kind=each.kind,
                state=each.state,
                late=each.late,
                due_by=each.due.by,
                met_at=each.met_at,
                ended=each.ended_at is not None,
                next_rung=each.next_rung,
                fire_at=each.fire_at,
                seq=each.seq,
                history_hash=each.history_hash,
            )
            for each in self.deadlines.values()
        }

    def histories(self) -> dict[UUID, list[Entry]]:
        return {id_: [_entry(each) for each in them] for id_, them in self.entries.items()}

    def audit(
        self,
        *,
        rows: dict[UUID, Row] | None = None,
        histories: dict[UUID, list[Entry]] | None = None,
        as_of: datetime | None = None,
        timing: Timing = TIMING,
    ) -> list[Mismatch]:
        """All that the auditor finds, with other rows or history in place of the engine's."""
        rows = self.rows() if rows is None else rows
        histories = self.histories() if histories is None else histories
        found = []
        for subject in (TICKET, WHISTLE):
            facts = [each for each in self.facts if _concerns(subject, each.data)]
            lives = lives_of(subject, facts, book=BOOK, timing=timing)
            for id_, life in lives.items():
                found += self._judged(subject, life, rows.pop(id_, None), histories, as_of)
        for row in rows.values():
            found.append(_extra(row))
        return found

    def _judged(self, subject, life, row, histories, as_of) -> tuple[Mismatch, ...]:
        entries = histories.get(life.deadline_id, [])
        judged: Judgement = judge(subject, life, row, entries, as_of=as_of or self.now)
        return judged.mismatches


def _extra(row: Row) -> Mismatch:
    return Mismatch(
        subject=row.deadline_id,
        deadline_id=row.deadline_id,
        kind=MismatchKind.EXTRA_DEADLINE,
        what=row.kind,
        expected="-",
        found=row.state,
    )


def _concerns(subject: UUID, data: Any) -> bool:
    if isinstance(data, tickets.TicketFact):
        return subject == TICKET or isinstance(data, tickets.GroupFlagged)
    return subject == WHISTLE or isinstance(data, whistles.Blown)


def _entry(entry: history.Entry) -> Entry:
    after = json.loads(entry.after) if entry.after else {}
    fired_at = after.get("fired_at")
    return Entry(
        seq=entry.seq,
        at=entry.at,
        what=entry.what,
        role=entry.actor.role,
        unit=entry.actor.unit,
        actor_name=entry.actor.name,
        on_behalf_of=entry.actor.on_behalf_of,
        before=entry.before,
        after=entry.after,
        policy=entry.policy,
        previous_hash=entry.previous_hash,
        hash=entry.hash,
        rung=after.get("rung"),
        fired_at=datetime.fromisoformat(fired_at) if fired_at else None,
    )
