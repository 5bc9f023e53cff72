"""The bounds within which a share most likely lies, seen from a sample (Wilson's interval, 95 %).

    (p + z²/2n ± z·√(p(1-p)/n + z²/4n²)) / (1 + z²/n),  z = 1.96

https://www.itl.nist.gov/div898/handbook/prc/section2/prc241.htm. Everything is exact until the
one square root, and rounded once, at the end.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Final

Z: Final = Fraction(196, 100)
PLACES: Final = 6
_DEEP: Final = Context(prec=60)
_STEP: Final = Decimal(1).scaleb(-PLACES)


def rounded(value: Fraction) -> Decimal:
    """To six places, halves to the even one."""
    return Decimal(round(value * 10**PLACES)).scaleb(-PLACES)


def wilson(share: Fraction, n: int) -> tuple[Decimal, Decimal]:
    """The lower and upper bound of a share (0 to 1) of `n` ≥ 1, to six places.

    A share that counts parts of one (partly solved: a half) is taken as it is.
    """
    if n < 1 or not 0 <= share <= 1:
        raise ValueError(f"no share of anything: {share} of {n}")
    below = 1 + Z * Z / n
    middle = (share + Z * Z / (2 * n)) / below
    under = (share * (1 - share) / n + Z * Z / (4 * n * n)) * Z * Z / (below * below)
    half = _DEEP.sqrt(_decimal(under))
    centre = _decimal(middle)
    return _bound(_DEEP.subtract(centre, half)), _bound(_DEEP.add(centre, half))


def _decimal(value: Fraction) -> Decimal:
    return _DEEP.divide(Decimal(value.numerator), Decimal(value.denominator))


def _bound(value: Decimal) -> Decimal:
    inside = min(max(value, Decimal(0)), Decimal(1))
    return inside.quantize(_STEP, rounding=ROUND_HALF_EVEN)
