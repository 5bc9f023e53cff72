"""What people are told, in words: a single matter as a sentence, several as lines with an end."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from services.notifier.channels import Sentence, Wording
from services.notifier.domain.telling.bundle import Bundle, BundleKind
from services.notifier.domain.telling.message import Message, Occasion
from services.notifier.domain.telling.posts import Post
from shared.calendar import SHANGHAI

DIGESTS: Final = Path(__file__).parent / "templates" / "digests.toml"
LINES: Final = (*(each.value for each in Occasion), "climbed")
ENDS: Final = ("more", "done", "fell", "repeated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A title and a text in both languages."""

    title: Sentence
    text: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What is known of the matters that people are told of, besides their numbers."""

    units: Mapping[str, str] = field(default_factory=dict)  # code → name
    matters: Mapping[UUID, str] = field(default_factory=dict)  # whistle or ticket → category

    def of(self, message: Message) -> str:
        """The matter, and the unit where the receiver is not of it; may be empty."""
        subject = message.subject
        unit = None if subject.unit == message.seat.place else self.units.get(subject.unit or "")
        return " · ".join(each for each in (self.matters.get(subject.about), unit) if each)


NAMELESS: Final = Named()


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """The words of `digests.toml`, beside those of the units' notices."""

    wording: Wording
    titles: Mapping[BundleKind, Sentence]
    lines: Mapping[str, Sentence]
    ends: Mapping[str, Sentence]
    posts: Mapping[Post, Sentence]
    supervised: Sentence

    def say(
        self,
        bundle: Bundle,
        *,
        lines: int,
        done: int,
        beyond: int = 0,
        named: Named = NAMELESS,
    ) -> Said:
        """A bundle in words: at most so many lines; `done` matters needed nothing any more.

        `beyond` are messages that were too many to be looked at one by one.
        """
        spoken = bundle.spoken
        title = self.titles[bundle.kind].about(n=len(spoken) + beyond)
        if bundle.kind is BundleKind.SINGLE and not beyond:
            return Said(title=title, text=self._single(spoken[0], named))
        parts = [
            _with_name(self._line(place, each), each, named)
            for place, each in enumerate(spoken[:lines], start=1)
        ]
        if (more := max(0, len(spoken) - lines) + beyond) > 0:
            parts.append(self.ends["more"].about(k=more))
        if done:
            parts.append(self.ends["done"].about(k=done))
        return Said(title=title, text=_joined(parts))

    def _single(self, message: Message, named: Named) -> Sentence:
        subject = message.subject
        if subject.occasion is Occasion.URGED:
            text = self.wording.urged.about(number=subject.number, count=subject.count)
        elif subject.occasion is Occasion.SUPERVISED or subject.kind is None:
            due = _clock(subject.due_by)
            text = self.supervised.about(number=subject.number, level=subject.level, due=due)
        else:
            overdue = subject.occasion is Occasion.OVERDUE
            wording, due_by = self.wording, subject.due_by or subject.at
            sentence = (
                wording.overdue_at(subject.level)
                if overdue
                else wording.soon_at(subject.rung or "")
            )
            text = wording.promise(sentence, subject.kind, subject.number, due_by)
        return _run_on([_with_name(text, message, named), *self._notes(message)])

    def _notes(self, message: Message) -> list[Sentence]:
        """That somebody else was to hear it; that it was told before."""
        notes = []
        if message.fell:
            post = self.posts[message.post]
            note = self.ends["fell"]
            notes.append(Sentence(zh=note.zh.format(post=post.zh), en=note.en.format(post=post.en)))
        if message.told:
            notes.append(self.ends["repeated"].about(count=message.told + 1))
        return notes

    def _line(self, place: int, message: Message) -> Sentence:
        subject = message.subject
        climbed = subject.occasion is Occasion.OVERDUE and subject.level > 1
        line = self.lines["climbed" if climbed else subject.occasion]
        what = self.wording.what.get(subject.kind) if subject.kind else None
        values = {
            "place": place,
            "number": subject.number,
            "due": _clock(subject.due_by),
            "level": subject.level,
            "count": subject.count,
        }
        return Sentence(
            zh=line.zh.format(what=what.zh if what else "", **values),
            en=line.en.format(what=what.en if what else "", **values),
        )


def load_digests(wording: Wording, path: Path = DIGESTS) -> Digests:
    """The words of a file; raises KeyError or TOMLDecodeError where some are missing or wrong."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))

    def sentence(group: str, name: str) -> Sentence:
        return Sentence(zh=table[group][name]["zh"], en=table[group][name]["en"])

    return Digests(
        wording=wording,
        titles={kind: sentence("title", kind) for kind in BundleKind},
        lines={name: sentence("line", name) for name in LINES},
        ends={name: sentence("end", name) for name in ENDS},
        posts={post: sentence("post", post) for post in Post},
        supervised=sentence("single", "supervised"),
    )


def _with_name(text: Sentence, message: Message, named: Named) -> Sentence:
    """The number says little to somebody on a phone: what it is about comes behind it."""
    name, number = named.of(message), message.subject.number
    if not name:
        return text
    return Sentence(
        zh=text.zh.replace(number, f"{number}（{name}）", 1),
        en=text.en.replace(number, f"{number} ({name})", 1),
    )


def _clock(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(SHANGHAI):%m-%d %H:%M}"


def _joined(parts: Sequence[Sentence]) -> Sentence:
    return Sentence(zh="\n".join(p.zh for p in parts), en="\n".join(p.en for p in parts))


def _run_on(parts: Sequence[Sentence]) -> Sentence:
    return Sentence(zh="".join(p.zh for p in parts), en=" ".join(p.en for p in parts))
