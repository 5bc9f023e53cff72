"""The number of a whistle that people say and write: S, city, day, sequence, check digit."""

from datetime import datetime
from functools import lru_cache

from shared.calendar import SHANGHAI

DIGITS = 6


def check_digit(digits: str) -> int:
    """ISO 7064 MOD 11,10: finds every single wrong digit and nearly every swap of two."""
    carry = 10
    for digit in digits:
        carry = (carry + int(digit)) % 10 or 10
        carry = carry * 2 % 11
    return (11 - carry) % 10


def whistle_number(city: str, now: datetime, sequence: int) -> str:
    """E.g. S1599202611230000017; `city` is its six-digit region code.

    The sequence goes round after a million, which no city blows in a day.
    """
    digits = f"{city[:4]}{_day(now)}{sequence % 10**DIGITS:0{DIGITS}d}"
    return f"S{digits}{check_digit(digits)}"


@lru_cache(maxsize=8)
def _day(now: datetime) -> str:
    """The local day; a batch's whistles share their `now`."""
    return now.astimezone(SHANGHAI).strftime("%Y%m%d")


def is_whistle_number(text: str) -> bool:
    """Whether the text is a whistle's number, its check digit included."""
    digits = text[1:]
    return (
        len(text) == 1 + 4 + 8 + DIGITS + 1
        and text.startswith("S")
        and digits.isascii()
        and digits.isdigit()
        and check_digit(digits[:-1]) == int(digits[-1])
    )
