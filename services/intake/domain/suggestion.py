"""Suggests categories for what a person says, with the words that decided.

The words of the catalogue's categories and their synonyms make a score; what the desk confirmed
before is added; a softmax makes it a confidence, whose temperature was set so that of the first
suggestions with confidence 0.7 about seven in ten are right.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from services.intake.domain.experience import Experience, weighed
from services.intake.domain.lexicon import Lexicon, Weights
from services.intake.domain.segment import plain, terms

TEMPERATURE: Final = 0.1
LEARNED: Final = 4.0  # of what experience says, which is cautious, beside the lexicon
MOST_CHARACTERS: Final = 2000  # of a text; what comes later tells little more
MOST_WORDS: Final = 5
NEXT_MOST: Final = 0.02  # below this confidence nothing is suggested beside the first


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A category, how sure it is (0 to 1), and the words that spoke for it most."""

    category: str
    score: float
    confidence: float
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a text says: words of the lexicon with their counts, all words with theirs."""

    said: Mapping[str, float]
    words: Mapping[str, float]


class Suggester:
    """The lexicon and what was learned since; `experience` may be replaced while it serves."""

    def __init__(self, lexicon: Lexicon, experience: Experience | None = None) -> None:
        self._lexicon = lexicon
        self._at = {code: place for place, code in enumerate(lexicon.codes)}
        self.experience = experience or Experience()

    @property
    def codes(self) -> tuple[str, ...]:
        """The categories in the order of `scores` and `confidences`."""
        return self._lexicon.codes

    def hear(
        self, text: str, *, title: str = "", address: str | None = None, learning: bool = False
    ) -> Heard:
        """The words of a text; an address within it is left out.

        Words beside the lexicon's are heard where something was learned or, `learning`, will be.
        """
        text = text[:MOST_CHARACTERS]
        if address:
            text = text.replace(address, "，")
        said = self._lexicon.said(text, title)
        if not (learning or self.experience.total):
            return Heard(said=said, words={})
        return Heard(said=said, words=weighed(terms(plain(title)), terms(plain(text))))

    def scores(self, heard: Heard) -> Weights:
        """The score of every category; the differences are what counts."""
        scores = self._lexicon.scores(heard.said)
        for code, leaning in self.experience.leanings(heard.words).items():
            if code in self._at:
                scores[self._at[code]] += leaning * LEARNED * TEMPERATURE
        return scores

    def confidences(self, scores: Weights, *, temperature: float = TEMPERATURE) -> Weights:
        """The scores as shares of one; warmer, they are more alike."""
        raised = np.exp((scores - scores.max()) / temperature)
        shares: Weights = raised / raised.sum()
        return shares

    def suggest(
        self, text: str, *, title: str = "", address: str | None = None, k: int = 5
    ) -> list[Suggestion]:
        """The likeliest categories, best first; none where no word says anything."""
        heard = self.hear(text, title=title, address=address)
        scores = self.scores(heard)
        if not scores.any():
            return []
        shares = self.confidences(scores)
        best = np.argsort(-scores, kind="stable")[:k]
        return [
            Suggestion(
                category=self.codes[at],
                score=round(float(scores[at]), 3),
                confidence=round(float(shares[at]), 3),
                words=self._deciding(heard, int(at)),
            )
            for place, at in enumerate(best)
            if scores[at] > 0 and (place == 0 or shares[at] >= NEXT_MOST)
        ]

    def _deciding(self, heard: Heard, at: int) -> tuple[str, ...]:
        """The words that spoke for a category most."""
        weights = {
            word: weight
            for word, count in heard.said.items()
            if (weight := count * self._lexicon.weight(word, at)) > 0
        }
        code, trust = self.codes[at], self.experience.trust * LEARNED * TEMPERATURE
        for word, count in heard.words.items():
            learned = self.experience.says(word).get(code, 0.0)
            if learned:
                weights[word] = weights.get(word, 0.0) + count * learned * trust
        ranked = sorted(weights, key=lambda word: (-weights[word], word))
        return tuple(ranked[:MOST_WORDS])
