"""One unit's part in a whistle: its lifecycle as a table, and what the router keeps of it.

Contact is a time on an assignment, not a state. Resolving is allowed from `acknowledged` on. What
was interrupted (a return refused, a pause, a dispute) goes back to where it stood: `back_to`.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from services.router.domain.altering import altered
from services.router.domain.dues import Dues
from shared.contracts import parts
from shared.contracts.parts import AssignmentState
from shared.contracts.values import Relation
from shared.lifecycle import Lifecycle
from shared.records import open_record


class AssignmentCommand(StrEnum):
    """What may happen to one unit's part (DOMAIN §3)."""

    ACKNOWLEDGE = "acknowledge"  # 签收
    DEEM_ACKNOWLEDGED = "deem_acknowledged"  # 视为签收
    CONFIRM = "confirm"  # 视为签收后补签收
    CONTACT = "contact"  # 联系
    ARRIVE = "arrive"  # 报到
    DEPART = "depart"  # 出发
    PROGRESS = "progress"  # 反馈进展
    HAND_OVER = "hand_over"  # 转交内部经办
    REQUEST_RETURN = "request_return"  # 申请退单
    GRANT_RETURN = "grant_return"  # 同意退单
    DISPUTE = "dispute"  # 申请复核
    REQUEST_EXTENSION = "request_extension"  # 申请延期
    REQUEST_SUSPENSION = "request_suspension"  # 申请挂账
    REQUEST_ASSISTING = "request_assisting"  # 提请增加协办
    REQUEST_RELEASE = "request_release"  # 提请放行协办
    SUSPEND = "suspend"  # 挂账
    BACK_TO_OFFERED = "back_to_offered"  # 退回待签收
    BACK_TO_ACKNOWLEDGED = "back_to_acknowledged"  # 退回已签收
    BACK_TO_ARRIVED = "back_to_arrived"  # 退回已报到
    BACK_TO_WORKING = "back_to_working"  # 退回办理中
    RESOLVE = "resolve"  # 办结
    REJECT_REVIEW = "reject_review"  # 办结审核不通过
    FAIL_ACCEPTANCE = "fail_acceptance"  # 验收不通过
    RELEASE = "release"  # 放行


_S: Final = AssignmentState
_C: Final = AssignmentCommand

ASSIGNMENT: Final = Lifecycle[AssignmentState, AssignmentCommand](
    {
        (_S.OFFERED, _C.ACKNOWLEDGE): _S.ACKNOWLEDGED,
        (_S.OFFERED, _C.DEEM_ACKNOWLEDGED): _S.ACKNOWLEDGED,
        (_S.ACKNOWLEDGED, _C.CONFIRM): _S.ACKNOWLEDGED,
        (_S.ACKNOWLEDGED, _C.CONTACT): _S.ACKNOWLEDGED,
        (_S.ARRIVED, _C.CONTACT): _S.ARRIVED,
        (_S.WORKING, _C.CONTACT): _S.WORKING,
        (_S.ACKNOWLEDGED, _C.DEPART): _S.ACKNOWLEDGED,
        (_S.WORKING, _C.DEPART): _S.WORKING,
        (_S.ACKNOWLEDGED, _C.ARRIVE): _S.ARRIVED,
        (_S.WORKING, _C.ARRIVE): _S.WORKING,
        (_S.ACKNOWLEDGED, _C.PROGRESS): _S.WORKING,
        (_S.ARRIVED, _C.PROGRESS): _S.WORKING,
        (_S.WORKING, _C.PROGRESS): _S.WORKING,
        (_S.ACKNOWLEDGED, _C.HAND_OVER): _S.ACKNOWLEDGED,
        (_S.ARRIVED, _C.HAND_OVER): _S.ARRIVED,
        (_S.WORKING, _C.HAND_OVER): _S.WORKING,
        (_S.OFFERED, _C.REQUEST_RETURN): _S.RETURN_REQUESTED,
        (_S.ACKNOWLEDGED, _C.REQUEST_RETURN): _S.RETURN_REQUESTED,
        (_S.ARRIVED, _C.REQUEST_RETURN): _S.RETURN_REQUESTED,
        (_S.WORKING, _C.REQUEST_RETURN): _S.RETURN_REQUESTED,
        (_S.RETURN_REQUESTED, _C.GRANT_RETURN): _S.RETURNED,
        (_S.RETURN_REQUESTED, _C.BACK_TO_OFFERED): _S.OFFERED,
        (_S.RETURN_REQUESTED, _C.BACK_TO_ACKNOWLEDGED): _S.ACKNOWLEDGED,
        (_S.RETURN_REQUESTED, _C.BACK_TO_ARRIVED): _S.ARRIVED,
        (_S.RETURN_REQUESTED, _C.BACK_TO_WORKING): _S.WORKING,
        (_S.OFFERED, _C.DISPUTE): _S.DISPUTED,
        (_S.ACKNOWLEDGED, _C.DISPUTE): _S.DISPUTED,
        (_S.ARRIVED, _C.DISPUTE): _S.DISPUTED,
        (_S.WORKING, _C.DISPUTE): _S.DISPUTED,
        (_S.DISPUTED, _C.GRANT_RETURN): _S.RETURNED,
        (_S.DISPUTED, _C.BACK_TO_OFFERED): _S.OFFERED,
        (_S.DISPUTED, _C.BACK_TO_ACKNOWLEDGED): _S.ACKNOWLEDGED,
        (_S.DISPUTED, _C.BACK_TO_ARRIVED): _S.ARRIVED,
        (_S.DISPUTED, _C.BACK_TO_WORKING): _S.WORKING,
        (_S.ACKNOWLEDGED, _C.REQUEST_EXTENSION): _S.ACKNOWLEDGED,
        (_S.ARRIVED, _C.REQUEST_EXTENSION): _S.ARRIVED,
        (_S.WORKING, _C.REQUEST_EXTENSION): _S.WORKING,
        (_S.ACKNOWLEDGED, _C.REQUEST_SUSPENSION): _S.ACKNOWLEDGED,
        (_S.ARRIVED, _C.REQUEST_SUSPENSION): _S.ARRIVED,
        (_S.WORKING, _C.REQUEST_SUSPENSION): _S.WORKING,
        (_S.ACKNOWLEDGED, _C.REQUEST_ASSISTING): _S.ACKNOWLEDGED,
        (_S.ARRIVED, _C.REQUEST_ASSISTING): _S.ARRIVED,
        (_S.WORKING, _C.REQUEST_ASSISTING): _S.WORKING,
        (_S.ACKNOWLEDGED, _C.REQUEST_RELEASE): _S.ACKNOWLEDGED,
        (_S.ARRIVED, _C.REQUEST_RELEASE): _S.ARRIVED,
        (_S.WORKING, _C.REQUEST_RELEASE): _S.WORKING,
        (_S.ACKNOWLEDGED, _C.SUSPEND): _S.PAUSED,
        (_S.ARRIVED, _C.SUSPEND): _S.PAUSED,
        (_S.WORKING, _C.SUSPEND): _S.PAUSED,
        (_S.PAUSED, _C.BACK_TO_ACKNOWLEDGED): _S.ACKNOWLEDGED,
        (_S.PAUSED, _C.BACK_TO_ARRIVED): _S.ARRIVED,
        (_S.PAUSED, _C.BACK_TO_WORKING): _S.WORKING,
        (_S.ACKNOWLEDGED, _C.RESOLVE): _S.DONE,
        (_S.ARRIVED, _C.RESOLVE): _S.DONE,
        (_S.WORKING, _C.RESOLVE): _S.DONE,
        (_S.DONE, _C.REJECT_REVIEW): _S.WORKING,
        (_S.DONE, _C.FAIL_ACCEPTANCE): _S.WORKING,
        (_S.OFFERED, _C.RELEASE): _S.RELEASED,
        (_S.ACKNOWLEDGED, _C.RELEASE): _S.RELEASED,
        (_S.ARRIVED, _C.RELEASE): _S.RELEASED,
        (_S.WORKING, _C.RELEASE): _S.RELEASED,
        (_S.RETURN_REQUESTED, _C.RELEASE): _S.RELEASED,
        (_S.DISPUTED, _C.RELEASE): _S.RELEASED,
        (_S.PAUSED, _C.RELEASE): _S.RELEASED,
    }
)

BACK: Final = {
    _S.OFFERED: _C.BACK_TO_OFFERED,
    _S.ACKNOWLEDGED: _C.BACK_TO_ACKNOWLEDGED,
    _S.ARRIVED: _C.BACK_TO_ARRIVED,
    _S.WORKING: _C.BACK_TO_WORKING,
}
"""The command that brings an interrupted assignment back to where it stood."""

GONE: Final = frozenset({_S.RETURNED, _S.RELEASED})
"""The unit has no part in the whistle any more."""

INTERRUPTED: Final = frozenset({_S.RETURN_REQUESTED, _S.DISPUTED, _S.PAUSED})
"""Waiting for somebody's word; then it goes on from `back_to`."""

FINISHED: Final = GONE | {_S.DONE}
"""Nothing more is asked of the unit."""


@open_record
class Assignment:
    """One unit's part in a whistle, with its dues and the times that count for them."""

    assignment_id: UUID
    unit: str
    relation: Relation
    state: AssignmentState
    dues: Dues
    task: str | None = None
    clause: str | None = None
    acknowledged_at: datetime | None = None
    deemed: bool = False  # acknowledged by silence only
    contacted_at: datetime | None = None
    arrived_at: datetime | None = None
    done_at: datetime | None = None
    return_asked_at: datetime | None = None
    adjudicate: bool = False  # the pending return is for the supervisor, and final
    back_to: AssignmentState | None = None
    extension_asked: str | None = None  # "5WD", waiting for a decision
    extended: str = ""  # the extensions granted: "5WD+10WD"
    departed_at: datetime | None = None  # on the way
    handler: str | None = None  # whose desk it is on, by name
    handler_post: str | None = None  # and section or post
    action: str | None = None  # what the consultation decided for this unit
    ruled_at: datetime | None = None  # the last ruling on its return
    disputed: bool = False  # it has disputed a ruling, which it may once
    suspension_asked: str | None = None  # reason code, waiting for the supervisor
    paused_at: datetime | None = None
    reviewing: bool = False  # done, and a reviewer looks at it

    @property
    def gone(self) -> bool:
        """Returned or released: no part in the whistle any more."""
        return self.state in GONE

    def shown(self) -> parts.Assignment:
        """The assignment as events and answers show it."""
        dues = self.dues
        return parts.Assignment(
            assignment_id=self.assignment_id,
            unit=self.unit,
            relation=self.relation,
            task=self.task,
            clause=self.clause,
            state=self.state,
            acknowledge=dues.acknowledge,
            deemed=dues.deemed,
            contact=dues.contact,
            arrive=dues.arrive,
            resolve=dues.resolve,
            handler=parts.Handler(name=self.handler, post=self.handler_post)
            if self.handler
            else None,
        )


def moved(assignment: Assignment, command: AssignmentCommand, **changes: Any) -> Assignment:
    """The assignment after a command, remembering where an interruption goes back to.

    What belongs to the old state only (a pause, a review) ends with it. `changes`: other fields
    that go with it. Raises IllegalMoveError.
    """
    state = ASSIGNMENT.next(assignment.state, command)
    back_to = assignment.state if state in INTERRUPTED else None
    if assignment.paused_at is not None and state is not AssignmentState.PAUSED:
        changes.setdefault("paused_at", None)
    if assignment.reviewing and state is not AssignmentState.DONE:
        changes.setdefault("reviewing", False)
    return altered(assignment, state=state, back_to=back_to, **changes)
