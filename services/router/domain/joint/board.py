"""The stage of a unit's part as the street console shows it, from its state and times."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from services.router.domain.assignment import Assignment
from shared.contracts.parts import AssignmentState, DeadlineKind
from shared.contracts.values import Due, Relation
from shared.records import record

_S: Final = AssignmentState


class Stage(StrEnum):
    """How far a unit has come."""

    SENT = "sent"  # 已发出
    ACKNOWLEDGED = "acknowledged"  # 已签收
    ON_THE_WAY = "on_the_way"  # 在途
    ON_SITE = "on_site"  # 到场
    WORKING = "working"  # 处置中
    DONE = "done"  # 已办结
    RELEASED = "released"  # 已放行


@record
class BoardPart:
    """One unit on the board: `at` since when it is at its stage, `due` what it owes next."""

    unit: str
    relation: Relation
    state: AssignmentState
    stage: Stage
    at: datetime | None
    due: Due | None
    late: bool
    action: str | None
    owes: DeadlineKind | None = None  # what `due` is the limit of


def part_on_board(part: Assignment, *, blown_at: datetime, now: datetime) -> BoardPart:
    """Where one unit stands now."""
    stage = stage_of(part)
    owes, due = next_due(part, stage) or (None, None)
    return BoardPart(
        unit=part.unit,
        relation=part.relation,
        state=part.state,
        stage=stage,
        at=_since(part, stage, blown_at),
        due=due,
        late=due is not None and now > due.by,
        action=part.action,
        owes=owes,
    )


def stage_of(part: Assignment) -> Stage:
    """An interrupted part stands where it will go on from; `state` tells of the interruption."""
    state = part.back_to or part.state
    if state in (_S.RELEASED, _S.RETURNED):
        return Stage.RELEASED
    if state is _S.DONE:
        return Stage.DONE
    if state is _S.OFFERED:
        return Stage.SENT
    if part.departed_at is not None and part.arrived_at is None:
        return Stage.ON_THE_WAY
    if state is _S.WORKING:
        return Stage.WORKING
    return Stage.ON_SITE if part.arrived_at is not None else Stage.ACKNOWLEDGED


def _since(part: Assignment, stage: Stage, blown_at: datetime) -> datetime | None:
    """Work has no time of its own: since it came, else since it took the part."""
    return {
        Stage.SENT: blown_at,
        Stage.ACKNOWLEDGED: part.acknowledged_at,
        Stage.ON_THE_WAY: part.departed_at,
        Stage.ON_SITE: part.arrived_at,
        Stage.WORKING: part.arrived_at or part.acknowledged_at,
        Stage.DONE: part.done_at,
        Stage.RELEASED: None,
    }[stage]


def next_due(part: Assignment, stage: Stage) -> tuple[DeadlineKind, Due] | None:
    """What the unit owes next, and by when; nothing once it is done or gone."""
    dues = part.dues
    if stage in (Stage.DONE, Stage.RELEASED):
        return None
    if stage is Stage.SENT and dues.acknowledge is not None:
        return DeadlineKind.ACKNOWLEDGE, dues.acknowledge
    if part.arrived_at is None and dues.arrive is not None:
        return DeadlineKind.ARRIVE, dues.arrive
    if part.contacted_at is None and dues.contact is not None:
        return DeadlineKind.CONTACT, dues.contact
    return (DeadlineKind.RESOLVE, dues.resolve) if dues.resolve is not None else None
