"""One callback that a clerk is to make: who holds it, how often it was tried, until when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.contracts.values import TicketType, Urgency

HOLD: Final = timedelta(minutes=20)  # a call and its notes; then another clerk may take it
TRY_WITHIN: Final = timedelta(days=2)  # the third try after the first


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackTask:
    """`next_from` is the earliest time of the next try; `version` changes with every step."""

    ticket_id: UUID
    round: int
    opened_at: datetime
    due_by: datetime
    next_from: datetime
    tries: int
    version: int
    holder: str | None
    held_until: datetime | None

    def held_by_other(self, clerk: str | None, now: datetime) -> bool:
        """Whether somebody else is at it now."""
        if self.holder is None or self.holder == clerk or self.held_until is None:
            return False
        return now < self.held_until


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackItem:
    """A line of the clerks' list; nothing of who asked."""

    task: CallbackTask
    number: str
    title: str
    type: TicketType
    urgency: Urgency
    category: str | None
    region: str | None
    ticket_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackCounts:
    """How much there is to do."""

    open: int
    ready: int
    overdue: int
