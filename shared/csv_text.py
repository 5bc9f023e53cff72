"""Writes tables that Excel opens as they are: UTF-8 with its mark, CRLF, nothing that computes.

A text that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, CSV
injection): `=`, `+`, `-`, `@` and their full-width kin, also after blanks, tabs or line breaks.
Long numbers such as a ticket's end with a tab, or Excel would round them to 15 digits.
"""

import re
from collections.abc import Iterable
from typing import Final

BYTE_ORDER_MARK: Final = "\ufeff"
_FORMULA: Final = re.compile(r"[\s\u200b\ufeff]*[=+\-@＝＋－＠]|[\t\r\n]")
_LONG_NUMBER: Final = re.compile(r"\d{12,}")
_QUOTED: Final = re.compile(r'[",\r\n\t]|^\s|\s$')


def cell(text: str) -> str:
    """One value, guarded and quoted."""
    text = text.replace("\0", "")
    if _FORMULA.match(text):
        text = f"'{text}"
    elif _LONG_NUMBER.fullmatch(text):
        text = f"{text}\t"
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if _QUOTED.search(text) else text


def line(values: Iterable[str]) -> str:
    """One row with its end."""
    return ",".join(map(cell, values)) + "\r\n"
