"""What a unit's people see of their part: its clocks, the list it stands in, what they may do now.

What may be done comes from the lifecycle's table, never from a list of its own; the few rules that
look at more than the state (once only, before due) are the judgement's and are asked the same way.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.router.domain.assignment import ASSIGNMENT, Assignment, AssignmentCommand
from services.router.domain.whistle import Whistle
from shared.contracts.parts import AssignmentState, DeadlineKind, WhistleState
from shared.contracts.values import Due, Relation
from shared.records import record

_S: Final = AssignmentState
_C: Final = AssignmentCommand


class ClockState(StrEnum):
    """How a promise stands."""

    RUNNING = "running"  # 计时中
    LATE = "late"  # 已超时
    PAUSED = "paused"  # 暂停
    MET = "met"  # 按时
    MET_LATE = "met_late"  # 超时完成


OPEN: Final = frozenset({ClockState.RUNNING, ClockState.LATE})


@record
class PartClock:
    """One promise of a part: what, by when, and whether it was kept."""

    kind: DeadlineKind
    due: Due
    state: ClockState
    kept_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it still asks for something."""
        return self.state in OPEN


def clocks_of(part: Assignment, now: datetime) -> tuple[PartClock, ...]:
    """The promises of a part in the order of its work."""
    dues = part.dues
    acknowledged = None if part.deemed else part.acknowledged_at
    promised = (
        (DeadlineKind.ACKNOWLEDGE, dues.acknowledge, acknowledged),
        (DeadlineKind.CONTACT, dues.contact, part.contacted_at),
        (DeadlineKind.ARRIVE, dues.arrive, part.arrived_at),
        (DeadlineKind.RESOLVE, dues.resolve, part.done_at),
    )
    return tuple(
        PartClock(kind=kind, due=due, state=_state(part, due, kept, now), kept_at=kept)
        for kind, due, kept in promised
        if due is not None
    )


def _state(part: Assignment, due: Due, kept: datetime | None, now: datetime) -> ClockState:
    if kept is not None:
        return ClockState.MET if kept <= due.by else ClockState.MET_LATE
    if part.state is _S.PAUSED:
        return ClockState.PAUSED
    return ClockState.RUNNING if now <= due.by else ClockState.LATE


def next_due(part: Assignment, now: datetime) -> PartClock | None:
    """The promise that ends first of those still open; None when nothing is asked."""
    if part.state is _S.DONE or part.gone:
        return None
    asked = [clock for clock in clocks_of(part, now) if clock.is_open]
    return min(asked, key=lambda clock: clock.due.by, default=None)


class Tab(StrEnum):
    """The lists of a workbench."""

    TODO = "todo"  # 待办
    OFFERED = "offered"  # 待签收
    WORKING = "working"  # 办理中
    RULING = "ruling"  # 待裁定
    OVERDUE = "overdue"  # 已超时
    JOINT = "joint"  # 会办
    INFORMED = "informed"  # 知会
    PAUSED = "paused"  # 已挂账
    DONE = "done"  # 已办结
    ENDED = "ended"  # 已结束


_TAB_OF: Final[Mapping[AssignmentState, Tab]] = {
    _S.OFFERED: Tab.OFFERED,
    _S.ACKNOWLEDGED: Tab.WORKING,
    _S.ARRIVED: Tab.WORKING,
    _S.WORKING: Tab.WORKING,
    _S.RETURN_REQUESTED: Tab.RULING,
    _S.DISPUTED: Tab.RULING,
    _S.PAUSED: Tab.PAUSED,
    _S.DONE: Tab.DONE,
}


def tabs_of(whistle: Whistle, part: Assignment, now: datetime) -> frozenset[Tab]:
    """The lists a part stands in; one may stand in several."""
    if whistle.ended or whistle.state is WhistleState.ACCEPTED or part.gone:
        return frozenset({Tab.ENDED})
    if part.relation is Relation.INFORMED:
        unseen = {Tab.TODO} if part.state is _S.OFFERED else set()
        return frozenset({Tab.INFORMED, *unseen})
    tabs = {_TAB_OF[part.state]}
    if part.state is not _S.DONE:
        tabs.add(Tab.TODO)
        if part.extension_asked or part.suspension_asked:
            tabs.add(Tab.RULING)
        if any(clock.state is ClockState.LATE for clock in clocks_of(part, now)):
            tabs.add(Tab.OVERDUE)
    if is_joint(whistle):
        tabs.add(Tab.JOINT)
    return frozenset(tabs)


def is_joint(whistle: Whistle) -> bool:
    """Whether several units work on it."""
    return sum(a.relation is not Relation.INFORMED for a in whistle.running()) > 1


class Action(StrEnum):
    """What the workbench offers; the value is the type of its report."""

    ACKNOWLEDGE = "acknowledged"  # 签收
    CONTACT = "contacted"  # 联系群众
    DEPART = "departed"  # 出发
    ARRIVE = "arrived"  # 报到
    PROGRESS = "progressed"  # 反馈进展
    RESOLVE = "resolved"  # 办结
    HAND_OVER = "handed_over"  # 转交经办
    ADD_ASSISTING = "assisting_requested"  # 增加协办
    ASK_RELEASE = "release_requested"  # 提请放行协办
    EXTEND = "extension_requested"  # 申请延期
    SUSPEND = "suspension_requested"  # 申请挂账
    RETURN = "return_requested"  # 申请退单
    DISPUTE = "disputed"  # 申请复核


_COMMANDS: Final[Mapping[Action, frozenset[AssignmentCommand]]] = {
    Action.ACKNOWLEDGE: frozenset({_C.ACKNOWLEDGE, _C.CONFIRM}),
    Action.CONTACT: frozenset({_C.CONTACT}),
    Action.DEPART: frozenset({_C.DEPART}),
    Action.ARRIVE: frozenset({_C.ARRIVE}),
    Action.PROGRESS: frozenset({_C.PROGRESS}),
    Action.RESOLVE: frozenset({_C.RESOLVE}),
    Action.HAND_OVER: frozenset({_C.HAND_OVER}),
    Action.ADD_ASSISTING: frozenset({_C.PROGRESS}),  # who works on it may call others
    Action.ASK_RELEASE: frozenset({_C.PROGRESS}),
    Action.EXTEND: frozenset({_C.REQUEST_EXTENSION}),
    Action.SUSPEND: frozenset({_C.REQUEST_SUSPENSION}),
    Action.RETURN: frozenset({_C.REQUEST_RETURN}),
    Action.DISPUTE: frozenset({_C.DISPUTE}),
}


def actions_of(whistle: Whistle, part: Assignment) -> tuple[Action, ...]:
    """What the unit may report now, in the order of the work."""
    if whistle.ended:
        return ()
    allowed = ASSIGNMENT.commands(part.state)
    if part.relation is Relation.INFORMED:
        return (Action.ACKNOWLEDGE,) if _C.ACKNOWLEDGE in allowed else ()
    offered = (action for action, needed in _COMMANDS.items() if needed & allowed)
    return tuple(action for action in offered if _applies(action, whistle, part))


def _applies(action: Action, whistle: Whistle, part: Assignment) -> bool:
    """Whether what goes beyond the state allows it as well."""
    lead = part.relation is Relation.LEAD
    match action:
        case Action.ACKNOWLEDGE:
            return part.state is _S.OFFERED or part.deemed
        case Action.CONTACT:
            return bool(whistle.ticket_ids)
        case Action.DEPART:
            return part.departed_at is None and part.arrived_at is None
        case Action.ARRIVE:
            return part.arrived_at is None
        case Action.RETURN:
            return part.return_asked_at is None
        case Action.DISPUTE:
            return part.ruled_at is not None and not part.disputed
        case Action.EXTEND:
            return part.dues.resolve is not None and part.extension_asked is None
        case Action.SUSPEND:
            return part.suspension_asked is None
        case Action.ADD_ASSISTING:
            return lead
        case Action.ASK_RELEASE:
            return lead and any(a.relation is Relation.ASSISTING for a in whistle.running())
        case _:
            return True
