"""The settled figures of the operator desk, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskTerms:
    """How long a mark on a number holds, and how many tickets a call brings up."""

    mark_days: int
    tickets_at_a_call: int

    def mark_until(self, now: datetime) -> datetime:
        return now + timedelta(days=self.mark_days)


def read_desk_terms(table: Mapping[str, object]) -> DeskTerms:
    """The figures of a table; ValueError names what is missing, unknown or no figure."""
    names = {each.name for each in fields(DeskTerms)}
    if set(table) != names:
        raise ValueError(f"desk: missing or unknown: {', '.join(sorted(set(table) ^ names))}")
    figures: dict[str, int] = {}
    for name, value in table.items():
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"desk: {name} must be a whole number from 1, not {value!r}")
        figures[name] = value
    return DeskTerms(**figures)
