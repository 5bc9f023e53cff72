"""A telephone call at an operator's desk, from ringing to its end, and what is said of numbers."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.contracts.values import Urgency

# A call the centre never ended is not shown for ever.
LONGEST_CALL: Final = timedelta(hours=12)


class CallState(StrEnum):
    """Where a call stands."""

    RINGING = "ringing"  # 振铃中
    ANSWERED = "answered"  # 通话中
    ENDED = "ended"  # 已结束


class CallEvent(StrEnum):
    """What the call centre tells."""

    RINGING = "call.ringing"  # 振铃
    ANSWERED = "call.answered"  # 接听
    ENDED = "call.ended"  # 挂断


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneCall:
    """One call; `call_id` is the call centre's, `phone` None where it was withheld or forgotten.

    `operator` is the login or the extension, as the call centre said it.
    """

    phone_call_id: UUID
    call_id: str
    operator: str
    line: str | None
    phone: str | None
    state: CallState
    rang_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    ticket_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HarassmentMark:
    """A shift lead's word that a number harasses, until an instant."""

    mark_id: UUID
    phone: str
    reason: str
    marked_by: str
    marked_at: datetime
    until: datetime
    lifted_at: datetime | None = None
    lifted_by: str | None = None

    def holds(self, now: datetime) -> bool:
        return self.lifted_at is None and now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerNote:
    """What the next operator should know of the caller."""

    note_id: UUID
    phone: str
    text: str
    noted_by: str
    at: datetime


def heard(call: PhoneCall, event: CallEvent, now: datetime) -> PhoneCall:
    """The call after an event; events that come late or twice change nothing."""
    if call.state is CallState.ENDED or event is CallEvent.RINGING:
        return call
    if event is CallEvent.ENDED:
        return replace(call, state=CallState.ENDED, ended_at=now)
    if call.state is CallState.ANSWERED:
        return call
    return replace(call, state=CallState.ANSWERED, answered_at=now)


def must_be_confirmed(mark: HarassmentMark | None, urgency: Urgency | None, now: datetime) -> bool:
    """Whether a ticket of a marked number needs the operator's word that the matter is real.

    An emergency never does.
    """
    return mark is not None and mark.holds(now) and urgency is not Urgency.CRITICAL


def masked(phone: str) -> str:
    """139****1111: enough to tell two numbers apart, too little to call."""
    if len(phone) < 7:
        return "*" * max(len(phone) - 2, 0) + phone[-2:]
    return f"{phone[:3]}{'*' * (len(phone) - 7)}{phone[-4:]}"
