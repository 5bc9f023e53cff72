"""A whistle: its lifecycle as a table, and what the router keeps of it and its assignments.

A whistle that waits for a dispatcher is `held` and has no assignments. A citizen's demand stays
`open` until its ticket ends; what a street blows is accepted by the street first.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.router.domain.altering import altered
from services.router.domain.assignment import Assignment
from shared.contracts.parts import Role, UnitPart, WhistleState
from shared.contracts.values import Relation, Urgency, WhistleKind
from shared.lifecycle import Lifecycle
from shared.records import open_record


class WhistleCommand(StrEnum):
    """What may happen to a whistle as a whole (DOMAIN §3)."""

    BLOW = "blow"  # 吹哨
    FINISH = "finish"  # 全部办结, waits for acceptance
    ACCEPT = "accept"  # 验收通过
    FAIL_ACCEPTANCE = "fail_acceptance"  # 验收不通过
    REJECT_REVIEW = "reject_review"  # 办结审核不通过
    ADD_ASSISTING = "add_assisting"  # 增加协办
    TAKE_OVER = "take_over"  # 街道接管
    SUPPLEMENT = "supplement"  # 补充
    CONSULT = "consult"  # 会商
    NOTE_EFFORT = "note_effort"  # 补充自行处置情况
    LINK_TICKET = "link_ticket"  # 并入工单
    HAND_OVER = "hand_over"  # 移交派单
    EVALUATE = "evaluate"  # 考核评价
    CLOSE = "close"  # 结束
    WITHDRAW = "withdraw"  # 撤回


_S: Final = WhistleState
_C: Final = WhistleCommand

WHISTLE: Final = Lifecycle[WhistleState, WhistleCommand](
    {
        (_S.HELD, _C.BLOW): _S.OPEN,
        (_S.HELD, _C.SUPPLEMENT): _S.HELD,
        (_S.HELD, _C.HAND_OVER): _S.HELD,
        (_S.HELD, _C.LINK_TICKET): _S.HELD,
        (_S.HELD, _C.WITHDRAW): _S.WITHDRAWN,
        (_S.OPEN, _C.SUPPLEMENT): _S.OPEN,
        (_S.OPEN, _C.ADD_ASSISTING): _S.OPEN,
        (_S.OPEN, _C.TAKE_OVER): _S.OPEN,
        (_S.OPEN, _C.CONSULT): _S.OPEN,
        (_S.OPEN, _C.NOTE_EFFORT): _S.OPEN,
        (_S.OPEN, _C.LINK_TICKET): _S.OPEN,
        (_S.OPEN, _C.REJECT_REVIEW): _S.OPEN,
        (_S.OPEN, _C.FINISH): _S.AWAITING_ACCEPTANCE,
        (_S.OPEN, _C.CLOSE): _S.CLOSED,
        (_S.OPEN, _C.WITHDRAW): _S.WITHDRAWN,
        (_S.AWAITING_ACCEPTANCE, _C.ACCEPT): _S.ACCEPTED,
        (_S.AWAITING_ACCEPTANCE, _C.FAIL_ACCEPTANCE): _S.OPEN,
        (_S.AWAITING_ACCEPTANCE, _C.WITHDRAW): _S.WITHDRAWN,
        (_S.AWAITING_ACCEPTANCE, _C.TAKE_OVER): _S.AWAITING_ACCEPTANCE,
        (_S.AWAITING_ACCEPTANCE, _C.NOTE_EFFORT): _S.AWAITING_ACCEPTANCE,
        (_S.AWAITING_ACCEPTANCE, _C.REJECT_REVIEW): _S.OPEN,
        (_S.ACCEPTED, _C.EVALUATE): _S.ACCEPTED,
        (_S.ACCEPTED, _C.CLOSE): _S.CLOSED,
    }
)

ENDED: Final = frozenset({_S.CLOSED, _S.WITHDRAWN})


@open_record
class Whistle:
    """One call, as narrow as the rules need it; its words are kept apart (`Content`).

    `assignments` are those that were read: for most reports only the reporting unit's. `seq`
    counts its facts; `dispatcher_name` is the official's who dispatched, None for the system.
    """

    whistle_id: UUID
    number: str
    kind: WhistleKind
    state: WhistleState
    round: int
    urgency: Urgency
    seq: int
    ticket_ids: tuple[UUID, ...]
    assignments: tuple[Assignment, ...]
    category: str | None = None
    demand_ticket: UUID | None = None  # the ticket it was dispatched for
    blower: str | None = None
    region: str | None = None
    provisional: bool = False
    in_charge: str | None = None  # who accepts, releases and evaluates: blower, or who took over
    takeover_by: datetime | None = None  # until then the street may take it over or withdraw it
    place_key: str | None = None  # repeat whistles of a place are found by it
    cross_district: bool = False
    canary: bool = False  # it only tries the path
    dispatcher_role: Role = Role.SYSTEM
    dispatcher_name: str | None = None

    @property
    def ended(self) -> bool:
        """Closed or withdrawn."""
        return self.state in ENDED

    def part_of(self, unit: str) -> Assignment | None:
        """The unit's assignment: the one it holds now, else the last one it held."""
        last = None
        for assignment in self.assignments:
            if assignment.unit == unit:
                last = assignment
                if not assignment.gone:
                    break
        return last

    def running(self) -> tuple[Assignment, ...]:
        """The assignments of units that have a part in it."""
        return tuple(a for a in self.assignments if not a.gone)

    def lead(self) -> Assignment | None:
        """The unit in charge, None while nobody is."""
        return next((a for a in self.running() if a.relation is Relation.LEAD), None)

    def units(self) -> tuple[UnitPart, ...]:
        """What each unit sees of the others."""
        return tuple(
            UnitPart(unit=a.unit, relation=a.relation, state=a.state) for a in self.assignments
        )

    def with_assignment(self, changed: Assignment) -> tuple[Assignment, ...]:
        """The assignments with one of them changed."""
        return tuple(
            changed if a.assignment_id == changed.assignment_id else a for a in self.assignments
        )

    def replaced(self, *, seq: int, assignments: tuple[Assignment, ...]) -> "Whistle":
        """The same whistle after facts up to `seq`."""
        return altered(self, seq=seq, assignments=assignments)
