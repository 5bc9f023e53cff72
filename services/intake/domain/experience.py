"""What was confirmed before: how often each word stood in the texts of each class.

A word speaks for a class as far as it is more frequent there than everywhere, never against one,
and no more than `CAP`; what was met once or twice counts little. So one person's mistakes stay
small, and what nobody confirmed yet is left to the lexicon.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

CAP: Final = 1.5  # in logarithms: 4.5 times as frequent
AVERAGE: Final = 2.0  # confirmations of the average that every class is given
MET: Final = 1.0  # times that a word was met in a class at which what it says counts half
TRUST: Final = 300.0  # confirmations in all at which experience counts half
TITLE: Final = 2.0


class Experience:
    """Counts of confirmed texts, by class and by word; classes are codes or labels."""

    def __init__(self) -> None:
        self._texts: defaultdict[str, float] = defaultdict(float)
        self._words: defaultdict[str, dict[str, float]] = defaultdict(dict)
        self._known: dict[str, dict[str, float]] = {}
        self.total = 0.0

    def confirm(self, words: Iterable[str], kind: str, *, weight: float = 1.0) -> None:
        """One text of that class, by its different words."""
        self.add_texts(kind, weight)
        for word in set(words):
            self.add_word(word, kind, weight)

    def add_texts(self, kind: str, weight: float) -> None:
        """So many texts of a class."""
        self._texts[kind] += weight
        self.total += weight
        self._known.clear()

    def add_word(self, word: str, kind: str, weight: float) -> None:
        """A word that stood in so many texts of a class."""
        of_word = self._words[word]
        of_word[kind] = of_word.get(kind, 0.0) + weight
        self._known.pop(word, None)

    @property
    def trust(self) -> float:
        """How much experience counts, from 0 to 1."""
        return self.total / (self.total + TRUST)

    def leanings(self, words: Mapping[str, float]) -> dict[str, float]:
        """What the words of a text say for each class, in logarithms, weighed by trust."""
        sums: defaultdict[str, float] = defaultdict(float)
        if not self.total:
            return sums
        scale = self.trust / math.sqrt(max(1.0, sum(words.values())))
        for word, count in words.items():
            for kind, says in self.says(word).items():
                sums[kind] += says * count * scale
        return sums

    def says(self, word: str) -> Mapping[str, float]:
        """How much a word speaks for each class; nothing of a word never met."""
        known = self._known.get(word)
        if known is None:
            known = self._known[word] = self._says(word)
        return known

    def _says(self, word: str) -> dict[str, float]:
        of_word = self._words.get(word)
        if not of_word:
            return {}
        usual = sum(of_word.values()) / self.total
        found = {}
        for kind, count in of_word.items():
            here = (count + AVERAGE * usual) / (self._texts[kind] + AVERAGE)
            leaning = min(CAP, math.log(here / usual))
            if leaning > 0:
                found[kind] = leaning * count / (count + MET)
        return found


def weighed(title: Iterable[str], text: Iterable[str]) -> dict[str, float]:
    """The different words of a title and its text, the title's weighing more."""
    counts = dict.fromkeys(text, 1.0)
    for word in set(title):
        counts[word] = counts.get(word, 0.0) + TITLE
    return counts
