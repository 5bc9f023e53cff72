"""The number of a ticket as people read it out: city, day, sequence and a check digit.

Four digits of the city (GB/T 2260), the local day as yyyymmdd, the running number of that day with
at least six digits, and one check digit by ISO/IEC 7064 MOD 11,10, which finds every single wrong
digit and nearly every pair of digits swapped.
"""

from datetime import date


def check_digit(digits: str) -> int:
    """The ISO/IEC 7064 MOD 11,10 check digit; raises ValueError when not all are digits."""
    if not digits or not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"{digits!r} is not made of digits")
    product = 10
    for digit in digits:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10


def ticket_number(city_prefix: str, day: date, running: int) -> str:
    """The number of the `running`-th ticket of a local day; past 999,999 it grows a digit."""
    if running < 1:
        raise ValueError(f"the running number {running} is not counted from 1")
    digits = f"{city_prefix}{day:%Y%m%d}{running:06d}"
    return f"{digits}{check_digit(digits)}"


def is_ticket_number(number: str) -> bool:
    """Whether it is written as a ticket number and its check digit holds."""
    if len(number) < 19 or not (number.isascii() and number.isdigit()):
        return False
    return check_digit(number[:-1]) == int(number[-1])
