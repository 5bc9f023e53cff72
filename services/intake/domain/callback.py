"""What a callback leads to: the ticket closes, goes out again, or the person is tried once more.

The callback's word is the citizen's own (DOMAIN §2.4): unsolved goes out again, and so does an
unsatisfied answer with a cause. Nobody reached is never satisfied; the third try ends it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.intake.domain import promises
from services.intake.domain.case import Case
from services.intake.domain.ticket import Command
from services.intake.domain.words import CALLBACK_ZH, SATISFACTION_ZH
from shared.contracts.parts import Actor, DeadlineKind
from shared.contracts.tickets import (
    CallbackResult,
    CalledBack,
    Closed,
    ReworkRequested,
    Satisfaction,
)
from shared.errors import FieldError, InvalidError

MOST_TRIES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the person said; `note` is the cause, without personal data."""

    result: CallbackResult
    satisfaction: Satisfaction
    note: str | None = None

    def __post_init__(self) -> None:
        if self.result is CallbackResult.UNREACHABLE and self.satisfaction is not UNKNOWN:
            raise InvalidError(
                FieldError(
                    field="satisfaction",
                    zh="satisfaction：联系不上时只能是 unknown",
                    en="satisfaction: must be unknown when nobody was reached",
                )
            )

    @property
    def asks_rework(self) -> bool:
        """Unsolved, or not satisfied with a cause; half solved counts as a cause."""
        if self.result is CallbackResult.UNSOLVED:
            return True
        caused = self.note is not None or self.result is CallbackResult.PARTLY
        return self.satisfaction is Satisfaction.UNSATISFIED and caused


UNKNOWN: Final = Satisfaction.UNKNOWN


def call_back(
    case: Case, answer: Answer, *, now: datetime, actor: Actor, policy: str, traceparent: str | None
) -> None:
    """Apply one try of the callback; the case must be in state callback."""
    tries = case.ticket.callback_tries + 1
    reached = answer.result is not CallbackResult.UNREACHABLE
    final = reached or tries >= MOST_TRIES
    case.note("called_back", at=now, actor=actor, callback_tries=tries)
    ticket = case.ticket
    called = CalledBack(
        seq=ticket.seq,
        actor=actor,
        policy=policy,
        ticket_id=ticket.ticket_id,
        round=ticket.round,
        result=answer.result,
        satisfaction=answer.satisfaction,
        attempt=tries,
        final=final,
    )
    case.say(called, at=now, traceparent=traceparent)
    case.tell("called_back", _words(answer, tries), at=now, who="回访")
    if not final:
        return
    own = case.own(DeadlineKind.CALLBACK, ticket.round)
    if own is not None:
        case.promise(promises.kept_at(own, now))
    if reached and answer.asks_rework:
        _rework(case, answer, now=now, actor=actor, policy=policy, traceparent=traceparent)
    else:
        _close(case, answer, now=now, actor=actor, policy=policy, traceparent=traceparent)


def _words(answer: Answer, tries: int) -> str:
    if answer.result is CallbackResult.UNREACHABLE:
        return f"第{tries}次回访：联系不上"
    satisfaction = SATISFACTION_ZH[answer.satisfaction]
    return f"回访结果：{CALLBACK_ZH[answer.result]}，满意度：{satisfaction}"


def _close(
    case: Case, answer: Answer, *, now: datetime, actor: Actor, policy: str, traceparent: str | None
) -> None:
    case.move(Command.CLOSE, at=now, actor=actor)
    ticket = case.ticket
    closed = Closed(
        seq=ticket.seq,
        actor=actor,
        policy=policy,
        ticket_id=ticket.ticket_id,
        round=ticket.round,
        result=answer.result,
        satisfaction=answer.satisfaction,
    )
    case.say(closed, at=now, traceparent=traceparent)
    case.tell("closed", "工单已结束", at=now, who="回访")


def _rework(
    case: Case, answer: Answer, *, now: datetime, actor: Actor, policy: str, traceparent: str | None
) -> None:
    case.move(Command.REWORK, at=now, actor=actor, round=case.ticket.round + 1)
    ticket = case.ticket
    own = case.own(DeadlineKind.CITIZEN)
    if own is not None:
        case.promise(promises.again(own))
    rework = ReworkRequested(
        seq=ticket.seq,
        actor=actor,
        policy=policy,
        ticket_id=ticket.ticket_id,
        round=ticket.round,
        result=answer.result,
        satisfaction=answer.satisfaction,
        note=answer.note,
    )
    case.say(rework, at=now, traceparent=traceparent)
    case.tell("rework_requested", f"重新办理（第{ticket.round}轮）", at=now, who="回访")
