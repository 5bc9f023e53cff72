"""Reopening: the citizen says within the term that it is not solved after all, once."""

from datetime import timedelta

from services.intake.domain.case import Case
from services.intake.domain.doing import Doing, say
from services.intake.domain.ticket import Command
from shared.contracts.tickets import Archived, Reopened


def reopen(case: Case, reason: str, doing: Doing, *, within: timedelta, reopened: bool) -> None:
    """Out again in the next round; `reason` is the person's words without personal data."""
    case.demand(Command.REOPEN)
    if reopened:
        raise case.conflict("已重新打开过一次", "it was reopened once already", code="once_only")
    ended_at = case.ticket.ended_at
    if ended_at is None or doing.now - ended_at > within:
        raise case.conflict(
            f"结束已超过 {within.days} 天，不能重新打开，请另行登记",
            f"it ended more than {within.days} days ago: register it anew",
            code="too_late",
        )
    round_ = case.ticket.round + 1
    case.move(Command.REOPEN, at=doing.now, actor=doing.actor, round=round_)
    say(case, Reopened, doing, reason=reason)
    case.tell("reopened", f"重新打开（第{round_}轮）：{reason}", at=doing.now, who="诉求人")


def archive(case: Case, doing: Doing) -> None:
    """It ended long enough ago: out of the working set."""
    case.move(Command.ARCHIVE, at=doing.now, actor=doing.actor)
    say(case, Archived, doing)
    case.tell("archived", "已归档", at=doing.now, who="系统")
