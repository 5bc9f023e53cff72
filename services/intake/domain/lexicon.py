"""The words of the categories, and which of them a text says.

A word weighs more the longer it is and the fewer categories share it. Of words that overlap the
longer one counts; names of places are known as well and mean no category, so that 体育场路 is a
road. A word that only says where (学校附近, 医院门口) counts little.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.intake.domain.segment import cut, plain
from shared.catalogue.model import Catalogue
from shared.catalogue.synonyms import Synonyms

Weights = NDArray[np.float32]

HINT: Final = 0.4  # of a word that only hints, beside one that says it
OF_MAJOR: Final = 0.5  # of a word that stands for a whole major
LENGTH: Final = 0.15  # more for each character beyond the second, up to the sixth
SHARED: Final = 0.5  # the power of the number of categories that share a word
LANDMARK: Final = 0.25
COMMON: Final = 4  # names of categories that a short part may stand in and still tell one
TITLE: Final = 3.0
LONG_TEXT: Final = 0.25  # the power of the sum of counts, as long texts say more beside the point

_WHERE: Final = re.compile(
    "附近|旁|对面|门口|门前|[东南西北后前]门|[后前]面|路口|家属[院区]|公寓|宿舍区|小区|花园|家园"
    "|以?[东南西北][边侧]|周[边围]|背后|隔壁|路|街|大道|巷"
)
_NAME_PARTS: Final = re.compile("[与和]")


@dataclass(frozen=True, slots=True)
class Found:
    """A word found in a text and how much it counts there."""

    word: str
    count: float


class Lexicon:
    """Every word with its weight for every category; built once, it never changes."""

    def __init__(
        self, catalogue: Catalogue, synonyms: Mapping[str, Synonyms], places: Iterable[str] = ()
    ) -> None:
        self.codes: tuple[str, ...] = tuple(sorted(catalogue.categories))
        said = _said(catalogue, synonyms)
        self._rows = {word: row for row, word in enumerate(said)}
        self._weights = np.zeros((len(said), len(self.codes)), dtype=np.float32)
        at = {code: place for place, code in enumerate(self.codes)}
        minors: defaultdict[str, list[int]] = defaultdict(list)
        for code in self.codes:
            minors[code[:2]].append(at[code])
        cells: list[tuple[int, int, float]] = []
        for word, row in self._rows.items():
            for code, strength in said[word].items():
                weight = strength * _share(word, len(said[word]))
                columns = [at[code]] if code in at else minors[code]
                cells.extend((row, column, weight) for column in columns)
        rows, filled, weights = zip(*cells, strict=True)
        np.add.at(self._weights, (rows, filled), np.array(weights, dtype=np.float32))
        self._places = {plain(name) for name in places} - self._rows.keys()
        self._lengths = _lengths_by_head([*self._rows, *self._places])

    def said(self, text: str, title: str = "") -> dict[str, float]:
        """The words that a text and its title say, with how much each counts."""
        in_title: dict[str, float] = {}
        for found in self._found(plain(title)):
            in_title[found.word] = max(in_title.get(found.word, 0.0), found.count)
        in_text: defaultdict[str, float] = defaultdict(float)
        for found in self._found(plain(text)):
            in_text[found.word] += found.count
        counts = {word: TITLE * count for word, count in in_title.items()}
        for word, count in in_text.items():
            counts[word] = counts.get(word, 0.0) + math.log1p(count)
        return counts

    def scores(self, counts: Mapping[str, float]) -> Weights:
        """The score of every category, in the order of `codes`."""
        if not counts:
            return np.zeros(len(self.codes), dtype=np.float32)
        rows = [self._rows[word] for word in counts]
        each = np.fromiter(counts.values(), dtype=np.float32, count=len(rows))
        length = max(1.0, float(each.sum())) ** LONG_TEXT
        scores: Weights = each @ self._weights[rows] / length
        return scores

    def weight(self, word: str, category: int) -> float:
        """How much a word speaks for the category at that place of `codes`."""
        row = self._rows.get(word)
        return float(self._weights[row, category]) if row is not None else 0.0

    def _found(self, text: str) -> Iterator[Found]:
        """The longest words at each place, from left to right; none inside another.

        A single character counts only where it stands alone.
        """
        starts, alone, place = set(), set(), 0
        for word in cut(text):
            starts.add(place)
            if len(word) == 1 and word in self._rows:
                alone.add(place)
            place += len(word)
        starts.add(place)
        end, lengths = 0, self._lengths
        for at in range(len(text)):
            longest = lengths.get(text[at : at + 2])
            length = self._longest(text, at, end, longest, starts) if longest else 0
            if not length:
                if at not in alone or at < end:
                    continue
                length = 1
            end = at + length
            word = text[at:end]
            if word in self._rows:
                where = length > 1 and _WHERE.match(text, end) is not None
                yield Found(word, LANDMARK if where else 1.0)

    def _longest(
        self, text: str, at: int, end: int, lengths: Iterable[int], starts: set[int]
    ) -> int:
        """The length of the word at this place; two characters must be words to the cutter, too.

        面的 in 上面的 is no car.
        """
        for length in lengths:
            stop = at + length
            if stop <= end or stop > len(text):
                continue
            if length == 2 and not (at in starts and stop in starts):
                continue
            word = text[at:stop]
            if word in self._rows or word in self._places:
                return length
        return 0


def place_names(catalogue: Catalogue) -> Iterator[str]:
    """Names and aliases of compounds and roads, which say where and not what."""
    for compound in catalogue.compounds.values():
        yield from (compound.name, *compound.aliases)
    for road in catalogue.roads.values():
        yield from (road.name, *road.aliases)


def _said(catalogue: Catalogue, synonyms: Mapping[str, Synonyms]) -> dict[str, dict[str, float]]:
    """Each word with the categories or majors it stands for and how strongly."""
    said: defaultdict[str, dict[str, float]] = defaultdict(dict)

    def add(words: Iterable[str], code: str, strength: float) -> None:
        for word in words:
            said[word][code] = max(strength, said[word].get(code, 0.0))

    for code, each in synonyms.items():
        whole = 1.0 if code in catalogue.categories else OF_MAJOR
        add(each.words, code, whole)
        add(each.also, code, whole * HINT)
    names = [plain(category.name) for category in catalogue.categories.values()]
    for category in catalogue.categories.values():
        parts = _NAME_PARTS.split(plain(category.name))
        add([part for part in parts if len(part) > 2], category.code, 1.0)
        short = [part for part in parts if len(part) == 2]  # 楼顶, but neither 管理 nor 服务
        telling = [part for part in short if sum(part in name for name in names) <= COMMON]
        add(telling, category.code, HINT)
    return said


def _share(word: str, sharers: int) -> float:
    longer = LENGTH * (min(len(word), 6) - 2)
    return float((1.0 + longer) / sharers**SHARED)


def _lengths_by_head(words: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """By the first two characters: the lengths of the words that begin so, longest first."""
    lengths: defaultdict[str, set[int]] = defaultdict(set)
    for word in words:
        if len(word) > 1:
            lengths[word[:2]].add(len(word))
    return {head: tuple(sorted(each, reverse=True)) for head, each in lengths.items()}
