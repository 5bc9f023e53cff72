"""Words as people type them without an input method: whole pinyin, and the first letters."""

from functools import lru_cache
from typing import Final

from pypinyin import Style, lazy_pinyin

MOST_SYLLABLES: Final = 8  # a longer name is not typed out


@lru_cache(maxsize=50_000)
def spelled(word: str) -> tuple[str, str] | None:
    """路灯 is ("ludeng", "ld"); None for a word with anything but Chinese characters in it."""
    if not 2 <= len(word) <= MOST_SYLLABLES or not all("一" <= sign <= "鿿" for sign in word):
        return None
    syllables = lazy_pinyin(word, style=Style.NORMAL, v_to_u=False)
    return "".join(syllables), "".join(syllable[0] for syllable in syllables)
