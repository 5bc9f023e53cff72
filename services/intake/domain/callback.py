"""What a callback leads to: the ticket closes, goes out again, or the person is tried once more.

The callback's word is the citizen's own (DOMAIN §2.4): unsolved goes out again, and so does an
unsatisfied answer with a cause. Nobody reached is never satisfied; the third try ends it.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.intake.domain import promises
from services.intake.domain.case import SYSTEM, Case
from services.intake.domain.doing import Doing, say
from services.intake.domain.promises import Promise
from services.intake.domain.ticket import Command
from services.intake.domain.words import CALLBACK_ZH, SATISFACTION_ZH, local
from shared.contracts.parts import DeadlineKind, Role
from shared.contracts.tickets import (
    CallbackOpened,
    CallbackResult,
    CalledBack,
    Closed,
    ReworkRequested,
    Satisfaction,
)
from shared.contracts.values import Due
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackDues:
    """Until when a person is first asked, and until when that must be done (DOMAIN §5)."""

    start_by: Due
    callback_by: Due


def open_callback(case: Case, whistle_id: UUID, dues: CallbackDues, doing: Doing) -> None:
    """Ask the person next; the time for it runs from now, not from the unit's word.

    `whistle_id` is what was resolved: its own, or that of the ticket it followed.
    """
    changes = {"callback_tries": 0, "whistle_id": whistle_id}
    case.move(Command.OPEN_CALLBACK, at=doing.now, actor=SYSTEM, **changes)
    ticket = case.ticket
    promise = Promise(
        ticket_id=ticket.ticket_id,
        owner_id=ticket.ticket_id,
        kind=DeadlineKind.CALLBACK,
        round=ticket.round,
        due=dues.callback_by,
    )
    case.promise(promise)
    until = local(dues.callback_by.by)
    case.tell("callback_opened", f"等待回访，{until}前完成", at=doing.now, who="回访")
    by_system = Doing(
        now=doing.now, actor=SYSTEM, policy=doing.policy, traceparent=doing.traceparent
    )
    say(
        case,
        CallbackOpened,
        by_system,
        whistle_id=whistle_id,
        callback_by=dues.callback_by,
        start_by=dues.start_by,
    )


def call_back(case: Case, answer: Answer, doing: Doing, *, most_tries: int = MOST_TRIES) -> bool:
    """Apply one try, in state callback; whether it ends the callback.

    `most_tries` is one where there is no phone to call.
    """
    tries = case.ticket.callback_tries + 1
    reached = answer.result is not CallbackResult.UNREACHABLE
    final = reached or tries >= most_tries
    case.note("called_back", at=doing.now, actor=doing.actor, callback_tries=tries)
    say(
        case,
        CalledBack,
        doing,
        result=answer.result,
        satisfaction=answer.satisfaction,
        attempt=tries,
        final=final,
    )
    by_person = doing.actor.role is Role.CITIZEN
    who = "诉求人" if by_person else "回访"
    case.tell("called_back", _words(answer, tries), at=doing.now, who=who)
    if not final:
        return False
    own = case.own(DeadlineKind.CALLBACK, case.ticket.round)
    if own is not None:
        case.promise(promises.kept_at(own, doing.now))
    if reached and answer.asks_rework:
        _rework(case, answer, doing)
    else:
        _close(case, answer, doing)
    return True


def _words(answer: Answer, tries: int) -> str:
    if answer.result is CallbackResult.UNREACHABLE:
        return f"第{tries}次回访：联系不上"
    satisfaction = SATISFACTION_ZH[answer.satisfaction]
    return f"回访结果：{CALLBACK_ZH[answer.result]}，满意度：{satisfaction}"


def _close(case: Case, answer: Answer, doing: Doing) -> None:
    case.move(Command.CLOSE, at=doing.now, actor=doing.actor)
    say(case, Closed, doing, result=answer.result, satisfaction=answer.satisfaction)
    case.tell("closed", "工单已结束", at=doing.now, who="回访")


def _rework(case: Case, answer: Answer, doing: Doing) -> None:
    round_ = case.ticket.round + 1
    case.move(Command.REWORK, at=doing.now, actor=doing.actor, round=round_)
    own = case.own(DeadlineKind.CITIZEN)
    if own is not None:
        case.promise(promises.again(own))
    say(
        case,
        ReworkRequested,
        doing,
        result=answer.result,
        satisfaction=answer.satisfaction,
        note=answer.note,
    )
    case.tell("rework_requested", f"重新办理（第{round_}轮）", at=doing.now, who="回访")
