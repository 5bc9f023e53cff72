"""A promise of time and its lifecycle (DOMAIN §3).

running ↔ paused; running → met, missed or cancelled; missed → met, late. A miss that should not
stand (the report was received in time, DOMAIN §2.11) is corrected: back to running, then on. A
resolution sent back runs again as if never stopped: in time it is running, late it is missed.
A declared outage alone moves what was met late as well: the lateness may not stand.
What is owed again and again (a report on progress, an answer to a wish) is renewed: it runs anew,
and what became of it before, a miss too, stays in the history.
A miss stands when its unit is let go or paused; then only its ladder ends or waits.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts.ids import deadline_id
from shared.contracts.parts import Actor, DeadlineKind, Role
from shared.contracts.values import Due, Urgency
from shared.lifecycle import Lifecycle
from shared.records import record

FIRST_HASH = b"\x00" * 32
SYSTEM = Actor(role=Role.SYSTEM)


class DeadlineState(StrEnum):
    RUNNING = "running"  # 计时中
    PAUSED = "paused"  # 已暂停
    MET = "met"  # 已按要求完成
    MISSED = "missed"  # 已超时
    CANCELLED = "cancelled"  # 已取消


class Command(StrEnum):
    MEET = "meet"  # 完成: what was promised happened
    MISS = "miss"  # 超时: the due time passed
    CORRECT = "correct"  # 更正: the miss does not stand
    CANCEL = "cancel"  # 取消: nothing is owed any more
    PAUSE = "pause"  # 暂停
    RESUME = "resume"  # 恢复计时
    CHANGE = "change"  # 时限变更: another due time
    REOPEN = "reopen"  # 重新计时: what was met is owed again: met in time, or newly due
    RELAPSE = "relapse"  # 恢复超时: what was met late is owed again
    RESTORE = "restore"  # 恢复: what was called off is owed after all
    RENEW = "renew"  # 重新承诺: the same thing is owed once more, by another time


LIFECYCLE: Lifecycle[DeadlineState, Command] = Lifecycle(
    {
        (DeadlineState.RUNNING, Command.MEET): DeadlineState.MET,
        (DeadlineState.RUNNING, Command.MISS): DeadlineState.MISSED,
        (DeadlineState.RUNNING, Command.CANCEL): DeadlineState.CANCELLED,
        (DeadlineState.RUNNING, Command.PAUSE): DeadlineState.PAUSED,
        (DeadlineState.RUNNING, Command.CHANGE): DeadlineState.RUNNING,
        (DeadlineState.PAUSED, Command.RESUME): DeadlineState.RUNNING,
        (DeadlineState.PAUSED, Command.MEET): DeadlineState.MET,
        (DeadlineState.PAUSED, Command.CANCEL): DeadlineState.CANCELLED,
        (DeadlineState.PAUSED, Command.CHANGE): DeadlineState.PAUSED,
        (DeadlineState.MISSED, Command.MEET): DeadlineState.MET,
        (DeadlineState.MISSED, Command.CORRECT): DeadlineState.RUNNING,
        (DeadlineState.MISSED, Command.CANCEL): DeadlineState.MISSED,
        (DeadlineState.MISSED, Command.PAUSE): DeadlineState.MISSED,
        (DeadlineState.MISSED, Command.RESUME): DeadlineState.MISSED,
        (DeadlineState.MISSED, Command.CHANGE): DeadlineState.MISSED,
        (DeadlineState.MET, Command.REOPEN): DeadlineState.RUNNING,
        (DeadlineState.MET, Command.CHANGE): DeadlineState.MET,
        (DeadlineState.MET, Command.CORRECT): DeadlineState.MET,
        (DeadlineState.MET, Command.RELAPSE): DeadlineState.MISSED,
        (DeadlineState.MISSED, Command.RESTORE): DeadlineState.MISSED,
        (DeadlineState.CANCELLED, Command.RESTORE): DeadlineState.RUNNING,
        (DeadlineState.RUNNING, Command.RENEW): DeadlineState.RUNNING,
        (DeadlineState.PAUSED, Command.RENEW): DeadlineState.RUNNING,
        (DeadlineState.MET, Command.RENEW): DeadlineState.RUNNING,
        (DeadlineState.MISSED, Command.RENEW): DeadlineState.RUNNING,
        (DeadlineState.CANCELLED, Command.RENEW): DeadlineState.RUNNING,
    }
)


@record
class Deadline:
    """One promise, as it stands.

    `counted_from` is where the limit's time is counted from: its start, moved on by every pause, so
    that a share of the time stays a share of the time given. `fired` are the rungs that fired in
    this `term`; a new term begins when the promise is another one (a new due time, a miss taken
    back), so that each rung may fire again. `ended_at` is set once nothing more will fire.
    """

    deadline_id: UUID
    kind: DeadlineKind
    round: int
    ticket_id: UUID | None
    whistle_id: UUID | None
    assignment_id: UUID | None
    unit: str | None
    ticket_ids: tuple[UUID, ...]
    number: str
    urgency: Urgency
    group_matter: bool
    canary: bool
    state: DeadlineState
    late: bool
    due: Due
    counted_from: datetime
    term: int
    fired: tuple[str, ...]
    next_rung: str | None
    fire_at: datetime | None
    paused_at: datetime | None
    met_at: datetime | None
    ended_at: datetime | None
    seq: int
    history_hash: bytes
    traceparent: str | None

    @property
    def subject(self) -> UUID:
        """The key of what is told of it: the whistle_id, else the ticket_id."""
        subject = self.whistle_id or self.ticket_id
        if subject is None:
            raise ValueError(f"deadline {self.deadline_id} is of no whistle and no ticket")
        return subject

    @property
    def climbing(self) -> bool:
        """Whether it can still fire."""
        return self.ended_at is None and self.paused_at is None

    def after_rung(
        self,
        *,
        state: DeadlineState,
        late: bool,
        fired: tuple[str, ...],
        next_rung: str | None,
        fire_at: datetime | None,
    ) -> "Deadline":
        """What a rung changes; written out, as thousands may fire at one instant."""
        return Deadline(
            deadline_id=self.deadline_id,
            kind=self.kind,
            round=self.round,
            ticket_id=self.ticket_id,
            whistle_id=self.whistle_id,
            assignment_id=self.assignment_id,
            unit=self.unit,
            ticket_ids=self.ticket_ids,
            number=self.number,
            urgency=self.urgency,
            group_matter=self.group_matter,
            canary=self.canary,
            state=state,
            late=late,
            due=self.due,
            counted_from=self.counted_from,
            term=self.term,
            fired=fired,
            next_rung=next_rung,
            fire_at=fire_at,
            paused_at=self.paused_at,
            met_at=self.met_at,
            ended_at=self.ended_at,
            seq=self.seq,
            history_hash=self.history_hash,
            traceparent=self.traceparent,
        )

    def in_time(self, at: datetime, command: Command) -> bool:
        """Whether what happened at `at` came before the miss; a paused clock stood still.

        What is met at the due instant is met in time; to be called off or paused then is too late.
        """
        counted = at if self.paused_at is None else min(at, self.paused_at)
        return counted <= self.due.by if command is Command.MEET else counted < self.due.by


@record
class Owner:
    """To whom or what a promise belongs, and what its notices need."""

    owner_id: UUID  # assignment_id, else ticket_id
    round: int
    number: str
    urgency: Urgency
    ticket_ids: tuple[UUID, ...]
    whistle_id: UUID | None = None
    assignment_id: UUID | None = None
    unit: str | None = None
    group_matter: bool = False
    canary: bool = False
    traceparent: str | None = None


def promised(owner: Owner, kind: DeadlineKind, due: Due) -> Deadline:
    """A new promise, not yet recorded (`seq` 0)."""
    return Deadline(
        deadline_id=deadline_id(owner.owner_id, kind, owner.round),
        kind=kind,
        round=owner.round,
        ticket_id=owner.ticket_ids[0] if owner.ticket_ids else None,
        whistle_id=owner.whistle_id,
        assignment_id=owner.assignment_id,
        unit=owner.unit,
        ticket_ids=owner.ticket_ids,
        number=owner.number,
        urgency=owner.urgency,
        group_matter=owner.group_matter,
        canary=owner.canary,
        state=DeadlineState.RUNNING,
        late=False,
        due=due,
        counted_from=due.started_at,
        term=1,
        fired=(),
        next_rung=None,
        fire_at=None,
        paused_at=None,
        met_at=None,
        ended_at=None,
        seq=0,
        history_hash=FIRST_HASH,
        traceparent=owner.traceparent,
    )
