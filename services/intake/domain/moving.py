"""A ticket whose own due times move without anybody's word: dispatch, callback, the citizen's.

An outage never moves the citizen's clock (DOMAIN §2.2); a year that became known does, as it was
promised by a guess.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final
from uuid import UUID

from services.intake.domain import promises
from services.intake.domain.case import Case
from services.intake.domain.doing import Doing, say
from services.intake.domain.promises import OPEN, PromiseState
from services.intake.domain.words import DEADLINE_ZH, local
from shared.contracts.parts import DeadlineKind
from shared.contracts.tickets import DueChanged, TicketDueChange
from shared.contracts.values import Due

MOVABLE: Final = OPEN | {PromiseState.MET_LATE}


def move_own(
    case: Case,
    to: Callable[[Due], Due | None],
    doing: Doing,
    *,
    reason: str,
    outage_id: UUID | None,
) -> tuple[TicketDueChange, ...]:
    """Move what is intake's own; returns the changes, () when nothing moves."""
    changes = []
    for promise in list(case.promises.values()):
        own = promise.owner_id == case.ticket.ticket_id and promise.state in MOVABLE
        if not own or (promise.kind is DeadlineKind.CITIZEN and outage_id is not None):
            continue
        due = to(promise.due)
        if due is None or due == promise.due:
            continue
        paused = promise.state is PromiseState.PAUSED
        case.promise(replace(promise, due=due) if paused else promises.moved(promise, due))
        changes.append(TicketDueChange(kind=promise.kind, round=promise.round, due=due))
    if changes:
        case.note("due_changed", at=doing.now, actor=doing.actor)
        say(case, DueChanged, doing, changes=tuple(changes), reason=reason, outage_id=outage_id)
        until = "，".join(f"{DEADLINE_ZH[c.kind]}时限为{local(c.due.by)}" for c in changes)
        case.tell("due_changed", f"{reason}：{until}", at=doing.now, who="系统")
    return tuple(changes)
