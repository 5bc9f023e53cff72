"""A unit's own figures, each as the list of whistles behind it (DOMAIN §8).

Pure: the unit's parts of a time go in, with what was said of them; a share is two lists.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.router.domain.assignment import FINISHED, Assignment
from shared.contracts.parts import AssignmentState, WhistleState
from shared.contracts.values import Relation
from shared.records import record

DAY: Final = timedelta(days=1)


class Figure(StrEnum):
    """What is counted."""

    CALLED = "called"  # 接到
    ACKNOWLEDGED = "acknowledged"  # 按时签收
    CONTACTED = "contacted"  # 按时联系
    ARRIVED = "arrived"  # 按时到场
    RESOLVED = "resolved"  # 按时办结
    OPEN = "open"  # 在办
    OVERDUE = "overdue"  # 超时未结
    OVERDUE_DAY = "overdue_day"  # 超时 1 天内
    OVERDUE_3 = "overdue_3"  # 超时 1–3 天
    OVERDUE_7 = "overdue_7"  # 超时 3–7 天
    OVERDUE_MORE = "overdue_more"  # 超时 7 天以上
    RETURNS = "returns"  # 退单
    UNFOUNDED = "unfounded"  # 退单未获同意
    EXTENDED = "extended"  # 延期
    SUSPENDED = "suspended"  # 挂账中
    REWORKED = "reworked"  # 重办
    SENT_BACK = "sent_back"  # 办结被退回
    TEMPLATE = "template"  # 答复雷同


@record
class Row:
    """One part of the unit, and of its whistle what is counted."""

    whistle_id: UUID
    round: int
    state: WhistleState
    part: Assignment


@record
class Counted:
    """The whistles behind a figure; of a share, `of` are those it is a share of."""

    whistle_ids: tuple[UUID, ...] = ()
    of: tuple[UUID, ...] | None = None

    @property
    def n(self) -> int:
        """How many."""
        return len(self.whistle_ids)

    @property
    def percent(self) -> float | None:
        """The share in percent; None where there is nothing to be a share of."""
        return 100 * len(self.whistle_ids) / len(self.of) if self.of else None


@dataclass(slots=True)
class _Lists:
    there: dict[Figure, list[UUID]] = field(default_factory=dict)
    of: dict[Figure, list[UUID]] = field(default_factory=dict)

    def add(self, figure: Figure, whistle_id: UUID) -> None:
        self.there.setdefault(figure, []).append(whistle_id)

    def share(self, figure: Figure, whistle_id: UUID, kept: bool) -> None:
        self.of.setdefault(figure, []).append(whistle_id)
        if kept:
            self.add(figure, whistle_id)


def figures(
    rows: Iterable[Row],
    *,
    now: datetime,
    sent_back: Collection[UUID],
    template: Collection[UUID],
) -> Mapping[Figure, Counted]:
    """All figures of these parts; informed units promise nothing and are not counted."""
    lists = _Lists()
    for row in rows:
        if row.part.relation is Relation.INFORMED:
            continue
        lists.add(Figure.CALLED, row.whistle_id)
        _promises(lists, row, now)
        _stock(lists, row, now)
        _ways(lists, row, sent_back, template)
    return {
        figure: Counted(
            whistle_ids=tuple(lists.there.get(figure, ())),
            of=tuple(lists.of[figure]) if figure in lists.of else None,
        )
        for figure in Figure
    }


def _promises(lists: _Lists, row: Row, now: datetime) -> None:
    """Kept in time, of those that were kept or are past; what still runs is not judged yet."""
    part, dues = row.part, row.part.dues
    acknowledged = None if part.deemed else part.acknowledged_at
    for figure, due, kept in (
        (Figure.ACKNOWLEDGED, dues.acknowledge, acknowledged),
        (Figure.CONTACTED, dues.contact, part.contacted_at),
        (Figure.ARRIVED, dues.arrive, part.arrived_at),
        (Figure.RESOLVED, dues.resolve, part.done_at),
    ):
        if due is None or (kept is None and (part.gone or now <= due.by)):
            continue
        if kept is None and row.state is WhistleState.WITHDRAWN:
            continue
        lists.share(figure, row.whistle_id, kept is not None and kept <= due.by)


def _stock(lists: _Lists, row: Row, now: datetime) -> None:
    part = row.part
    if part.state in FINISHED or row.state is not WhistleState.OPEN:
        return
    lists.add(Figure.OPEN, row.whistle_id)
    if part.state is AssignmentState.PAUSED:
        lists.add(Figure.SUSPENDED, row.whistle_id)
        return
    due = part.dues.resolve
    if due is None or now <= due.by:
        return
    late = now - due.by
    lists.add(Figure.OVERDUE, row.whistle_id)
    ages: Sequence[tuple[timedelta, Figure]] = (
        (DAY, Figure.OVERDUE_DAY),
        (3 * DAY, Figure.OVERDUE_3),
        (7 * DAY, Figure.OVERDUE_7),
    )
    age = next((figure for most, figure in ages if late <= most), Figure.OVERDUE_MORE)
    lists.add(age, row.whistle_id)


def _ways(lists: _Lists, row: Row, sent_back: Collection[UUID], template: Collection[UUID]) -> None:
    part, whistle_id = row.part, row.whistle_id
    if part.return_asked_at is not None:
        lists.add(Figure.RETURNS, whistle_id)
        kept = part.state is not AssignmentState.RETURNED
        if kept and part.ruled_at is not None:
            lists.add(Figure.UNFOUNDED, whistle_id)
    if part.extended:
        lists.add(Figure.EXTENDED, whistle_id)
    if row.round > 1:
        lists.add(Figure.REWORKED, whistle_id)
    if whistle_id in sent_back:
        lists.add(Figure.SENT_BACK, whistle_id)
    if whistle_id in template:
        lists.add(Figure.TEMPLATE, whistle_id)
