"""A ticket as a line of a list."""

from dataclasses import dataclass
from datetime import datetime

from services.intake.domain.promises import PromiseState
from services.intake.domain.ticket import Ticket
from shared.contracts.parts import DeadlineKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A ticket with the unit that leads and what is due next; `doc` is its number in the index."""

    ticket: Ticket
    doc: int | None = None
    lead: str | None = None
    due_kind: DeadlineKind | None = None
    due_by: datetime | None = None
    due_state: PromiseState | None = None
