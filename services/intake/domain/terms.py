"""What texts and tickets are found by: words, their pinyin and attributes, each as one number.

A term is a 64-bit hash of its kind and text, so that the index keeps short keys and no text. Two
terms that share a number would show a wrong hit among 2^64; attributes are looked at again anyway.
"""

import re
from enum import StrEnum
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any, Final

import rjieba

from services.intake.domain.pinyin import spelled
from services.intake.domain.plain import half_width

LONGEST: Final = 32
_MARK: Final = re.compile("〔[^〔〕]{1,8}〕")  # what redaction put in the place of personal data
_LATIN: Final = re.compile("[a-z]{2,32}")
# Words that a hotline hears all day; the dictionary would cut 路灯不亮 into 路 and 灯不亮.
_OFTEN: Final = re.findall(
    r"\S+",
    """
    路灯 井盖 暖气 供暖 供热 停暖 停水 停电 水管 水费 电费 燃气 煤气 物业 小区 业主 电梯 楼道
    楼顶 漏水 垃圾 清运 保洁 公厕 噪音 噪声 扰民 油烟 烧烤 异味 扬尘 施工 工地 围挡 违建 违停
    停车 车位 堵车 红绿灯 公交 站牌 出租 网约车 学校 入学 学位 医保 社保 低保 养老 退休 工资
    欠薪 拖欠 房产证 公积金 租房 开发商 交房 维修 积水 积雪 下水道 污水 树枝 绿化 公园 广场
    摊贩 占道 宠物 养犬 消防 通道 充电
    """,
)
_OFTEN_FREQUENCY: Final = 20_000
_BETWEEN: Final = frozenset("的了在是和与吗呢吧啊把被也都就很又我你他它这那有个请")


class Kind(StrEnum):
    """What a term says of a ticket or an article."""

    WORD = "w"  # 词
    PINYIN = "p"  # 拼音
    INITIALS = "i"  # 首字母
    STATE = "s"  # 状态
    TYPE = "t"  # 类型
    URGENCY = "u"  # 紧急程度
    CATEGORY = "c"  # 分类
    REGION = "r"  # 区划
    CHANNEL = "h"  # 来源渠道
    LINE = "l"  # 并入热线
    FLAG = "f"  # 标记
    UNIT = "b"  # 承办单位
    ACCOUNT = "a"  # 登记人


@lru_cache(maxsize=200_000)
def term(kind: Kind, text: str) -> int:
    """The number of a term, signed as PostgreSQL's bigint is."""
    digest = blake2b(f"{kind.value}:{text}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def text_terms(text: str) -> set[int]:
    """The terms of a text that is found by its words alone."""
    return {found for word in _words(text) if (found := _word(word)) is not None}


def name_terms(text: str) -> set[int]:
    """The terms of a title or a name, which is found by pinyin too."""
    return {found for word in _words(text) if _word(word) is not None for found in _spoken(word)}


def whole_name_terms(name: str) -> set[int]:
    """A name as one word: 河湾锦苑 is found by hwjy."""
    return set(_spoken(_plain(name)))


def _words(text: str) -> set[str]:
    """The words of a text for its index: every word of the dictionary that stands in it.

    Not only those of one way to cut it, so that a search need not cut it the same way; what is in
    no dictionary, such as a name, is there by its pairs of characters.
    """
    plain = _plain(text)
    words = set(_jieba().cut_all(plain))
    words.update(_in_order(plain))
    return words


def _in_order(plain: str) -> list[str]:
    """A text cut into words; single characters in a row as pairs: 不亮眼 has 不亮, 亮眼.

    Signs and characters that only hold a sentence together end a row.
    """
    found: list[str] = []
    before = ""
    for word in _jieba().cut(plain, False):
        if len(word) > 1:
            found.append(word)
            before = ""
        elif word in _BETWEEN or not word.isalnum():
            before = ""
        else:
            if before:
                found.append(before + word)
            before = word
    return found


def prepare() -> None:
    """Read the dictionary now, so that no request waits for it."""
    _jieba()


@cache
def _jieba() -> Any:
    """A dictionary of our own, read when first used (24 MB, half a second)."""
    jieba = rjieba.Jieba()
    for word in _OFTEN:
        jieba.add_word(word, _OFTEN_FREQUENCY, "n")
    return jieba


@lru_cache(maxsize=200_000)
def _word(word: str) -> int | None:
    """The term of a word that tells something."""
    return term(Kind.WORD, word) if _tells(word) else None


@lru_cache(maxsize=50_000)
def _spoken(word: str) -> tuple[int, ...]:
    sounds = spelled(word)
    if sounds is None:
        return (term(Kind.WORD, word),)
    whole, initials = sounds
    return term(Kind.WORD, word), term(Kind.PINYIN, whole), term(Kind.INITIALS, initials)


def asked_terms(text: str) -> list[frozenset[int]]:
    """What a search text asks for: every group must be there, by any of its terms.

    Letters alone may be a word, pinyin or first letters. A text without a word, such as a single
    character, asks for that text itself, which finds only what is written so.
    """
    plain = _plain(text)
    words = {word: None for word in _in_order(plain) if _tells(word)}
    if not words and (bare := plain.strip()):
        words = {bare: None}
    return [_meanings(word) for word in words]


def _meanings(word: str) -> frozenset[int]:
    meant = {term(Kind.WORD, word)}
    if _LATIN.fullmatch(word):
        meant |= {term(Kind.PINYIN, word), term(Kind.INITIALS, word)}
    return frozenset(meant)


def _plain(text: str) -> str:
    return half_width(_MARK.sub(" ", text)).lower()


def _tells(word: str) -> bool:
    """Whether a word is worth an entry: no sign, no single character, nothing endless."""
    return 1 < len(word) <= LONGEST and word.isalnum()
