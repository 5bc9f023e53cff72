"""Reads text as if it were typed plainly: half-width letters, Arabic digits, one kind of hyphen.

Every character stays in its place, so that what is found in the plain text can be cut out of the
original.
"""

_FROM = "－﹣‐‑‒–—―−～　（）＃：，＋．／\u00a0"
_TO = "-" * 10 + " ()#:,+./ "
_HALF = str.maketrans(_FROM, _TO) | {
    code: code - 0xFEE0
    for first, last in (("０", "９"), ("Ａ", "Ｚ"), ("ａ", "ｚ"))
    for code in range(ord(first), ord(last) + 1)
}
_NUMERALS = str.maketrans("零〇一二三四五六七八九幺两", "0012345678912")


def half_width(text: str) -> str:
    """The same text, character by character, with the variants of digits and hyphens made one."""
    return text.translate(_HALF)


def arabic(text: str) -> str:
    """The same text, character by character, with Chinese numerals as Arabic digits."""
    return text.translate(_NUMERALS)
