"""One matter told twice: the second ticket follows the first until its own callback.

A person confirms that the matter is the same. What is confidential is never merged, as each side
would learn of the other. A ticket that is merged already cannot be a parent, so that there is no
cycle; one that has children may be merged, and they follow along the chain.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from services.intake.domain import promises
from services.intake.domain.callback import open_callback
from services.intake.domain.case import SYSTEM, Case
from services.intake.domain.doing import Doing, say
from services.intake.domain.heard import CALLED, Heard
from services.intake.domain.registration import Rules
from services.intake.domain.ticket import Command, TicketState
from services.intake.domain.words import who
from shared.contracts.parts import AssignmentState, DeadlineKind, Role
from shared.contracts.tickets import Linked, Merged, MergeUndone
from shared.contracts.values import Relation
from shared.errors import FieldError, InvalidError

_S: Final = TicketState
# Somebody works on it or will; its own callback is still to come.
PARENTS: Final = frozenset(
    {_S.REGISTERED, _S.PENDING_INFO, _S.DISPATCHED, _S.PROCESSING, _S.SUSPENDED, _S.RESOLVED}
)
# Operators and citizens join what is new; what a unit has taken is the dispatcher's to merge.
JOINERS: Final = frozenset({Role.OPERATOR, Role.CITIZEN})
NEW: Final = frozenset({_S.REGISTERED, _S.PENDING_INFO, _S.DISPATCHED})


def merge(case: Case, parent: Case, doing: Doing, rules: Rules) -> None:
    """The ticket follows `parent` from now on; raises ConflictError or InvalidError."""
    _demand_mergeable(case, parent, doing)
    case.move(Command.MERGE, at=doing.now, actor=doing.actor)
    for kind in (DeadlineKind.DISPATCH, DeadlineKind.CITIZEN):
        own = case.own(kind)
        if own is not None:
            case.promise(promises.cancelled(own))
    say(case, Merged, doing, into=parent.ticket.ticket_id)
    name = who(rules.catalogue, doing.actor)
    case.tell(
        "merged",
        f"与工单{parent.ticket.number}为同一事项，合并办理，办结后单独回访您",
        at=doing.now,
        who=name,
    )
    parent.tell("joined", f"工单{case.ticket.number}反映同一事项，并入办理", at=doing.now, who=name)


def _demand_mergeable(case: Case, parent: Case, doing: Doing) -> None:
    if case.ticket.ticket_id == parent.ticket.ticket_id:
        raise _wrong("into：不能并入自己", "into: a ticket is not merged into itself")
    case.demand(Command.MERGE)
    if case.ticket.confidential or parent.ticket.confidential:
        raise _wrong("into：保密件不能并单", "into: confidential tickets are not merged")
    if parent.ticket.state is TicketState.MERGED:
        raise _wrong(
            "into：该工单已并入其他工单，请并入其主单",
            "into: that ticket is merged itself, name its parent",
        )
    if parent.ticket.state not in PARENTS:
        raise _wrong("into：主单已办结或已结束", "into: that ticket is resolved or has ended")
    if doing.actor.role in JOINERS and case.ticket.state not in NEW:
        raise case.conflict(
            "承办单位已签收，请派单员并单",
            "a unit has taken it: the dispatcher merges it",
            code="dispatcher_merges",
        )


def undo(case: Case, into: UUID, doing: Doing) -> None:
    """Not the same matter, or the parent ended: the ticket goes on by itself."""
    case.demand(Command.UNDO_MERGE)
    case.move(Command.UNDO_MERGE, at=doing.now, actor=doing.actor)
    for kind in (DeadlineKind.DISPATCH, DeadlineKind.CITIZEN):
        own = case.own(kind)
        if own is not None:
            case.promise(promises.restored(own))
    say(case, MergeUndone, doing, into=into)
    _catch_up(case, doing.now)


def tell_undone(case: Case, parent: Case, doing: Doing, rules: Rules, *, why: str) -> None:
    """The words of it, on both timelines."""
    name = who(rules.catalogue, doing.actor)
    case.tell("merge_undone", f"撤销并单，继续单独办理（{why}）", at=doing.now, who=name)
    parent.tell("left", f"工单{case.ticket.number}撤销并入", at=doing.now, who=name)


def _catch_up(case: Case, now: datetime) -> None:
    """Back to where its own whistle stands, where that still runs; else it waits for dispatch."""
    state = _lead_state(case)
    if state is None:
        return
    case.move(Command.DISPATCH, at=now, actor=SYSTEM)
    if state in (AssignmentState.OFFERED, AssignmentState.RETURN_REQUESTED):
        return
    case.move(Command.ACKNOWLEDGE, at=now, actor=SYSTEM)
    if state is AssignmentState.PAUSED:
        case.move(Command.SUSPEND, at=now, actor=SYSTEM)
    if state is AssignmentState.DONE:
        case.move(Command.RESOLVE, at=now, actor=SYSTEM)


def _lead_state(case: Case) -> AssignmentState | None:
    """Where the lead of the ticket's own whistle stands; None where nobody is called."""
    still = CALLED | {AssignmentState.DONE}
    for call in case.calls.values():
        mine = call.whistle_id == case.ticket.whistle_id and call.relation is Relation.LEAD
        if mine and call.state in still:
            return call.state
    return None


def link(case: Case, other: Case, doing: Doing, rules: Rules) -> None:
    """Related matters; both go on."""
    if case.ticket.ticket_id == other.ticket.ticket_id:
        raise _wrong("to：不能关联自己", "to: a ticket is not linked to itself", field="to")
    if case.ticket.confidential or other.ticket.confidential:
        raise _wrong("to：保密件不能关联", "to: confidential tickets are not linked", field="to")
    case.note("linked", at=doing.now, actor=doing.actor)
    say(case, Linked, doing, to=other.ticket.ticket_id)
    name = who(rules.catalogue, doing.actor)
    case.tell("linked", f"关联工单{other.ticket.number}", at=doing.now, who=name)
    other.tell("linked", f"关联工单{case.ticket.number}", at=doing.now, who=name)


def open_own_callback(case: Case, parent: Case, heard: Heard, *, reply: str | None) -> bool:
    """The parent is resolved: ask this person, too. False where the ticket follows no more."""
    whistle_id = parent.ticket.whistle_id
    if case.ticket.state is not TicketState.MERGED or whistle_id is None:
        return False
    if all(line.what != "resolved" for line in case.lines):  # told where it follows the whistle
        case.tell("resolved", reply or "合并办理的事项已办结", at=heard.at, who="承办单位")
    doing = Doing(now=heard.now, actor=SYSTEM, policy=heard.policy, traceparent=heard.traceparent)
    open_callback(case, whistle_id, heard.callback_dues(heard.now), doing)
    return True


def _wrong(zh: str, en: str, *, field: str = "into") -> InvalidError:
    return InvalidError(FieldError(field=field, zh=zh, en=en))
