"""The ticket number: its form, and that a slip of the hand is found."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.number import check_digit, is_ticket_number, ticket_number

DAY = date(2026, 11, 23)
RUNNING = st.integers(1, 5_000_000)


def test_the_standards_own_example() -> None:
    assert check_digit("0794") == 5  # ISO/IEC 7064, MOD 11,10


def test_its_form() -> None:
    number = ticket_number("1599", DAY, 1)
    assert number[:-1] == "159920261123000001"
    assert is_ticket_number(number)
    assert len(ticket_number("1599", DAY, 1_000_000)) == 20


@given(RUNNING, st.integers(0, 18), st.integers(1, 9))
def test_one_wrong_digit_is_found(running: int, place: int, off: int) -> None:
    number = ticket_number("1599", DAY, running)
    place = min(place, len(number) - 1)
    wrong = f"{number[:place]}{(int(number[place]) + off) % 10}{number[place + 1 :]}"
    assert is_ticket_number(number)
    assert not is_ticket_number(wrong)


def test_nearly_every_swap_is_found() -> None:
    found = swaps = 0
    for running in range(1, 2000):
        number = ticket_number("1599", DAY, running * 37)
        for place in range(len(number) - 1):
            a, b = number[place], number[place + 1]
            if a != b:
                swaps += 1
                found += not is_ticket_number(f"{number[:place]}{b}{a}{number[place + 2 :]}")
    assert found / swaps > 0.97


@pytest.mark.parametrize("text", ["", "12a", "１２"])
def test_what_is_not_digits_has_no_check_digit(text: str) -> None:
    with pytest.raises(ValueError, match="not made of digits"):
        check_digit(text)


def test_numbers_count_from_one() -> None:
    with pytest.raises(ValueError, match="counted from 1"):
        ticket_number("1599", DAY, 0)
