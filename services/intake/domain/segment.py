"""Cuts what people write into words, in one spelling, whatever way it was typed."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

import rjieba

_CONTROL: Final = re.compile(r"_X000D_|\s+")
_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]+")


def plain(text: str) -> str:
    """One spelling: full-width forms as ASCII, capitals, one space for any blank, 市 for 巿."""
    return _CONTROL.sub(" ", unicodedata.normalize("NFKC", text).upper()).replace("巿", "市")


def cut(text: str) -> list[str]:
    """The words of a plain text, in order; together they are the text again."""
    words: list[str] = rjieba.cut(text)
    return words


def terms(text: str) -> Iterator[str]:
    """The words of a plain text that can tell something: Chinese, two characters or more."""
    return (word for word in cut(text) if len(word) > 1 and _CHINESE.fullmatch(word))


def is_known(word: str) -> bool:
    """Whether the word stands in the dictionary; names of people mostly do not."""
    known: bool = rjieba.has_word(word)
    return known
