"""Who asked, and the other personal data of a ticket: kept in the vault, seen nowhere else."""

import re
from dataclasses import dataclass

from services.intake.domain.plain import half_width

_SEPARATORS = re.compile(r"[\s\-().·]")
_PHONE = re.compile(r"\+?\d{5,15}")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_ID_NUMBER = re.compile(r"\d{15}|\d{17}[\dX]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """`address` and point are the exact ones; `text` the original words where any were redacted.

    `name`, `phone` and `address` may be disclosed to the called unit's handler.
    """

    name: str | None = None
    phone: str | None = None
    id_number: str | None = None
    address: str | None = None
    lat: float | None = None
    lon: float | None = None
    text: str | None = None

    @property
    def is_empty(self) -> bool:
        said = (self.name, self.phone, self.id_number, self.address, self.lat, self.text)
        return all(each is None for each in said)


def normal_phone(phone: str) -> str | None:
    """A phone as digits, without separators and the country's 86; None when it is none."""
    digits = _SEPARATORS.sub("", half_width(phone))
    if _PHONE.fullmatch(digits) is None:
        return None
    for prefix in ("+86", "0086"):
        digits = digits.removeprefix(prefix)
    return digits[2:] if len(digits) == 13 and digits.startswith("86") else digits


def is_mobile(phone: str) -> bool:
    """Whether a normalised phone takes text messages."""
    return _MOBILE.fullmatch(phone) is not None


def normal_id_number(id_number: str) -> str | None:
    """An ID number in capitals without separators; None when it is none."""
    text = _SEPARATORS.sub("", half_width(id_number)).upper()
    return text if _ID_NUMBER.fullmatch(text) else None
