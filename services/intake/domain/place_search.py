"""Finds places by what people type: names, aliases, parts of them, pinyin and its initials.

`hwjy` and `hewanjinyuan` find 河湾锦苑; an address finds the places that are named in it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Final

from pypinyin import Style, lazy_pinyin, pinyin

from shared.catalogue.model import Catalogue, Compound, Road
from shared.catalogue.regions import Region, RegionLevel

MOST_READINGS: Final = 8  # of a name with characters read in several ways
LEAST_LETTERS: Final = 2


class PlaceKind(StrEnum):
    """What a place is."""

    COMPOUND = "compound"  # 小区
    ROAD = "road"  # 道路
    COMMUNITY = "community"  # 社区
    STREET = "street"  # 街道
    DISTRICT = "district"  # 区旗


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A place and how well its name `text` fits what was typed, from 0 to 1."""

    kind: PlaceKind
    name: str
    text: str
    score: float
    place: Compound | Road | Region


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    kind: PlaceKind
    text: str
    place: Compound | Road | Region
    letters: str  # pinyin in full
    initials: frozenset[str]


class PlaceSearch:
    """All names of a catalogue; built once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._entries = [
            _Entry(
                kind=kind,
                text=text,
                place=place,
                letters="".join(lazy_pinyin(text)).lower(),
                initials=frozenset(_initials(text)),
            )
            for kind, place, texts in _all_places(catalogue)
            for text in dict.fromkeys(texts)
        ]

    def find(self, typed: str, *, limit: int = 8) -> list[Match]:
        """The best fits first, each place once."""
        query = "".join(typed.split()).lower()
        if not query:
            return []
        best: dict[tuple[PlaceKind, str], Match] = {}
        for entry in self._entries:
            score = _score(query, entry)
            key = entry.kind, entry.place.name
            if score > 0 and (key not in best or score > best[key].score):
                best[key] = Match(
                    kind=entry.kind,
                    name=entry.place.name,
                    text=entry.text,
                    score=score,
                    place=entry.place,
                )
        kinds = list(PlaceKind)
        ranked = sorted(best.values(), key=lambda m: (-m.score, kinds.index(m.kind), m.name))
        return ranked[:limit]


def _score(query: str, entry: _Entry) -> float:
    text = entry.text.lower()
    if query.isascii() and query.isalpha():
        return _by_letters(query, entry)
    if query == text:
        return 1.0
    if text in query:  # an address that names it: the longer the name, the surer
        return 0.85 + min(len(text), 10) / 100
    if text.startswith(query):
        return 0.6 + 0.2 * len(query) / len(text)
    if len(query) >= LEAST_LETTERS and query in text:
        return 0.4 + 0.2 * len(query) / len(text)
    return 0.0


def _by_letters(query: str, entry: _Entry) -> float:
    if len(query) < LEAST_LETTERS:
        return 0.0
    if query in entry.initials or query == entry.letters:
        return 0.9
    for most, spelled in ((0.75, entry.initials), (0.7, (entry.letters,))):
        fits = [len(query) / len(each) for each in spelled if each.startswith(query)]
        if fits:
            return most * (0.7 + 0.3 * max(fits))
    return 0.0


def _initials(text: str) -> Iterator[str]:
    """The first letters in every reading: 长堤 is cd and zd."""
    letters = pinyin(text, style=Style.FIRST_LETTER, heteronym=True)
    for count, reading in enumerate(product(*letters)):
        if count == MOST_READINGS:
            return
        yield "".join(reading).lower()


def _all_places(
    catalogue: Catalogue,
) -> Iterable[tuple[PlaceKind, Compound | Road | Region, tuple[str, ...]]]:
    for compound in catalogue.compounds.values():
        yield PlaceKind.COMPOUND, compound, (compound.name, *compound.aliases)
    for road in catalogue.roads.values():
        yield PlaceKind.ROAD, road, (road.name, *road.aliases)
    for region in catalogue.regions.values():
        if region.level in (RegionLevel.COMMUNITY, RegionLevel.STREET, RegionLevel.DISTRICT):
            yield PlaceKind(region.level.value), region, (region.name,)
