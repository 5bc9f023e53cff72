"""Scores suggestions against labels of the petition platforms, with and without learning.

A label's share is the sum over our categories that it stands for. Where it learns, every message
is judged by what was learned from the other folds only. The labels that the file uses compete.
"""

import json
import math
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from services.intake.domain.experience import Experience
from services.intake.domain.suggestion import Heard, Suggester
from services.intake.hints import new_hints
from shared.catalogue.load import load_catalogue
from shared.catalogue.petition_labels import load_petition_labels

WARM: Final = 0.3  # of the softmax: long messages say many things, and labels gather categories
LEAST_SHARE: Final = 1e-3
NORMAL_95: Final = 1.959964
SEED: Final = 20_260_914


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One line of the file; `label` is the level-1 label, where a person gave one."""

    id: str
    title: str
    text: str
    label: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Where the right label stood (0 is first), and which major was suggested first."""

    label: str
    major: str
    place: float


@dataclass(frozen=True, slots=True)
class Tally:
    """So many judgements; each message weighs `1 / repeats` of one."""

    judged: Sequence[Judged]
    repeats: int = 1

    @property
    def n(self) -> int:
        """How many messages."""
        return round(len(self.judged) / self.repeats)

    @property
    def top1(self) -> float:
        """How often the label stood first."""
        return self.share(1)

    @property
    def top3(self) -> float:
        """How often it stood among the first three, all different."""
        return self.share(3)

    def share(self, within: int) -> float:
        """The share of messages whose label stood within the first so many."""
        return sum(each.place < within for each in self.judged) / len(self.judged)

    def interval(self, within: int) -> tuple[float, float]:
        """The 95 % interval of that share (Wilson)."""
        n, share, z = self.n, self.share(within), NORMAL_95
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        reach = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        return max(0.0, middle - reach), min(1.0, middle + reach)

    def by(self, what: str) -> dict[str, "Tally"]:
        """The same apart for each label or major, the most frequent first."""
        groups: defaultdict[str, list[Judged]] = defaultdict(list)
        for each in self.judged:
            groups[getattr(each, what)].append(each)
        ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
        return {name: Tally(each, self.repeats) for name, each in ordered}

    def summary(self) -> dict[str, Any]:
        """The figures, rounded."""
        return {
            "n": self.n,
            "top1": round(self.top1, 4),
            "top1_interval": [round(bound, 4) for bound in self.interval(1)],
            "top3": round(self.top3, 4),
            "top3_interval": [round(bound, 4) for bound in self.interval(3)],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What was measured; `learned` is None where nothing was learned."""

    labels: Sequence[str]
    folds: int | None
    rounds: int
    unlearned: Tally
    learned: Tally | None


def read_messages(file: Path) -> list[Message]:
    """The messages of a file; ValueError or KeyError names what is wrong with a line."""
    with file.open(encoding="utf-8") as lines:
        return [_message(line) for line in lines if line.strip()]


def _message(line: str) -> Message:
    read = json.loads(line)
    return Message(
        id=str(read["id"]),
        title=read.get("title") or "",
        text=read["description"],
        label=read.get("major") or None,
    )


class _Judge:
    """Our suggester, its categories read as labels."""

    def __init__(self, labels: Sequence[str]) -> None:
        catalogue = load_catalogue()
        self.labels = list(labels)
        self._suggester: Suggester = new_hints(catalogue).suggester
        shares = load_petition_labels(catalogue)
        self._of_label = np.array(
            [[shares[code].get(label, 0.0) for label in labels] for code in self._suggester.codes]
        )
        self._majors = [catalogue.categories[code].major_name for code in self._suggester.codes]

    def hear(self, message: Message) -> Heard:
        return self._suggester.hear(message.text, title=message.title, learning=True)

    def shares(self, heard: Heard) -> tuple[Any, str]:
        """The labels' shares in logarithms, and the major of the best category."""
        scores = self._suggester.scores(heard)
        shares = self._suggester.confidences(scores, temperature=WARM) @ self._of_label
        total = float(shares.sum()) or 1.0
        return np.log(shares / total + LEAST_SHARE), self._majors[int(scores.argmax())]

    def place(self, shares: Any, label: str, leanings: Mapping[str, float]) -> int:
        """Where the label stands."""
        sums = shares + np.array([leanings.get(each, 0.0) for each in self.labels])
        order = [self.labels[at] for at in np.argsort(-sums, kind="stable")]
        return order.index(label)


def label_messages(messages: Sequence[Message], *, folds: int | None, rounds: int) -> Score:
    """Judge labelled messages, all of which have a label."""
    labels = sorted({each.label for each in messages if each.label is not None})
    judge = _Judge(labels)
    heard = [judge.hear(each) for each in messages]
    shares = [judge.shares(each) for each in heard]

    def judged(at: int, leanings: Mapping[str, float]) -> Judged:
        label = messages[at].label or ""
        return Judged(
            label=label, major=shares[at][1], place=judge.place(shares[at][0], label, leanings)
        )

    unlearned = Tally([judged(at, {}) for at in range(len(messages))])
    learned = None
    if folds is not None:
        learned = Tally(
            [
                judged(at, experience.leanings(heard[at].words))
                for round_ in range(rounds)
                for experience, held_out in _folds(messages, heard, folds, seed=SEED + round_)
                for at in held_out
            ],
            rounds,
        )
    return Score(labels=labels, folds=folds, rounds=rounds, unlearned=unlearned, learned=learned)


def _folds(
    messages: Sequence[Message], heard: Sequence[Heard], folds: int, *, seed: int
) -> Iterator[tuple[Experience, list[int]]]:
    """For each fold what the others teach, and the messages of the fold itself."""
    order = list(range(len(messages)))
    random.Random(seed).shuffle(order)
    for fold in range(min(folds, len(order))):
        held_out = order[fold :: min(folds, len(order))]
        out = set(held_out)
        experience = Experience()
        for at in order:
            if at not in out:
                experience.confirm(heard[at].words, messages[at].label or "")
        yield experience, held_out
