"""A ticket whose own due times move without anybody's word: dispatch, callback, the citizen's."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from services.intake.domain import promises
from services.intake.domain.case import Case
from services.intake.domain.doing import Doing, say
from services.intake.domain.promises import OPEN, PromiseState
from services.intake.domain.words import DEADLINE_ZH, local
from shared.catalogue.moving import Move
from shared.contracts.parts import DeadlineKind
from shared.contracts.tickets import DueChanged, TicketDueChange
from shared.contracts.values import Due

MOVABLE: Final = OPEN | {PromiseState.MET_LATE}


def move_own(
    case: Case,
    to: Move,
    doing: Doing,
    *,
    reason: str,
    outage_id: UUID | None,
    start_by: Due | None = None,
) -> tuple[TicketDueChange, ...]:
    """Move what is intake's own; returns the changes, () when nothing moves.

    `start_by`: until when the open callback, which nobody has begun, is to be.
    """
    changes = []
    for promise in list(case.promises.values()):
        own = promise.owner_id == case.ticket.ticket_id and promise.state in MOVABLE
        if not own:
            continue
        due = to(promise.kind, promise.due)
        if due is None or due == promise.due:
            continue
        paused = promise.state is PromiseState.PAUSED
        case.promise(replace(promise, due=due) if paused else promises.moved(promise, due))
        changes.append(TicketDueChange(kind=promise.kind, round=promise.round, due=due))
    kind, round_ = DeadlineKind.CALLBACK_START, case.ticket.round
    moved = None if start_by is None else to(kind, start_by)
    if moved is not None and moved != start_by:
        changes.append(TicketDueChange(kind=kind, round=round_, due=moved))
    if changes:
        case.note("due_changed", at=doing.now, actor=doing.actor)
        say(case, DueChanged, doing, changes=tuple(changes), reason=reason, outage_id=outage_id)
        until = "，".join(f"{DEADLINE_ZH[c.kind]}时限为{local(c.due.by)}" for c in changes)
        case.tell("due_changed", f"{reason}：{until}", at=doing.now, who="系统")
    return tuple(changes)
