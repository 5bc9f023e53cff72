"""How alike two requests are: by their texts alone, and with place and category while typing.

Among many texts, words and pairs of characters are weighed by how rare they are; the score is the
mean of the two cosines. While somebody types, a text is a sketch of its pairs of characters in
4,096 bits, so that comparing two costs a microsecond.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np

from services.intake.domain.segment import cut, plain

TITLE: Final = 2.0
TOLD_BY_FEW: Final = 0.015  # candidates share what no larger part of the texts says
ENOUGH: Final = 0.2  # of the score by such words alone: then the whole is reckoned
SKETCH_BITS: Final = 4096
LEAST_BITS: Final = 4  # a shorter text says nothing
PLACE, CATEGORY, TEXT = 0.35, 0.25, 0.4
# What nearly every request says.
_COMMON: Final = frozenset(
    {
        "尊敬", "领导", "您好", "你好", "请问", "请求", "希望", "投诉", "反映", "举报", "咨询",
        "建议", "解决", "处理", "感谢", "谢谢", "相关", "关部", "部门", "有关", "我们", "他们",
        "这个", "一个", "什么", "没有", "现在", "已经", "可以", "不能", "多次", "居民", "市民",
        "百姓", "小区", "影响", "生活", "严重", "问题", "情况", "政府", "回复", "为什",
    }
)  # fmt: skip

Vector = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two texts of a list by their places in it, and how alike they are, from 0 to 1."""

    one: int
    other: int
    score: float


def near_duplicates(texts: Sequence[tuple[str, str]], *, least: float) -> list[Pair]:
    """The pairs of (title, text) that are alike from `least` on, the most alike first."""
    vectors = _vectors(texts)
    found: list[Pair] = []
    for one, others in _candidates(vectors):
        for other in others:
            score = _cosine(vectors[one], vectors[other])
            if score >= least:
                found.append(Pair(one=one, other=other, score=round(score, 3)))
    return sorted(found, key=lambda pair: (-pair.score, pair.one, pair.other))


def _vectors(texts: Sequence[tuple[str, str]]) -> list[Vector]:
    """Words and pairs of each text by their rarity; either makes half of the length."""
    of_texts = [(_counts(_words, *each), _counts(_pairs, *each)) for each in texts]
    weights: list[Vector] = [{} for _ in texts]
    for family in (0, 1):
        frequency: Counter[str] = Counter()
        for both in of_texts:
            frequency.update(both[family].keys())
        for at, both in enumerate(of_texts):
            vector = {
                word: count * math.log((len(texts) + 1) / (frequency[word] + 0.5))
                for word, count in both[family].items()
            }
            length = math.sqrt(sum(weight * weight for weight in vector.values()) * 2) or 1.0
            weights[at] = {**weights[at], **{w: x / length for w, x in vector.items()}}
    return weights


def _words(text: str) -> Iterable[str]:
    return (f"={word}" for word in cut(text) if len(word) > 1)


def _pairs(text: str) -> Iterable[str]:
    return (a + b for a, b in pairwise(text) if a.isalnum() and b.isalnum())


def _counts(parts: Callable[[str], Iterable[str]], title: str, text: str) -> dict[str, float]:
    counts = {word: math.log1p(count) for word, count in Counter(parts(plain(text))).items()}
    for word in set(parts(plain(title))):
        counts[word] = counts.get(word, 0.0) + TITLE
    return counts


def _candidates(vectors: Sequence[Vector]) -> Iterable[tuple[int, list[int]]]:
    """For each text those after it that share enough of what few others say."""
    holders: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    for at, vector in enumerate(vectors):
        for word, weight in vector.items():
            holders[word].append((at, weight))
    most = max(3, int(len(vectors) * TOLD_BY_FEW))
    postings = {
        word: (np.array([at for at, _ in each]), np.array([weight for _, weight in each]))
        for word, each in holders.items()
        if 2 <= len(each) <= most
    }
    for at, vector in enumerate(vectors):
        shared = np.zeros(len(vectors))
        for word, weight in vector.items():
            if word in postings:
                places, weights = postings[word]
                shared[places] += weight * weights
        shared[: at + 1] = 0.0
        yield at, [int(other) for other in np.nonzero(shared >= ENOUGH)[0]]


def _cosine(one: Vector, other: Vector) -> float:
    if len(other) < len(one):
        one, other = other, one
    return sum(weight * other[word] for word, weight in one.items() if word in other)


def sketch(text: str) -> int:
    """The pairs of characters of a text as bits of a number."""
    bits = bytearray(SKETCH_BITS // 8)
    plain_text = plain(text)
    for one, other in pairwise(plain_text):
        if one.isalnum() and other.isalnum() and one + other not in _COMMON:
            place = (ord(one) * 131 + ord(other)) % SKETCH_BITS
            bits[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(bits, "little")


@lru_cache(maxsize=5_000)
def kept_sketch(text: str) -> int:
    """The same, remembered: for what others said, which is compared again and again."""
    return sketch(text)


def alike(one: int, other: int) -> float:
    """How alike two sketches are: the mean of what both share and what the shorter one shares."""
    fewer, more = sorted((one.bit_count(), other.bit_count()))
    if fewer < LEAST_BITS:
        return 0.0
    shared = (one & other).bit_count()
    return (shared / fewer + 2 * shared / (fewer + more)) / 2


def likeness(*, place: float, category: float, text: float) -> float:
    """One score of three, each from 0 to 1."""
    return PLACE * place + CATEGORY * category + TEXT * text


def same_category(one: str | None, other: str | None) -> float:
    """1 for the same, less for the same major or where one is not known."""
    if one is None or other is None:
        return 0.5
    return 1.0 if one == other else 0.4 if one[:2] == other[:2] else 0.0
