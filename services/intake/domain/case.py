"""A ticket with all that hangs on it, while facts and commands are applied to it one by one."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.intake.domain.promises import Promise, PromiseKey
from services.intake.domain.ticket import ENDED, LIFECYCLE, Command, Ticket, TicketState
from shared.contracts.parts import Actor, AssignmentState, DeadlineKind, Role
from shared.contracts.tickets import TicketFact
from shared.contracts.values import Relation
from shared.errors import ConflictError

SYSTEM = Actor(role=Role.SYSTEM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One unit's part in a whistle of the ticket: who is called now may ask for the contact."""

    ticket_id: UUID
    assignment_id: UUID
    whistle_id: UUID
    unit: str
    relation: Relation
    state: AssignmentState


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the timeline a citizen reads."""

    ticket_id: UUID
    at: datetime
    who: str
    what: str
    zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One change of the ticket, for its history."""

    seq: int
    at: datetime
    what: str
    actor: Actor
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A fact to be published, with its domain time and trace."""

    fact: TicketFact
    at: datetime
    traceparent: str | None


@dataclass(slots=True, kw_only=True)
class Case:
    """Loaded whole, changed in memory, saved once; what is new is gathered beside the ticket."""

    ticket: Ticket
    promises: dict[PromiseKey, Promise] = field(default_factory=dict)
    calls: dict[UUID, Call] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    facts: list[Said] = field(default_factory=list)
    touched_promises: set[PromiseKey] = field(default_factory=set)
    touched_calls: set[UUID] = field(default_factory=set)

    @classmethod
    def begun(cls, ticket: Ticket, *, at: datetime, actor: Actor) -> "Case":
        """A new ticket, registered as its first move."""
        move = Move(
            seq=ticket.seq,
            at=at,
            what=Command.REGISTER.value,
            actor=actor,
            before="{}",
            after=_short(ticket),
        )
        return cls(ticket=ticket, moves=[move])

    def allows(self, command: Command) -> bool:
        return LIFECYCLE.allows(self.ticket.state, command)

    def demand(self, command: Command, *, version: int | None = None) -> None:
        """Refuse with the current state and version what is not valid any more."""
        if version is not None and version != self.ticket.seq:
            raise self.conflict("工单已被更新，请刷新后再操作", "the ticket has changed meanwhile")
        if not self.allows(command):
            raise self.conflict(
                f"工单当前为“{STATE_ZH[self.ticket.state]}”，不能进行此操作",
                f"{command} is not allowed while the ticket is {self.ticket.state}",
            )

    def conflict(self, zh: str, en: str, *, code: str | None = None) -> ConflictError:
        """A refusal that carries the current state and version."""
        return ConflictError(
            zh, en, code=code, state=self.ticket.state.value, version=self.ticket.seq
        )

    def move(self, command: Command, *, at: datetime, actor: Actor, **changes: Any) -> None:
        """Carry out a command of the lifecycle; raises IllegalMoveError."""
        state = LIFECYCLE.next(self.ticket.state, command)
        # the archive keeps the time of the end
        changes["ended_at"] = (self.ticket.ended_at or at) if state in ENDED else None
        self._step(command.value, at=at, actor=actor, state=state, **changes)

    def note(self, what: str, *, at: datetime, actor: Actor, **changes: Any) -> None:
        """A change that leaves the state as it is."""
        self._step(what, at=at, actor=actor, **changes)

    def _step(self, what: str, *, at: datetime, actor: Actor, **changes: Any) -> None:
        before = self.ticket
        self.ticket = replace(before, seq=before.seq + 1, **changes)
        self.moves.append(
            Move(
                seq=self.ticket.seq,
                at=at,
                what=what,
                actor=actor,
                before=_short(before),
                after=_short(self.ticket),
            )
        )

    @property
    def traceparent(self) -> str | None:
        """The trace of what was last said here."""
        return self.facts[-1].traceparent if self.facts else None

    def say(self, fact: TicketFact, *, at: datetime, traceparent: str | None) -> None:
        """Publish a fact in the transaction that saves the case."""
        self.facts.append(Said(fact=fact, at=at, traceparent=traceparent))

    def tell(self, what: str, zh: str, *, at: datetime, who: str) -> None:
        """Add a line to the timeline."""
        self.lines.append(Line(ticket_id=self.ticket.ticket_id, at=at, who=who, what=what, zh=zh))

    def promise(self, promise: Promise) -> None:
        """Add a promise or put a changed one in its place."""
        if self.promises.get(promise.key) != promise:
            self.promises[promise.key] = promise
            self.touched_promises.add(promise.key)

    def own(self, kind: DeadlineKind, round_: int = 1) -> Promise | None:
        """One of the ticket's own promises."""
        return self.promises.get((self.ticket.ticket_id, kind, round_))

    def call(self, call: Call) -> None:
        """Add a unit's part or put a changed one in its place."""
        if self.calls.get(call.assignment_id) != call:
            self.calls[call.assignment_id] = call
            self.touched_calls.add(call.assignment_id)


def _short(ticket: Ticket) -> str:
    return f'{{"state":"{ticket.state}","round":{ticket.round}}}'


STATE_ZH = {
    TicketState.DRAFT: "草稿",
    TicketState.REGISTERED: "已登记",
    TicketState.PENDING_INFO: "待补充",
    TicketState.DISPATCHED: "已派单",
    TicketState.PROCESSING: "办理中",
    TicketState.SUSPENDED: "暂缓办理",
    TicketState.RESOLVED: "已办结",
    TicketState.CALLBACK: "待回访",
    TicketState.CLOSED: "已结束",
    TicketState.MERGED: "已并单",
    TicketState.ANSWERED: "已答复",
    TicketState.TRANSFERRED: "已转办",
    TicketState.REJECTED: "不予受理",
    TicketState.WITHDRAWN: "已撤回",
    TicketState.VOIDED: "已作废",
    TicketState.ARCHIVED: "已归档",
}
