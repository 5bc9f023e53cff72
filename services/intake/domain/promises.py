"""The promises of time around a ticket, kept from the facts of router and notifier.

Intake computes only its own (dispatch, callback, citizen) and judges none of the units': the
`late` of the router's fact and the notifier's word say how a promise ended. Facts of the two come
in any order, so each change below says what it does in every state.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Due


class PromiseState(StrEnum):
    """How a promise stands, as in the notifier's deadlines."""

    RUNNING = "running"  # 进行中
    PAUSED = "paused"  # 暂停
    MET = "met"  # 按时完成
    MET_LATE = "met_late"  # 超时完成
    MISSED = "missed"  # 已超时
    CANCELLED = "cancelled"  # 不再适用


OPEN: Final = frozenset({PromiseState.RUNNING, PromiseState.PAUSED, PromiseState.MISSED})

# Those a citizen would ask about; rulings, reviews and the like are the authorities' own.
SHOWN: Final = frozenset(
    {
        DeadlineKind.DISPATCH,
        DeadlineKind.CALLBACK,
        DeadlineKind.CITIZEN,
        DeadlineKind.ACKNOWLEDGE,
        DeadlineKind.CONTACT,
        DeadlineKind.ARRIVE,
        DeadlineKind.RESOLVE,
    }
)

PromiseKey = tuple[UUID, DeadlineKind, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Something due by an instant; `owner_id` is the assignment's, or the ticket's own id."""

    ticket_id: UUID
    owner_id: UUID
    kind: DeadlineKind
    round: int
    due: Due
    unit: str | None = None
    whistle_id: UUID | None = None
    state: PromiseState = PromiseState.RUNNING

    @property
    def key(self) -> PromiseKey:
        return self.owner_id, self.kind, self.round


def kept(promise: Promise, *, late: bool) -> Promise:
    """It was kept, in time or late, by the word of whoever judges."""
    return replace(promise, state=PromiseState.MET_LATE if late else PromiseState.MET)


def kept_at(promise: Promise, at: datetime) -> Promise:
    """One of intake's own was kept then; what had ended already stays as it is."""
    return kept(promise, late=at > promise.due.by) if promise.state in OPEN else promise


def missed(promise: Promise, due: Due) -> Promise:
    """The notifier saw it missed. A later fact of the router may have said more already."""
    if promise.state is not PromiseState.RUNNING or due.by < promise.due.by:
        return promise  # kept meanwhile, paused, or the due time has moved on
    return replace(promise, state=PromiseState.MISSED)


def corrected(promise: Promise) -> Promise:
    """It had been kept in time after all (DOMAIN §2.11)."""
    return kept(promise, late=False)


def moved(promise: Promise, due: Due) -> Promise:
    """The due time changed; a paused promise runs again, a missed one has its time again."""
    state = PromiseState.RUNNING if promise.state in OPEN else promise.state
    return replace(promise, due=due, state=state)


def paused(promise: Promise) -> Promise:
    """Its clock stands still."""
    running = promise.state is PromiseState.RUNNING
    return replace(promise, state=PromiseState.PAUSED) if running else promise


def again(promise: Promise) -> Promise:
    """What had kept it was sent back: it goes on as if never stopped."""
    if promise.state is PromiseState.MET:
        return replace(promise, state=PromiseState.RUNNING)
    if promise.state is PromiseState.MET_LATE:
        return replace(promise, state=PromiseState.MISSED)
    return promise


def cancelled(promise: Promise) -> Promise:
    """It no longer applies; what was missed stays missed."""
    if promise.state in {PromiseState.RUNNING, PromiseState.PAUSED}:
        return replace(promise, state=PromiseState.CANCELLED)
    return promise


def restored(promise: Promise) -> Promise:
    """It applies after all."""
    cancelled = promise.state is PromiseState.CANCELLED
    return replace(promise, state=PromiseState.RUNNING) if cancelled else promise
