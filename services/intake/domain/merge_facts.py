"""What the router's facts about merged tickets mean: whose whistle a ticket follows.

A merged ticket waits for its parent and is not moved; its person may be called by the units that
work on it. A parent whose own whistle gave way to the child's follows that one from then on.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from services.intake.domain import promises
from services.intake.domain.case import Case
from services.intake.domain.heard import (
    CALLED,
    Heard,
    call_units,
    change_promises,
    drives,
    move,
    tell,
)
from services.intake.domain.ticket import Command, TicketState
from shared.contracts import whistles
from shared.contracts.parts import AssignmentState, DeadlineKind
from shared.contracts.values import Relation

NOT_TAKEN: Final = frozenset({AssignmentState.OFFERED, AssignmentState.RETURN_REQUESTED})
SETTLED_ZH: Final = {
    "kept_into": "派单员确定由主单的承办单位一并办理",
    "kept_own": "派单员确定由本单的承办单位一并办理",
    "kept_both": "派单员确定两家单位各自办理",
}


def _linked(case: Case, fact: whistles.TicketLinked, heard: Heard) -> None:
    if case.ticket.ticket_id != fact.ticket_id:
        tell(case, fact, heard, "另有一件工单并入，一并办理")
        return
    tell(case, fact, heard, "已并入同一哨单一并办理")
    if case.ticket.has_ended:
        return
    call_units(case, fact, fact.assignments)
    if case.ticket.state is not TicketState.MERGED:
        _follow(case, fact, heard)


def _follow(case: Case, fact: whistles.TicketLinked, heard: Heard) -> None:
    """The ticket goes by this whistle now, from where its lead stands."""
    case.note("followed", at=heard.at, actor=fact.actor, whistle_id=fact.whistle_id)
    own = case.own(DeadlineKind.DISPATCH)
    if move(case, Command.DISPATCH, heard, fact) and own is not None:
        case.promise(promises.kept_at(own, heard.at))
    lead = next((a for a in fact.assignments if a.relation is Relation.LEAD), None)
    if lead is not None and lead.state not in NOT_TAKEN:
        move(case, Command.ACKNOWLEDGE, heard, fact)


def _unlinked(case: Case, fact: whistles.TicketUnlinked, heard: Heard) -> None:
    if case.ticket.ticket_id != fact.ticket_id:
        tell(case, fact, heard, "并入的工单已分出，单独办理")
        return
    tell(case, fact, heard, "已从合并办理中分出，单独办理")
    change_promises(case, promises.cancelled, lambda each: each.whistle_id == fact.whistle_id)
    for known in list(case.calls.values()):
        if known.whistle_id == fact.whistle_id and known.state in CALLED:
            case.call(replace(known, state=AssignmentState.RELEASED))
    if drives(case, fact):
        move(case, Command.RECALL, heard, fact)


def _merge_held(case: Case, fact: whistles.MergeHeld, heard: Heard) -> None:
    tell(case, fact, heard, "并单前后由两家单位承办，待派单员确定")


def _merge_settled(case: Case, fact: whistles.MergeSettled, heard: Heard) -> None:
    tell(case, fact, heard, SETTLED_ZH.get(fact.decision, "并单已由派单员确定"))


MERGE_FACTS: Final[Mapping[type, Callable[[Case, Any, Heard], None]]] = {
    whistles.TicketLinked: _linked,
    whistles.TicketUnlinked: _unlinked,
    whistles.MergeHeld: _merge_held,
    whistles.MergeSettled: _merge_settled,
}
