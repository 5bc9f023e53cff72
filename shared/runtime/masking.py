"""Takes personal data and secrets out of what is logged, whoever wrote it.

Nobody passes personal data to a logger; but an error of a driver or a parser quotes what it was
given. What may not stand in a log: telephones, ID numbers, plates, addresses of mail, tokens,
passwords in addresses, and any Chinese text, as logs are written in English and people are not.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

MASK: Final = "〔…〕"
LONGEST: Final = 2_000  # characters of one value
LONGEST_READ: Final = 100_000  # of an error's text: one that is cut in a quotation hides the rest
MOST: Final = 50  # members of one value

_CHINESE: Final = (
    "\u2e80-\u2fff\u3005-\u3007\u31c0-\u31ef\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_ID: Final = r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"
_HEX: Final = r"\b(?=[0-9]*[a-f])(?:[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{64})\b"
_DIGIT: Final = "[0-9０-９]"
_APART: Final = r"[ \-.·－　]?"
_PERSONAL: Final = re.compile(
    "|".join(
        (
            f"(?P<kept>{_ID}|{_HEX})",  # of a thing, a trace, a file
            # a plate first, as it begins with a Chinese character
            f"[{_CHINESE}][A-Z][A-Z0-9·]{{5,7}}",
            f"[{_CHINESE}]+(?:[{_CHINESE}，。、；：！？“”‘’（）《》·\\s]*[{_CHINESE}])?",
            rf"(?<![0-9０-９])(?:(?:\+?86)?{_APART}[1１][3-9３-９]{_APART}(?:{_DIGIT}{_APART}){{8}}{_DIGIT})(?![0-9０-９])",
            rf"(?<![0-9０-９])(?:{_DIGIT}{_APART}){{17}}[0-9０-９Xx](?![0-9０-９])",
            r"(?<!\d)0\d{2,3}-\d{7,8}(?!\d)",
            r"(?<=://)[^\s/@:]+:[^\s/@]+(?=@)",  # user:password@
            r"[\w.+-]+@[\w-]+\.[\w.-]+",
            r"eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?",  # a JWT
            # mixed as only random text is
            r"(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[A-Za-z0-9_-]{20,}(?![\w-])",
        )
    )
)
# What an error quotes is its input, but for a plain name: of a column, a class, a file.
_QUOTED: Final = re.compile(r""""[^"]*"|'[^']*'|`[^`]*`""")
# The repr of an error with one text; that of a KeyError is the key itself.
_REPR: Final = re.compile(r"""^(?!KeyError)([\w.]+)\(((?:-?\d+, )?)(["'])(.*)\3,?\)$""", re.DOTALL)
_NAME: Final = re.compile(r"[A-Za-z_$<>.:/-]{0,60}+(?:\d{1,4}+[A-Za-z_$<>.:/-]{0,60}+){0,6}+")


def masked(text: str) -> str:
    """A text without what could tell of a person, and not too long."""
    text = _PERSONAL.sub(lambda found: found["kept"] or MASK, _both_ends(text, 4 * LONGEST))
    return _both_ends(text, LONGEST)


def said(text: str) -> str:
    """What an error says of itself, without what it quotes."""
    text = _both_ends(text, LONGEST_READ)
    if whole := _REPR.match(text):
        kind, number, _, words = whole.groups()
        return masked(f"{kind}({number}{_QUOTED.sub(_unless_a_name, words)})")
    return masked(_QUOTED.sub(_unless_a_name, text))


def _both_ends(text: str, most: int) -> str:
    """Without its middle where it is too long: a traceback as text ends with the error."""
    half = most // 2
    return text if len(text) <= most else f"{text[:half]}…{text[-half:]}"


def _unless_a_name(found: re.Match[str]) -> str:
    mark, quoted = found[0][0], found[0][1:-1]
    return found[0] if _NAME.fullmatch(quoted) else f"{mark}{MASK}{mark}"


def plain(value: Any) -> Any:
    """Any value as it may be logged: numbers as they are, texts masked, all else as such a text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        pairs = list(value.items())[:MOST]
        return {masked(str(name)): plain(each) for name, each in pairs}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes | bytearray):
        return [plain(each) for each in list(value)[:MOST]]
    return said(str(value))
