"""A proposed row of the duty list and what people decide on it: taken into the draft, or not."""

from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from annotated_types import Len

from services.router.domain.duty.rows import RowWords
from shared.errors import ConflictError
from shared.records import record


class ProposalState(StrEnum):
    PROPOSED = "proposed"  # 待处理
    TAKEN = "taken"  # 已列入草稿
    ADOPTED = "adopted"  # 已发布
    DISMISSED = "dismissed"  # 不采纳


STATE_ZH = {
    ProposalState.PROPOSED: "待处理",
    ProposalState.TAKEN: "已列入草稿",
    ProposalState.ADOPTED: "已发布",
    ProposalState.DISMISSED: "不采纳",
}


@record
class Proposed:
    """A row that rulings propose, with the whistles they were about, and what became of it."""

    proposal_id: UUID
    state: ProposalState
    subject: str
    region: str
    unit: str
    clause: str
    whistle_ids: tuple[UUID, ...]
    proposed_by: str
    proposed_at: datetime
    version: int | None = None  # that took it
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None  # why it was dismissed

    def taken(self, version: int, by: str, at: datetime) -> "Proposed":
        """Into a draft; raises ConflictError when it was decided already."""
        self._still_open()
        state = ProposalState.TAKEN
        return replace(self, state=state, version=version, decided_by=by, decided_at=at)

    def dismissed(self, reason: str, by: str, at: datetime) -> "Proposed":
        """Not wanted; raises ConflictError when it was decided already."""
        self._still_open()
        state = ProposalState.DISMISSED
        return replace(self, state=state, reason=reason, decided_by=by, decided_at=at)

    def _still_open(self) -> None:
        if self.state is not ProposalState.PROPOSED:
            raise ConflictError(
                f"该建议{STATE_ZH[self.state]}",
                f"the proposal is {self.state.value} already",
                code="wrong_state",
                state=self.state,
            )


@record
class Taking:
    """How a proposal becomes a row; what is not said stays as it was proposed.

    `region` may be wider than proposed, `subject` the function instead of the category.
    """

    valid_from: date | None = None  # by default today
    valid_to: date | None = None
    subject: Annotated[str, Len(1, 16)] | None = None
    region: Annotated[str, Len(6, 15)] | None = None
    unit: Annotated[str, Len(1, 64)] | None = None
    clause: Annotated[str, Len(1, 500)] | None = None

    def row(self, proposed: Proposed, today: date) -> RowWords:
        """The row as it is written into the draft."""
        return RowWords(
            subject=self.subject or proposed.subject,
            region=self.region or proposed.region,
            unit=self.unit or proposed.unit,
            clause=self.clause or proposed.clause,
            valid_from=self.valid_from or today,
            valid_to=self.valid_to,
        )
