"""Judges suggestions by the labels of the petition platforms, with and without learning.

A label's share is the sum over our categories that it stands for; the labels that the file uses
compete. Where it learns, a message is judged by what the other folds taught, and whether to trust
that is decided within those other folds.
"""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from deploy.cli.scoring import Judged, Tally
from services.intake.domain.experience import Experience
from services.intake.domain.suggestion import Heard
from services.intake.hints import new_hints
from shared.catalogue.load import load_catalogue
from shared.catalogue.petition_labels import load_petition_labels

WARM: Final = 0.2  # of the softmax: long messages say many things, and labels gather categories
BREADTH: Final = 0.3  # the power of its number of categories, by which a label wins nothing
LEAST_SHARE: Final = 1e-3
TRUSTS: Final = (0.0, 0.5, 1.0, 2.0, 4.0)
INNER_FOLDS: Final = 4
SEED: Final = 20_260_914

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One line of the file; `label` is the level-1 label, where a person gave one."""

    id: str
    title: str
    text: str
    label: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What was measured; `learned` is None where nothing was learned."""

    labels: Sequence[str]
    folds: int | None
    rounds: int
    unlearned: Tally
    learned: Tally | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A labelled message: the labels' shares in logarithms, and its words."""

    label: str
    at: int  # of the label
    major: str
    shares: Numbers
    heard: Heard


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


def label_messages(messages: Sequence[Message], *, folds: int | None, rounds: int) -> Score:
    """Judge the messages that have a label; at least one has."""
    labels = sorted({each.label for each in messages if each.label is not None})
    cases = _cases(messages, labels)
    unlearned = Tally([_judged(case, case.shares) for case in cases])
    learned = None
    if folds is not None and len(cases) > 1:
        judged = [each for n in range(rounds) for each in _round(cases, labels, folds, SEED + n)]
        learned = Tally(judged, rounds)
    return Score(labels=labels, folds=folds, rounds=rounds, unlearned=unlearned, learned=learned)


def _cases(messages: Sequence[Message], labels: Sequence[str]) -> list[_Case]:
    catalogue = load_catalogue()
    suggester = new_hints(catalogue).suggester
    known = load_petition_labels(catalogue)
    of_label = np.array(
        [[known[code].get(label, 0.0) for label in labels] for code in suggester.codes]
    )
    of_label /= np.maximum(1.0, of_label.sum(axis=0)) ** BREADTH
    cases = []
    for message in messages:
        if message.label is None:
            continue
        heard = suggester.hear(message.text, title=message.title, learning=True)
        scores = suggester.scores(heard)
        shares = suggester.confidences(scores, temperature=WARM) @ of_label
        total = float(shares.sum()) or 1.0
        best = suggester.codes[int(scores.argmax())]
        cases.append(
            _Case(
                label=message.label,
                at=labels.index(message.label),
                major=catalogue.categories[best].major_name,
                shares=np.log(shares / total + LEAST_SHARE),
                heard=heard,
            )
        )
    return cases


def _judged(case: _Case, sums: Numbers) -> Judged:
    place = list(np.argsort(-sums, kind="stable")).index(case.at)
    return Judged(label=case.label, major=case.major, place=place)


def _round(
    cases: Sequence[_Case], labels: Sequence[str], folds: int, seed: int
) -> Iterator[Judged]:
    """Every case once, judged by what the other folds taught."""
    for others, held_out in _split(range(len(cases)), folds, seed):
        trust = _trust(cases, labels, others, seed)
        taught = _taught(cases, others)
        for at in held_out:
            leanings = _leanings(taught, cases[at], labels)
            yield _judged(cases[at], cases[at].shares + trust * leanings)


def _trust(cases: Sequence[_Case], labels: Sequence[str], known: Sequence[int], seed: int) -> float:
    """How much experience should count, judged by these cases alone.

    It counts only where it sets more right than wrong by more than chance does (one standard
    error); of several such trusts the best.
    """
    gained, changed = np.zeros(len(TRUSTS)), np.zeros(len(TRUSTS))
    for others, held_out in _split(known, INNER_FOLDS, seed):
        taught = _taught(cases, others)
        for at in held_out:
            case, leanings = cases[at], _leanings(taught, cases[at], labels)
            before = int(case.shares.argmax()) == case.at
            for n, trust in enumerate(TRUSTS):
                after = int((case.shares + trust * leanings).argmax()) == case.at
                gained[n] += after - before
                changed[n] += after != before
    proven = np.where(gained > np.sqrt(changed), gained, 0.0)
    return TRUSTS[int(proven.argmax())]


def _split(places: Sequence[int], folds: int, seed: int) -> Iterator[tuple[list[int], list[int]]]:
    """For each fold the others' places and its own, in an order the seed gives."""
    order = list(places)
    random.Random(seed).shuffle(order)  # nosec B311: an order to be told again
    for fold in range(min(folds, len(order))):
        held_out = order[fold :: min(folds, len(order))]
        out = set(held_out)
        yield [at for at in order if at not in out], held_out


def _taught(cases: Sequence[_Case], places: Sequence[int]) -> Experience:
    experience = Experience()
    for at in places:
        experience.confirm(cases[at].heard.words, cases[at].label)
    return experience


def _leanings(experience: Experience, case: _Case, labels: Sequence[str]) -> Numbers:
    leanings = experience.leanings(case.heard.words)
    return np.array([leanings.get(label, 0.0) for label in labels])
