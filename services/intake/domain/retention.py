"""How long what is kept, and from which instant on it is kept no longer (DOMAIN §9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

FIELDS = (
    "draft_days",
    "idempotency_key_days",
    "personal_data_years",
    "audit_years",
    "ticket_years",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """The terms; persons and tickets count from the ticket's end, the others from their making."""

    draft_days: int
    idempotency_key_days: int
    personal_data_years: int
    audit_years: int
    ticket_years: int

    def drafts_since(self, now: datetime) -> datetime:
        return now - timedelta(days=self.draft_days)

    def keys_since(self, now: datetime) -> datetime:
        return now - timedelta(days=self.idempotency_key_days)

    def persons_since(self, now: datetime) -> datetime:
        return years_before(now, self.personal_data_years)

    def looks_since(self, now: datetime) -> datetime:
        return years_before(now, self.audit_years)

    def tickets_since(self, now: datetime) -> datetime:
        return years_before(now, self.ticket_years)


def read_retention(table: Mapping[str, object]) -> Retention:
    """The terms of a table; ValueError names what is missing, unknown or no term."""
    if set(table) != set(FIELDS):
        wrong = sorted(set(table) ^ set(FIELDS))
        raise ValueError(f"retention: missing or unknown: {', '.join(wrong)}")
    terms: dict[str, int] = {}
    for name in FIELDS:
        value = table[name]
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"retention: {name} must be a whole number from 1, not {value!r}")
        terms[name] = value
    return Retention(**terms)


def years_before(now: datetime, years: int) -> datetime:
    """The same day and time `years` before; 28 February where there is no 29."""
    try:
        return now.replace(year=now.year - years)
    except ValueError:
        return now.replace(year=now.year - years, day=28)
