"""Asking the person, once, for all that is missing, and going on when it is told.

The citizen's clock never pauses (DOMAIN §2.2). The dispatch limit of a normal matter stands still
while the person is asked and keeps the share of its time that was left; an urgent or critical one
runs on, and the router sends it provisionally when it is over.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.intake.domain import promises
from services.intake.domain.case import Case
from services.intake.domain.doing import Doing, say
from services.intake.domain.promises import Promise, PromiseState
from services.intake.domain.registration import Rules
from services.intake.domain.ticket import Command
from services.intake.domain.words import who
from shared.contracts.parts import DeadlineKind
from shared.contracts.tickets import InfoRequested
from shared.contracts.values import Due, Urgency

LEAST_SHARE: Final = 0.001  # a limit of no time at all would be none


@dataclass(frozen=True, slots=True, kw_only=True)
class InfoRequest:
    """What was asked for; `dispatch_share` is what was left of the dispatch limit."""

    asked_at: datetime
    missing: tuple[str, ...]
    dispatch_share: float | None


def ask(
    case: Case, missing: tuple[str, ...], doing: Doing, rules: Rules, *, asked: bool
) -> InfoRequest:
    """Ask for all of `missing`, texts without personal data; refused when asked before."""
    case.demand(Command.ASK_INFO)
    if asked:
        raise case.conflict(
            "已请诉求人补充过一次，不能再次要求补充",
            "the person was asked once already",
            code="asked_already",
        )
    share = _pause(case, doing.now, rules)
    case.move(Command.ASK_INFO, at=doing.now, actor=doing.actor)
    say(case, InfoRequested, doing, missing=missing, dispatch_waits=share is not None)
    listed = "；".join(missing)
    case.tell(
        "info_requested",
        f"请补充：{listed}",
        at=doing.now,
        who=who(rules.catalogue, doing.actor),
    )
    return InfoRequest(asked_at=doing.now, missing=missing, dispatch_share=share)


def _pause(case: Case, now: datetime, rules: Rules) -> float | None:
    """Stop the dispatch limit; the share of its time that is left, None where it runs on."""
    own = case.own(DeadlineKind.DISPATCH)
    if own is None or own.state is not PromiseState.RUNNING or own.due.by <= now:
        return None
    if case.ticket.urgency is not Urgency.NORMAL:
        return None
    case.promise(promises.paused(own))
    return _left(own, now, rules)


def _left(own: Promise, now: datetime, rules: Rules) -> float:
    due, calendar = own.due, rules.calendar
    whole = calendar.remaining(due.rule, due.by, due.started_at)
    left = calendar.remaining(due.rule, due.by, now)
    return max(LEAST_SHARE, min(1.0, left / whole)) if whole else 1.0


def supplied(case: Case, doing: Doing, rules: Rules, request: InfoRequest | None) -> Due | None:
    """What was missing is told: back to registered; the dispatch limit as it runs on, if it does.

    The words themselves are a supplement, said by whoever calls this.
    """
    case.move(Command.SUPPLY, at=doing.now, actor=doing.actor)
    own = case.own(DeadlineKind.DISPATCH)
    share = request.dispatch_share if request is not None else None
    if own is None or own.state is not PromiseState.PAUSED or share is None:
        return None
    rule = rules.limits.dispatch(case.ticket.urgency)
    due = rules.due(rule.shared(share) if share < 1 else rule, doing.now)
    case.promise(promises.moved(own, due))
    return due
