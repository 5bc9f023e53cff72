"""The terms of keeping, counted back from an instant."""

from datetime import UTC, datetime

import pytest

from services.intake.domain.retention import read_retention, years_before

TERMS = {
    "draft_days": 7,
    "idempotency_key_days": 30,
    "personal_data_years": 3,
    "audit_years": 6,
    "ticket_years": 10,
}


def test_each_term_counts_back_from_now():
    now = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
    terms = read_retention(TERMS)
    assert terms.drafts_since(now) == datetime(2026, 11, 16, 8, 30, tzinfo=UTC)
    assert terms.keys_since(now) == datetime(2026, 10, 24, 8, 30, tzinfo=UTC)
    assert terms.persons_since(now) == datetime(2023, 11, 23, 8, 30, tzinfo=UTC)
    assert terms.looks_since(now) == datetime(2020, 11, 23, 8, 30, tzinfo=UTC)
    assert terms.tickets_since(now) == datetime(2016, 11, 23, 8, 30, tzinfo=UTC)


def test_a_leap_day_has_its_28_february_before():
    assert years_before(datetime(2028, 2, 29, tzinfo=UTC), 3) == datetime(2025, 2, 28, tzinfo=UTC)
    assert years_before(datetime(2028, 2, 29, tzinfo=UTC), 4) == datetime(2024, 2, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong",
    [
        {**TERMS, "draft_days": 0},
        {**TERMS, "ticket_years": "10"},
        {**TERMS, "more": 1},
        {name: term for name, term in TERMS.items() if name != "audit_years"},
    ],
)
def test_a_table_with_a_wrong_term_is_refused(wrong):
    with pytest.raises(ValueError, match="retention"):
        read_retention(wrong)
