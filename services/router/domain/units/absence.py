"""When a grid's worker is away: until then the substitute takes the grid's first looks."""

from datetime import datetime
from uuid import UUID

from shared.records import record


@record
class Absence:
    """One absence; `told_by` is who marked it, by role and name."""

    absence_id: UUID
    grid: str
    absent_from: datetime
    absent_until: datetime
    reason: str
    told_by: str

    def holds(self, now: datetime) -> bool:
        """Whether the worker is away now."""
        return self.absent_from <= now < self.absent_until
