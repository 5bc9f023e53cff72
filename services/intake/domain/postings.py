"""Posting lists: which tickets have a term, in segments of 8,192, newest segments looked at first.

Tickets are numbered without gaps in the order they were indexed (`doc`). For each term and segment
one short value says which of its tickets have the term: their places as 16-bit numbers while they
are few, else one bit each. Intersecting is cheap, and a first page touches the newest segments
only, however many tickets there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

SEGMENT: Final = 8192
_BITMAP_BYTES: Final = SEGMENT // 8
_FEW: Final = _BITMAP_BYTES // 2  # so many places would take as much room as the bits

Present = NDArray[np.bool_]
Docs = NDArray[np.int64]
Group = frozenset[int]


def segment_of(doc: int) -> int:
    return doc // SEGMENT


def pack(present: Present) -> bytes:
    """The stored form of one term in one segment."""
    places = np.flatnonzero(present)
    if len(places) < _FEW:
        return places.astype("<u2").tobytes()
    return np.packbits(present).tobytes()


def unpack(data: bytes) -> Present:
    if len(data) == _BITMAP_BYTES:
        return np.unpackbits(np.frombuffer(data, dtype=np.uint8)).astype(np.bool_)
    present = np.zeros(SEGMENT, dtype=np.bool_)
    present[np.frombuffer(data, dtype="<u2")] = True
    return present


def changed(data: bytes | None, *, add: Sequence[int], remove: Sequence[int]) -> bytes:
    """A stored value with places put in and taken out; empty when none is left."""
    if data is None and len(add) < _FEW:  # most are new words of few tickets
        return np.array(sorted(set(add) - set(remove)), dtype="<u2").tobytes()
    present = unpack(data or b"")
    present[list(remove)] = False
    present[list(add)] = True
    return pack(present)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """The stored values of one term in some segments, one after the other in `data`."""

    segments: Sequence[int]
    sizes: Sequence[int]  # bytes of each
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The docs from `low` on, below `below`: what is looked at in one step."""

    low: int
    below: int

    @property
    def start(self) -> int:
        """The first doc of its first segment."""
        return segment_of(self.low) * SEGMENT


def matches(groups: Sequence[Group], lists: Mapping[int, Lists], window: Window) -> Docs:
    """The docs of a window, newest first, that have a term of every group.

    Without a group there is nothing to intersect and so no match. All segments are worked on
    together: one by one, most of the time would go into the steps between them.
    """
    chosen = [
        [_Read(lists[term], window.start) for term in group if term in lists] for group in groups
    ]
    if not chosen or not all(chosen):
        return np.empty(0, dtype=np.int64)
    # the shortest gives the docs that are looked for in the others
    chosen.sort(key=lambda group: sum(each.size for each in group))
    docs = _merged([each.docs() for each in chosen[0]])
    docs = docs[(docs >= window.low - window.start) & (docs < window.below - window.start)]
    for group in chosen[1:]:
        has_one = group[0].has(docs)
        for each in group[1:]:
            has_one |= each.has(docs)
        docs = docs[has_one]
    return docs[::-1] + window.start


def _merged(parts: Sequence[Docs]) -> Docs:
    """Sorted lists as one, each doc once."""
    if len(parts) == 1:
        return parts[0]
    docs = np.sort(np.concatenate(parts), kind="stable")  # which merges runs that are in order
    is_first = np.ones(len(docs), dtype=np.bool_)
    np.not_equal(docs[1:], docs[:-1], out=is_first[1:])
    return docs[is_first]


class _Read:
    """The lists of one term, apart: segments with places and segments with bits.

    Docs are counted from `start` here.
    """

    def __init__(self, lists: Lists, start: int) -> None:
        self.size = len(lists.data)
        begins = np.array(lists.segments, dtype=np.int64) * SEGMENT - start
        sizes = np.array(lists.sizes, dtype=np.int64)
        is_bits = sizes == _BITMAP_BYTES
        data = np.frombuffer(lists.data, dtype=np.uint8)
        few, self._bits = data, data[:0]
        if is_bits.any():
            of_bits = np.repeat(is_bits, sizes)
            few, self._bits = data[~of_bits], data[of_bits]
        self._bits_begin = begins[is_bits]
        self._few: Docs = few.view("<u2") + np.repeat(begins[~is_bits], sizes[~is_bits] // 2)

    def docs(self) -> Docs:
        """All of them, in order."""
        if not len(self._bits):
            return self._few
        at = np.flatnonzero(np.unpackbits(self._bits))  # counted on through all segments
        return _merged([self._few, at % SEGMENT + self._bits_begin[at // SEGMENT]])

    def has(self, docs: Docs) -> Present:
        """Which of some docs, in order, are there."""
        found = np.zeros(len(docs), dtype=np.bool_)
        if len(docs) and len(self._few):
            present = np.zeros(max(docs[-1], self._few[-1]) + 1, dtype=np.bool_)
            present[self._few] = True
            found |= present[docs]
        if len(self._bits):
            last = len(self._bits_begin) - 1
            nth = np.clip(np.searchsorted(self._bits_begin, docs, side="right") - 1, 0, last)
            place = docs - self._bits_begin[nth]
            is_in = (place >= 0) & (place < SEGMENT)
            place = np.where(is_in, place, 0)
            byte = self._bits[nth * _BITMAP_BYTES + place // 8]
            found |= is_in & ((byte >> (7 - place % 8)) & 1).astype(np.bool_)
        return found
