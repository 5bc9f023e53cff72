"""What waits for a reviewer or the supervisor: its kinds, its states, and what settles it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from shared.contracts.parts import Actor, Role
from shared.contracts.values import Due, Relation
from shared.records import record


class ReviewKind(StrEnum):
    """What is asked."""

    RETURN = "return"  # 退单
    ADJUDICATION = "adjudication"  # 终裁
    DISPUTE = "dispute"  # 复核
    EXTENSION = "extension"  # 延期
    SUSPENSION = "suspension"  # 挂账
    SUSPENSION_REVIEW = "suspension_review"  # 挂账复查
    RESOLUTION = "resolution"  # 办结审核
    RELEASE = "release"  # 放行协办
    NO_OWNER = "no_owner"  # 无主事项


class ReviewState(StrEnum):
    PENDING = "pending"  # 待办
    GRANTED = "granted"  # 同意
    REFUSED = "refused"  # 不同意
    LAPSED = "lapsed"  # 已失效


RULINGS: Final = (ReviewKind.RETURN, ReviewKind.ADJUDICATION, ReviewKind.DISPUTE)
"""The kinds that say whose duty a matter is."""


@record
class Review:
    """One thing that waits for a decision; `request` is what was reported, as JSON data."""

    review_id: UUID
    kind: ReviewKind
    whistle_id: UUID
    assignment_id: UUID | None
    unit: str | None
    relation: Relation | None
    for_role: Role
    asked_at: datetime
    asked_by: Actor
    request: Mapping[str, Any]
    due: Due
    category: str | None
    lead_function: str | None
    state: ReviewState = ReviewState.PENDING
    decided_at: datetime | None = None
    decided_by: Actor | None = None
    reason: str | None = None
    holder: str | None = None


@record
class Settled:
    """A pending review that waits no more; without `kind` all of the part's, or the whistle's."""

    whistle_id: UUID
    assignment_id: UUID | None
    kind: ReviewKind | None
    state: ReviewState
    at: datetime
    by: Actor | None = None
    reason: str | None = None
    holder: str | None = None

    def concerns(self, review: Review) -> bool:
        """Whether this settles that review."""
        return (
            review.state is ReviewState.PENDING
            and review.whistle_id == self.whistle_id
            and self.assignment_id in (None, review.assignment_id)
            and self.kind in (None, review.kind)
        )
