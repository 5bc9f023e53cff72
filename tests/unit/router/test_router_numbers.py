"""Whistle numbers, the policy file and the quick copy."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.app import HERE
from services.router.domain.altering import altered
from services.router.domain.city import read_policy
from services.router.domain.number import DIGITS, is_whistle_number, whistle_number
from services.router.rows import dues_of, json_of
from shared.contracts.parts import AssignmentState
from tests.unit.router.samples import blown, city


def test_a_number_says_city_day_and_sequence() -> None:
    number = whistle_number("159900", datetime(2026, 11, 22, 17, 0, tzinfo=UTC), 1)
    assert number.startswith("S159920261123000001"), "the day is Shanghai's"
    assert is_whistle_number(number)


@given(
    st.integers(min_value=0, max_value=3 * 10**DIGITS),
    st.integers(min_value=0),
    st.sampled_from("0123456789"),
)
def test_one_wrong_digit_is_always_found(sequence: int, where: int, digit: str) -> None:
    number = whistle_number("159900", datetime(2026, 9, 14, tzinfo=UTC), sequence)
    assert is_whistle_number(number)
    place = 1 + where % (len(number) - 1)
    if number[place] != digit:
        assert not is_whistle_number(number[:place] + digit + number[place + 1 :])


@pytest.mark.parametrize("text", ["", "S", "X15992026112300000014", "S1599２0261123000001４"])
def test_other_texts_are_no_numbers(text: str) -> None:
    assert not is_whistle_number(text)


GOOD: dict[str, Any] = {
    **tomllib.loads((HERE / "policy.toml").read_text(encoding="utf-8")),
    "evidence": tomllib.loads((HERE / "evidence.toml").read_text(encoding="utf-8")),
}


@pytest.mark.parametrize(
    "change",
    [
        {"auto_confidence": 1.5},
        {"candidates_shown": 0},
        {"misspelt": 1},
        {
            "may_blow": {"emergency": ["leader"]}
        },  # who may what is no policy: see the table of rights
        {"review": {"from": 3, "risk": {"late": 1}}},
        {"resolving": {"contact_required": True}},
        {"evidence": {"category": {"01": ["no_such_kind"]}}},
    ],
)
def test_a_wrong_policy_is_an_error_not_a_default(change: dict[str, Any]) -> None:
    assert read_policy(GOOD).candidates_shown == 3
    with pytest.raises(ValueError, match=r"."):
        read_policy(GOOD | change)


def test_the_projects_policy_is_that_of_the_domain() -> None:
    assert city().policy.auto_confidence == 0.85


def test_a_quick_copy_is_the_same_as_a_slow_one() -> None:
    part = blown().assignments[0]
    quick = altered(part, state=AssignmentState.WORKING, deemed=True)
    assert quick == replace(part, state=AssignmentState.WORKING, deemed=True)
    assert part.state is AssignmentState.OFFERED
    with pytest.raises(KeyError):
        altered(part, nothing=1)


def test_dues_survive_the_database() -> None:
    for part in blown().assignments:
        assert dues_of(json_of(part.dues)) == part.dues
